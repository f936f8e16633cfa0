"""The logs of cloud services: the time up to which each is complete, its gaps and event ids."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, insert, select, update

from pipelines.state.connections import Store, fact, now_text, remember
from pipelines.state.rows import FetchedListRow, FetchedStreamRow, FetchGapRow
from pipelines.state.tables import FETCH_GAPS, FETCHED_EVENTS, FETCHED_LISTS, FETCHED_STREAMS

KEYS_PER_STATEMENT = 10_000
WAITING = "fetched_changes"
"""Name of the fact."""


def fetched_streams(store: Store) -> list[FetchedStreamRow]:
    """Return every fetched log, by name and stream."""
    query = select(FETCHED_STREAMS).order_by(FETCHED_STREAMS.c.name, FETCHED_STREAMS.c.stream)
    return store.rows(FetchedStreamRow, query)


def fetch_gaps(store: Store) -> list[FetchGapRow]:
    """Return the windows that services did not answer, oldest first."""
    return store.rows(FetchGapRow, select(FETCH_GAPS).order_by(FETCH_GAPS.c.start_time))


def put_stream(connection: Connection, row: FetchedStreamRow) -> None:
    """Add the row of a stream, or replace it."""
    here = _of(FETCHED_STREAMS, row["name"], row["stream"])
    if not connection.execute(update(FETCHED_STREAMS).where(here).values(**row)).rowcount:
        connection.execute(insert(FETCHED_STREAMS).values(**row))


def fetched_lists(store: Store) -> list[FetchedListRow]:
    """Return every fetched list, by service and name."""
    query = select(FETCHED_LISTS).order_by(FETCHED_LISTS.c.name, FETCHED_LISTS.c.listing)
    return store.rows(FetchedListRow, query)


def put_list(store: Store, row: FetchedListRow) -> None:
    """Add the row of a list, or replace it."""
    here = and_(FETCHED_LISTS.c.name == row["name"], FETCHED_LISTS.c.listing == row["listing"])
    with store.writing() as connection:
        if not connection.execute(update(FETCHED_LISTS).where(here).values(**row)).rowcount:
            connection.execute(insert(FETCHED_LISTS).values(**row))


def waiting_changes(store: Store) -> int:
    """Return how many changes of fetched lists no person has accepted yet."""
    with store.reading() as connection:
        return int(fact(connection, WAITING) or 0)


def note_waiting(store: Store, count: int) -> None:
    """Note how many changes of fetched lists wait for a person."""
    with store.writing() as connection:
        remember(connection, WAITING, str(count))


def put_gaps(connection: Connection, name: str, stream: str, rows: Iterable[FetchGapRow]) -> None:
    """Replace the gaps of a stream."""
    connection.execute(delete(FETCH_GAPS).where(_of(FETCH_GAPS, name, stream)))
    for row in rows:
        connection.execute(insert(FETCH_GAPS).values(**row))


def known_events(store: Store, name: str, stream: str) -> dict[str, str]:
    """Return the keys of remembered events, with their times."""
    query = select(FETCHED_EVENTS.c.event_key, FETCHED_EVENTS.c.event_time)
    with store.reading() as connection:
        rows = connection.execute(query.where(_of(FETCHED_EVENTS, name, stream)))
        return {row.event_key: row.event_time for row in rows}


def remember_events(
    connection: Connection, name: str, stream: str, events: Mapping[str, str], floor: datetime
) -> None:
    """Remember events by key and time, and forget those before a time.

    Args:
        floor: No later window reaches back further.
    """
    connection.execute(
        delete(FETCHED_EVENTS).where(
            _of(FETCHED_EVENTS, name, stream), FETCHED_EVENTS.c.event_time < now_text(floor)
        )
    )
    new_rows = [
        {"name": name, "stream": stream, "event_key": key, "event_time": time}
        for key, time in events.items()
        if time >= now_text(floor)
    ]
    for rows in _portions(new_rows):
        connection.execute(insert(FETCHED_EVENTS), rows)


def forget_stream(connection: Connection, name: str, stream: str) -> None:
    """Forget the row of a log."""
    connection.execute(delete(FETCHED_STREAMS).where(_of(FETCHED_STREAMS, name, stream)))


def _portions(rows: list[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    for start in range(0, len(rows), KEYS_PER_STATEMENT):
        yield rows[start : start + KEYS_PER_STATEMENT]


def _of(table: Table, name: str, stream: str) -> ColumnElement[bool]:
    return and_(table.c.name == name, table.c.stream == stream)
