"""What a simulated year came to: messages per reader and week, silences found."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from random import Random

from pipelines.alerts.rounds import is_quiet
from pipelines.health.issues import EVERYWHERE
from pipelines.state.alert_records import GIVEN_UP, SENT, outbox
from pipelines.state.connections import Store
from tests.benchmarks.alert_year.playback import (
    ALERTS,
    CHANNELS,
    Announced,
    Played,
    play,
)
from tests.benchmarks.alert_year.school_year import (
    BUILDINGS,
    FEEDS,
    HOUR,
    SHARES,
    ZONE,
    Planted,
    Year,
    drawn,
    lines,
    plant,
    school_year,
)

INTERVAL_LINES = 100
"""A silence is due to be told once so many lines would usually have come."""

WEEK = timedelta(days=7)
HEALTH_AT_NIGHT = ("notice",)
"""What may come in quiet hours: security, and a whole source that is silent."""


@dataclass(frozen=True)
class Reader:
    """What one reader got.

    Attributes:
        most_a_day: Must not exceed the budget.
        in_quiet_hours: Messages of classes that have to wait for the morning.
    """

    name: str
    messages: int
    a_week: float
    most_a_week: int
    most_a_day: int
    in_quiet_hours: int


@dataclass(frozen=True)
class Silence:
    """A planted silence, and when it was reported; None: never."""

    planted: Planted
    interval_hours: int
    delay_hours: float | None

    @property
    def is_short(self) -> bool:
        """Over before that many lines were missing that it could be known."""
        return self.planted.hours < self.interval_hours

    @property
    def missing_lines(self) -> int:
        """That usually come in its time, while students are there."""
        return round(self.planted.hours * _lines_an_hour(self.planted))


@dataclass(frozen=True)
class Count:
    """The figures of a year.

    Attributes:
        false_alarms: Troubles that no one planted.
        on_closed_days: Of these, raised on a closed day.
        repeated: Messages that came again with the same key, after a death.
        unmarked: Of these, those that do not say that they may be a repeat.
        lost: Messages that are neither sent nor waiting.
        too_soon: Facts reported again within a week though no worse.
    """

    readers: Sequence[Reader]
    silences: Sequence[Silence]
    false_alarms: int
    on_closed_days: int
    deaths: int
    refusals: int
    repeated: int
    unmarked: int
    waiting: int
    lost: int
    too_soon: int

    @property
    def missed(self) -> list[Silence]:
        """Long enough to be known, and never reported."""
        return [
            silence
            for silence in self.silences
            if silence.delay_hours is None and not silence.is_short
        ]

    @property
    def late(self) -> list[Silence]:
        """Told more than one interval after they could be known."""
        return [
            silence
            for silence in self.silences
            if silence.delay_hours is not None and silence.delay_hours > silence.interval_hours
        ]

    @property
    def is_well(self) -> bool:
        """Nothing was missed, late, false, lost, too soon or too much."""
        most = max((reader.most_a_day for reader in self.readers), default=0)
        early = sum(reader.in_quiet_hours for reader in self.readers)
        wrong = (self.false_alarms, self.lost, self.unmarked, self.too_soon, early)
        is_in_budget = most <= ALERTS.most_a_day
        return not (self.missed or self.late or any(wrong)) and is_in_budget


def count(year: Year, planted: Sequence[Planted], played: Played, store: Store) -> Count:
    """Count what happened."""
    false = [
        time
        for (key, start), time in played.raised.items()
        if not any(_is_of(key, start, silence) for silence in planted)
    ]
    rows = outbox(store)
    sent = {(row["alert_key"], row["channel"]) for row in rows if row["state"] == SENT}
    came = Counter((arrival.message.key, arrival.channel) for arrival in played.arrived)
    return Count(
        readers=list(_readers(year, played)),
        silences=[_silence(silence, played) for silence in planted],
        false_alarms=len(false),
        on_closed_days=sum(not year.is_open(_day(one)) for one in false),
        deaths=played.deaths,
        refusals=played.refusals,
        repeated=sum(times - 1 for times in came.values()),
        unmarked=_unmarked(played),
        waiting=len(rows) - len(sent),
        lost=len(sent - came.keys()) + sum(row["state"] == GIVEN_UP for row in rows),
        too_soon=_too_soon(played),
    )


def _readers(year: Year, played: Played) -> Iterator[Reader]:
    weeks = ((year.last - year.judged).days + 1) / 7
    for name in CHANNELS:
        mine = [arrival for arrival in played.arrived if arrival.channel == name]
        by_day = Counter(_day(arrival.time) for arrival in mine)
        by_week = Counter(_day(arrival.time).isocalendar()[:2] for arrival in mine)
        yield Reader(
            name=name,
            messages=len(mine),
            a_week=round(len(mine) / weeks, 1),
            most_a_week=max(by_week.values(), default=0),
            most_a_day=max(by_day.values(), default=0),
            in_quiet_hours=sum(
                arrival.message.class_name not in HEALTH_AT_NIGHT
                and is_quiet(arrival.time.astimezone(ZONE), ALERTS, year.is_open)
                for arrival in mine
            ),
        )


def _silence(planted: Planted, played: Played) -> Silence:
    times = [
        time
        for (key, start), time in played.raised.items()
        if key.startswith("silent:") and _is_of(key, start, planted)
    ]
    delay = (min(times) - planted.start) / HOUR if times else None
    return Silence(planted, _interval(planted), delay)


def _interval(planted: Planted) -> int:
    """Return hours in which that many lines usually come while students are there."""
    return max(1, ceil(INTERVAL_LINES / _lines_an_hour(planted)))


def _lines_an_hour(planted: Planted) -> float:
    (feed,) = [feed for feed in FEEDS if feed.name == planted.source]
    share = dict(zip(BUILDINGS, SHARES, strict=True)).get(planted.building, 1.0)
    return feed.busy * share


def _unmarked(played: Played) -> int:
    seen: set[tuple[str, str]] = set()
    found = 0
    for arrival in played.arrived:
        here = (arrival.message.key, arrival.channel)
        found += here in seen and not arrival.message.may_repeat
        seen.add(here)
    return found


def _is_of(key: str, start: datetime, planted: Planted) -> bool:
    """The trouble is the planted silence, or its end.

    Of a source that is silent everywhere a building may be reported too, once the source
    is back and the building's own few lines are not.
    """
    _, source, building, _ = key.split(":")
    is_place = source == planted.source and (
        building == planted.building or planted.building == EVERYWHERE or building == EVERYWHERE
    )
    return is_place and planted.start - HOUR <= start <= planted.end + HOUR


def _too_soon(played: Played) -> int:
    """One beginning is one fact: what ended and begins again is another."""
    found = 0
    last: dict[tuple[str, str, str], Announced] = {}
    for one in sorted(played.announced, key=lambda one: one.time):
        before = last.get(one[:3])
        if before is not None and one.time - before.time < WEEK:
            found += one.step <= before.step
        last[one[:3]] = one
    return found


def _day(time: datetime) -> date:
    return time.astimezone(ZONE).date()


FIRST_YEAR = 2026


def rehearse(*, weeks: int, seed: int, silences: int) -> Count:
    """Return the figures of a school year.

    Args:
        weeks: How much of it, from August on.
        silences: Planted at each source; in buildings of it as many again.
    """
    random = Random(seed)
    year = school_year(FIRST_YEAR, random, weeks)
    planted = plant(year, random, {one.name: one.is_local for one in FEEDS}, silences)
    hours = lines(year, planted, random)
    played, store = play(year, hours, drawn(year, random), random)
    try:
        return count(year, planted, played, store)
    finally:
        store.close()
