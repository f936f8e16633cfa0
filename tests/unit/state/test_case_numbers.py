"""Case numbers: the week and the place in it, by the time when a case was added."""

import pytest
from sqlalchemy import select

from pipelines.actions.context import ActionContext
from pipelines.errors import SettingsError
from pipelines.findings.cases import Case
from pipelines.state.connections import open_store
from pipelines.state.findings import remove_findings
from pipelines.state.reviews import number_cases, stored_cases
from pipelines.state.tables import CASE_FINDINGS, CASE_NUMBERS, CASES, FINDINGS

FINDING = {
    "rule": "SA-1",
    "subject": "ada",
    "kind": "shared_account",
    "severity": "medium",
    "confidence": "C2",
    "status": "open",
    "status_reason": None,
    "revision": 1,
    "record": "{}",
    "event_date": "2026-11-10",
    "created_time": "2026-11-11T00:00:00+00:00",
    "updated_time": "2026-11-11T00:00:00+00:00",
}


@pytest.fixture
def store(tmp_path):
    store = open_store(tmp_path / "state.db")
    yield store
    store.close()


def add(store, case_id, week, hour):
    """Store a case with one finding."""
    with store.writing() as connection:
        row = {"case_id": case_id, "person": case_id, "clause": "cl.23", "week": week}
        time = f"2026-11-11T{hour:02d}:00:00+00:00"
        connection.execute(CASES.insert().values(created_time=time, **row))
        known = {column.name for column in FINDINGS.columns}
        finding = {name: value for name, value in FINDING.items() if name in known}
        connection.execute(FINDINGS.insert().values(finding_id=f"f-{case_id}", **finding))
        connection.execute(
            CASE_FINDINGS.insert().values(finding_id=f"f-{case_id}", case_id=case_id)
        )


def number(store):
    with store.writing() as connection:
        number_cases(connection)


def numbers(store):
    return {row["case_id"]: row["number"] for row in stored_cases(store)}


def test_a_number_follows_the_time_of_a_case_within_its_week(store):
    add(store, "c-late", "2026-W46", hour=9)
    add(store, "c-early", "2026-W46", hour=8)
    add(store, "c-other", "2026-W45", hour=10)
    number(store)
    assert numbers(store) == {"c-early": "46-01", "c-late": "46-02", "c-other": "45-01"}


def test_a_later_case_changes_no_number(store):
    add(store, "c-z", "2026-W46", hour=8)
    number(store)
    before = numbers(store)
    add(store, "c-a", "2026-W46", hour=9)
    number(store)
    assert before.items() <= numbers(store).items()


def test_a_deleted_case_leaves_its_number_and_no_other_case_gets_it(store):
    for hour, case_id in enumerate(("c-1", "c-2", "c-3"), start=8):
        add(store, case_id, "2026-W46", hour)
    number(store)
    with store.writing() as connection:
        remove_findings(connection, ["f-c-1", "f-c-3"])
    assert numbers(store) == {"c-2": "46-02"}
    add(store, "c-4", "2026-W46", hour=12)
    number(store)
    assert numbers(store) == {"c-2": "46-02", "c-4": "46-04"}
    with store.reading() as connection:
        assert set(connection.execute(select(CASE_NUMBERS.c.case_id)).scalars()) == {
            None, "c-2", "c-4"
        }  # fmt: skip


def test_a_case_without_a_number_is_known_by_its_id(store):
    add(store, "c-1", "2026-W46", hour=8)
    assert numbers(store) == {"c-1": ""}


def test_a_number_of_two_years_is_refused_with_both_ids():
    context = ActionContext(district=None, asker=None)
    weeks = {"c-1": "2026-W46", "c-2": "2027-W46", "c-3": "2027-W45"}
    numbered = {"c-1": "46-03", "c-2": "46-03", "c-3": "45-01"}
    context.__dict__["cases"] = [
        Case(case_id=one, person="p", clause="", week=week, findings=(), number=numbered[one])
        for one, week in weeks.items()
    ]
    assert context.case("45-01").case_id == "c-3"
    assert context.case("c-2").week == "2027-W46"
    with pytest.raises(SettingsError, match=r"c-1 \(2026-W46\), c-2 \(2027-W46\)"):
        context.case("46-03")
    assert context.find_case("f-1") is None
    with pytest.raises(SettingsError, match="no case 47-01"):
        context.case("47-01")
