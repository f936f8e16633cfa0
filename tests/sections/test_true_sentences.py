"""Sentences that once were untrue or that two readers took differently."""

import re
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from pipelines.reports.cards import shown
from pipelines.reports.gaps import NOT_YET, NotJudged, not_judged_at
from pipelines.reports.page_one import Line, limited, lines
from pipelines.reports.sections import off_hours, sections, top_sites
from pipelines.reports.snapshot_inputs import claim_with_names
from pipelines.reports.view import NO_BUILDING, View
from pipelines.reports.weekly import picture, weekly_report
from pipelines.warehouse.models import every_model
from pipelines.warehouse.sentences import fill
from tests.sections.fixtures import MONDAY, busy
from tests.sections.reading import Page

SECTIONS = {one.name: one for one in sections()}
INDEX = "2026-W47/index.html"
PICTURES = "2026-W47/pictures.html"


def said(name, inputs):
    section = SECTIONS[name]
    rows = section.rows(View(inputs, MONDAY))
    return section.title(rows), section.summary(rows), rows


def with_types(inputs, day, day_type):
    days = inputs.school_days.with_columns(
        day_type=pl.when(pl.col("event_date") == day).then(pl.lit(day_type)).otherwise("day_type")
    )
    return replace(inputs, school_days=days)


@pytest.mark.parametrize(
    "name", ["glance", "use-by-hour", "top-sites", "top-categories", "buildings"]
)
def test_a_day_of_remote_learning_is_named_where_it_is_left_out(name):
    """A week of four school days was divided by three, and no chart said so."""
    friday = MONDAY + timedelta(days=4)
    _, summary, _ = said(name, with_types(busy(), friday, "elearning"))
    assert "Fri, Nov 20 was remote learning" in summary
    if name != "buildings":
        assert "Averages are over 4 school days" in summary
    _, plain, _ = said(name, busy())
    assert "remote" not in plain


def test_networks_without_a_building_are_the_reason():
    """The page named devices that are not known, and 24 of 24 networks had no building."""
    view = View(replace(busy(), placeless_networks=(24, 24)), MONDAY)
    reason = "We can't check this yet: 24 of 24 networks have no building."
    assert not_judged_at(view, "shared_account").sentence == reason
    assert not_judged_at(view, "off_hours_external") is None
    some = View(replace(busy(), placeless_networks=(2, 24)), MONDAY)
    assert not_judged_at(some, "shared_account") == not_judged_at(
        View(busy(), MONDAY), "shared_account"
    )


def test_the_heading_counts_remote_days_apart():
    friday = MONDAY + timedelta(days=4)
    page = Page(weekly_report(with_types(busy(), friday, "elearning"), MONDAY)[INDEX])
    assert "5 school days, 1 of them remote learning" in page.text


def test_time_has_one_name_and_the_bars_their_total():
    """Bars of 96 hours were next to a total of 202, both "use a school day"."""
    title, summary, _ = said("glance", busy())
    assert title.startswith("Time on sites: about")
    assert "The hours and sites below add up to it." in summary
    _, summary, ranked = said("top-sites", busy())
    assert "time on each site" in summary
    hours = round(ranked.rows["minutes"].sum() / 60)
    assert f"about {hours} hours (estimate) in all" in summary
    for name in ("use-by-hour", "buildings"):
        assert "time on sites" in said(name, busy())[1]


def test_a_picture_of_one_hour_is_left_out():
    """The heat map had one dark cell of 168."""
    inputs = busy()
    one = inputs.off_hours.filter(pl.col("event_date") >= MONDAY).head(1)
    title, summary, rows = said("off-hours", replace(inputs, off_hours=one))
    assert title.startswith("Outside duty hours, accounts used outside sites most on")
    assert "A grid of" not in summary
    assert off_hours.draw(rows) is None
    assert off_hours.draw(said("off-hours", inputs)[2]) is not None


def lacking(inputs, kind, file):
    waiting = {"code": "OH-1", "kind": kind, "title": "x", "lacks": [file]}
    others = [rule for rule in inputs.rules if rule.get("kind") != kind]
    return replace(inputs, rules=[*others, waiting])


def test_without_a_list_no_account_is_cleared_of_use_outside_hours():
    """Page one had "0 accounts used non-work sites", and no rule had looked."""
    inputs = lacking(busy(), "off_hours_external", "approved_sites.csv")
    without = inputs.findings.filter(pl.col("kind") != "off_hours_external")
    empty = replace(inputs, findings=without, off_hours=inputs.off_hours.clear())
    (line,) = (one for one in lines(View(empty, MONDAY)) if one.key == "off-hours-accounts")
    assert line.value is None
    said_why = f"{NOT_YET} there is no list of approved sites"
    assert line.rest == f"{said_why}."
    assert said("off-hours", empty)[0] == said_why
    assert "outside duty hours" not in str([tile.label for tile in said("glance", empty)[2]])
    # what was found is counted
    (line,) = (one for one in lines(View(inputs, MONDAY)) if one.key == "off-hours-accounts")
    assert line.value


