"""Each sentence of the report that claims something fails here when it is false."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import polars as pl
import pytest

from pipelines.health.issues import in_words
from pipelines.reports.cards import ItemCard, card, card_rows, decide, shown
from pipelines.reports.editions import Edition, edition_report
from pipelines.reports.headline import source_issues
from pipelines.reports.page_one import lines
from pipelines.reports.report_inputs import SCHEMAS
from pipelines.reports.sections import PAGES, buildings, policy_map, sections
from pipelines.reports.view import View
from pipelines.reports.weekly import weekly_report
from pipelines.reports.words import clock, distance, how_sure, in_locale
from pipelines.settings.model import NO_QUESTIONS, Referral
from pipelines.warehouse.models import models, rules
from tests.sections.conftest import pages_of
from tests.sections.fixtures import MONDAY, WEEKS, busy
from tests.sections.reading import Page, texts

LIKELY_VICTIM = {"detections.signed_in_too_far_apart"}
"""Where the owner is asked since a stranger may have the password."""

CONDUCT = ("shared_account", "non_approved_site", "off_hours_external")
INDEX = "2026-W47/index.html"


def test_cases_of_different_rules_have_no_common_next_step():
    """A group of uploads and closed accounts said "Close the account in the directory"."""
    steps = ("Close the account.", "Find the program.")
    cases = tuple(SimpleNamespace(head=SimpleNamespace(next_step=one)) for one in steps)
    mixed = ItemCard(cases=cases, is_new=True, title="2 cases", desk="")
    assert mixed.next_step == "Open each case: their next steps differ."
    assert replace(mixed, cases=cases[:1] * 2).next_step == "Close the account."


def test_advice_has_no_sentence_twice():
    """A card ended "Leave questions to the office in charge. ... Do not question anyone"."""
    view = View(busy(), MONDAY)
    row = card_rows(view, view.known).row(0, named=True)
    step, office = f"Check the leave record first. {NO_QUESTIONS}", "Refer this to the principal."
    shown = replace(card(row), next_step=step, referral=f"{office} {NO_QUESTIONS}")
    assert shown.advice == f"Check the leave record first. {office} {NO_QUESTIONS}"
    assert replace(shown, referral="").advice == step
    assert replace(shown, referral=office).advice == f"{step} {office}"


def test_how_sure_counts_what_the_record_holds():
    view = View(busy(), MONDAY)
    evidence = view.evidence_of(list(view.known["finding_id"]))
    for row in card_rows(view, view.known).iter_rows(named=True):
        shown = card(row)
        tested = [one for one in shown.alternatives if one[2] != "excluded by design"]
        out = sum(one[2] == "ruled out" for one in tested)
        if tested:
            assert f"{out} of {len(tested)} other explanation" in shown.sure
        sources = {line["source"] for line in evidence[shown.finding_id]}
        assert (f"{len(sources)} log source" in shown.sure) == bool(sources)


@pytest.mark.parametrize(
    ("results", "text"),
    [
        (["ruled out", "ruled out"], "2 of 2 other explanations were tested"),
        (["ruled out", "not testable"], "1 could not be tested"),
        (["ruled out", "fits"], "1 still fits"),
        (["ruled out", "excluded by design"], "1 of 1 other explanation was tested"),
    ],
)
def test_how_sure_in_words(results, text):
    assert text in how_sure("C2", 1, results)
    assert how_sure("C2", 1, results).startswith("Likely: 1 log source; ")


def test_a_deadline_that_is_over_says_so():
    made = datetime(2026, 11, 26, tzinfo=UTC).date()
    assert decide(made - timedelta(days=6), made) == "A decision was due Fri, Nov 20."
    assert decide(made + timedelta(days=1), made) == "Please decide by Fri, Nov 27."


def test_a_late_report_asks_for_no_decision_in_the_past():
    late = replace(busy(), generated_time=datetime(2027, 1, 4, 12, tzinfo=UTC))
    view = View(late, MONDAY)
    assert "All 3 are overdue." in lines(view)[0].rest
    assert "Due " not in lines(view)[0].rest


def test_what_one_building_lacks_is_not_said_of_two():
    two = [(*BLIND[:1], place, *BLIND[2:]) for place in ("Elm Elementary", "Oak Middle")]
    view = View(replace(busy(), source_issues=issues(*two)), MONDAY)
    (said,) = source_issues(view)
    assert "(Elm Elementary: 44% of lines" in said
    row = {"building": "Oak Middle", "detail": "9% of lines have no host"}
    assert in_words("blind", [row, row]).count("records less than usual") == 1
    assert "(Oak Middle: 9% of lines" in in_words("blind", [row])


def issues(*rows):
    return pl.DataFrame(rows, schema=dict(SCHEMAS["source_issues"]), orient="row")


WEDNESDAY = datetime(2026, 11, 18, 6, tzinfo=UTC)
BLIND = ("firewall", "", "blind", "44% of lines have no account", WEDNESDAY, None)


def test_trust_is_amber_while_a_source_is_blind():
    view = View(replace(busy(), source_issues=issues(BLIND)), MONDAY)
    trust = lines(view)[1]
    assert trust.is_amber
    assert trust.more.startswith("Firewall: the log records less than usual")
    assert (trust.value, trust.word) == (None, "Check")
    assert trust.action == ("Next: find out why the firewall log leaves out accounts or sites.")
    assert "44% of lines have no account" in trust.more
    assert not lines(View(busy(), MONDAY))[1].is_amber


@pytest.mark.parametrize(
    ("start", "end", "is_said"),
    [
        (timedelta(0), None, True),
        (timedelta(days=-30), timedelta(days=-20), False),
        (timedelta(days=-30), timedelta(0), True),
        (timedelta(days=10), None, False),
    ],
)
def test_an_issue_is_said_in_the_weeks_that_it_touched(start, end, is_said):
    when = (WEDNESDAY + start, None if end is None else WEDNESDAY + end)
    view = View(replace(busy(), source_issues=issues((*BLIND[:4], *when))), MONDAY)
    assert bool(source_issues(view)) == is_said


@pytest.mark.parametrize("code", sorted(rules()))
def test_a_card_does_not_ask_for_the_questions_that_it_forbids(code):
    """What goes to an office says "do not question anybody yourself"."""
    header = rules()[code].header
    if Referral().sentence(header.kind, "critical"):
        asks = re.search(r"\b[Aa]sk the (owner|user|person|employee)", header.triage)
        assert not asks


def test_buildings_claim_nothing_of_findings():
    view = View(busy(), MONDAY)
    assert "finding" not in buildings.summary(buildings.rows(view))


def test_no_code_of_whom_a_clause_binds_is_printed():
    assert policy_map.whom("D|U") == "the district and all users"
    assert policy_map.whom("E|St") == "employees and students"


def test_a_page_refers_to_no_section_that_it_lacks():
    corrected = replace(busy(), revision=2)
    for kind in ("superintendent", "board", "public"):
        text = edition_report(corrected, MONDAY, Edition(kind))[INDEX]
        assert "revision 2" in text
        assert ("See Corrections" in text) <= ('id="corrections-part"' in text), kind


SEE = re.compile(r"(?<!not )\b[Ss]ee ([A-Z][A-Za-z' ]+?)[.;,]")


def test_what_a_page_says_to_see_is_there():
    ill = replace(busy(), revision=2, source_issues=issues(*ISSUES))
    labels = {section.label: section.name for section in sections()}
    for found in (weekly_report(ill, MONDAY), *map(pages_of, WEEKS)):
        pages = texts(found)
        anchors = "".join(pages[f"2026-W47/{file}"] for file, _ in PAGES.values())
        for path, text in pages.items():
            said = SEE.findall(Page(text).text) if path.endswith(".html") else []
            for label in said:
                assert f'id="{labels[label]}-part"' in anchors, (path, label)


ISSUES = [
    (source, "HS", "thin", "12 lines", WEDNESDAY, None)
    for source in ("dhcp", "firewall", "logons", "proxy")
]


def test_the_superintendent_sees_counts_and_cases_whole():
    pages = edition_report(busy(), MONDAY, Edition("superintendent"))
    page = Page(pages[INDEX])
    assert "held back" not in page.text
    assert 'id="cases-part"' in pages["2026-W47/details.html"]
    assert any("/evidence/f-" in name for name in pages)


def test_a_british_district_reads_its_own_dates():
    american = Page(weekly_report(busy(), MONDAY)[INDEX]).text
    with in_locale("en-GB"):
        british = Page(weekly_report(busy(), MONDAY)[INDEX]).text
        assert (clock(21, 42), distance(13)) == ("9:42 pm", "13 km")
    assert (clock(21, 42), distance(13)) == ("9:42 PM", "8.1 miles")
    assert "Mon, Nov 16 to Sun, Nov 22, 2026" in american
    assert "Mon 16 Nov to Sun 22 Nov 2026" in british


def test_what_leads_to_discipline_is_referred_and_nobody_is_questioned():
    referral = Referral()
    assert "human resources" in referral.sentence("shared_account", "high")
    assert "Do not question anyone" in referral.sentence("off_hours_external", "medium")
    assert referral.sentence("non_approved_site", "low") == ""
    assert referral.sentence("anomaly", "high") == ""
    own = Referral(shared_account="counsel", text="Give it to {office}.")
    text = weekly_report(replace(busy(), referral=own), MONDAY)[INDEX]
    assert "Give it to counsel." in text


def test_no_rule_on_conduct_sends_anybody_to_question_staff():
    for name, model in models().items():
        if model.header.kind in CONDUCT and name not in LIKELY_VICTIM:
            assert not re.search(r"\b[Aa]sk\b", model.header.triage), name


@pytest.mark.parametrize(
    ("requests", "cited", "said"),
    [
        (12, 10, "12, the first 10 cited"),
        (12, 12, "12"),
        (1, 1, "1"),
        (12, 0, "12"),  # its lines were removed under the retention rules
    ],
)
def test_requests_of_which_only_the_first_are_cited(requests, cited, said):
    """A case showed 12 requests, and 10 of them among its log lines."""
    assert dict(shown({"requests": requests}, cited=cited)) == {"requests": said}
    with in_locale("es-US"):
        assert (
            "citadas las primeras 10" in str([*shown({"requests": requests}, cited=cited)])
        ) is ("first" in said)
