"""Records of sources: counts of days, issues, progress, domains."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from pipelines.registry.account_domains import Domain
from pipelines.state.connections import Store, fact, now_text, remember
from pipelines.state.rows import IssueRow, typed
from pipelines.state.tables import (
    DIRTY_DAYS,
    LAKE_FILES,
    QUARANTINE,
    SOURCE_DAYS,
    SOURCE_FILES,
    SOURCE_ISSUES,
)

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
LOOKED = "landing_looked"
RUN = "last_run"
RUN_VERSIONS = "last_run_versions"
DRILLED = "last_drill_time"
MIN_SET_BACK = timedelta(minutes=5)
"""Minimum change of a clock that was set back; less is normal correction."""
OPENED = "days_opened"
Reasons = Mapping[str, Sequence[date]]
"""Cause -> the days to rebuild, oldest first."""
NAME = "account_domains"
ORIGIN = "account_domains_from"


@dataclass(frozen=True, kw_only=True)
class SourceDay:
    """Counts of one source, event class and local day.

    Attributes:
        events: Events that count; negative in a correction.
        duplicates: Repeated events that were left out.
        filled: For each column, how many events have it; for columns of few words
            also how many have each, as `column=word`.
        lags: For each class of `LAGS`, how many events had that delay.
    """

    source: str
    event_class: str
    event_date: date
    events: int = 0
    duplicates: int = 0
    filled: Mapping[str, int] = field(default_factory=dict)
    lags: Mapping[str, int] = field(default_factory=dict)


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
        connection.execute(
            insert(SOURCE_DAYS).values(
                {
                    "source": whole.source,
                    "event_class": whole.event_class,
                    "event_date": whole.event_date.isoformat(),
                    "events": whole.events,
                    "duplicates": whole.duplicates,
                    "filled": json.dumps(dict(whole.filled)),
                    "lags": json.dumps(dict(whole.lags)),
                }
            )
        )


def source_days(store: Store, source: str | None = None) -> list[SourceDay]:
    """Return the counts of every day, by source, class and day."""
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


def mark_dirty(connection: Connection, days: Iterable[date], *, reason: str) -> None:
    """Request a rebuild of some days' models."""
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
    """Return days whose models are older than their inputs, oldest first."""
    with store.reading() as connection:
        days = connection.execute(select(DIRTY_DAYS.c.event_date).order_by(DIRTY_DAYS.c.event_date))
        return [date.fromisoformat(day) for day in days.scalars()]


def oldest_dirty(store: Store) -> datetime | None:
    """Return since when a day has waited to be built; None if none waits."""
    with store.reading() as connection:
        text = connection.execute(select(func.min(DIRTY_DAYS.c.marked_time))).scalar()
    return datetime.fromisoformat(text) if text else None


def mark_clean(store: Store, day: date) -> None:
    """Mark the models of a day as current."""
    with store.writing() as connection:
        connection.execute(delete(DIRTY_DAYS).where(DIRTY_DAYS.c.event_date == day.isoformat()))


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
    """Return everything that is held back now, by model and day."""
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
    """Release these days of a model from quarantine."""
    with store.writing() as connection:
        _lifted(connection, model, days)


def _lifted(connection: Connection, model: str, days: Collection[date | None]) -> str | None:
    """Remove days; return since when the first of them was quarantined."""
    is_meant = (QUARANTINE.c.model == model) & QUARANTINE.c.event_date.in_(
        [_text(day) for day in days]
    )
    since = connection.execute(select(QUARANTINE.c.since_time).where(is_meant).limit(1)).scalar()
    connection.execute(delete(QUARANTINE).where(is_meant))
    return since


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""


def note_look(store: Store, now: datetime) -> None:
    """Record that everything in the landing folders was read."""
    with store.writing() as connection:
        known = fact(connection, LOOKED)
        if known is None or known < now_text(now):
            remember(connection, LOOKED, now_text(now))


def last_look(store: Store) -> datetime | None:
    """Return the time of the last look; later events are not missing yet."""
    with store.reading() as connection:
        text = fact(connection, LOOKED)
    return datetime.fromisoformat(text) if text else None


def set_back(store: Store, now: datetime) -> str:
    """Return a message if the system clock is behind earlier records; otherwise nothing."""
    last = last_look(store)
    if last is None or last - now < MIN_SET_BACK:
        return ""
    return (
        f"the system clock reads {now:%Y-%m-%d %H:%M} UTC, but a run took place at "
        f"{last:%Y-%m-%d %H:%M} UTC: one of the two is wrong. No line is lost; set the system "
        "clock (timedatectl), then run again"
    )


def note_run(store: Store, now: datetime, versions: str) -> None:
    """Remember that a whole run came to its end, and with which lists, rules and settings."""
    with store.writing() as connection:
        remember(connection, RUN, now_text(now))
        remember(connection, RUN_VERSIONS, versions)


