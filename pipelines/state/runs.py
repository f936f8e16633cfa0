"""When the landing folders were last looked at, and how far each source has come."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from pipelines.state.connections import Store, fact, now_text, remember
from pipelines.state.tables import LAKE_FILES, SOURCE_FILES

LOOKED = "landing_looked"
RUN = "last_run"
DRILLED = "last_drill_time"
LEAST_SET_BACK = timedelta(minutes=5)
"""Less is a clock that is being kept right."""


def note_look(store: Store, now: datetime) -> None:
    """Remember that everything that lay in the landing folders by now was read."""
    with store.writing() as connection:
        known = fact(connection, LOOKED)
        if known is None or known < now_text(now):
            remember(connection, LOOKED, now_text(now))


def last_look(store: Store) -> datetime | None:
    """When somebody last looked; what came later is not known to be missing."""
    with store.reading() as connection:
        text = fact(connection, LOOKED)
    return datetime.fromisoformat(text) if text else None


def set_back(store: Store, now: datetime) -> str:
    """What is to be said where the clock is behind what was done; else nothing."""
    last = last_look(store)
    if last is None or last - now < LEAST_SET_BACK:
        return ""
    return (
        f"the clock of this machine says {now:%Y-%m-%d %H:%M} UTC, but a run was at "
        f"work at {last:%Y-%m-%d %H:%M} UTC: one of the two is wrong. No line is lost; "
        "set the clock (timedatectl), then run again"
    )


def note_run(store: Store, now: datetime) -> None:
    """Remember that a whole run came to its end."""
    with store.writing() as connection:
        remember(connection, RUN, now_text(now))


def last_run(store: Store) -> datetime | None:
    """When a whole run last came to its end."""
    with store.reading() as connection:
        text = fact(connection, RUN)
    return datetime.fromisoformat(text) if text else None


def last_drill(store: Store) -> datetime | None:
    """When a backup was last restored and compared, and was whole."""
    with store.reading() as connection:
        text = fact(connection, DRILLED)
    return datetime.fromisoformat(text) if text else None


def newest_events(store: Store) -> dict[str, datetime]:
    """Time of the newest event of each source, in UTC."""
    query = (
        select(LAKE_FILES.c.source, func.max(LAKE_FILES.c.last_time).label("newest"))
        .where(
            LAKE_FILES.c.superseded_time.is_(None),
            LAKE_FILES.c.event_class != "rejects",
            LAKE_FILES.c.last_time.is_not(None),
        )
        .group_by(LAKE_FILES.c.source)
    )
    with store.reading() as connection:
        return {
            row.source: datetime.fromisoformat(row.newest)
            for row in connection.execute(query)
        }


def newest_arrivals(store: Store) -> dict[str, datetime]:
    """When each source's newest file was last read, in UTC."""
    query = select(
        SOURCE_FILES.c.source, func.max(SOURCE_FILES.c.last_read_time).label("newest")
    ).group_by(SOURCE_FILES.c.source)
    with store.reading() as connection:
        return {
            row.source: datetime.fromisoformat(row.newest)
            for row in connection.execute(query)
        }


OPENED = "days_opened"

Reasons = Mapping[str, Sequence[date]]
"""What opened days -> those days, oldest first."""


def note_rebuild_reasons(store: Store, reasons: Reasons) -> None:
    """Remember what opened days; a build that opened none changes nothing."""
    if not reasons:
        return
    noted = {name: [day.isoformat() for day in days] for name, days in reasons.items()}
    with store.writing() as connection:
        remember(connection, OPENED, json.dumps(noted))


def last_rebuild_reasons(store: Store) -> Reasons:
    """What the last build that opened days was told; empty before the first."""
    with store.reading() as connection:
        noted = json.loads(fact(connection, OPENED) or "{}")
    return {
        name: [date.fromisoformat(day) for day in days] for name, days in noted.items()
    }


def reason_lines(reasons: Reasons) -> Iterator[str]:
    """A line for each reason: how many days, and from when to when."""
    for name, days in sorted(reasons.items()):
        if len(days) == 1:
            yield f"{name}: {days[0]}"
        else:
            yield f"{name}: {len(days)} days, {days[0]} to {days[-1]}"
