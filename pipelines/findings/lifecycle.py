"""Life of a finding in `state.db`, with the time and reason of each change.

new → updated (another revision) → withdrawn when later data or registry rows no
longer show it; explained when an exception hides it or a consent allows it. A
reviewer's decision remains, whatever later runs find; if the current data
no longer show the finding, a note is added to the decision. The history contains each
change.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Literal, TypedDict

from pipelines.findings.cases import Owner, nobody, put_into_cases
from pipelines.findings.evidence import Evidence, store_copies
from pipelines.findings.record import Finding
from pipelines.settings.problems import Severity
from pipelines.state.connections import Store, Transaction, now_text
from pipelines.state.findings import (
    CONFIRMED,
    EXPLAINED,
    OPEN,
    WITHDRAWN,
    add_finding,
    add_history,
    change_finding,
    finding_rows,
    mark_supported,
    mark_unsupported,
    unsupported_findings,
    unsupported_reason,
)
from pipelines.state.reviews import reviewed_findings
from pipelines.state.rows import Confidence, FindingColumns, FindingRecord, FindingText

Change = Literal[
    "new",
    "updated",
    "withdrawn",
    "returned",
    "no longer shown",
    "shown again",
    "verdict",
    "verdict undone",
    "assigned",
    "exception",
]

MAX_NAMED = 6
COMPARED = ("severity", "confidence", "stage", "suppressed_by", "permitted_by")
NAMED = ("start_time", "end_time", "devices", "sites", "alternatives", "clauses")
"""Measures of one revision that are named; the rest are counted."""

HIDDEN_BY = "exception "
PERMITTED_BY = "consent "
"""Prefix of the reason of a finding that an exception hides, or a consent allows."""


def note(
    transaction: Transaction,
    finding: FindingColumns,
    change: Change,
    reason: str,
    actor: str | None = None,
) -> None:
    """Add an entry about a finding, given as its row after the change.

    Args:
        actor: Who did it; None where a run did.
    """
    entry = {
        "finding_id": finding["finding_id"],
        "revision": finding["revision"],
        "severity": finding["severity"],
        "confidence": finding["confidence"],
        "change": change,
        "reason": reason,
        "actor": actor,
    }
    add_history(transaction, entry)


def differences(was: FindingRecord, now: FindingRecord) -> str:
    """Return the differences of another revision, in words without values of lines.

    Args:
        was: The record before, as it is stored.
        now: The record that replaces it.
    """
    return "; ".join(_differences(was, now)) or "the same again"


def _differences(was: FindingRecord, now: FindingRecord) -> Iterator[str]:
    old: Mapping[str, object] = was
    new: Mapping[str, object] = now
    for name in COMPARED:
        if old.get(name) != new.get(name):
            yield f"{_word(name)} {_shown(old.get(name))} to {_shown(new.get(name))}"
    lines = len(was.get("evidence", ())), len(now.get("evidence", ()))
    if lines[0] != lines[1]:
        yield f"cited lines {lines[0]} to {lines[1]}"
    elif was.get("evidence") != now.get("evidence"):
        yield "other lines cited"
    yield from _measures(was.get("details", {}), now.get("details", {}))
    other = [_word(name) for name in NAMED if old.get(name) != new.get(name)]
    if other:
        yield "changed: " + ", ".join(other)


def _measures(was: Mapping[str, object], now: Mapping[str, object]) -> Iterator[str]:
    """Yield numbers and booleans that changed; texts and lists are only named."""
    changed = sorted(key for key in {*was, *now} if was.get(key) != now.get(key))
    for key in changed[:MAX_NAMED]:
        old, new = was.get(key), now.get(key)
        plain = isinstance(old, int | float) and isinstance(new, int | float)
        yield (
            f"{_word(key)} {json.dumps(old)} to {json.dumps(new)}"
            if plain
            else (f"{_word(key)} changed")
        )
    if len(changed) > MAX_NAMED:
        yield f"{len(changed) - MAX_NAMED} more measures changed"


def _word(name: str) -> str:
    words = {"suppressed_by": "exception", "permitted_by": "consent"}
    return words.get(name, name.replace("_", " "))


def _shown(value: object) -> str:
    return "none" if value is None else str(value)


def is_decided(row: FindingText, decided: frozenset[str]) -> bool:
    """Return whether a person decided it; an exception or a consent is not a decision."""
    if row["finding_id"] in decided:
        return True
    reason = str(row["status_reason"] or "")
    is_hidden = reason.startswith((HIDDEN_BY, PERMITTED_BY))
    return row["status"] in (EXPLAINED, CONFIRMED) and not is_hidden


def why(because: tuple[str, ...]) -> str:
    """Return why a day was judged again, for the history."""
    if because:
        return f"changed since: {', '.join(because)}"
    return "later log lines, or a rule that changed"


def withdraw(transaction: Transaction, row: FindingText, because: tuple[str, ...]) -> None:
    """Withdraw an undecided finding."""
    reason = "later data or registry rows no longer show it"
    if because:
        reason += f"; {why(because)}"
    values = {"status": WITHDRAWN, "status_reason": reason}
    change_finding(transaction, row["finding_id"], values)
    note(transaction, row, "withdrawn", reason)


def unsupported(transaction: Transaction, row: FindingText, because: tuple[str, ...]) -> None:
    """Keep a decision and note that the data under it changed."""
    reason = f"the present data no longer show it ({why(because)})"
    status_reason = f"{row['status_reason'] or row['status']}; {reason}"
    change_finding(transaction, row["finding_id"], {"status_reason": status_reason})
    mark_unsupported(transaction, row["finding_id"], reason)
    note(transaction, row, "no longer shown", reason)


def supported(transaction: Transaction, row: FindingText, because: tuple[str, ...]) -> None:
    """Remove the note from a decided finding that is shown again."""
    suffix = f"; {unsupported_reason(transaction, row['finding_id'])}"
    status_reason = str(row["status_reason"]).removesuffix(suffix)
    change_finding(transaction, row["finding_id"], {"status_reason": status_reason})
    mark_supported(transaction, row["finding_id"])
    note(transaction, row, "shown again", why(because))


@dataclass(frozen=True)
class LifecycleResult:
    """Result of storing: ids of findings, and registry files that had changed.

    Attributes:
        unsupported: Decided ones that the current data no longer show.
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
) -> LifecycleResult:
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
        new, updated = _keep_found(transaction, known, decided, findings, lines, because)
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
    return LifecycleResult(tuple(new), tuple(updated), tuple(withdrawn), because, tuple(lost))


