"""Stored findings: rows, copied lines, history, and their removal."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, cast

from sqlalchemy import Connection, delete, func, insert, select, update

from pipelines.state.connections import Store, now_text
from pipelines.state.rows import EvidenceRow, FindingRow, FindingText, HistoryRow
from pipelines.state.tables import (
    ASSIGNMENTS,
    CASE_FINDINGS,
    CASE_NUMBERS,
    CASES,
    EVIDENCE,
    FINDING_HISTORY,
    FINDINGS,
    METADATA,
    REVIEWS,
    UNSUPPORTED,
)

OPEN = "open"
EXPLAINED = "explained"
CONFIRMED = "confirmed"
WITHDRAWN = "withdrawn"
"""State of a finding's review."""

AT_ONCE = 500

Row = Mapping[str, Any]

Place = tuple[str, str, str, int]
"""Source, path, hash of the content that was read, line number."""


def finding_rows(connection: Connection) -> dict[str, FindingText]:
    """Return every finding's row by its id, its record as JSON text."""
    rows = connection.execute(select(FINDINGS)).mappings()
    return {row["finding_id"]: cast("FindingText", dict(row)) for row in rows}


def add_finding(connection: Connection, row: Row) -> None:
    """Keep a new finding."""
    connection.execute(insert(FINDINGS).values(**row))


def change_finding(connection: Connection, finding_id: str, values: Mapping[str, object]) -> None:
    """Set columns of a finding's row; when it was updated is one of them."""
    connection.execute(
        update(FINDINGS)
        .where(FINDINGS.c.finding_id == finding_id)
        .values(**{"updated_time": now_text(), **values})
    )


def stored_findings(store: Store) -> list[FindingRow]:
    """Return every finding, oldest day first, its record as a mapping."""
    query = select(FINDINGS).order_by(FINDINGS.c.event_date, FINDINGS.c.finding_id)
    with store.reading() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    return [cast("FindingRow", {**row, "record": json.loads(row["record"])}) for row in rows]


def finding_ids(store: Store) -> set[str]:
    """Return the id of every finding."""
    with store.reading() as connection:
        return set(connection.execute(select(FINDINGS.c.finding_id)).scalars())


def fired_days(store: Store) -> dict[tuple[str, str], list[date]]:
    """Return days on which each rule fired for each subject, as the present data show."""
    query = select(FINDINGS.c.rule, FINDINGS.c.subject, FINDINGS.c.event_date).where(
        FINDINGS.c.status != WITHDRAWN,
        FINDINGS.c.finding_id.not_in(select(UNSUPPORTED.c.finding_id)),
    )
    days: dict[tuple[str, str], list[date]] = {}
    with store.reading() as connection:
        for rule, subject, day in connection.execute(query):
            days.setdefault((rule, subject), []).append(date.fromisoformat(day))
    return days


def stored_evidence(store: Store, findings: Collection[str] | None = None) -> list[EvidenceRow]:
    """Return every copied line, or those of some findings, by finding and position."""
    query = select(EVIDENCE).order_by(EVIDENCE.c.finding_id, EVIDENCE.c.position)
    if findings is not None:
        query = query.where(EVIDENCE.c.finding_id.in_(sorted(findings)))
    with store.reading() as connection:
        found = connection.execute(query)
        # a mapping for each of thousands of lines would take twice as long
        names = list(found.keys())
        rows = [dict(zip(names, row, strict=True)) for row in found]
    for row in rows:
        row["event"] = json.loads(row["event"])
    return cast("list[EvidenceRow]", rows)


def copied_lines(store: Store, hashes: Collection[str]) -> dict[Place, Row]:
    """Return the lines that were copied from files of these contents, by their place."""
    one = EVIDENCE.c
    columns = (one.line_no, one.byte_offset, one.line, one.line_sha256)
    query = select(one.source, one.path, one.file_sha256, *columns)
    with store.reading() as connection:
        rows = connection.execute(query.where(one.file_sha256.in_(hashes))).mappings()
        return {
            (row["source"], row["path"], row["file_sha256"], row["line_no"]): dict(row)
            for row in rows
        }


def evidence_rows(connection: Connection, finding_id: str) -> list[dict[str, Any]]:
    """Return the copied lines of one finding, each event as JSON text."""
    query = select(EVIDENCE).where(EVIDENCE.c.finding_id == finding_id)
    return [dict(row) for row in connection.execute(query).mappings()]


