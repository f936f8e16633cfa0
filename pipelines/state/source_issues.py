"""When which source was not well: one row an issue, from when to when."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from pipelines.state.connections import Store, now_text
from pipelines.state.tables import SOURCE_ISSUES


def lasting_issues(
    connection: Connection, kinds: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Issues of some kinds that have not ended, by key."""
    query = select(SOURCE_ISSUES).where(
        SOURCE_ISSUES.c.end_time.is_(None), SOURCE_ISSUES.c.kind.in_(sorted(set(kinds)))
    )
    rows = connection.execute(query).mappings()
    return {row["key"]: dict(row) for row in rows}


def end_issue(
    connection: Connection, key: str, start_time: str, end: datetime, now: datetime
) -> None:
    """An issue was over at a time, as was seen now."""
    connection.execute(
        update(SOURCE_ISSUES)
        .where(_is(key, start_time))
        .values(end_time=now_text(end), last_time=now_text(now))
    )


def put_issue(
    connection: Connection, issue: Mapping[str, str], start_time: str, now: datetime
) -> None:
    """An issue is there now, for the first time or still.

    Args:
        issue: key, source, building, kind, what and detail.
    """
    values = {**issue, "end_time": None, "last_time": now_text(now)}
    key = values.pop("key")
    here = _is(str(key), start_time)
    changed = connection.execute(update(SOURCE_ISSUES).where(here).values(**values))
    if not changed.rowcount:
        more = {"key": key, "start_time": start_time, "seen_time": now_text(now)}
        connection.execute(insert(SOURCE_ISSUES).values(**values, **more))


def _is(key: str, start_time: str) -> ColumnElement[bool]:
    return (SOURCE_ISSUES.c.key == key) & (SOURCE_ISSUES.c.start_time == start_time)


def stored_issues(store: Store, since: datetime | None = None) -> list[dict[str, Any]]:
    """Issues, oldest first: those that last, and those that ended since."""
    query = select(SOURCE_ISSUES).order_by(
        SOURCE_ISSUES.c.start_time, SOURCE_ISSUES.c.key
    )
    if since is None:
        query = query.where(SOURCE_ISSUES.c.end_time.is_(None))
    else:
        over = SOURCE_ISSUES.c.end_time >= now_text(since)
        query = query.where(SOURCE_ISSUES.c.end_time.is_(None) | over)
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
