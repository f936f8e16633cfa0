"""Findings, candidates and detections to judge, each with one line's changes."""

from datetime import UTC, date, datetime

import polars as pl

from pipelines.findings.judgment import Circumstances
from pipelines.findings.record import Candidate
from pipelines.registry.frames import FRAMES
from pipelines.warehouse.detections import Clause, Detection
from pipelines.warehouse.models import rules

DAY = date(2026, 11, 4)
CLAUSE = Clause("CL-1", "One account, one person", ("staff",), "S", "Who sat there.")

# facts that rule out every other explanation
PROVEN = {
    "SA-1": {
        "turns": 6,
        "shortest_gap_seconds": 60,
        "travel_seconds": 400,
        "is_drive_possible": False,
        "is_lease_stale": False,
        "is_name_kept": False,
        "is_computer_moved": False,
        "is_administrator": False,
        "is_left_open": False,
        "is_clock_wrong": False,
        "buildings": ["HS", "MS"],
    },
    "SA-3": {
        "is_clock_wrong": False,
        "is_owner_there": False,
        "is_owner_possible": False,
        "is_after_work": False,
        "is_other_device": True,
        "is_carried": False,
        "is_login_kept": False,
        "is_deep_in_leave": True,
        "buildings": ["MS"],
        "part": "full",
        "requests": 20,
        "sites": 5,
    },
    "NA-1": {
        "list_count": 2,
        "days": 1,
        "total_seconds": 900,
        "longest_seconds": 600,
        "embed_share": 0.0,
        "largest_bytes": 90_000,
        "is_on_one_list": False,
        "is_owner_away": False,
        "is_embedded": False,
        "is_left_open": False,
        "is_break": False,
        "why_no_break": "it was outside the break",
        "sites": ["social.example"],
    },
    "OH-1": {
        "is_left_open": False,
        "is_clock_wrong": False,
        "external_seconds": 1_500,
        "sites": ["shop.example"],
        "day_type": "school",
        "is_remote": True,
        "is_event_possible": False,
    },
}

EXCEPTION_COLUMNS = {name: one.dtype for name, one in FRAMES["exceptions"].items()}


def detection(code):
    return Detection(rules()[code], (CLAUSE,))


def candidate(code="SA-1", subject="ada", day=DAY, details=None, **changes):
    given = {
        "start_time": datetime(day.year, day.month, day.day, 15, tzinfo=UTC),
        "end_time": datetime(day.year, day.month, day.day, 16, tzinfo=UTC),
        "measure": 6.0,
        "observables": ("device:hs-d-0001", "device:ms-d-0002"),
        "evidence": (4_294_967_297, 4_294_967_298),
    }
    return Candidate(
        code=code,
        subject=subject,
        event_date=day,
        details=PROVEN.get(code, {}) | (details or {}),
        **(given | changes),
    )


def known(exceptions=(), earlier=None, **more):
    frame = pl.DataFrame(list(exceptions), schema=EXCEPTION_COLUMNS)
    return Circumstances(exceptions=frame, earlier=earlier or {}, **more)


def exception(**changes):
    given = {
        "exception_id": "X-1",
        "rule": "SA-1",
        "scope": "account",
        "value": "ada",
        "valid_from": date(2026, 8, 1),
        "valid_to": date(2026, 12, 31),
    }
    return given | changes
