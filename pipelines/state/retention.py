"""Records of deletions under the retention rules."""

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from pipelines.errors import SchoolbellError
from pipelines.state.connections import Store, fact, now_text, remember
from pipelines.state.tables import HOLDS, PURGED

KEPT_FROM = "kept_from"
BEGUN = "purge_begun"


@dataclass(frozen=True, kw_only=True)
class PurgedRecord:
    """One deleted thing.

    Attributes:
        record_class: A name of `settings.record_classes`.
        name: A path below the home, or an id.
        kind: `events` or `rejects` for lake files; otherwise empty.
        row_count: Rows or lines in it.
        sha256: Of its bytes, for a file.
        last_day: Its newest local day.
    """

    record_class: str
    name: str
    last_day: date
    source: str = ""
    kind: str = ""
    row_count: int = 0
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class OpenPurge:
    """A purge between its first action and its certificate.

    Attributes:
        actor: The user.
        reason: In their words.
        time: Data that had expired at this instant is deleted.
        is_rebuilt: The warehouse no longer contains what was deleted.
    """

    actor: str
    reason: str
    time: datetime
    is_rebuilt: bool = False


def begin(connection: Connection, purge: OpenPurge) -> None:
    """Remember, with the first act of a purge, that its end is still to come."""
    noted = asdict(purge) | {"time": purge.time.isoformat()}
    remember(connection, BEGUN, json.dumps(noted))


def begun(store: Store) -> OpenPurge | None:
    """Return the purge that has no certificate yet; None: every one was finished."""
    with store.reading() as connection:
        noted = json.loads(fact(connection, BEGUN) or "null")
    if noted is None:
        return None
    return OpenPurge(**noted | {"time": datetime.fromisoformat(noted["time"])})


def end(connection: Connection) -> None:
    """Mark a purge as complete."""
    remember(connection, BEGUN, "null")


def note_purged(connection: Connection, things: Iterable[PurgedRecord]) -> None:
    """Write down what the same transaction, or the next act, deletes."""
    now = now_text()
    for thing in things:
        key = {"record_class": thing.record_class, "name": thing.name}
        # what came again under the same name, and is deleted again
        connection.execute(delete(PURGED).filter_by(**key))
        values = {**asdict(thing), "last_day": thing.last_day.isoformat()}
        connection.execute(insert(PURGED).values(**values, purged_time=now))


def uncertified(connection: Connection) -> Sequence[PurgedRecord]:
    """Return deletions without a certificate, by class and name."""
    query = (
        select(PURGED)
        .where(PURGED.c.certificate.is_(None))
        .order_by(PURGED.c.record_class, PURGED.c.name)
    )
    names = PurgedRecord.__dataclass_fields__
    return [
        PurgedRecord(
            **{
                **{name: row[name] for name in names},
                "last_day": date.fromisoformat(row["last_day"]),
            }
        )
        for row in connection.execute(query).mappings()
    ]


def certify(connection: Connection, certificate: str) -> None:
    """Record the certificate of all deletions without one; the purge ends."""
    end(connection)
    connection.execute(
        update(PURGED).where(PURGED.c.certificate.is_(None)).values(certificate=certificate)
    )


def purged_rows(store: Store) -> Counter[tuple[str, str]]:
    """Return events and rejects that left the lake, by source and kind."""
    query = select(PURGED.c.source, PURGED.c.kind, PURGED.c.row_count).where(
        PURGED.c.record_class == "event"
    )
    found: Counter[tuple[str, str]] = Counter()
    with store.reading() as connection:
        for source, kind, count in connection.execute(query):
            found[source, kind] += count
    return found


def purged_events(store: Store, day: date) -> Sequence[tuple[int, str, str]]:
    """Return what left the lake of a day: rows, the time, and the certificate if it has one."""
    query = (
        select(
            func.sum(PURGED.c.row_count),
            func.max(PURGED.c.purged_time),
            func.coalesce(PURGED.c.certificate, ""),
        )
        .where(PURGED.c.record_class == "event", PURGED.c.last_day == day.isoformat())
        .group_by(PURGED.c.certificate)
        .order_by(func.max(PURGED.c.purged_time))
    )
    with store.reading() as connection:
        return [(count, time, name) for count, time, name in connection.execute(query)]


def purged_reports(store: Store) -> Sequence[str]:
    """Return Mondays of the weeks whose report was deleted, as ISO text, oldest first."""
    query = select(PURGED.c.name).where(PURGED.c.record_class == "report").order_by(PURGED.c.name)
    with store.reading() as connection:
        return list(connection.execute(query).scalars())


def kept_from(store: Store) -> date | None:
    """Return the first day whose findings may still be judged; None: every one.

    Days before it have lost events or findings, so that judging them again would
    withdraw or invent.
    """
    with store.reading() as connection:
        text = fact(connection, KEPT_FROM)
    return date.fromisoformat(text) if text else None


def keep_from(connection: Connection, day: date) -> None:
    """Judge no day before this one any more; it never moves back."""
    before = fact(connection, KEPT_FROM)
    if before is None or before < day.isoformat():
        remember(connection, KEPT_FROM, day.isoformat())


class HoldError(SchoolbellError):
    """A hold cannot be placed or released as asked."""

    command = "schoolbell hold list"


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Days, both ends included, that must be kept.

    Attributes:
        case_id: Its case, if any.
        released_time: When it ended; None while it is in force.
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
        """Return whether a span of days touches the held ones."""
        return self.first_day <= last and first <= self.last_day


def new_hold_id() -> str:
    """Return a random id."""
    return f"h-{secrets.token_hex(4)}"


def place_hold(connection: Connection, hold: Hold) -> None:
    """Keep its days from now on.

    Raises:
        HoldError: They end before they begin.
    """
    if hold.last_day < hold.first_day:
        raise HoldError(
            f"{hold.last_day} is before {hold.first_day}",
            where="hold",
            remedy="Give --from the earlier day and --to the later one.",
        )
    days = {
        "first_day": hold.first_day.isoformat(),
        "last_day": hold.last_day.isoformat(),
    }
    connection.execute(insert(HOLDS).values(**{**hold.__dict__, **days}))


def release_hold(connection: Connection, hold_id: str, actor: str, reason: str) -> None:
    """Release its days to the normal retention.

    Raises:
        HoldError: The hold does not exist, or was released before.
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
    """Return every hold, or those in force, by the first day."""
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