def replace_evidence(connection: Connection, finding_id: str, rows: Iterable[Row]) -> None:
    """Put copied lines, in their order, in place of those a finding had."""
    connection.execute(delete(EVIDENCE).where(EVIDENCE.c.finding_id == finding_id))
    numbered = [
        {**row, "finding_id": finding_id, "position": position}
        for position, row in enumerate(rows, start=1)
    ]
    if numbered:
        connection.execute(insert(EVIDENCE), numbered)


def add_history(connection: Connection, entry: Row) -> None:
    """Add what became of a finding now."""
    connection.execute(insert(FINDING_HISTORY).values(time=now_text(), **entry))


def history(store: Store, finding_id: str) -> list[HistoryRow]:
    """Return every entry about a finding, oldest first."""
    query = (
        select(FINDING_HISTORY)
        .where(FINDING_HISTORY.c.finding_id == finding_id)
        .order_by(FINDING_HISTORY.c.entry_id)
    )
    return store.rows(HistoryRow, query)


def unsupported_findings(connection: Connection) -> frozenset[str]:
    """Return decided findings that the data did not show at the last judgment."""
    return frozenset(connection.execute(select(UNSUPPORTED.c.finding_id)).scalars())


def unsupported_reason(connection: Connection, finding_id: str) -> str | None:
    """Return why the current data no longer show a decided finding; None if they do."""
    query = select(UNSUPPORTED.c.reason).where(UNSUPPORTED.c.finding_id == finding_id)
    return connection.execute(query).scalar_one_or_none()


def mark_unsupported(connection: Connection, finding_id: str, reason: str) -> None:
    """Mark a decided finding that the current data no longer show."""
    values = {"since_time": now_text(), "reason": reason}
    connection.execute(insert(UNSUPPORTED).values(finding_id=finding_id, **values))


def mark_supported(connection: Connection, finding_id: str) -> None:
    """Mark a decided finding that the data show again."""
    here = UNSUPPORTED.c.finding_id == finding_id
    connection.execute(delete(UNSUPPORTED).where(here))


def last_decided(store: Store) -> list[tuple[str, str, str | None, str | None]]:
    """Return each finding's id, day, case and the time of its last verdict, by id."""
    decided = (
        select(REVIEWS.c.finding_id, func.max(REVIEWS.c.time).label("time"))
        .group_by(REVIEWS.c.finding_id)
        .subquery()
    )
    query = (
        select(
            FINDINGS.c.finding_id, FINDINGS.c.event_date, CASE_FINDINGS.c.case_id, decided.c.time
        )
        .outerjoin(CASE_FINDINGS, CASE_FINDINGS.c.finding_id == FINDINGS.c.finding_id)
        .outerjoin(decided, decided.c.finding_id == FINDINGS.c.finding_id)
        .order_by(FINDINGS.c.finding_id)
    )
    with store.reading() as connection:
        return [
            (finding_id, day, case, time)
            for finding_id, day, case, time in connection.execute(query)
        ]


def remove_findings(connection: Connection, finding_ids: Collection[str]) -> None:
    """Delete findings, their lines, history and reviews, and cases left empty."""
    ids = sorted(finding_ids)
    _delete(connection, "finding_id", ids)
    _unassign(connection, ids)
    held = select(CASE_FINDINGS.c.case_id)
    query = select(CASES.c.case_id).where(CASES.c.case_id.not_in(held))
    empty = list(connection.execute(query).scalars())
    _leave_places(connection, empty)
    _delete(connection, "case_id", empty)
    _unassign(connection, empty)


def _leave_places(connection: Connection, case_ids: Sequence[str]) -> None:
    """Take deleted cases out of their places in the week."""
    for first in range(0, len(case_ids), AT_ONCE):
        here = CASE_NUMBERS.c.case_id.in_(case_ids[first : first + AT_ONCE])
        connection.execute(update(CASE_NUMBERS).where(here).values(case_id=None))


def _delete(connection: Connection, column: str, ids: Sequence[str]) -> None:
    """Delete from every table with such a column, referring tables first."""
    tables = [table for table in reversed(METADATA.sorted_tables) if column in table.c]
    for table in tables:
        if table.name == "holds":
            continue  # a hold names its case, even after the case is deleted
        for first in range(0, len(ids), AT_ONCE):
            part = ids[first : first + AT_ONCE]
            connection.execute(delete(table).where(table.c[column].in_(part)))


def _unassign(connection: Connection, ids: Sequence[str]) -> None:
    for first in range(0, len(ids), AT_ONCE):
        part = ASSIGNMENTS.c.subject_id.in_(ids[first : first + AT_ONCE])
        connection.execute(delete(ASSIGNMENTS).where(part))
