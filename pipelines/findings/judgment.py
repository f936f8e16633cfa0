"""Candidates of some days become findings, by the district's current state.

Nothing is kept here, and `judge` is pure: everything it needs is passed in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines.district import District
from pipelines.findings.cases import Owner, nobody, owners
from pipelines.findings.exceptions import (
    PermitFacts,
    consent_alternatives,
    consent_for,
    exception_for,
)
from pipelines.findings.grades import (
    ALWAYS_LIMITS,
    alternatives,
    claim,
    confidence,
    of_outside,
    of_the_subject,
    severity,
)
from pipelines.findings.record import (
    FITS,
    Alternative,
    Candidate,
    Finding,
    candidates,
    finding_id,
)
from pipelines.findings.rule_quality import demoted, qualities_of
from pipelines.privacy.redaction import sensitive_names
from pipelines.state.findings import fired_days
from pipelines.state.reviews import last_verdicts
from pipelines.warehouse.database import Database
from pipelines.warehouse.detections import Clause, Detection
from pipelines.warehouse.headers import Header

TWO_WEEKS = timedelta(days=13)
NO_CONSENTS = "Whether a consent allowed it: the registry has none to look up."
DEMOTED = Alternative(
    "The rule errs too often here",
    "reviewers did not confirm enough of its findings; they are leads until it changes",
    FITS,
)


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """Facts in addition to the candidates.

    Attributes:
        earlier: Days on which a rule fired for a subject before: (rule, subject).
        exceptions: The registry's frame of exceptions.
        consents: The registry's frame of consents; None if it was not requested.
        owner: Owner of an account on a day.
        parameters: The values that each rule ran with, by id.
        inputs: Versions of registry, settings and rules.
        versions: The current version of each rule, by id.
        stages: Trial or live, where the district sets it, by id.
        demoted: Rules whose findings are leads, because of earlier decisions.
        settled: Decided findings; a demotion does not change them.
        sensitive: Sites and hosts whose names only a case may show.
    """

    earlier: Mapping[tuple[str, str], Sequence[date]] = field(default_factory=dict)
    exceptions: pl.DataFrame
    consents: pl.DataFrame | None = None
    owner: Owner = nobody
    parameters: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, str] = field(default_factory=dict)
    demoted: frozenset[str] = frozenset()
    settled: frozenset[str] = frozenset()
    sensitive: frozenset[str] = frozenset()


def judge(detection: Detection, found: Iterable[Candidate], known: Circumstances) -> list[Finding]:
    """Return one finding for each candidate, graded, worded and tested."""
    rows = list(found)
    days: dict[str, set[date]] = {}
    for (rule, subject), dates in known.earlier.items():
        if rule == detection.code:
            days.setdefault(subject, set()).update(dates)
    for row in rows:
        days.setdefault(row.subject, set()).add(row.event_date)
    return [
        _finding(detection, row, known, _recent(days[row.subject], row.event_date)) for row in rows
    ]


def _recent(days: Iterable[date], day: date) -> int:
    return sum(day - TWO_WEEKS <= one <= day for one in days)


def _finding(detection: Detection, row: Candidate, known: Circumstances, recent: int) -> Finding:
    seen = _seen(detection, row, known)
    permits = _permits(seen, known)
    ident = finding_id(row.code, row.subject, row.event_date)
    is_demoted = row.code in known.demoted and ident not in known.settled
    header = detection.model.header
    tested = _tested(header, row, seen, known, permits)
    if is_demoted:
        tested = (*tested, DEMOTED)
    return Finding(
        finding_id=ident,
        rule=row.code,
        kind=detection.kind,
        subject=row.subject,
        event_date=row.event_date,
        start_time=row.start_time,
        end_time=row.end_time,
        severity=severity(header, row.details, recent),
        confidence=confidence(header, tested),
        claim=of_outside(claim(header, row.details), row.subject),
        devices=tuple(seen.devices),
        sites=tuple(seen.sites),
        withheld=tuple(site for site in seen.sites if site in known.sensitive),
        evidence=row.evidence,
        details=row.details,
        alternatives=tested,
        parameters=known.parameters.get(row.code, {}),
        stage="trial" if is_demoted else _stage(detection, known),
        **_said(detection, row, known),
        **permits,
    )


def _said(detection: Detection, row: Candidate, known: Circumstances) -> dict[str, Any]:
    """Return what rule and policy state in every finding."""
    version = known.versions.get(row.code)
    own = {} if version is None else {"rule": version}
    return {
        "clauses": tuple(_clause(clause) for clause in detection.clauses),
        "limits": (*ALWAYS_LIMITS, *_limits(detection.clauses, known)),
        "would_change": detection.model.header.refuted_by,
        "next_step": detection.model.header.triage.strip(),
        "inputs": {**known.inputs, **own},
    }


def _stage(detection: Detection, known: Circumstances) -> str:
    return known.stages.get(detection.code, detection.model.header.stage)


def _seen(detection: Detection, row: Candidate, known: Circumstances) -> PermitFacts:
    return PermitFacts(
        rule=row.code,
        kind=detection.kind,
        subject=row.subject,
        owner=known.owner(row.subject, row.event_date),
        day=row.event_date,
        devices=_named(row.observables, "device:"),
        sites=_named(row.observables, "site:"),
    )


def _permits(seen: PermitFacts, known: Circumstances) -> dict[str, Any]:
    consents = known.consents
    return {
        "suppressed_by": exception_for(known.exceptions, seen),
        "permitted_by": None if consents is None else consent_for(consents, seen),
    }


def _tested(
    header: Header,
    row: Candidate,
    seen: PermitFacts,
    known: Circumstances,
    permits: Mapping[str, object],
) -> tuple[Alternative, ...]:
    """Return the rule's own explanations, those of an address, and those of consents."""
    found = [*alternatives(header, row.details)]
    found += of_the_subject(row.subject, seen.devices, found)
    if known.consents is not None and permits["permitted_by"] is None:
        found += consent_alternatives(known.consents, seen)
    return tuple(found)


