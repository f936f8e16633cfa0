"""Counts of a source's days: events, duplicates, filled columns, arrival lags."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, Row, delete, insert, select

from pipelines.state.schema import SOURCE_DAYS
from pipelines.state.store import Store


@dataclass(frozen=True, kw_only=True)
class SourceDay:
    """What is known of one source, event class and local day.

    Attributes:
        events: Events that count; negative in a correction.
        duplicates: Events that came again and were left out.
        filled: For each column, how many events have it; for columns of few words
            also how many have each, as `column=word`.
        lags: For each class of `LAGS`, how many events took so long to arrive.
    """

    source: str
    event_class: str
    event_date: date
    events: int = 0
    duplicates: int = 0
    filled: Mapping[str, int] = field(default_factory=dict)
    lags: Mapping[str, int] = field(default_factory=dict)


LAGS: Mapping[str, float] = {
    "ahead": 0.0,
    "5 minutes": 300.0,
    "1 hour": 3_600.0,
    "6 hours": 21_600.0,
    "1 day": 86_400.0,
    "2 days": 172_800.0,
    "1 week": 604_800.0,
    "longer": float("inf"),
}
"""Upper ends, in seconds, of the classes that arrival lags are counted in."""


def add_days(connection: Connection, days: Iterable[SourceDay]) -> None:
    """Add counts to those that are there."""
    for day in days:
        here = (
            (SOURCE_DAYS.c.source == day.source)
            & (SOURCE_DAYS.c.event_class == day.event_class)
            & (SOURCE_DAYS.c.event_date == day.event_date.isoformat())
        )
        row = connection.execute(select(SOURCE_DAYS).where(here)).first()
        whole = _sum(_day(row), day) if row else day
        connection.execute(delete(SOURCE_DAYS).where(here))
        connection.execute(insert(SOURCE_DAYS).values(_values(whole)))


def source_days(store: Store, source: str | None = None) -> list[SourceDay]:
    """The counts of every day, by source, class and day."""
    query = select(SOURCE_DAYS).order_by(
        SOURCE_DAYS.c.source, SOURCE_DAYS.c.event_class, SOURCE_DAYS.c.event_date
    )
    if source is not None:
        query = query.where(SOURCE_DAYS.c.source == source)
    with store.reading() as connection:
        return [_day(row) for row in connection.execute(query)]


def _sum(one: SourceDay, other: SourceDay) -> SourceDay:
    return SourceDay(
        source=one.source,
        event_class=one.event_class,
        event_date=one.event_date,
        events=one.events + other.events,
        duplicates=one.duplicates + other.duplicates,
        filled=_added(one.filled, other.filled),
        lags=_added(one.lags, other.lags),
    )


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    total = Counter(one)
    total.update(other)  # unlike +, it keeps what comes to nothing
    return dict(total)


def _day(row: Row[tuple[object, ...]]) -> SourceDay:
    return SourceDay(
        source=row.source,
        event_class=row.event_class,
        event_date=date.fromisoformat(row.event_date),
        events=row.events,
        duplicates=row.duplicates,
        filled=json.loads(row.filled),
        lags=json.loads(row.lags),
    )


def _values(day: SourceDay) -> dict[str, object]:
    return {
        "source": day.source,
        "event_class": day.event_class,
        "event_date": day.event_date.isoformat(),
        "events": day.events,
        "duplicates": day.duplicates,
        "filled": json.dumps(dict(day.filled)),
        "lags": json.dumps(dict(day.lags)),
    }
