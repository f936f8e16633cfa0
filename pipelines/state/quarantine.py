"""Days of models that could not be built, and why.

It lies in `state.db`, not in the warehouse, so that a status asked for while a run
is at work, or after the warehouse was lost, still says what is not judged.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, insert, select

from pipelines.state.schema import QUARANTINE
from pipelines.state.store import Store, now_text


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
        for one in found:
            since = _lifted(connection, one.model, [one.event_date]) or now_text()
            row = {"cause": one.cause, "reason": one.reason, "since_time": since}
            key = {"model": one.model, "event_date": _text(one.event_date)}
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
