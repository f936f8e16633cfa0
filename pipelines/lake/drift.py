"""Notices fields that a source used to fill and suddenly does not.

After a firmware update a log may read well and lack what detections stand on. A
detection that needs the field must then not run: silence would look like calm.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.state.days import SourceDay, source_days
from pipelines.state.store import Store

PAST_DAYS = 28
LEAST_DAYS = 3
LEAST_EVENTS = 200
"""Events of the past that a share is learnt from, at least."""

LEAST_NOW = 50
USED_TO_BE = 0.2
"""A field filled less often than this is no field to miss."""

FALLEN_TO = 0.1
"""Share of its former share that a field must fall to, to be missed."""

BLOCKING = frozenset(
    {
        "src_ip", "user_name", "url_hostname", "start_time", "disposition", "host",
        "activity", "logon_kind", "is_success", "ip", "mac", "action", "query_name",
        "dst_ip",
    }
)  # fmt: skip
"""Fields without which a detection can not tell who did what."""


@dataclass(frozen=True, kw_only=True)
class Drift:
    """A field that went missing.

    Attributes:
        first_date: First day on which it was missing.
        last_date: Last such day; the latest there is, while it lasts.
        share_before: Share of events that had it, in the days before.
        share_since: Share since then.
        is_blocking: Detections that need the field must not run on these days.
    """

    source: str
    event_class: str
    field: str
    first_date: date
    last_date: date
    share_before: float
    share_since: float
    is_blocking: bool

    def __str__(self) -> str:
        return (
            f"{self.source}: {self.field} ({self.event_class}) was filled in "
            f"{self.share_before:.0%} of events, and in {self.share_since:.0%} from "
            f"{self.first_date} to {self.last_date}"
        )


def drifts(store: Store, source: str | None = None) -> list[Drift]:
    """Every field that went missing, with the days on which it was."""
    series: dict[tuple[str, str], list[SourceDay]] = {}
    for day in source_days(store, source):
        if day.events > 0:
            series.setdefault((day.source, day.event_class), []).append(day)
    return [found for days in series.values() for found in in_series(days)]


def in_series(days: Sequence[SourceDay]) -> Iterator[Drift]:
    """The drifts of one source and class, given its days, oldest first."""
    for name in sorted({name for day in days for name in day.filled}):
        yield from _of_field(days, name)


def _of_field(days: Sequence[SourceDay], name: str) -> Iterator[Drift]:
    sound: list[SourceDay] = []
    missing: list[SourceDay] = []
    before = 0.0
    for day in days:
        past = sound[-PAST_DAYS:]
        before = share(past, name)
        if _fell(past, day, before, name):
            missing.append(day)
            continue
        if missing and day.events >= LEAST_NOW:
            yield _drift(missing, name, before)
            missing = []
        sound.append(day)
    if missing:
        yield _drift(missing, name, before)


def _fell(past: Sequence[SourceDay], day: SourceDay, before: float, name: str) -> bool:
    enough = len(past) >= LEAST_DAYS and sum(d.events for d in past) >= LEAST_EVENTS
    # a day may be small: it must be big enough to have held the field a few times
    expected = before * day.events
    return (
        enough
        and before >= USED_TO_BE
        and (day.events >= LEAST_NOW or expected >= 20)
        and day.filled.get(name, 0) <= FALLEN_TO * expected
    )


def share(days: Iterable[SourceDay], name: str) -> float:
    """Share of the events of some days that have a field; 0 without events."""
    listed = list(days)
    events = sum(day.events for day in listed)
    return sum(day.filled.get(name, 0) for day in listed) / events if events else 0.0


def _drift(missing: Sequence[SourceDay], name: str, before: float) -> Drift:
    first, last = missing[0], missing[-1]
    return Drift(
        source=first.source,
        event_class=first.event_class,
        field=name,
        first_date=first.event_date,
        last_date=last.event_date,
        share_before=before,
        share_since=share(missing, name),
        is_blocking=name in BLOCKING,
    )
