"""Detection of fields that a source suddenly leaves empty, or fills with other words.

After a firmware update, a log may be readable and lack fields that detections need, or
use other words. A detection that needs the field must then not run: silence
would look like calm. A product writes lines of several types, and each fills its own fields: a
field is compared within lines of one type, too. Rules go on to judge lines that have the field, as
long as most of its values arrive.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pipelines.lake.counts import ENUMERATED, OF_TYPE, SIGN, new_words
from pipelines.state.connections import Store
from pipelines.state.source_records import SourceDay, source_days

PAST_DAYS = 28
MIN_DAYS = 3
MIN_EVENTS = 200
"""Events of the past that a share is learned from, at least."""

MIN_NOW = 50
USED_TO_BE = 0.2
"""A field filled less often than this is not missed."""

FALLEN_TO = 0.1
"""Share of its former share that a field must fall to, to be missed."""

MIN_PART = 0.5
"""The share of a day's expected values of a field that must be missing with these lines
before the rules that depend on the field skip that day; else they judge the lines that have it.
"""

SATURDAY = 5


@dataclass(frozen=True, kw_only=True)
class Drift:
    """A field that went missing, or changed its words.

    Attributes:
        first_date: First day on which it was missing.
        last_date: Last such day; the newest day, while it lasts.
        empty_dates: Days on which no event had it.
        share_before: Share of events that had it (in words known before), in the
            days before.
        share_since: Share since then.
        part: The missing part of what all sources together should have in it on these
            days; 0 to 1.
        words: New words of a filled field; otherwise nothing.
        line_type: The type of the lines that lack it; nothing if all lines of the source do.
    """

    source: str
    event_class: str
    field: str
    first_date: date
    last_date: date
    empty_dates: tuple[date, ...]
    share_before: float
    share_since: float
    part: float = 1.0
    words: tuple[str, ...] = ()
    line_type: str = ""

    @property
    def is_severe(self) -> bool:
        """Whether so much is missing that rules that depend on the field cannot judge."""
        return bool(self.empty_dates) and self.part >= MIN_PART

    @property
    def detail(self) -> str:
        """The change, without the source and the day."""
        if self.words:
            share = f"{1 - self.share_since:.0%} of lines"
            said = ", ".join(repr(word) for word in self.words)
            return f"{self.field} in words it never said before in {share}: {said}"
        lines = f"lines of type {self.line_type!r}" if self.line_type else "lines"
        change = (
            f"{self.field} in {self.share_since:.0%} of {lines}, {self.share_before:.0%} before"
        )
        if self.is_severe or not self.empty_dates:
            return change
        return (
            f"{change}; {1 - self.part:.0%} of its values arrive in other lines, which are judged"
        )

    def __str__(self) -> str:
        when = f"from {self.first_date} to {self.last_date}"
        return f"{self.source}: {self.detail} ({self.event_class}), {when}"


def drifts(store: Store, source: str | None = None) -> list[Drift]:
    """Return every field that went missing or changed its words, with the days of it."""
    series: dict[tuple[str, str], list[SourceDay]] = {}
    for day in source_days(store):
        if day.events > 0:
            series.setdefault((day.source, day.event_class), []).append(day)
    found = [
        day
        for (name, _), days in series.items()
        if source in (None, name)
        for day in in_series(days)
    ]
    return [replace(drift, part=_part(drift, series)) for drift in found]


def _part(drift: Drift, series: Mapping[tuple[str, str], Sequence[SourceDay]]) -> float:
    """Return the missing part of the values that all lines of the class should have."""
    missing = said = 0.0
    for (source, event_class), days in series.items():
        if event_class != drift.event_class:
            continue
        these = [day for day in days if day.event_date in drift.empty_dates]
        if source == drift.source:
            lines = _of_type(these, drift.field, drift.line_type) if drift.line_type else these
            missing += drift.share_before * sum(day.events for day in lines)
        said += sum(day.filled.get(drift.field, 0) for day in these)
    return missing / (missing + said) if missing else 0.0


def in_series(days: Sequence[SourceDay]) -> Iterator[Drift]:
    """Yield the drifts of one source and class, given its days, oldest first."""
    names = {name for day in days for name in day.filled if SIGN not in name}
    types = sorted(name[1:] for name in names if name.startswith(OF_TYPE))
    for name in sorted(name for name in names if OF_TYPE not in name):
        whole = list(_of_field(days, name))
        yield from whole
        dates = {day for drift in whole for day in drift.empty_dates}
        for line_type in types if len(types) > 1 else ():
            if f"{name}{OF_TYPE}{line_type}" not in names:
                continue  # never filled in such lines
            for drift in _of_field(days, name, line_type):
                if dates.isdisjoint(drift.empty_dates):
                    yield replace(drift, line_type=line_type)
    for name in ENUMERATED.get(days[0].event_class, ()) if days else ():
        yield from (
            _drift(
                word.days,
                name,
                empty=word.days if word.is_replaced else (),
                before=1.0,
                since=1 - word.share,
                words=tuple(word.words),
            )
            for word in new_words(days, name)
        )


def _of_type(days: Iterable[SourceDay], name: str, line_type: str) -> list[SourceDay]:
    """Return the days' counts of lines of one type, and of one field in them."""
    lines, filled = f"{OF_TYPE}{line_type}", f"{name}{OF_TYPE}{line_type}"
    return [
        replace(day, events=day.filled[lines], filled={name: day.filled.get(filled, 0)})
        for day in days
        if day.filled.get(lines, 0) > 0
    ]


