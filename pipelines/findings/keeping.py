"""Keeps findings in `state.db` and follows their life.

new → updated (another revision) → withdrawn when later data or registry rows no
longer show it; explained when an exception hides it or a consent allows it. What
a reviewer decided stays decided, whatever is found again; where the present data
no longer show it, that is noted beside the decision. Each change is in the history.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from pipelines.findings.cases import Owner, nobody, put_into_cases
from pipelines.findings.evidence import Evidence, store_copies
from pipelines.findings.history import Change, differences, note
from pipelines.findings.record import Finding
from pipelines.findings.standing import (
    HIDDEN_BY,
    PERMITTED_BY,
    is_decided,
    supported,
    unsupported,
    why,
    withdraw,
)
from pipelines.state.database import Store, Transaction, now_text
from pipelines.state.findings import (
    EXPLAINED,
    OPEN,
    WITHDRAWN,
    add_finding,
    change_finding,
    finding_rows,
    unsupported_findings,
)
from pipelines.state.reviews import reviewed_findings


@dataclass(frozen=True)
class Kept:
    """What keeping changed: ids of findings, and registry files that had changed.

    Attributes:
        unsupported: Decided ones that the present data no longer show.
    """

    new: tuple[str, ...]
    updated: tuple[str, ...]
    withdrawn: tuple[str, ...]
    because: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()


def keep(
    store: Store,
    findings: Sequence[Finding],
    lines: Mapping[int, Evidence],
    judged: Mapping[str, Iterable[date]],
    because: tuple[str, ...] = (),
    owner: Owner = nobody,
) -> Kept:
    """Store what was found, and withdraw what was not found again.

    Args:
        lines: Copied lines by event id.
        judged: The days that each rule was run for; findings of other days stay.
        because: Files of the registry that changed since, for the reason given.
        owner: Whose an account was on a day, for the cases.
    """
    with store.writing() as transaction:
        known, decided = finding_rows(transaction), reviewed_findings(transaction)
        lacking = unsupported_findings(transaction)
        new, updated = _keep_found(
            transaction, known, decided, findings, lines, because
        )
        for finding in findings:
            if finding.finding_id in lacking:
                supported(transaction, known[finding.finding_id], because)
        gone = _gone(known, findings, judged)
        withdrawn = [one for one in gone if not is_decided(known[one], decided)]
        lost = [one for one in gone if one not in {*withdrawn, *lacking}]
        for finding_id in withdrawn:
            withdraw(transaction, known[finding_id], because)
        for finding_id in lost:
            unsupported(transaction, known[finding_id], because)
        put_into_cases(transaction, finding_rows(transaction).values(), owner)
    return Kept(tuple(new), tuple(updated), tuple(withdrawn), because, tuple(lost))


def _record(finding: Finding) -> str:
    return json.dumps(asdict(finding), default=str, sort_keys=True)


def _differs(before: Mapping[str, Any], finding: Finding) -> bool:
    """It says something else; being found with newer inputs says nothing else."""
    was, now = _said(before["record"]), _said(_record(finding))
    return was != now or before["status"] == WITHDRAWN


def _said(record: str) -> dict[str, Any]:
    """What a record says; a field that is empty says as little as one not there."""
    fields = json.loads(record)
    fields.pop("inputs", None)
    return {name: value for name, value in fields.items() if value is not None}


def _status(finding: Finding) -> tuple[str, str | None]:
    if finding.suppressed_by is not None:
        return EXPLAINED, f"{HIDDEN_BY}{finding.suppressed_by}"
    if finding.permitted_by is not None:
        return EXPLAINED, f"{PERMITTED_BY}{finding.permitted_by}"
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
    transaction: Transaction, finding: Finding, lines: Mapping[int, Evidence]
) -> None:
    status, reason = _status(finding)
    values = _values(finding)
    row = {
        "finding_id": finding.finding_id,
        "status": status,
        "status_reason": reason,
        "revision": 1,
        "created_time": values["updated_time"],
        **values,
    }
    add_finding(transaction, row)
    store_copies(transaction, finding.finding_id, finding.evidence, lines)
    note(transaction, row, "new", reason or f"found by {finding.rule}")


def _keep_found(
    transaction: Transaction,
    known: Mapping[str, Mapping[str, Any]],
    decided: frozenset[str],
    findings: Sequence[Finding],
    lines: Mapping[int, Evidence],
    because: tuple[str, ...],
) -> tuple[list[str], list[str]]:
    """Ids of those that are new, and of those that say something else now."""
    new, updated = [], []
    for finding in findings:
        before = known.get(finding.finding_id)
        if before is None:
            _insert(transaction, finding, lines)
            new.append(finding.finding_id)
        elif _differs(before, finding):
            settled = is_decided(before, decided)
            row = _update(transaction, before, finding, is_settled=settled)
            store_copies(transaction, finding.finding_id, finding.evidence, lines)
            _note_revision(transaction, before, row, because)
            updated.append(finding.finding_id)
    return new, updated


def _update(
    transaction: Transaction,
    before: Mapping[str, Any],
    finding: Finding,
    *,
    is_settled: bool,
) -> dict[str, Any]:
    status, reason = _status(finding)
    fresh = {} if is_settled else {"status": status, "status_reason": reason}
    row = {"revision": before["revision"] + 1, **_values(finding), **fresh}
    change_finding(transaction, finding.finding_id, row)
    return {**before, **row}


def _note_revision(
    transaction: Transaction,
    before: Mapping[str, Any],
    row: Mapping[str, Any],
    because: tuple[str, ...],
) -> None:
    changed = differences(json.loads(before["record"]), json.loads(row["record"]))
    is_back = before["status"] == WITHDRAWN
    change: Change = "returned" if is_back else "updated"
    note(transaction, row, change, f"{why(because)}: {changed}")


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
