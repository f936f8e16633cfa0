"""Findings and the log lines behind them as frames: columns and types, once for all."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import polars as pl

from pipelines.findings.cases import Case
from pipelines.state.findings import WITHDRAWN
from pipelines.state.rows import EvidenceRow, ExportedFinding, FindingRow

INSTANT = pl.Datetime("us", "UTC")

FINDINGS: Mapping[str, pl.DataType | type[pl.DataType]] = MappingProxyType(
    {
        "finding_id": pl.String,
        "rule": pl.String,
        "kind": pl.String,
        "subject": pl.String,
        "is_student": pl.Boolean,
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
        "case_number": pl.String,
        "clause": pl.String,
        "stage": pl.String,
    }
)
"""One row per finding; `record` is JSON text."""

EVIDENCE: Mapping[str, pl.DataType | type[pl.DataType]] = MappingProxyType(
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
    "finding_id", "kind", "rule", "account", "is_student", "devices", "start_utc",
    "end_utc", "severity", "confidence", "evidence_lines", "created_utc", "status",
    "case_id", "case_number", "clause", "stage",
)  # fmt: skip
LONGEST = timedelta(hours=24)

Named = Callable[[FindingRow, str | None], str]
"""A finding, and one of its devices or None for its subject -> what is shown."""


def rows(
    cases: Iterable[Case],
    named: Named,
    is_student: Callable[[FindingRow], bool],
    copies: Callable[[list[str]], Iterable[EvidenceRow]],
) -> list[ExportedFinding]:
    """Return one row per finding that counts, by day and id; students' are last.

    A finding that covers several days is shown with the 24 hours that have most of its
    log lines; of equal ones, the last.

    Args:
        is_student: Whether a finding is about a student's account.
        copies: The log lines of some findings, by id.
    """
    counted = [
        (case, finding)
        for case in cases
        for finding in case.findings
        if finding["confidence"] != "C1" and finding["status"] != WITHDRAWN
    ]
    spans = {finding["finding_id"]: span_of(finding) for _, finding in counted}
    long = [key for key, (start, end) in spans.items() if end - start > LONGEST]
    times: dict[str, list[datetime]] = {}
    for line in copies(long) if long else ():
        if line["role"] != "lease" and (time := line["event"].get("time")):
            times.setdefault(line["finding_id"], []).append(datetime.fromisoformat(time))
    for key in long:
        spans[key] = _fullest(sorted(times.get(key, ())), spans[key][1])
    found = [
        _row(case, finding, named, spans[finding["finding_id"]], is_student=is_student(finding))
        for case, finding in counted
    ]
    return sorted(found, key=lambda row: (row["is_student"], row["start_utc"], row["finding_id"]))


def span_of(finding: FindingRow) -> tuple[datetime, datetime]:
    """Return begin and end of a finding."""
    record = finding["record"]
    start, end = (datetime.fromisoformat(record[name]) for name in ("start_time", "end_time"))
    return start, end


def _fullest(times: Sequence[datetime], end: datetime) -> tuple[datetime, datetime]:
    """Return the 24 hours with most of these times, in order; without any the last ones."""
    if not times:
        return end - LONGEST, end
    within = [bisect_left(times, time - LONGEST) for time in times]
    last = max(range(len(times)), key=lambda at: (at - within[at], at))
    return times[within[last]], times[last]


def _row(
    case: Case,
    finding: FindingRow,
    named: Named,
    span: tuple[datetime, datetime],
    *,
    is_student: bool,
) -> ExportedFinding:
    record = finding["record"]
    return {
        "finding_id": finding["finding_id"],
        "kind": finding["kind"],
        "rule": finding["rule"],
        "account": named(finding, None),
        "is_student": is_student,
        "devices": "|".join(named(finding, device) for device in record["devices"]),
        "start_utc": _utc(span[0]),
        "end_utc": _utc(span[1]),
        "severity": finding["severity"],
        "confidence": finding["confidence"],
        "evidence_lines": len(record["evidence"]),
        "created_utc": _utc(datetime.fromisoformat(finding["created_time"])),
        "status": finding["status"],
        "case_id": case.case_id,
        "case_number": case.number,
        "clause": case.clause,
        "stage": record.get("stage", "live"),
    }


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
