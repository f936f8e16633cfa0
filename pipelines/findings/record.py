"""The shape of a candidate, of a finding, and of the frames that hold them."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

import polars as pl

from pipelines.findings.cases import Case
from pipelines.settings.parts import Severity
from pipelines.state.findings import WITHDRAWN
from pipelines.warehouse.database import Database
from pipelines.warehouse.detections import Detection

Confidence = Literal["C1", "C2", "C3"]
Result = Literal["ruled out", "fits", "not testable", "excluded by design"]

RULED_OUT: Result = "ruled out"
FITS: Result = "fits"
NOT_TESTABLE: Result = "not testable"
BY_DESIGN: Result = "excluded by design"
"""No test: the rule counts in such a way that it cannot be the explanation."""


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
    """One thing that a detection found, about an account, on one day.

    Attributes:
        finding_id: The same whenever the same thing is found again.
        subject: The account; never a person.
        claim: One sentence made from fields alone.
        evidence: Ids of the cited events.
        would_change: What would withdraw it.
        limits: What these logs cannot show about it.
        stage: `trial` findings are shown and alert nobody.
        suppressed_by: The exception that hides it, if any.
        permitted_by: The consent that allows all of it, if any.
        withheld: Sites of a sensitive kind, which no default surface spells.
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
    details: Mapping[str, Any]
    clauses: tuple[Mapping[str, str], ...]
    alternatives: tuple[Alternative, ...]
    limits: tuple[str, ...]
    would_change: tuple[str, ...]
    next_step: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, str]
    stage: str = "live"
    suppressed_by: str | None = None
    permitted_by: str | None = None
    withheld: tuple[str, ...] = ()


def finding_id(rule: str, subject: str, day: date) -> str:
    """Names a finding by what it is about, so that a re-run finds the same one.

    A detection returns one row for each subject and day; the first cited line
    may change with late data, the rule, subject and day do not.
    """
    text = f"{rule}\x1f{subject}\x1f{day.isoformat()}"
    return "f-" + hashlib.sha256(text.encode()).hexdigest()[:16]


INSTANT = pl.Datetime("us", "UTC")

FINDINGS: Mapping[str, Any] = MappingProxyType(
    {
        "finding_id": pl.String,
        "rule": pl.String,
        "kind": pl.String,
        "subject": pl.String,
        "is_pupil": pl.Boolean,
        "devices": pl.List(pl.String),
        "sites": pl.List(pl.String),
        "event_date": pl.Date,
        "start_time": INSTANT,
        "end_time": INSTANT,
        "severity": pl.String,
        "confidence": pl.String,
        "status": pl.String,
        "status_reason": pl.String,
        "created_time": INSTANT,
        "revision": pl.Int64,
        "claim": pl.String,
        "record": pl.String,
        "decided_time": INSTANT,
        "case_id": pl.String,
        "clause": pl.String,
        "stage": pl.String,
    }
)
"""One row per finding; `record` is JSON text."""

EVIDENCE: Mapping[str, Any] = MappingProxyType(
    {
        "finding_id": pl.String,
        "position": pl.Int64,
        "role": pl.String,
        "source": pl.String,
        "path": pl.String,
        "line_no": pl.Int64,
        "byte_offset": pl.Int64,
        "time": INSTANT,
        "account": pl.String,
        "device": pl.String,
        "building": pl.String,
        "site": pl.String,
        "activity": pl.String,
        "bytes_in": pl.Int64,
        "line_sha256": pl.String,
    }
)
"""One row per log line that a finding rests on."""


COLUMNS = (
    "finding_id", "kind", "rule", "account", "is_pupil", "devices", "start_utc",
    "end_utc", "severity", "confidence", "evidence_lines", "created_utc", "status",
    "case_id", "clause", "stage",
)  # fmt: skip
LONGEST = timedelta(hours=24)

Named = Callable[[Mapping[str, Any], str | None], str]
"""A finding, and one of its devices or None for its subject -> what is shown."""


def rows(
    cases: Iterable[Case], named: Named, is_pupil: Callable[[Mapping[str, Any]], bool]
) -> list[dict[str, Any]]:
    """One row per finding that counts, in order of day and id; students' come last.

    A finding that sums up several days is shown with the last 24 hours of them:
    it belongs to the day on which it was complete.

    Args:
        is_pupil: Whether a finding is about a student's account.
    """
    found = [
        _row(case, finding, named) | {"is_pupil": is_pupil(finding)}
        for case in cases
        for finding in case.findings
        if finding["confidence"] != "C1" and finding["status"] != WITHDRAWN
    ]
    return sorted(
        found, key=lambda row: (row["is_pupil"], row["start_utc"], row["finding_id"])
    )


def _row(case: Case, finding: Mapping[str, Any], named: Named) -> dict[str, Any]:
    record = finding["record"]
    end = datetime.fromisoformat(record["end_time"])
    start = max(datetime.fromisoformat(record["start_time"]), end - LONGEST)
    values = {
        "account": named(finding, None),
        "devices": "|".join(named(finding, device) for device in record["devices"]),
        "start_utc": _utc(start),
        "end_utc": _utc(end),
        "evidence_lines": len(record["evidence"]),
        "created_utc": _utc(datetime.fromisoformat(finding["created_time"])),
        "case_id": case.case_id,
        "clause": case.clause,
        "stage": record.get("stage", "live"),
    }
    return {name: values.get(name, finding.get(name)) for name in COLUMNS}


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
