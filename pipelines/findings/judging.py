"""Candidates become findings. Pure: everything it needs is passed in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines.detections.candidates import Candidate
from pipelines.detections.catalogue import Clause, Detection
from pipelines.findings.alternatives import alternatives
from pipelines.findings.lattice import confidence, severity
from pipelines.findings.record import Finding, finding_id
from pipelines.findings.wording import ALWAYS_LIMITS, claim, would_change

TWO_WEEKS = timedelta(days=13)


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What is known beside the candidates.

    Attributes:
        earlier: Days on which a rule fired for a subject before: (rule, subject).
        exceptions: The registry's frame of exceptions.
        parameters: The values each rule ran with, by code.
        inputs: Versions of registry, settings and rules.
    """

    earlier: Mapping[tuple[str, str], Sequence[date]] = field(default_factory=dict)
    exceptions: pl.DataFrame
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)


def judge(
    detection: Detection, found: Iterable[Candidate], known: Circumstances
) -> list[Finding]:
    """One finding for each candidate, graded, worded and tested."""
    rows = list(found)
    days: dict[str, set[date]] = {}
    for (rule, subject), dates in known.earlier.items():
        if rule == detection.code:
            days.setdefault(subject, set()).update(dates)
    for row in rows:
        days.setdefault(row.subject, set()).add(row.event_date)
    return [
        _finding(detection, row, known, _recent(days[row.subject], row.event_date))
        for row in rows
    ]


def _recent(days: Iterable[date], day: date) -> int:
    return sum(day - TWO_WEEKS <= one <= day for one in days)


def _finding(
    detection: Detection, row: Candidate, known: Circumstances, recent: int
) -> Finding:
    tested = alternatives(row.code, row.details)
    devices = _named(row.observables, "device:")
    sites = _named(row.observables, "site:")
    return Finding(
        finding_id=finding_id(row.code, row.subject, row.event_date),
        rule=row.code,
        kind=detection.kind,
        subject=row.subject,
        event_date=row.event_date,
        start_time=row.start_time,
        end_time=row.end_time,
        severity=severity(
            row.code, detection.model.header.severity, row.details, recent
        ),
        confidence=confidence(row.code, tested),
        claim=claim(row.code, row.details),
        devices=devices,
        sites=sites,
        evidence=row.evidence,
        details=row.details,
        clauses=tuple(_clause(clause) for clause in detection.clauses),
        alternatives=tested,
        limits=(*ALWAYS_LIMITS, *_limits(detection.clauses)),
        would_change=would_change(row.code),
        next_step=detection.model.header.response.strip(),
        parameters=known.parameters.get(row.code, {}),
        inputs=known.inputs,
        stage=detection.model.header.stage,
        suppressed_by=_exception(known.exceptions, row, devices, sites),
    )


def _named(observables: Iterable[str], prefix: str) -> tuple[str, ...]:
    """Observables of one kind; a bare one is a device."""
    bare = prefix == "device:"
    return tuple(
        one.removeprefix(prefix)
        for one in observables
        if one.startswith(prefix) or (bare and not one.startswith(("device:", "site:")))
    )


def _clause(clause: Clause) -> Mapping[str, str]:
    return {
        "id": clause.clause_id,
        "title": clause.title,
        "strength": clause.strength,
    }


def _limits(clauses: Iterable[Clause]) -> list[str]:
    said = []
    for clause in clauses:
        text = clause.cannot_show.strip()
        if text and text not in said:
            said.append(text)
    return said


def _exception(
    exceptions: pl.DataFrame,
    row: Candidate,
    devices: Sequence[str],
    sites: Sequence[str],
) -> str | None:
    """The registry's exception that hides a candidate on its day."""
    named = {
        "account": {row.subject},
        "device": set(devices),
        "site": set(sites),
        "rule": {row.code},
    }
    for entry in exceptions.iter_rows(named=True):
        if entry["rule"] not in (row.code, "*"):
            continue
        first = entry["valid_from"] or date.min
        last = entry["valid_to"] or date.max
        values = named.get(entry["scope"], set())
        covers_all = entry["scope"] == "rule" or (
            bool(values) and values <= {entry["value"]}
        )
        if first <= row.event_date <= last and covers_all:
            return str(entry["exception_id"])
    return None
