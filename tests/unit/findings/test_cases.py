"""Cases: one person, one clause, one week; together they prove no more."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from pipelines.findings.cases import (
    Case,
    aged,
    by_kind,
    cases,
    owner_of,
    queue_of,
    week_of,
)
from pipelines.findings.judgment import judge
from pipelines.findings.lifecycle import keep
from pipelines.state.connections import open_store
from tests.unit.findings.given import DAY, candidate, detection, known

ACCOUNTS = pl.DataFrame(
    {
        "account": ["ada", "ada.park", "office", "ben"],
        "owner_person_id": ["p-1", "p-1", "p-2", "p-3"],
        "approved_shared": [False, None, True, False],
        "valid_from": [None, None, None, date(2026, 11, 5)],
        "valid_to": [None, None, None, None],
    },
    schema_overrides={"valid_from": pl.Date, "valid_to": pl.Date},
)
OWNER = owner_of(ACCOUNTS)
NOON = datetime(2026, 11, 4, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    store = open_store(tmp_path / "state.db")
    yield store
    store.close()


def found(code="NA-1", subject="ada", day=DAY, clause="cl.33"):
    row = candidate(code, subject=subject, day=day)
    (one,) = judge(detection(code), [row], known())
    return replace(one, clauses=({"id": clause, "title": "", "strength": "S"},))


def kept(store, *findings, owner=OWNER):
    keep(store, findings, {}, {one.rule: [] for one in findings}, owner=owner)
    return cases(store)


def test_site_and_hours_of_one_evening_are_one_case(store):
    (one,) = kept(store, found("NA-1"), found("OH-1"))
    assert {row["rule"] for row in one.findings} == {"NA-1", "OH-1"}
    assert (one.person, one.clause, one.week) == ("p-1", "cl.33", week_of(DAY))


def test_two_findings_raise_nothing(store):
    first = found("NA-1")
    alone = kept(store, first)[0]
    (both,) = kept(store, first, found("OH-1"))
    assert both.confidence == alone.confidence == "C2"
    assert both.severity == alone.severity


def test_two_accounts_of_one_person_are_one_case(store):
    assert len(kept(store, found(subject="ada"), found(subject="ada.park"))) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"clause": "cl.23", "code": "SA-1"},
        {"subject": "cyd"},
        {"day": DAY + timedelta(days=7)},
    ],
)
def test_another_clause_person_or_week_is_another_case(store, other):
    assert len(kept(store, found("OH-1"), found(**{"code": "OH-1"} | other))) == 2


def test_use_of_a_site_within_off_hours_use_is_of_its_case(store):
    site, block = found("NA-1", clause="cl.24"), found("OH-1")
    (one,) = kept(store, site, block)
    assert one.clause == "cl.33"
    ((part, inside),) = one.parts()
    assert (part["rule"], [row["rule"] for row in inside]) == ("OH-1", ["NA-1"])
    assert one.heaviest["rule"] == "OH-1"


def test_use_of_a_site_while_an_account_is_shared_is_of_that_case(store):
    site, shared = found("NA-1", clause="cl.24"), found("SA-1", clause="cl.23")
    (one,) = kept(store, site, shared)
    assert one.clause == "cl.23"
    ((part, inside),) = one.parts()
    assert (part["rule"], [row["rule"] for row in inside]) == ("SA-1", ["NA-1"])


MEDIUM = {"kind": "non_approved_site", "severity": "medium", "confidence": "C2"}


def at_sites(one, *sites, **changes):
    return replace(one, details={**one.details, "sites": list(sites)}, **changes)


def test_use_that_a_heavier_finding_of_the_same_site_tells_is_of_its_case(store):
    site = at_sites(found("NA-1", clause="cl.33"), "veil.example", severity="low")
    way = at_sites(found("NA-3", clause="cl.19"), "veil.example", **MEDIUM)
    (one,) = kept(store, site, way)
    assert one.clause == "cl.19"
    ((part, inside),) = one.parts()
    assert (part["rule"], [row["rule"] for row in inside]) == ("NA-3", ["NA-1"])


@pytest.mark.parametrize(
    ("sites", "severity"),
    [(("veil.example", "shop.example"), "low"), (("veil.example",), "medium")],
    ids=["more sites than that", "of the same weight"],
)
def test_use_that_says_more_or_as_much_is_a_case_of_its_own(store, sites, severity):
    site = at_sites(found("NA-1", clause="cl.33"), *sites, severity=severity)
    way = at_sites(found("NA-3", clause="cl.19"), "veil.example", **MEDIUM)
    assert len(kept(store, site, way)) == 2


def test_what_holds_a_use_may_lie_within_another(store):
    site = at_sites(found("NA-1", clause="cl.33"), "veil.example", severity="low")
    way = at_sites(found("NA-3", clause="cl.19"), "veil.example", **MEDIUM)
    shared = found("SA-1", clause="cl.23")
    (one,) = kept(store, site, way, shared)
    ((part, inside),) = one.parts()
    assert part["rule"] == "SA-1"
    assert {row["rule"] for row in inside} == {"NA-1", "NA-3"}


def test_use_at_another_hour_is_a_case_of_its_own(store):
    later = {
        "start_time": NOON + timedelta(hours=9),
        "end_time": NOON + timedelta(hours=10),
    }
    site = replace(found("NA-1", clause="cl.24"), **later)
    assert len(kept(store, site, found("OH-1"))) == 2


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, "site"),
        ({"days": 2}, "waiting"),
        ({"days": None}, "waiting"),
        ({"severity": "medium"}, "waiting"),
        ({"confidence": "C1"}, "lead"),
    ],
)
def test_the_first_use_at_low_weight_asks_about_the_site(store, changes, standing):
    one = found("NA-1")
    details = {**one.details, "days": changes.pop("days", 1)}
    (case,) = kept(store, replace(one, details=details, **changes))
    assert case.standing(case.monday) == standing


def test_use_on_a_second_day_asks_about_the_account(store):
    (case,) = kept(store, found("NA-1"), found("NA-1", day=DAY + timedelta(days=1)))
    assert case.standing(case.monday) == "waiting"


def test_off_hours_use_asks_about_the_account(store):
    (case,) = kept(store, found("OH-1"), found("NA-1"))
    assert case.standing(case.monday) == "waiting"


@pytest.mark.parametrize(
    ("severity", "weeks", "standing"),
    [
        ("low", 1, "waiting"),
        ("low", 2, "expired"),
        ("informational", 3, "expired"),
        ("medium", 30, "waiting"),
        ("high", 30, "waiting"),
    ],
)
def test_only_low_weight_expires(store, severity, weeks, standing):
    (case,) = kept(store, replace(found("OH-1"), severity=severity))
    assert case.standing(case.monday + timedelta(weeks=weeks)) == standing


@pytest.mark.parametrize(("severity", "standing"), [("low", "trial"), ("medium", "waiting")])
def test_low_weight_of_rules_on_trial_asks_nobody(store, severity, standing):
    (case,) = kept(store, replace(found("OH-1"), stage="trial", severity=severity))
    assert case.standing(case.monday) == standing
    both = kept(store, replace(found("NA-1"), stage="live", severity=severity))[0]
    assert both.standing(both.monday) == "waiting"


def test_a_lead_neither_weighs_nor_opens_a_case(store):
    lead = replace(found("SA-1", clause="cl.33"), confidence="C1", severity="high")
    kept(store, found("OH-1"), lead)
    (case,) = cases(store)
    assert (case.severity, case.confidence) == ("low", "C2")
    assert [row["rule"] for row in case.counted] == ["OH-1"]


def test_the_queue_counts_each_case_once_and_students_apart(store):
    kept(
        store,
        found("OH-1"),
        found("NA-1"),
        found("OH-1", subject="cyd"),
        found("NA-1", subject="eve"),
        found("SA-1", subject="fay", clause="cl.23"),
    )
    held = cases(store)
    theirs = {case.case_id for case in held if "fay" in case.person}
    waits = queue_of(held, held[0].monday, theirs)
    people = [
        sorted(case.person for case in part)
        for part in (waits.cases, waits.of_students, waits.sites)
    ]
    assert people == [["nobody:cyd", "p-1"], ["nobody:fay"], ["nobody:eve"]]
    assert [size for _, size, _ in by_kind(waits.cases)] == [2]


def test_an_account_that_nobody_owns_is_its_own_person(store):
    people = {one.person for one in kept(store, found(subject="office"), found(subject="ben"))}
    assert people == {"nobody:office", "nobody:ben"}


def test_a_finding_stays_in_its_case_whoever_owns_the_account_later(store):
    (before,) = kept(store, found())
    _, after = kept(store, found("OH-1", day=DAY + timedelta(days=7)), found())
    assert before.case_id == after.case_id
    _, still = kept(store, found(), owner=lambda *_: "p-9")
    assert still.case_id == before.case_id


def test_ids_are_the_same_in_every_rebuild(store, tmp_path):
    other = open_store(tmp_path / "other.db")
    rows = [found(), found("OH-1"), found(subject="cyd")]
    ids = [one.case_id for one in kept(store, *rows)]
    assert [one.case_id for one in kept(other, *reversed(rows))] == ids
    other.close()


def test_the_case_is_open_as_long_as_one_finding_is(store):
    one = found("OH-1")
    kept(store, found(), one)
    keep(store, [found()], {}, {"OH-1": [DAY]})
    (case,) = cases(store)
    assert case.status == "open"
    assert [row["rule"] for row in case.counted] == ["NA-1"]
    keep(store, [], {}, {"NA-1": [DAY]})
    assert cases(store)[0].status == "withdrawn"


@pytest.mark.parametrize(
    ("created", "due"),
    [
        ("", "2026-11-13"),
        ("2026-11-04T05:00:00+00:00", "2026-11-13"),  # on a day of its week
        ("2026-11-09T05:00:00+00:00", "2026-11-13"),  # with the report of its week
        ("2026-12-01T05:00:00+00:00", "2026-12-11"),  # logs that came a month later
        ("2026-12-07T05:00:00+00:00", "2026-12-11"),
    ],
)
def test_a_case_is_due_from_the_day_of_its_first_report(created, due):
    """A first import of old logs began with every case overdue."""
    row = {"status": "open", "confidence": "C2", "created_time": created}
    case = Case(case_id="c-1", person="p-1", clause="cl.23", week="2026-W45", findings=(row,))
    assert case.due.isoformat() == due
    assert bool(aged([case], date(2026, 11, 30))) is (created < "2026-11-30")