def _named(observables: Iterable[str], prefix: str) -> tuple[str, ...]:
    """Return observables of one kind; a bare one is a device."""
    bare = prefix == "device:"
    return tuple(
        observable.removeprefix(prefix)
        for observable in observables
        if observable.startswith(prefix)
        or (bare and not observable.startswith(("device:", "site:")))
    )


def _clause(clause: Clause) -> Mapping[str, str]:
    return {
        "id": clause.clause_id,
        "title": clause.title,
        "strength": clause.strength,
    }


def _limits(clauses: Iterable[Clause], known: Circumstances) -> list[str]:
    said = []
    for clause in clauses:
        text = clause.cannot_show.strip()
        if text and text not in said:
            said.append(text)
    if known.consents is not None and known.consents.is_empty():
        said.append(NO_CONSENTS)
    return said


def judged_findings(
    database: Database, district: District, judged: Mapping[str, Sequence[date]]
) -> list[Finding]:
    """Return what the rules find on some days, without storing it.

    Args:
        judged: Days by the id of the rule.
    """
    frames = district.registry.frames
    known = Circumstances(
        earlier=_outside(fired_days(district.store), judged),
        exceptions=frames["exceptions"],
        consents=frames["consents"],
        owner=owners(district.reading),
        parameters=district.values,
        inputs={**district.judged_with, "settings": district.settings_hash},
        versions=district.versions,
        stages=district.stages,
        demoted=demoted(qualities_of(district)),
        settled=frozenset(last_verdicts(district.store)),
        sensitive=sensitive_names(database),
    )
    return [
        finding
        for code, detection in district.detections.items()
        for finding in judge(
            detection, candidates(database, detection, judged.get(code, ())), known
        )
    ]


def _outside(
    fired: Mapping[tuple[str, str], Sequence[date]],
    judged: Mapping[str, Sequence[date]],
) -> dict[tuple[str, str], list[date]]:
    """Return the days that this run does not judge again."""
    return {
        (rule, subject): [day for day in days if day not in set(judged.get(rule, ()))]
        for (rule, subject), days in fired.items()
    }
