"""Local days whose models are older than their inputs."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Connection, delete, func, insert, select

from pipelines.state.schema import DIRTY_DAYS
from pipelines.state.store import Store, now_text


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


def clean(store: Store, day: date) -> None:
    """The models of a day are up to date."""
    with store.writing() as connection:
        connection.execute(
            delete(DIRTY_DAYS).where(DIRTY_DAYS.c.event_date == day.isoformat())
        )