class _Past:
    """The last sound days of one kind, and sums over them, of one field."""

    def __init__(self) -> None:
        self._days: deque[tuple[int, int]] = deque()
        self._events = self._filled = 0

    def add(self, events: int, filled: int) -> None:
        """Add one day; drop the oldest of too many."""
        self._days.append((events, filled))
        self._events += events
        self._filled += filled
        if len(self._days) > PAST_DAYS:
            events, filled = self._days.popleft()
            self._events -= events
            self._filled -= filled

    @property
    def share(self) -> float:
        """Share of events with the field, as `share` computes it."""
        return self._filled / self._events if self._events else 0.0

    def fell(self, events: int, filled: int) -> bool:
        """Return whether a day has almost nothing of the expected values."""
        enough = len(self._days) >= MIN_DAYS and self._events >= MIN_EVENTS
        # a day may be small: it must be big enough to have held the field a few times
        expected = self.share * events
        return (
            enough
            and self.share >= USED_TO_BE
            and (events >= MIN_NOW or expected >= 20)
            and filled <= FALLEN_TO * expected
        )


def _of_field(days: Sequence[SourceDay], name: str, line_type: str = "") -> Iterator[Drift]:
    """Yield the drifts of a field; with a type, in the lines of that type."""
    lines, values = f"{OF_TYPE}{line_type}", f"{name}{OF_TYPE}{line_type}" if line_type else name
    # weekends are machine days at many schools: they are compared with weekends
    weekdays, weekends = _Past(), _Past()
    missing: list[SourceDay] = []
    before = 0.0
    for day in days:
        events = day.filled.get(lines, 0) if line_type else day.events
        if line_type and events <= 0:
            continue
        past = weekends if day.event_date.weekday() >= SATURDAY else weekdays
        filled = day.filled.get(values, 0)
        if past.fell(events, filled):
            before = past.share
            missing.append(day)
            continue
        if missing and not filled:
            missing.append(day)  # too small or too new a kind of day to end it
            continue
        if missing and events >= MIN_NOW:
            yield _missed(missing, name, line_type, before)
            missing = []
        past.add(events, filled)
    if missing:
        yield _missed(missing, name, line_type, before)


def share(days: Iterable[SourceDay], name: str) -> float:
    """Return the share of the events of some days that have a field; 0 without events."""
    listed = list(days)
    events = sum(day.events for day in listed)
    return sum(day.filled.get(name, 0) for day in listed) / events if events else 0.0


def _missed(days: Sequence[SourceDay], name: str, line_type: str, before: float) -> Drift:
    missing = _of_type(days, name, line_type) if line_type else days
    empty = [day for day in missing if not day.filled.get(name, 0)]
    since = share(missing, name)
    return _drift(missing, name, empty=empty, before=before, since=since)


def _drift(
    days: Sequence[SourceDay],
    name: str,
    *,
    empty: Iterable[SourceDay],
    before: float,
    since: float,
    words: tuple[str, ...] = (),
) -> Drift:
    first, last = days[0], days[-1]
    return Drift(
        source=first.source,
        event_class=first.event_class,
        field=name,
        first_date=first.event_date,
        last_date=last.event_date,
        empty_dates=tuple(day.event_date for day in empty),
        share_before=before,
        share_since=since,
        words=words,
    )
