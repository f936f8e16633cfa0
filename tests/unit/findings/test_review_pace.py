"""The pace of reviews: medians that wait for half, reversals, and what a rule's cases cost."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from pipelines.findings.cases import Case
from pipelines.findings.review_pace import paces, rule_costs

ZONE = ZoneInfo("America/Chicago")
NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
WEEK = date(2026, 11, 9)
CREATED = "2026-11-09T12:00:00+00:00"


def finding(name, status="open", severity="medium", **changes):
    row = {
        "finding_id": name, "rule": "SA-1", "kind": "shared_account", "subject": "ada",
        "event_date": "2026-11-04", "severity": severity, "confidence": "C2", "status": status,
        "created_time": CREATED,
        "record": {
            "inputs": {"rule": "v1"}, "details": {}, "start_time": "2026-11-04T15:00:00+00:00",
            "end_time": "2026-11-04T16:00:00+00:00",
        },
    }  # fmt: skip
    return row | changes


def case(*findings, name="c-1"):
    return Case(case_id=name, person="p", clause="cl.1", week="2026-W45", findings=findings)


def verdict(name, code, time):
    return {"finding_id": name, "verdict": code, "time": f"2026-11-{time}:00+00:00"}


def pace(cases, reviews=(), statements=()):
    (row,) = paces(cases, reviews, statements, NOW, ZONE, WEEK)
    return row


def test_half_of_the_cases_must_be_decided_before_a_time_is_shown():
    cases = [
        case(finding("a", "explained"), name="c-a"),
        case(finding("b", "confirmed"), name="c-b"),
        case(finding("c"), name="c-c"),
        case(finding("d"), name="c-d"),
    ]
    reviews = [verdict("a", "benign", "10T18:00"), verdict("b", "violation", "13T18:00")]
    row = pace(cases, reviews)
    assert (row.reported, row.decided, row.still_open, row.half_within) == (4, 2, 2, 4)
    assert row.oldest == 11
    more = [*cases, case(finding("e"), name="c-e")]
    assert pace(more, reviews).half_within is None


def test_a_case_is_decided_when_its_last_finding_is():
    both = case(finding("a", "explained"), finding("b", "explained"))
    first = [verdict("a", "benign", "10T18:00")]
    assert pace([both], first).decided == 0
    row = pace([both], [*first, verdict("b", "undetermined", "11T18:00")])
    assert (row.decided, row.closed_otherwise) == (0, 1)
    row = pace([both], [*first, verdict("b", "benign", "12T18:00")])
    assert (row.decided, row.half_within) == (1, 3)


def test_a_day_ends_at_midnight_of_the_district():
    """At 9 PM on November 10 it is already November 11 in UTC."""
    row = pace([case(finding("a", "explained"))], [verdict("a", "benign", "11T03:00")])
    assert row.half_within == 1


def test_a_list_that_settles_a_case_is_not_a_decision():
    row = pace([case(finding("a", "explained"))])
    assert (row.decided, row.still_open, row.closed_otherwise) == (0, 0, 1)


def test_leads_trials_and_withdrawn_cases_ask_for_no_decision():
    trial = finding("t", severity="low")
    trial["record"] = trial["record"] | {"stage": "trial"}
    quiet = [
        case(finding("a", confidence="C1")),
        case(finding("b", "withdrawn"), name="c-2"),
        case(trial, name="c-3"),
    ]
    assert paces(quiet, (), (), NOW, ZONE, WEEK) == []


@pytest.mark.parametrize(
    ("verdicts", "status", "reversed_", "after"),
    [
        (("violation", "benign"), "explained", 1, 1),
        (("security_incident", "misattributed"), "explained", 1, 1),
        (("benign", "violation"), "confirmed", 0, 0),
        (("violation", "benign", "violation"), "confirmed", 0, 0),
        (("benign", "authorized"), "explained", 0, 0),
    ],
)
def test_a_reversal_is_a_confirmed_violation_that_was_cleared(verdicts, status, reversed_, after):
    days = ("10T18:00", "13T18:00", "14T18:00")
    reviews = [verdict("a", code, day) for code, day in zip(verdicts, days, strict=False)]
    statement = {"case_id": "c-1", "received_time": "2026-11-12T18:00:00+00:00"}
    row = pace([case(finding("a", status))], reviews, [statement])
    assert (row.reversed, row.after_statement) == (reversed_, after)


@pytest.mark.parametrize("received", ["2026-11-09T18:00:00+00:00", "2026-11-15T18:00:00+00:00"])
def test_a_statement_before_or_after_both_verdicts_reversed_nothing(received):
    reviews = [verdict("a", "violation", "10T18:00"), verdict("a", "benign", "13T18:00")]
    statement = {"case_id": "c-1", "received_time": received}
    row = pace([case(finding("a", "explained"))], reviews, [statement])
    assert (row.reversed, row.after_statement) == (1, 0)


def test_cases_of_earlier_thresholds_cost_nothing_now():
    cases = [
        case(finding("a", "explained"), name="c-a"),
        case(finding("b", "confirmed"), name="c-b"),
        case(finding("c"), name="c-c"),
        case(finding("d", "explained"), name="c-d"),
    ]
    reviews = [
        verdict("a", "benign", "10T18:00"),
        verdict("b", "violation", "11T18:00"),
    ]
    (cost,) = rule_costs(cases, reviews, {"SA-1": "v1"})
    assert (cost.rule, cost.decided, cost.cleared) == ("SA-1", 2, 1)
    assert rule_costs(cases, reviews, {"SA-1": "v2"}) == []
