"""Keeps when which source was not well, so that it can be looked up later."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from pipelines.health.trouble import Trouble
from pipelines.state.health_tables import TROUBLES
from pipelines.state.store import Store, now_text


@dataclass(frozen=True)
class Kept:
    """What one look at the sources changed: counts of troubles."""

    new: int
    ended: int


def keep_troubles(
    store: Store, found: Iterable[Trouble], kinds: Iterable[str], now: datetime
) -> Kept:
    """Note what is wrong now; what no longer is has ended.

    Args:
        found: Those that are over tell when a known one ended.
        kinds: What was looked at. Troubles of other kinds stay as they are.
    """
    every = list(found)
    lasting = {one.key: one for one in every if one.end is None}
    with store.writing() as connection:
        query = select(TROUBLES).where(
            TROUBLES.c.end_time.is_(None), TROUBLES.c.kind.in_(sorted(set(kinds)))
        )
        known = {row.key: row for row in connection.execute(query)}
        for key in known.keys() - lasting.keys():
            _end(connection, known[key], every, now)
        for key, one in lasting.items():
            start = known[key].start_time if key in known else now_text(one.start)
            _put(connection, one, start, now)
    return Kept(len(lasting.keys() - known), len(known.keys() - lasting.keys()))


def _end(
    connection: Connection, row: Any, found: Sequence[Trouble], now: datetime
) -> None:
    """It ended when the lines say, or by now."""
    ends = [one.end for one in found if one.key == row.key and one.end is not None]
    after = [one for one in ends if now_text(one) > row.start_time]
    connection.execute(
        update(TROUBLES)
        .where(_is(row.key, row.start_time))
        .values(end_time=now_text(max(after, default=now)), last_time=now_text(now))
    )


def _put(connection: Connection, one: Trouble, start: str, now: datetime) -> None:
    values = {
        "source": one.source,
        "building": one.building,
        "kind": one.kind,
        "what": one.what,
        "detail": one.detail,
        "end_time": None,
        "last_time": now_text(now),
    }
    changed = connection.execute(
        update(TROUBLES).where(_is(one.key, start)).values(**values)
    )
    if not changed.rowcount:
        more = {"key": one.key, "start_time": start, "seen_time": now_text(now)}
        connection.execute(insert(TROUBLES).values(**values, **more))


def _is(key: str, start: str) -> ColumnElement[bool]:
    return (TROUBLES.c.key == key) & (TROUBLES.c.start_time == start)


def troubles(store: Store, since: datetime | None = None) -> list[dict[str, Any]]:
    """Troubles, oldest first: those that last, and those that ended since."""
    query = select(TROUBLES).order_by(TROUBLES.c.start_time, TROUBLES.c.key)
    if since is None:
        query = query.where(TROUBLES.c.end_time.is_(None))
    else:
        over = TROUBLES.c.end_time >= now_text(since)
        query = query.where(TROUBLES.c.end_time.is_(None) | over)
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
