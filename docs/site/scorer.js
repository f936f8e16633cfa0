// A page that is opened from a folder may not fetch the text of the pages that it found.
if (location.protocol === "file:") { DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false; }

// Search puts pages that tell how to do something before the record of why it was decided.
var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
  score: function (result) {
    var page = result[0], points = result[4];
    if (page.indexOf("docs/how-to/") === 0) { return points + 10; }
    if (page.indexOf("docs/decisions/") === 0 || page === "CHANGELOG") { return points - 20; }
    return points;
  }
};