def test_without_a_list_sites_are_not_called_off_it():
    inputs = without_list(busy())
    assert "you have no list yet" in said("sites-to-decide", inputs)[1]
    figure = top_sites.draw(said("top-sites", inputs)[2])
    assert [trace.name for trace in figure.traces] == [""]


def test_every_building_of_a_claim_has_its_name():
    """A card said "was used at HS and signed in from a place about 639 miles away"."""
    claim = "Account a was used at HS and signed in from a place. Then at MS."
    details = {"building": "HS", "far_building": "MS", "requests": 3}
    names = {"HS": "High School", "MS": "Middle School"}
    said_so = "Account a was used at High School and signed in from a place. Then at Middle School."
    assert claim_with_names(claim, details, names) == said_so


BUILDING = r"\{([a-z_]*buildings?):"
PLACED = {
    (model.name, claim.says): model.header.details
    for model in every_model().values()
    for claim in model.header.claim
    if re.search(BUILDING, claim.says)
}


@pytest.mark.parametrize("claim", PLACED)
def test_each_sentence_calls_buildings_by_their_names(claim):
    """A card said "used in HS and, through a remote session, in ES"."""
    types = PLACED[claim]
    codes = {name: f"B{n}" for n, name in enumerate(set(re.findall(BUILDING, claim[1])))}
    details = {name: [code] if types[name].endswith("[]") else code for name, code in codes.items()}
    facts = {**dict.fromkeys(types, 2), **details}
    names = {code: code.replace("B", "School ") for code in codes.values()}
    shown = claim_with_names(fill(claim[1], facts), details, names)
    assert all(name in shown for name in names.values())
    assert not re.search(r"\bB\d", shown)


def test_a_finding_counts_days_in_two_weeks_only_for_sites():
    """A card said "days in two weeks: 40" of an account 40 days after its end."""
    assert dict(shown({"days": 40, "requests": 12})) == {"requests": "12"}
    assert dict(shown({"days": 3, "total_seconds": 600}))["days in two weeks"] == "3"


def test_the_hours_state_the_total_of_the_page():
    """A page stated 206 hours, and 205 under the bars, whose hours were rounded first."""
    inputs = busy()
    hours = inputs.hourly_use.with_columns(pl.col("minutes") + 2.45)
    title, _, _ = said("glance", replace(inputs, hourly_use=hours))
    total = title.removeprefix("Time on sites: ").partition(" a ")[0]
    _, summary, rows = said("use-by-hour", replace(inputs, hourly_use=hours))
    assert f"{total} (estimate) in all" in summary
    assert sum(rows.now) != rows.total


def without_list(inputs, leisure=""):
    is_leisure = pl.col("site") == leisure
    verdict = pl.when(is_leisure).then(pl.lit("leisure")).otherwise(pl.lit("no_list"))
    return replace(inputs, site_use=inputs.site_use.with_columns(verdict=verdict))


@pytest.mark.parametrize("leisure", ["", busy().site_use["site"][0]])
def test_without_a_list_the_report_says_so_once_and_offers_one(leisure):
    """It said "503 new sites are not on the list (yet)" and "0% on the list".

    One known leisure site was enough for that.
    """
    inputs = without_list(busy(), leisure)
    title, summary, _ = said("sites", inputs)
    assert title.startswith("There is no list of approved sites yet")
    assert "Proposals of the review desk" in summary
    page = Page(weekly_report(inputs, MONDAY)[PICTURES]).text
    assert "on approved sites" not in page
    (line,) = (one for one in lines(View(inputs, MONDAY)) if one.key == "new-sites")
    assert line.rest.endswith("There is no list of approved sites yet.")


def test_without_networks_no_building_is_named():
    """It said "People used the network most at no known building"."""
    inputs = busy()
    nowhere = {
        name: getattr(inputs, name).with_columns(building=pl.lit(NO_BUILDING))
        for name in ("daily_use", "hourly_use")
    }
    title, summary, _ = said("buildings", replace(inputs, **nowhere))
    assert title == "The building of this use is not known yet: no networks are listed"
    assert "Highest" not in summary
    assert NO_BUILDING not in summary


def test_what_one_rule_found_is_not_denied_by_what_others_could_not_check():
    gap = NotJudged(is_early=True, reasons="100% of requests")
    line = limited(Line("k", "l", 1, "account was used.", "", "a"), gap, is_above=False)
    assert line.rest == "account was used. Other use can't be checked yet: 100% of requests."