def last_run_versions(store: Store) -> str | None:
    """Return the versions of lists, rules and settings that the last whole run had."""
    with store.reading() as connection:
        return fact(connection, RUN_VERSIONS)


def last_run(store: Store) -> datetime | None:
    """Return when a complete run last ended."""
    with store.reading() as connection:
        text = fact(connection, RUN)
    return datetime.fromisoformat(text) if text else None


def last_drill(store: Store) -> datetime | None:
    """Return when a backup was last restored, compared and found complete."""
    with store.reading() as connection:
        text = fact(connection, DRILLED)
    return datetime.fromisoformat(text) if text else None


def newest_events(store: Store) -> dict[str, datetime]:
    """Return the time of the newest event of each source, in UTC."""
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
        return {row.source: datetime.fromisoformat(row.newest) for row in connection.execute(query)}


def newest_arrivals(store: Store) -> dict[str, datetime]:
    """Return when each source's newest file was last read, in UTC."""
    query = select(
        SOURCE_FILES.c.source, func.max(SOURCE_FILES.c.last_read_time).label("newest")
    ).group_by(SOURCE_FILES.c.source)
    with store.reading() as connection:
        return {row.source: datetime.fromisoformat(row.newest) for row in connection.execute(query)}


def note_rebuild_reasons(store: Store, reasons: Reasons) -> None:
    """Remember what opened days; a build that opened none changes nothing."""
    if not reasons:
        return
    noted = {name: [day.isoformat() for day in days] for name, days in reasons.items()}
    with store.writing() as connection:
        remember(connection, OPENED, json.dumps(noted))


def last_rebuild_reasons(store: Store) -> Reasons:
    """Return the reasons of the last build with stale days; empty before the first."""
    with store.reading() as connection:
        noted = json.loads(fact(connection, OPENED) or "{}")
    return {name: [date.fromisoformat(day) for day in days] for name, days in noted.items()}


def reason_lines(reasons: Reasons) -> Iterator[str]:
    """Yield a line for each reason: how many days, and from when to when."""
    for name, days in sorted(reasons.items()):
        if len(days) == 1:
            yield f"{name}: {days[0]}"
        else:
            yield f"{name}: {len(days)} days, {days[0]} to {days[-1]}"


def lasting_issues(connection: Connection, kinds: Iterable[str]) -> dict[str, IssueRow]:
    """Return issues of some kinds that have not ended, by key."""
    query = select(SOURCE_ISSUES).where(
        SOURCE_ISSUES.c.end_time.is_(None), SOURCE_ISSUES.c.kind.in_(sorted(set(kinds)))
    )
    rows = connection.execute(query).mappings()
    return {row["key"]: row for row in typed(IssueRow, rows)}


def end_issue(
    connection: Connection, key: str, start_time: str, end: datetime, now: datetime
) -> None:
    """End an issue at a time, as seen now."""
    connection.execute(
        update(SOURCE_ISSUES)
        .where(_is(key, start_time))
        .values(end_time=now_text(end), last_time=now_text(now))
    )


def put_issue(
    connection: Connection, issue: Mapping[str, str], start_time: str, now: datetime
) -> None:
    """Add a current issue, new or continuing.

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


def stored_issues(store: Store, since: datetime | None = None) -> list[IssueRow]:
    """Return issues, oldest first: current ones, and those that ended since."""
    query = select(SOURCE_ISSUES).order_by(SOURCE_ISSUES.c.start_time, SOURCE_ISSUES.c.key)
    if since is None:
        query = query.where(SOURCE_ISSUES.c.end_time.is_(None))
    else:
        over = SOURCE_ISSUES.c.end_time >= now_text(since)
        query = query.where(SOURCE_ISSUES.c.end_time.is_(None) | over)
    return store.rows(IssueRow, query)


def note_domains(store: Store, domains: Sequence[Domain], origin: str) -> None:
    """Remember the domains of all names that the logs hold.

    Args:
        origin: Changes whenever anything does that they follow from.
    """
    noted = json.dumps([asdict(domain) for domain in domains])
    with store.writing() as connection:
        for name, value in ((NAME, noted), (ORIGIN, origin)):
            if fact(connection, name) != value:
                remember(connection, name, value)


def origin_of_domains(store: Store) -> str | None:
    """Return the inputs of the recorded domains."""
    with store.reading() as connection:
        return fact(connection, ORIGIN)


def noted_domains(store: Store) -> tuple[Domain, ...]:
    """Return the recorded domains; empty before the first build."""
    with store.reading() as connection:
        noted = json.loads(fact(connection, NAME) or "[]")
    return tuple(
        Domain(**one | {name: tuple(one.get(name, ())) for name in ("forms", "strange")})
        for one in noted
    )
