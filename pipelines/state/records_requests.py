"""Requests for public records: what was asked, decided, approved and given out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from pipelines.state.connections import Store, now_text
from pipelines.state.rows import ReleaseRow
from pipelines.state.tables import RECORD_DECISIONS, RECORD_RELEASES, RECORD_REQUESTS


@dataclass(frozen=True, kw_only=True)
class RecordRequest:
    """One request.

    Attributes:
        due: Due date of the answer; None without one.
        scope: The requested table and days; empty until it is scoped.
        least: Fewest people behind a count that is shown; fixed with the scope.
        approved_sha256: Hash of the approved release.
        outcome: `released`, or why it ended without a release.
    """

    request_id: str
    requester: str
    received: date
    due: date | None
    text: str
    opened_by: str
    opened_time: str
    scope: Mapping[str, object]
    least: int | None
    approved_by: str
    approved_sha256: str
    closed_time: str
    outcome: str


@dataclass(frozen=True, kw_only=True)
class RecordDecision:
    """Decision on a class of cells or rows, or on one item."""

    item: str
    decision: str
    exemption: str
    reason: str
    actor: str
    time: str = ""


def next_request_id(connection: Connection, received: date) -> str:
    """`PR-2026-001` and so on, by the year in which it came."""
    begins = f"PR-{received.year}-"
    query = select(func.max(RECORD_REQUESTS.c.request_id)).where(
        RECORD_REQUESTS.c.request_id.startswith(begins)
    )
    newest = connection.execute(query).scalar_one_or_none()
    return f"{begins}{int(newest.rsplit('-', 1)[1]) + 1 if newest else 1:03d}"


def add_record_request(connection: Connection, request: RecordRequest) -> None:
    """Keep a request."""
    connection.execute(
        insert(RECORD_REQUESTS).values(
            request_id=request.request_id,
            requester=request.requester,
            received=request.received.isoformat(),
            due=request.due.isoformat() if request.due else None,
            text=request.text,
            opened_by=request.opened_by,
            opened_time=request.opened_time,
        )
    )


def record_requests(store: Store) -> list[RecordRequest]:
    """Return every request, the oldest first."""
    query = select(RECORD_REQUESTS).order_by(RECORD_REQUESTS.c.request_id)
    with store.reading() as connection:
        return [_request(dict(row)) for row in connection.execute(query).mappings()]


def open_record_requests(store: Store) -> list[RecordRequest]:
    """Return those that have no answer yet."""
    return [one for one in record_requests(store) if not one.closed_time]


def _request(row: Mapping[str, Any]) -> RecordRequest:
    return RecordRequest(
        request_id=row["request_id"],
        requester=row["requester"],
        received=date.fromisoformat(row["received"]),
        due=date.fromisoformat(row["due"]) if row["due"] else None,
        text=row["text"],
        opened_by=row["opened_by"],
        opened_time=row["opened_time"],
        scope=json.loads(row["scope"] or "{}"),
        least=row["least"],
        approved_by=row["approved_by"] or "",
        approved_sha256=row["approved_sha256"] or "",
        closed_time=row["closed_time"] or "",
        outcome=row["outcome"] or "",
    )


def change_record_request(
    connection: Connection, request_id: str, **values: str | int | None
) -> None:
    """Change what is noted of a request."""
    here = RECORD_REQUESTS.c.request_id == request_id
    connection.execute(update(RECORD_REQUESTS).where(here).values(**values))


def add_record_decision(connection: Connection, request_id: str, decision: RecordDecision) -> None:
    """Keep a decision; an earlier approval does not hold for what it changes."""
    values = {**decision.__dict__, "time": now_text()}
    connection.execute(insert(RECORD_DECISIONS).values(request_id=request_id, **values))
    change_record_request(connection, request_id, approved_by=None, approved_sha256=None)


def record_decisions(store: Store, request_id: str) -> dict[str, RecordDecision]:
    """Return the decision that counts for each item: the last one."""
    query = (
        select(RECORD_DECISIONS)
        .where(RECORD_DECISIONS.c.request_id == request_id)
        .order_by(RECORD_DECISIONS.c.decision_id)
    )
    names = RecordDecision.__dataclass_fields__
    with store.reading() as connection:
        return {
            row["item"]: RecordDecision(**{name: row[name] for name in names})
            for row in connection.execute(query).mappings()
        }


def note_record_release(connection: Connection, **values: str | int) -> None:
    """Keep what was given out; the same file again changes nothing."""
    here = (RECORD_RELEASES.c.request_id == values["request_id"]) & (
        RECORD_RELEASES.c.sha256 == values["sha256"]
    )
    if connection.execute(select(RECORD_RELEASES).where(here)).first() is None:
        connection.execute(insert(RECORD_RELEASES).values(released_time=now_text(), **values))


def record_releases(store: Store) -> list[ReleaseRow]:
    """Return the releases, the oldest first."""
    query = select(RECORD_RELEASES).order_by(RECORD_RELEASES.c.released_time)
    return store.rows(ReleaseRow, query)