def record_text(finding: Finding) -> str:
    """Return the record of a finding as the state stores it."""
    return json.dumps(asdict(finding), default=str, sort_keys=True)


def _differs(before: FindingText, finding: Finding) -> bool:
    """Return whether its content differs; newer inputs alone are not a difference."""
    was, now = _said(before["record"]), _said(record_text(finding))
    return was != now or before["status"] == WITHDRAWN


def _said(record: str) -> dict[str, object]:
    """Return the content of a record; an empty field equals a missing one."""
    fields = json.loads(record)
    fields.pop("inputs", None)
    return {name: value for name, value in fields.items() if value is not None}


class FindingValues(TypedDict):
    """The columns of a finding that each revision replaces."""

    rule: str
    kind: str
    subject: str
    event_date: str
    severity: Severity
    confidence: Confidence
    record: str
    updated_time: str


def _status(finding: Finding) -> tuple[str, str | None]:
    if finding.suppressed_by is not None:
        return EXPLAINED, f"{HIDDEN_BY}{finding.suppressed_by}"
    if finding.permitted_by is not None:
        return EXPLAINED, f"{PERMITTED_BY}{finding.permitted_by}"
    return OPEN, None


def _values(finding: Finding) -> FindingValues:
    return {
        "rule": finding.rule,
        "kind": finding.kind,
        "subject": finding.subject,
        "event_date": finding.event_date.isoformat(),
        "severity": finding.severity,
        "confidence": finding.confidence,
        "record": record_text(finding),
        "updated_time": now_text(),
    }


def _insert(transaction: Transaction, finding: Finding, lines: Mapping[int, Evidence]) -> None:
    status, reason = _status(finding)
    values = _values(finding)
    row: FindingText = {
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
    known: Mapping[str, FindingText],
    decided: frozenset[str],
    findings: Sequence[Finding],
    lines: Mapping[int, Evidence],
    because: tuple[str, ...],
) -> tuple[list[str], list[str]]:
    """Store findings; return ids of new ones, and of changed ones."""
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
    transaction: Transaction, before: FindingText, finding: Finding, *, is_settled: bool
) -> FindingText:
    row: FindingText = {**before, **_values(finding), "revision": before["revision"] + 1}
    if not is_settled:
        row["status"], row["status_reason"] = _status(finding)
    change_finding(transaction, finding.finding_id, row)
    return row


def _note_revision(
    transaction: Transaction, before: FindingText, row: FindingText, because: tuple[str, ...]
) -> None:
    changed = differences(json.loads(before["record"]), json.loads(row["record"]))
    is_back = before["status"] == WITHDRAWN
    change: Change = "returned" if is_back else "updated"
    note(transaction, row, change, f"{why(because)}: {changed}")


def _gone(
    known: Mapping[str, FindingText],
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
