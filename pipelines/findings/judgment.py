"""Candidates of some days become findings, by the district's current state.

Nothing is kept here, and `judge` is pure: everything it needs is passed in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

import polars as pl

from pipelines.district import District
from pipelines.events import place_of
from pipelines.findings.cases import Owner, nobody, owners
from pipelines.findings.exceptions import (
    ConsentPermit,
    ExceptionPermit,
    PermitFacts,
    consent_alternatives,
    first_covering,
)
from pipelines.findings.grades import (
    alternatives,
    always_limits,
    claim,
    confidence,
    of_outside,
    of_the_subject,
    severity,
)
from pipelines.findings.record import FITS, Alternative, Candidate, Finding, candidates, finding_id
from pipelines.findings.rule_quality import demoted, qualities_of
from pipelines.privacy.redaction import sensitive_names
from pipelines.state import ledger
from pipelines.state.connections import Store
from pipelines.state.findings import fired_days
from pipelines.state.reviews import last_verdicts
from pipelines.warehouse.clock_pairs import wrong_hours
from pipelines.warehouse.database import Database
from pipelines.warehouse.detections import Clause, Detection
from pipelines.warehouse.sentences import fill

TWO_WEEKS = timedelta(days=13)
NO_CONSENTS = "Whether a consent allowed it: the registry has none to look up."
CLOCK = "The clock of a log is wrong"
CLOCKS = "marts.source_clocks"
CLOCK_DAYS = timedelta(days=7)
"""A day on which a clock cannot be measured has the state of the nearest one within this."""
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
        wrong_times: Events with a time that is wrong by hours, and why.
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
    wrong_times: Mapping[int, str] = field(default_factory=dict)
    sensitive: frozenset[str] = frozenset()

    @cached_property
    def exception_rows(self) -> list[ExceptionPermit]:
        """The rows of the exceptions."""
        return ExceptionPermit.rows(self.exceptions)

    @cached_property
    def consent_rows(self) -> list[ConsentPermit]:
        """The rows of the consents, if they were requested."""
        return [] if self.consents is None else ConsentPermit.rows(self.consents)


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
    permitted_by = first_covering(known.consent_rows, seen)
    ident = finding_id(row.code, row.subject, row.event_date)
    is_demoted = row.code in known.demoted and ident not in known.settled
    header = detection.model.header
    tested = [*alternatives(header, row.details)]
    tested += of_the_subject(row.subject, seen.devices, tested)
    if permitted_by is None:
        tested += consent_alternatives(known.consent_rows, seen)
    if is_demoted:
        tested.append(DEMOTED)
    if why := next(
        (known.wrong_times[one] for one in row.evidence if one in known.wrong_times), ""
    ):
        tested.append(Alternative(CLOCK, why, FITS))
    version = known.versions.get(row.code)
    limits = _limits(detection.clauses, known)
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
        alternatives=tuple(tested),
        parameters=known.parameters.get(row.code, {}),
        stage="trial"
        if is_demoted
        else known.stages.get(detection.code, detection.model.header.stage),
        clauses=tuple(
            {
                "id": clause.clause_id,
                "title": clause.title,
                "strength": clause.strength,
            }
            for clause in detection.clauses
        ),
        limits=(*always_limits(header, limits), *limits),
        would_change=header.refuted_by,
        next_step=" ".join(fill(header.triage, row.details).split()),
        inputs={**known.inputs, **({} if version is None else {"rule": version})},
        suppressed_by=first_covering(known.exception_rows, seen),
        permitted_by=permitted_by,
    )


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


def _named(observables: Iterable[str], prefix: str) -> tuple[str, ...]:
    """Return observables of one kind; a bare one is a device."""
    bare = prefix == "device:"
    return tuple(
        observable.removeprefix(prefix)
        for observable in observables
        if observable.startswith(prefix)
        or (bare and not observable.startswith(("device:", "site:")))
    )


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
    rows = {
        code: candidates(database, detection, judged.get(code, ()))
        for code, detection in district.detections.items()
    }
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
        wrong_times=wrong_times(
            database, district.store, [one for listed in rows.values() for one in listed]
        ),
        sensitive=sensitive_names(database),
    )
    return [
        finding
        for code, detection in district.detections.items()
        for finding in judge(detection, rows[code], known)
    ]


def wrong_times(database: Database, store: Store, found: Sequence[Candidate]) -> dict[int, str]:
    """Return the cited events of sources whose clock was off by hours on their day, and why.

    Other sources show it (`marts.source_clocks`); a source without a zone in the settings is an
    example. Where a clock is wrong, a person is in another lesson, break or building.
    """
    if not found or not database.has(CLOCKS):
        return {}
    days = sorted({row.event_date for row in found})
    rows = database.days_of(CLOCKS, days[0] - CLOCK_DAYS, days[-1] + CLOCK_DAYS)
    measured = wrong_hours(pl.DataFrame(rows, infer_schema_length=None)) if rows else {}
    off = {name: words for name, words in measured.items() if any(words.values())}
    if not off:
        return {}
    source_of = {one.file_id: one.source for one in ledger.source_files(store)}
    why = {}
    for row in found:
        for event in row.evidence:
            source = source_of.get(place_of(event)[0], "")
            if words := _nearest(off.get(source, {}), row.event_date):
                why[event] = f"the clock of {source} was {words}, so its times are not known"
    return why


def _nearest(measured: Mapping[date, str], day: date) -> str:
    """Return the words of the measured day nearest to a day; empty where none is near."""
    if not measured:
        return ""
    nearest = min(measured, key=lambda one: (abs(one - day), one))
    return measured[nearest] if abs(nearest - day) <= CLOCK_DAYS else ""


def _outside(
    fired: Mapping[tuple[str, str], Sequence[date]], judged: Mapping[str, Sequence[date]]
) -> dict[tuple[str, str], list[date]]:
    """Return the days that this run does not judge again."""
    return {
        (rule, subject): [day for day in days if day not in set(judged.get(rule, ()))]
        for (rule, subject), days in fired.items()
    }
