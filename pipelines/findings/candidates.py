"""The rows that detections returned, as values."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pipelines.warehouse.database import Database
from pipelines.warehouse.detections import Detection


@dataclass(frozen=True)
class Candidate:
    """One row of one detection.

    Attributes:
        evidence: Ids of the events that show it.
        details: The facts that its alternatives are tested with.
    """

    code: str
    subject: str
    event_date: date
    start_time: datetime
    end_time: datetime
    measure: float
    observables: tuple[str, ...]
    evidence: tuple[int, ...]
    details: Mapping[str, Any]


def candidates(
    database: Database, detection: Detection, days: Iterable[date]
) -> list[Candidate]:
    """What a detection returned for some days, in a fixed order."""
    wanted = sorted(days)
    if not wanted:
        return []
    rows = database.days_of(detection.model.name, wanted[0], wanted[-1])
    kept = set(wanted)
    return [
        _candidate(detection.code, row)
        for row in sorted(rows, key=lambda row: (row["event_date"], row["subject"]))
        if row["event_date"] in kept
    ]


def _candidate(code: str, row: Mapping[str, Any]) -> Candidate:
    return Candidate(
        code=code,
        subject=row["subject"],
        event_date=row["event_date"],
        start_time=row["start_time"],
        end_time=row["end_time"],
        measure=float(row["measure"]),
        observables=tuple(row["observables"] or ()),
        evidence=tuple(row["evidence"] or ()),
        details=json.loads(row["details"] or "{}"),
    )
