"""Rows of an export: the time that a finding over several days is shown with."""

from datetime import UTC, datetime

from pipelines.findings.cases import Case
from pipelines.findings.finding_frames import rows


def at(day: int, hour: int, minute: int = 0) -> str:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC).isoformat()


def line(time: str | None, role: str = "request") -> dict:
    return {"finding_id": "f-1", "role": role, "event": {"time": time}}


def exported(start: str, end: str, *copies: dict) -> tuple[str, str]:
    record = {"start_time": start, "end_time": end, "devices": [], "evidence": [1]}
    finding = {
        "finding_id": "f-1",
        "kind": "shared_account",
        "rule": "SA-1",
        "severity": "high",
        "confidence": "C2",
        "status": "open",
        "created_time": at(8, 1),
        "record": record,
    }
    case = Case(case_id="c-1", person="p-1", clause="cl.33", week="2026-W45", findings=(finding,))
    row = rows([case], lambda *_: "dunlin-15", lambda _: False, lambda _: copies)[0]
    return row["start_utc"], row["end_utc"]


def test_a_finding_over_days_is_shown_with_the_day_that_has_most_of_its_lines():
    visits = [line(at(3, 13)), line(at(3, 14)), line(at(3, 21)), line(at(7, 18))]
    assert exported(at(3, 13), at(7, 18), *visits) == (
        "2026-11-03T13:00:00Z",
        "2026-11-03T21:00:00Z",
    )


def test_leases_and_lines_without_a_time_do_not_count():
    leases = [line(at(3, hour), "lease") for hour in (8, 9, 10)]
    assert exported(at(3, 8), at(7, 18), *leases, line(None), line(at(7, 18))) == (
        "2026-11-07T18:00:00Z",
        "2026-11-07T18:00:00Z",
    )


def test_of_two_days_that_are_equal_it_is_the_last():
    assert exported(at(3, 8), at(7, 18), line(at(3, 8)), line(at(7, 18)))[0][:10] == "2026-11-07"


def test_without_a_line_it_is_the_last_24_hours():
    assert exported(at(3, 8), at(7, 18)) == ("2026-11-06T18:00:00Z", "2026-11-07T18:00:00Z")


def test_a_finding_of_one_day_keeps_its_time():
    assert exported(at(3, 8), at(3, 9), line(at(3, 8, 30))) == (
        "2026-11-03T08:00:00Z",
        "2026-11-03T09:00:00Z",
    )
