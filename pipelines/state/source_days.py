"""Counts of a source's days: events, duplicates, filled columns, arrival lags."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection, Row, delete, func, insert, select

from pipelines.state.connections import Store, now_text
from pipelines.state.tables import DIRTY_DAYS, QUARANTINE, SOURCE_DAYS


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


def _sum(day: SourceDay, other: SourceDay) -> SourceDay:
    return SourceDay(
        source=day.source,
        event_class=day.event_class,
        event_date=day.event_date,
        events=day.events + other.events,
        duplicates=day.duplicates + other.duplicates,
        filled=_added(day.filled, other.filled),
        lags=_added(day.lags, other.lags),
    )


def _added(row: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    total = Counter(row)
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


def mark_dirty(connection: Connection, days: Iterable[date], *, reason: str) -> None:
    """Ask for the models of some days to be built again."""
    wanted = {day.isoformat() for day in days}
    if not wanted:
        return
    known = connection.execute(
        select(DIRTY_DAYS.c.event_date).where(DIRTY_DAYS.c.event_date.in_(wanted))
    )
    now = now_text()
    rows = [
        {"event_date": day, "marked_time": now, "reason": reason}
        for day in sorted(wanted - set(known.scalars()))
    ]
    if rows:
        connection.execute(insert(DIRTY_DAYS), rows)


def dirty_days(store: Store) -> list[date]:
    """Days whose models are older than their inputs, oldest first."""
    with store.reading() as connection:
        days = connection.execute(
            select(DIRTY_DAYS.c.event_date).order_by(DIRTY_DAYS.c.event_date)
        )
        return [date.fromisoformat(day) for day in days.scalars()]


def oldest_dirty(store: Store) -> datetime | None:
    """Since when a day has waited to be built; None if none waits."""
    with store.reading() as connection:
        text = connection.execute(select(func.min(DIRTY_DAYS.c.marked_time))).scalar()
    return datetime.fromisoformat(text) if text else None


def mark_clean(store: Store, day: date) -> None:
    """The models of a day are up to date."""
    with store.writing() as connection:
        connection.execute(
            delete(DIRTY_DAYS).where(DIRTY_DAYS.c.event_date == day.isoformat())
        )


@dataclass(frozen=True, order=True)
class Quarantined:
    """One day of one model that no reader may use.

    Attributes:
        event_date: The local day; None for an undated model.
        cause: The model that failed: this one, or one that it reads.
        reason: What that model failed with.
    """

    model: str
    event_date: date | None
    cause: str
    reason: str


def quarantined(store: Store) -> list[Quarantined]:
    """Everything that is held back now, by model and day."""
    query = select(QUARANTINE).order_by(QUARANTINE.c.model, QUARANTINE.c.event_date)
    with store.reading() as connection:
        return [
            Quarantined(
                row["model"],
                date.fromisoformat(row["event_date"]) if row["event_date"] else None,
                row["cause"],
                row["reason"],
            )
            for row in connection.execute(query).mappings()
        ]


def hold_back(store: Store, found: Iterable[Quarantined]) -> None:
    """Quarantine days of models; what was held back before keeps its time."""
    with store.writing() as connection:
        for entry in found:
            since = _lifted(connection, entry.model, [entry.event_date]) or now_text()
            row = {"cause": entry.cause, "reason": entry.reason, "since_time": since}
            key = {"model": entry.model, "event_date": _text(entry.event_date)}
            connection.execute(insert(QUARANTINE).values(**key, **row))


def lift(store: Store, model: str, days: Collection[date | None]) -> None:
    """These days of a model were built."""
    with store.writing() as connection:
        _lifted(connection, model, days)


def _lifted(
    connection: Connection, model: str, days: Collection[date | None]
) -> str | None:
    """Strike days off; since when the first of them was held back."""
    is_meant = (QUARANTINE.c.model == model) & QUARANTINE.c.event_date.in_(
        [_text(day) for day in days]
    )
    since = connection.execute(
        select(QUARANTINE.c.since_time).where(is_meant).limit(1)
    ).scalar()
    connection.execute(delete(QUARANTINE).where(is_meant))
    return since


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""
