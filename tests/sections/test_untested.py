"""One explanation that fits everyone is a switch, and the report shows it."""

import json
from dataclasses import replace

import polars as pl
import pytest

from pipelines.gaps.explanations import TESTED_WITH, remedy_of, undecided, untested
from pipelines.gaps.remedies import KEYBOARDS as LOGS
from pipelines.reports.sections.untested import SECTION
from pipelines.reports.view import View
from pipelines.warehouse.models import rule_headers, shared_words
from tests.sections.fixtures import MONDAY, WEEKS, finding, frame

LEFT_OPEN = shared_words().explanations["live"].name


def candidate(place, result, confidence="C1"):
    alternatives = [
        {"name": LEFT_OPEN, "test": "no log tells it", "result": result},
        {"name": "Chance", "test": "6 times in turn", "result": "ruled out"},
    ]
    return finding(f"f-{place}", "shared_account", f"heron-{place}", 1, 9) | {
        "confidence": confidence,
        "record": json.dumps({"alternatives": alternatives}),
    }


def view(*results):
    rows = [candidate(place, result) for place, result in enumerate(results)]
    return View(replace(WEEKS["quiet"](), findings=frame("findings", rows)), MONDAY)


@pytest.mark.parametrize(
    ("results", "shown"),
    [
        (("not testable",) * 3, [(3, 3)]),
        (("not testable", "not testable", "ruled out"), [(2, 3)]),
        (("not testable", "not testable", "ruled out", "fits"), []),
        (("not testable", "not testable"), []),
    ],
    ids=["all", "most", "half", "too few"],
)
def test_what_most_candidates_left_untested_is_shown(results, shown):
    found = SECTION.rows(view(*results))
    assert [(gap.lost, gap.total) for gap in found] == shown
    assert SECTION.is_shown(found) == bool(shown)


def test_it_names_the_log_that_would_test_it_and_no_account():
    """26 leads, all of them true, and no page said what held them back."""
    found = SECTION.rows(view(*["not testable"] * 26))
    (row,) = SECTION.table(found).rows
    texts = [cell.text for cell in row]
    assert texts[1:] == [
        LEFT_OPEN,
        "26",
        "26",
        "The computers' Security logs or Google's ChromeOS audit",
    ]
    said = f"{SECTION.title(found)} {SECTION.summary(found)} {' '.join(texts)}"
    assert "1 rule could not test most of its candidates" in said
    assert "heron" not in said


def test_another_weeks_candidates_do_not_count():
    one = view(*["not testable"] * 3)
    later = one.inputs.findings.with_columns(pl.col("event_date") - pl.duration(days=7))
    assert SECTION.rows(View(replace(one.inputs, findings=later), MONDAY)) == []


def test_no_log_or_list_is_named_for_an_explanation_without_a_test():
    """`change_windows.csv` was named for planned changes, and no rule reads it for them."""
    facts = {
        name
        for code, header in rule_headers().items()
        for one in header.explanations
        for name in (one.test, f"{code} {one.test}")
    }
    assert set(TESTED_WITH) <= facts
    assert untested([]) == []


def test_a_log_is_named_for_a_shared_explanation_under_another_name_of_a_rule():
    """OH-1 calls an open session "a screen left on", and no log was named for it."""
    assert remedy_of("OH-1", "A screen left on, with no one there") == LOGS


def test_the_same_fact_of_another_rule_needs_another_log():
    assert remedy_of("NA-3", "A service that was called and hardly used") == (
        "bytes and durations in the firewall's log"
    )
    assert remedy_of("SA-7", "A sign-in that came to nothing") == ""


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ({"live": "not testable"}, [LOGS]),
        ({"live": "not testable", "drive": "ruled out"}, [LOGS]),
        ({"live": "not testable", "drive": "not testable"}, []),
        ({"live": "not testable", "drive": "fits"}, []),
        ({"live": "not testable", "remote": "not testable"}, []),
        ({"live": "ruled out"}, []),
    ],
    ids=["only", "others ruled out", "two missing", "one fits", "nothing tests it", "tested"],
)
def test_a_log_could_decide_a_finding_only_if_nothing_else_is_missing(results, expected):
    names = shared_words().explanations
    tested = [{"name": names[key].name, "result": result} for key, result in results.items()]
    assert [gap.remedy for gap in undecided([("SA-1", tested)])] == expected


def test_the_log_that_could_decide_most_open_findings_is_first_and_proves_nothing():
    def lacking(key):
        return [{"name": shared_words().explanations[key].name, "result": "not testable"}]

    findings = [lacking("drive"), lacking("live"), lacking("live"), []]
    first, second = undecided(("SA-1", one) for one in findings)
    assert first.line == (
        "2 of 4 open findings, leads included, could be decided with the computers' Security "
        "logs or Google's ChromeOS audit, and no other explanation is untested"
    )
    assert (second.lost, second.remedy) == (1, "lat and lon in buildings.csv")