def test_sites_without_a_bar_are_counted_whole():
    """It counted those of under a minute, and not those beyond the tenth."""
    _, summary, rows = said("sites", busy())
    drawn = SECTIONS["sites"].draw(rows)
    bars = sum(len(trace.marks) for trace in drawn.traces)
    assert f"{rows.height - bars} sites have no bar" in summary


def a_shared_account(inputs):
    """Return a finding of the week, with more than one log line, as a frame of one row."""
    ids = View(inputs, MONDAY).seen("shared_account")["finding_id"]
    cited = inputs.evidence.filter(pl.col("finding_id").is_in(ids.to_list()))
    chosen = cited.group_by("finding_id").len().sort("len").row(-1)[0]
    return inputs.findings.filter(pl.col("finding_id") == chosen)


def test_a_picture_of_some_findings_says_of_how_many():
    inputs = busy()
    shared = a_shared_account(inputs)
    ids = [f"f-2026w47-9{n:02d}" for n in range(7)]
    more = pl.concat(
        shared.with_columns(finding_id=pl.lit(one), subject=pl.lit(f"wren-{n}"))
        for n, one in enumerate(ids)
    )
    cited = inputs.evidence.filter(pl.col("finding_id") == shared["finding_id"][0])
    lines_of = pl.concat(cited.with_columns(finding_id=pl.lit(one)) for one in ids)
    _, summary, _ = said("shared-accounts", replace(inputs, findings=more, evidence=lines_of))
    assert "The chart shows 5 of 7 findings, not wren-5 and wren-6; the table has all." in summary


def test_what_a_rule_on_trial_finds_at_low_weight_is_not_counted():
    """A shared account, by a rule that asks no one, was "away from its owner"."""
    inputs = busy()
    one = a_shared_account(inputs)
    trial = one.with_columns(
        finding_id=pl.lit("f-trial"),
        subject=pl.lit("library"),
        case_id=pl.lit("c-t"),
        stage=pl.lit("trial"),
        severity=pl.lit("low"),
    )
    with_trial = replace(inputs, findings=pl.concat([inputs.findings, trial]))
    before, after = (
        next(one for one in lines(View(each, MONDAY)) if one.key == "shared-accounts")
        for each in (inputs, with_trial)
    )
    assert before.value == after.value
    heavy = trial.with_columns(severity=pl.lit("medium"))
    asked = replace(inputs, findings=pl.concat([inputs.findings, heavy]))
    (line,) = (one for one in lines(View(asked, MONDAY)) if one.key == "shared-accounts")
    assert line.value == before.value + 1


def test_a_case_chart_counts_the_lines_that_it_does_not_draw():
    """The caption added up to 102 of 104 lines, and a beacon's contacts were not drawn."""
    inputs = busy()
    finding = a_shared_account(inputs)["finding_id"][0]
    lines = inputs.evidence.filter(pl.col("finding_id") == finding).sort("position")
    first, second = lines["position"].unique().sort()[:2]
    changed = inputs.evidence.with_columns(
        time=pl.when((pl.col("finding_id") == finding) & (pl.col("position") == first))
        .then(None)
        .otherwise("time"),
        device=pl.when((pl.col("finding_id") == finding) & (pl.col("position") == second))
        .then(None)
        .otherwise("device"),
        site=pl.when((pl.col("finding_id") == finding) & (pl.col("position") == second))
        .then(pl.lit("beacon.example"))
        .otherwise("site"),
    )
    view = View(replace(inputs, evidence=changed), MONDAY)
    made = picture(view, [finding], "anomaly")
    assert "beacon.example: 1 log line" in made["said"]
    assert "; not drawn: 1 log line of other times or traffic." in made["said"]
    drawn = sum(int(one) for one in re.findall(r"(\d+) log lines?,", made["said"]))
    assert drawn == lines.height - 1


def test_a_case_states_once_what_logs_cannot_show():
    """Each finding of a case repeated up to fourteen bullets of the first."""
    inputs = busy()
    one = a_shared_account(inputs)
    more = one.with_columns(
        finding_id=pl.lit("f-2026w47-900"),
        case_id=pl.coalesce("case_id", "finding_id"),
        severity=pl.lit("low"),
    )
    whole = inputs.findings.with_columns(case_id=pl.coalesce("case_id", "finding_id"))
    pages = weekly_report(replace(inputs, findings=pl.concat([whole, more])), MONDAY)
    case = Page(pages[f"2026-W47/evidence/{more['case_id'][0]}.html"]).text
    assert case.count("f-2026w47-900") == 1
    assert case.count("What logs cannot show") == 1
    assert (
        Page(pages["2026-W47/evidence/f-2026w47-900.html"]).text.count("What logs cannot show") == 1
    )
