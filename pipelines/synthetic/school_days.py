"""The calendar of the district, and local civil time as UTC milliseconds.

The term is planned on fixed dates. A district may live it a number of whole weeks later.
"""

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
Planned = date | None


@dataclass(frozen=True, slots=True)
class Day:
    """One local day.

    Attributes:
        number: From 0, the first day of the logs.
        kind: Day type of the calendar.
        declared_at: When it became known, in local time; empty: always was.
        planned: Its date in the planned term; None outside of it.
    """

    number: int
    date: date
    kind: str
    note: str = ""
    declared_at: str = ""
    planned: Planned = None

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


def make_days(
    weeks: int, first: date = FIRST_DAY, later: timedelta = timedelta(0)
) -> tuple[Day, ...]:
    """Return every day of a number of weeks.

    Args:
        first: The first Monday, in the planned term.
        later: Whole weeks after the plan.
    """
    dates = [first + timedelta(days=number) for number in range(7 * weeks)]
    return tuple(_day(number, day, later) for number, day in enumerate(dates))


def _day(number: int, planned: date, later: timedelta) -> Day:
    usual = ("weekend" if planned.weekday() > 4 else "school", "", "")
    kind, note, declared_at = _SPECIAL.get(planned, usual)
    return Day(number, planned + later, kind, note, moved(declared_at, later), planned)


def moved(text: str, later: timedelta) -> str:
    """Return an ISO date, or the date before a time of day, that is so much later."""
    day, space, clock = text.partition(" ")
    return f"{date.fromisoformat(day) + later}{space}{clock}" if day else ""


def weeks_until(today: date, weeks: int) -> timedelta:
    """Return how much later a term of some weeks is, if it ends with the last whole week.

    A term is never before its plan.
    """
    last_monday = today - timedelta(days=today.weekday())
    return max(last_monday - timedelta(weeks=weeks) - FIRST_DAY, timedelta(0))
