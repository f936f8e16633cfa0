"""The shape of a candidate, as a rule returns it, and of a finding."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from pipelines.settings.problems import Severity

if TYPE_CHECKING:  # DuckDB takes a third of a second to import
    from pipelines.warehouse.database import Database
    from pipelines.warehouse.detections import Detection

Confidence = Literal["C1", "C2", "C3"]
Result = Literal["ruled out", "fits", "not testable", "excluded by design"]

RULED_OUT: Result = "ruled out"
FITS: Result = "fits"
NOT_TESTABLE: Result = "not testable"
BY_DESIGN: Result = "excluded by design"
"""Result without a test: the way the rule counts excludes the explanation."""


@dataclass(frozen=True)
class Alternative:
    """An innocent explanation and what testing it showed.

    Attributes:
        name: The explanation, in words a reader knows.
        test: What was looked at, or how the rule counts.
        result: Whether it still fits, and whether that was tested at all.
    """

    name: str
    test: str
    result: Result


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One result of a detection, about an account, on one day.

    Attributes:
        finding_id: The same whenever the same thing is found again.
        subject: The account; never a person.
        claim: One sentence made from fields alone.
        evidence: Ids of the cited events.
        would_change: What would withdraw it.
        limits: What these logs cannot show about it.
        stage: `trial` findings are shown and send no alert.
        suppressed_by: The exception that hides it, if any.
        permitted_by: The consent that allows all of it, if any.
        withheld: Sensitive sites, which default surfaces do not name.
    """

    finding_id: str
    rule: str
    kind: str
    subject: str
    event_date: date
    start_time: datetime
    end_time: datetime
    severity: Severity
    confidence: Confidence
    claim: str
    devices: tuple[str, ...]
    sites: tuple[str, ...]
    evidence: tuple[int, ...]
    details: Mapping[str, object]
    clauses: tuple[Mapping[str, str], ...]
    alternatives: tuple[Alternative, ...]
    limits: tuple[str, ...]
    would_change: tuple[str, ...]
    next_step: str
    parameters: Mapping[str, object]
    inputs: Mapping[str, str]
    stage: str = "live"
    suppressed_by: str | None = None
    permitted_by: str | None = None
    withheld: tuple[str, ...] = ()


def finding_id(rule: str, subject: str, day: date) -> str:
    """Return the id of a finding, the same in every run.

    A detection returns one row for each subject and day; the first cited line
    may change with late data, the rule, subject and day do not.
    """
    text = f"{rule}\x1f{subject}\x1f{day.isoformat()}"
    return "f-" + hashlib.sha256(text.encode()).hexdigest()[:16]


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
    details: Mapping[str, object]


def candidates(
    database: "Database", detection: "Detection", days: Iterable[date]
) -> list[Candidate]:
    """Return a detection's rows of some days, in a fixed order."""
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
