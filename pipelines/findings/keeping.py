"""Keeps findings in `state.db` and follows their life.

new → updated (another revision) → withdrawn when later data or registry rows no
longer show it, or when an exception hides it: explained. What a reviewer
decided stays, whatever is found again.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from pipelines.findings.evidence import Evidence
from pipelines.findings.record import Finding
from pipelines.state.schema import EVIDENCE, FINDINGS
from pipelines.state.store import Store, now_text

OPEN = "open"
EXPLAINED = "explained"
WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Kept:
    """What keeping changed: ids of findings, and registry files that had changed."""

    new: tuple[str, ...]
    updated: tuple[str, ...]
    withdrawn: tuple[str, ...]
    because: tuple[str, ...] = ()


def keep(
    store: Store,
    findings: Sequence[Finding],
    lines: Mapping[int, Evidence],
    judged: Mapping[str, Iterable[date]],
    because: tuple[str, ...] = (),
) -> Kept:
    """Store what was found, and withdraw what was not found again.

    Args:
        lines: Copied lines by event id.
        judged: The days that each rule was run for; findings of other days stay.
        because: Files of the registry that changed since, for the reason given.
    """
    new, updated = [], []
    with store.writing() as connection:
        known = {
            row["finding_id"]: dict(row)
            for row in connection.execute(select(FINDINGS)).mappings()
        }
        for finding in findings:
            before = known.get(finding.finding_id)
            if before is None:
                _insert(connection, finding, lines)
                new.append(finding.finding_id)
            elif _differs(before, finding):
                _update(connection, before, finding, lines)
                updated.append(finding.finding_id)
        gone = _gone(known, findings, judged)
        for finding_id in gone:
            _withdraw(connection, finding_id, because)
    return Kept(tuple(new), tuple(updated), tuple(gone), because)


def fired_days(store: Store) -> dict[tuple[str, str], list[date]]:
    """Days on which each rule fired for each subject, withdrawn ones left out."""
    query = select(FINDINGS.c.rule, FINDINGS.c.subject, FINDINGS.c.event_date).where(
        FINDINGS.c.status != WITHDRAWN
    )
    days: dict[tuple[str, str], list[date]] = {}
    with store.reading() as connection:
        for rule, subject, day in connection.execute(query):
            days.setdefault((rule, subject), []).append(date.fromisoformat(day))
    return days


def stored_findings(store: Store) -> list[dict[str, Any]]:
    """Every finding, oldest day first, its record as a mapping."""
    query = select(FINDINGS).order_by(FINDINGS.c.event_date, FINDINGS.c.finding_id)
    with store.reading() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    return [{**row, "record": json.loads(row["record"])} for row in rows]


def stored_evidence(store: Store) -> list[dict[str, Any]]:
    """Every copied line, in order of finding and position."""
    query = select(EVIDENCE).order_by(EVIDENCE.c.finding_id, EVIDENCE.c.position)
    with store.reading() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    return [{**row, "event": json.loads(row["event"])} for row in rows]


def _record(finding: Finding) -> str:
    return json.dumps(asdict(finding), default=str, sort_keys=True)


def _differs(before: Mapping[str, Any], finding: Finding) -> bool:
    """It says something else; being found with newer inputs says nothing else."""
    was, now = json.loads(before["record"]), json.loads(_record(finding))
    was.pop("inputs", None)
    now.pop("inputs", None)
    return bool(was != now or before["status"] == WITHDRAWN)


def _status(finding: Finding) -> tuple[str, str | None]:
    if finding.suppressed_by is not None:
        return EXPLAINED, f"exception {finding.suppressed_by}"
    return OPEN, None


def _values(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "kind": finding.kind,
        "subject": finding.subject,
        "event_date": finding.event_date.isoformat(),
        "severity": finding.severity,
        "confidence": finding.confidence,
        "record": _record(finding),
        "updated_time": now_text(),
    }


def _insert(
    connection: Connection, finding: Finding, lines: Mapping[int, Evidence]
) -> None:
    status, reason = _status(finding)
    values = _values(finding)
    connection.execute(
        insert(FINDINGS).values(
            finding_id=finding.finding_id,
            status=status,
            status_reason=reason,
            revision=1,
            created_time=values["updated_time"],
            **values,
        )
    )
    _copy(connection, finding, lines)


def _update(
    connection: Connection,
    before: Mapping[str, Any],
    finding: Finding,
    lines: Mapping[int, Evidence],
) -> None:
    status, reason = _status(finding)
    was_ours = before["status"] in (OPEN, WITHDRAWN) or str(
        before["status_reason"] or ""
    ).startswith("exception ")
    kept = {} if not was_ours else {"status": status, "status_reason": reason}
    connection.execute(
        update(FINDINGS)
        .where(FINDINGS.c.finding_id == finding.finding_id)
        .values(revision=before["revision"] + 1, **_values(finding), **kept)
    )
    connection.execute(
        delete(EVIDENCE).where(EVIDENCE.c.finding_id == finding.finding_id)
    )
    _copy(connection, finding, lines)


def _copy(
    connection: Connection, finding: Finding, lines: Mapping[int, Evidence]
) -> None:
    found = [lines[event_id] for event_id in finding.evidence if event_id in lines]
    rows = [
        {
            "finding_id": finding.finding_id,
            "position": position,
            "role": one.role,
            "source": one.source,
            "path": one.path,
            "file_sha256": one.file_sha256,
            "line_no": one.line_no,
            "byte_offset": one.byte_offset,
            "line": one.line,
            "line_sha256": one.line_sha256,
            "event": one.event,
        }
        for position, one in enumerate(found, start=1)
    ]
    if rows:
        connection.execute(insert(EVIDENCE), rows)


def _gone(
    known: Mapping[str, Mapping[str, Any]],
    findings: Iterable[Finding],
    judged: Mapping[str, Iterable[date]],
) -> list[str]:
    found = {finding.finding_id for finding in findings}
    days = {rule: {day.isoformat() for day in dates} for rule, dates in judged.items()}
    return sorted(
        finding_id
        for finding_id, row in known.items()
        if finding_id not in found
        and row["status"] != WITHDRAWN
        and row["event_date"] in days.get(row["rule"], set())
    )


def _withdraw(
    connection: Connection, finding_id: str, because: tuple[str, ...]
) -> None:
    reason = "later data or registry rows no longer show it"
    if because:
        reason += f"; changed since: {', '.join(because)}"
    connection.execute(
        update(FINDINGS)
        .where(FINDINGS.c.finding_id == finding_id)
        .values(
            status=WITHDRAWN,
            status_reason=reason,
            updated_time=now_text(),
        )
    )
