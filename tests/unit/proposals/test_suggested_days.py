"""Proposals about days and hours: by many people, never by one person's habit."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from pipelines.proposals.calendar_rows import days_off
from pipelines.proposals.duty_rows import later_hours
from pipelines.proposals.offers import Evidence
from pipelines.registry.frames import schema
from pipelines.warehouse.database import writing
from pipelines.warehouse.snapshots import attach_warehouse

MONDAY = date(2026, 10, 19)
STAFF = [f"p-{n}" for n in range(12)]


def at(day, hour, minute=0):
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return start + timedelta(hours=hour, minutes=minute)


def used(day, people, last=15):
    return [
        {
            "person_id": person,
            "event_date": day,
            "start_time": at(day, hour),
            "is_staff": True,
            "has_location": True,
            "is_district_device": True,
        }
        for person in people
        for hour in (8, last)
    ]


@pytest.fixture
def evidence(tmp_path):
    """A warehouse of what staff opened, which hours were logged, and a registry."""

    def make(requests, registry, hours=range(7, 17)):
        path = tmp_path / "warehouse.duckdb"
        days = sorted({row["event_date"] for row in requests})
        logged = [
            {"event_date": day, "start_time": at(day, hour)} for day in days for hour in hours
        ]
        with writing(path, threads=1) as database:
            database.replace("core.engaged_requests", pl.DataFrame(requests))
            database.replace("core.http_requests", pl.DataFrame(logged))
            for name, rows in registry.items():
                frame = pl.DataFrame(rows)
                whole = pl.concat([schema(name).to_frame(), frame], how="diagonal")
                database.replace(f"registry.{name}", whole)
        return attach_warehouse(path)

    return make


def calendar(*kinds):
    days = [MONDAY + timedelta(days=n) for n in range(len(kinds))]
    return {
        "calendar_days": [
            {"date": day, "building": "HS", "day_type": kind}
            for day, kind in zip(days, kinds, strict=True)
        ]
    }


def test_a_closed_day_and_a_saturday_at_work(evidence):
    """Hardly anybody came on Wednesday; on Saturday as many as on any day."""
    present = [STAFF, STAFF, STAFF[:1], STAFF, STAFF, STAFF, STAFF[:3], STAFF]
    requests = [
        row for n, people in enumerate(present) for row in used(MONDAY + timedelta(days=n), people)
    ]
    kinds = ["school"] * 5 + ["weekend"] * 2 + ["school"]
    with evidence(requests, calendar(*kinds)) as database:
        found = days_off(Evidence(database, "UTC"))
    assert [(one.cells["date"], one.cells["day_type"]) for one in found] == [
        ("2026-10-21", "closure"),
        ("2026-10-24", "pd_day"),
    ]
    assert "1 staff used a district device on site; 12 do" in found[0].reason


def test_a_silent_log_is_no_closed_school(evidence):
    """In four hours of the day nothing was logged: that shows nothing of who came."""
    present = [STAFF, STAFF, STAFF[:1], STAFF]
    requests = [
        row for n, people in enumerate(present) for row in used(MONDAY + timedelta(days=n), people)
    ]
    made = evidence(requests, calendar(*["school"] * 4), hours=range(7, 13))
    with made as database:
        assert days_off(Evidence(database, "UTC")) == []


@pytest.mark.parametrize(("people", "offers"), [(3, 15), (2, 0)])
def test_a_job_that_works_later_and_never_one_person(evidence, people, offers):
    """Custodians are there at nine; two of them may have separate habits."""
    persons = STAFF[:people]
    week = [MONDAY + timedelta(days=n) for n in range(5)]
    registry = {
        "people": [
            {"person_id": one, "is_staff": True, "job_title": "custodian"}
            for one in persons
        ],
        "duty_windows": [
            {"person_id": one, "event_date": day, "building": "HS", "kind": "contract",
             "start_time": at(day, 7), "end_time": at(day, 16)}
            for one in persons for day in week
        ],
    }  # fmt: skip
    requests = [row for day in week for row in used(day, persons, last=21)]
    with evidence(requests, registry) as database:
        found = later_hours(Evidence(database, "UTC"))
    assert len(found) == offers
    assert {one.group for one in found} <= {"later custodian HS"}
    assert all(
        (one.cells["start_local"], one.cells["end_local"], one.cells["kind"])
        == ("16:00", "21:00", "extra")
        for one in found
    )
