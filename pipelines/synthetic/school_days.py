"""The calendar of the district, and local civil time as UTC milliseconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = "America/Chicago"
FIRST_DAY = date(2026, 10, 19)
CLOCK_CHANGE = date(2026, 11, 1)

CONFERENCES = date(2026, 10, 29)
EARLY_OUT = date(2026, 10, 30)
PD_DAY = date(2026, 11, 6)
SNOW_DAY = date(2026, 11, 12)
E_LEARNING = date(2026, 11, 13)
LAST_QUIZLET_DAY = date(2026, 10, 21)
FIRST_BOOKCREATOR_DAY = date(2026, 10, 27)

_SPECIAL: Mapping[date, tuple[str, str, str]] = {
    date(2026, 9, 7): ("holiday", "Labor Day", ""),
    EARLY_OUT: ("early_out", "end of the first term", ""),
    PD_DAY: ("pd_day", "in-service for staff", ""),
    SNOW_DAY: ("closure", "snow", "2026-11-12 05:40"),
    date(2026, 11, 25): ("holiday", "Thanksgiving break", ""),
    date(2026, 11, 26): ("holiday", "Thanksgiving break", ""),
    date(2026, 11, 27): ("holiday", "Thanksgiving break", ""),
    E_LEARNING: ("elearning", "at home after the snow", "2026-11-12 17:30"),
}

PROXY_SILENT = (date(2026, 11, 8), "02:05", "05:10")
"""A night in which the proxy wrote no log: day, from, to."""

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_ZONE = ZoneInfo(ZONE)


@dataclass(frozen=True, slots=True)
class Day:
    """One local day.

    Attributes:
        number: From 0, the first day of the logs.
        kind: Day type of the calendar.
        declared_at: When it became known, in local time; empty: always was.
    """

    number: int
    date: date
    kind: str
    note: str = ""
    declared_at: str = ""

    @property
    def has_school(self) -> bool:
        """Students and teachers are in the buildings."""
        return self.kind in {"school", "early_out"}

    def at(self, clock: str, plus_minutes: float = 0) -> int:
        """Return UTC milliseconds of a local time of this day, `HH:MM`."""
        hours, minutes = clock.split(":")
        return at(self.date, int(hours) * 60 + int(minutes) + plus_minutes)


def at(day: date, minutes: float) -> int:
    """Return UTC milliseconds of a local time of day; the earlier one in a repeated hour."""
    naive = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001
    return round(naive.replace(tzinfo=_ZONE).timestamp() * 1_000)


def make_days(weeks: int, first: date = FIRST_DAY) -> tuple[Day, ...]:
    """Return every day of a number of weeks from the first Monday."""
    dates = [first + timedelta(days=number) for number in range(7 * weeks)]
    return tuple(_day(number, day) for number, day in enumerate(dates))


def _day(number: int, day: date) -> Day:
    if day in _SPECIAL:
        return Day(number, day, *_SPECIAL[day])
    return Day(number, day, "weekend" if day.weekday() > 4 else "school")
