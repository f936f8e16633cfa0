"""Case numbers: the week and the place in it, by the time when a case was added."""

import pytest

from pipelines.state.connections import open_store
from pipelines.state.reviews import stored_cases
from pipelines.state.tables import CASE_FINDINGS, CASES, FINDINGS

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


def numbers(store):
    return {row["case_id"]: row["number"] for row in stored_cases(store)}


def test_a_number_follows_the_time_of_a_case_within_its_week(store):
    add(store, "c-late", "2026-W46", hour=9)
    add(store, "c-early", "2026-W46", hour=8)
    add(store, "c-other", "2026-W45", hour=10)
    assert numbers(store) == {"c-early": "46-01", "c-late": "46-02", "c-other": "45-01"}


def test_a_later_case_changes_no_number(store):
    add(store, "c-z", "2026-W46", hour=8)
    before = numbers(store)
    add(store, "c-a", "2026-W46", hour=9)
    assert before.items() <= numbers(store).items()
