"""Cases: one person, one clause, one week; together they prove no more."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from pipelines.findings.cases import cases, owner_of, place_all, week_of
from pipelines.findings.judging import judge
from pipelines.findings.lifecycle import keep
from pipelines.state.database import open_store
from pipelines.state.tables import CASE_FINDINGS, CASES
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
        {"clause": "cl.23"},
        {"subject": "cyd"},
        {"day": DAY + timedelta(days=7)},
    ],
)
def test_another_clause_person_or_week_is_another_case(store, other):
    assert len(kept(store, found(), found("OH-1", **other))) == 2


def test_an_account_that_nobody_owns_is_its_own_person(store):
    people = {
        one.person for one in kept(store, found(subject="office"), found(subject="ben"))
    }
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


def test_findings_of_an_older_version_get_their_case(store):
    before = kept(store, found(), found(subject="cyd"))
    with store.writing() as connection:
        connection.execute(CASE_FINDINGS.delete())
        connection.execute(CASES.delete())
    assert cases(store) == []
    place_all(store, OWNER)
    assert [one.case_id for one in cases(store)] == [one.case_id for one in before]
