"""Legal holds: local days of which nothing may be deleted."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select, update

from pipelines.errors import SchoolbellError
from pipelines.state.retention_schema import HOLDS
from pipelines.state.store import Store, now_text


class HoldError(SchoolbellError):
    """A hold can not be placed or released as asked."""


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Days, both ends included, that somebody asked to keep.

    Attributes:
        case_id: The case that it is for, if it is for one.
        released_time: When it ended; None while it holds.
    """

    hold_id: str
    first_day: date
    last_day: date
    reason: str
    actor: str
    time: str
    case_id: str | None = None
    released_by: str | None = None
    released_time: str | None = None
    release_reason: str | None = None

    def covers(self, first: date, last: date) -> bool:
        """Whether a span of days touches the held ones."""
        return self.first_day <= last and first <= self.last_day


def new_hold_id() -> str:
    """An id that tells nothing."""
    return f"h-{secrets.token_hex(4)}"


def place_hold(connection: Connection, hold: Hold) -> None:
    """Keep its days from now on.

    Raises:
        HoldError: They end before they begin.
    """
    if hold.last_day < hold.first_day:
        raise HoldError(
            f"{hold.last_day} lies before {hold.first_day}",
            where="hold",
            remedy="Give --from the earlier day and --to the later one.",
        )
    days = {
        "first_day": hold.first_day.isoformat(),
        "last_day": hold.last_day.isoformat(),
    }
    connection.execute(insert(HOLDS).values(**{**hold.__dict__, **days}))


def release_hold(connection: Connection, hold_id: str, actor: str, reason: str) -> None:
    """Let its days go the way of all others again.

    Raises:
        HoldError: There is no such hold, or it was released before.
    """
    changed = connection.execute(
        update(HOLDS)
        .where(HOLDS.c.hold_id == hold_id, HOLDS.c.released_time.is_(None))
        .values(released_by=actor, released_time=now_text(), release_reason=reason)
    )
    if not changed.rowcount:
        raise HoldError(
            "no hold of that id is in force",
            where=hold_id,
            remedy="List them with: schoolbell hold list",
        )


def holds(store: Store, *, in_force: bool = False) -> Sequence[Hold]:
    """Every hold, or those in force, by the first day."""
    query = select(HOLDS).order_by(HOLDS.c.first_day, HOLDS.c.hold_id)
    if in_force:
        query = query.where(HOLDS.c.released_time.is_(None))
    with store.reading() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    return [
        Hold(
            **{
                **row,
                "first_day": date.fromisoformat(row["first_day"]),
                "last_day": date.fromisoformat(row["last_day"]),
            }
        )
        for row in rows
    ]
