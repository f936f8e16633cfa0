"""A school year's calendar, and what goes wrong in it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.clock import monday
from pipelines.health.kinds import EVERYWHERE

ZONE = ZoneInfo("America/Chicago")
BUILDINGS = ("high", "middle", "elementary")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
WARM_UP_DAYS = 168
"""Days before the first that is judged, for the code to learn from: the spring."""

SCHOOL_DAYS_A_SNOW_DAY = 12  # in winter
SCHOOL_DAYS_AN_EARLY_OUT = 15


@dataclass(frozen=True)
class Planted:
    """A silence: of a source everywhere, or in one building.

    Attributes:
        start: First instant without lines, in UTC.
    """

    source: str
    building: str
    start: datetime
    hours: int

    @property
    def end(self) -> datetime:
        """First instant with lines again."""
        return self.start + self.hours * HOUR


@dataclass(frozen=True)
class Year:
    """The days from the warm-up to the end of June, with their kinds."""

    first: date
    judged: date
    last: date
    kinds: dict[date, str]

    @property
    def days(self) -> list[date]:
        """Every day, oldest first."""
        return sorted(self.kinds)

    def is_open(self, day: date) -> bool:
        """Whether staff work on it."""
        return self.kinds.get(day, "weekend") not in ("weekend", "holiday", "closure")

    @property
    def frame(self) -> pl.DataFrame:
        """As `marts.school_days` has it: a row a day and building."""
        rows = [
            (day, one, kind) for day, kind in self.kinds.items() for one in BUILDINGS
        ]
        names = ["event_date", "building", "day_type"]
        return pl.DataFrame(rows, schema=names, orient="row")


def school_year(start: int, random: Random, weeks: int = 44) -> Year:
    """August to June, with breaks, snow days, early outs and days without pupils.

    Args:
        start: The calendar year in which it begins.
        weeks: How much of it is judged.
    """
    judged = monday(date(start, 8, 17))
    first, last = judged - WARM_UP_DAYS * DAY, judged + (7 * weeks - 1) * DAY
    kinds = {}
    for number in range((last - first).days + 1):
        day = first + number * DAY
        kinds[day] = "weekend" if day.weekday() >= 5 else _planned(day, start)
    school = [day for day, kind in kinds.items() if kind == "school" and day > judged]
    winter = [day for day in school if day.month in (12, 1, 2)]
    for day in random.sample(winter, len(winter) // SCHOOL_DAYS_A_SNOW_DAY):
        kinds[day] = "closure"
    for day in random.sample(school, len(school) // SCHOOL_DAYS_AN_EARLY_OUT):
        kinds[day] = "early_out" if kinds[day] == "school" else kinds[day]
    return Year(first, judged, last, kinds)


def _planned(day: date, start: int) -> str:
    breaks = [
        (date(start, 9, 7), date(start, 9, 7)),
        (date(start, 11, 25), date(start, 11, 27)),
        (date(start, 12, 21), date(start + 1, 1, 1)),
        (date(start + 1, 3, 15), date(start + 1, 3, 19)),
        (date(start + 1, 5, 31), date(start + 1, 5, 31)),
    ]
    if any(first <= day <= last for first, last in breaks):
        return "holiday"
    is_term = day <= date(start, 6, 5) or (
        date(start, 8, 19) <= day <= date(start + 1, 6, 4)
    )
    is_pd = day.day <= 7 and day.weekday() == 4 and day.month in (10, 2, 4)
    if not is_term:
        return "pd_day" if day.month in (8, 6) else "holiday"
    return "pd_day" if is_pd else "school"


SPACING_DAYS = 5
"""Between two silences of one source, so that one can not hide another."""


def plant(
    year: Year, random: Random, sources: Mapping[str, bool], each: int
) -> list[Planted]:
    """Silences that begin in a school morning: of sources, and of them in a building.

    Args:
        sources: Name, and whether its lines tell a building.
        each: Silences of each source; of one in a building as many again.
    """
    days = [d for d in year.days if d >= year.judged and year.kinds[d] == "school"]
    found = []
    for source, is_local in sources.items():
        places = [EVERYWHERE] * each + [random.choice(BUILDINGS)] * each * is_local
        slots = days[random.randrange(SPACING_DAYS) :: SPACING_DAYS]
        chosen = random.sample(slots, min(len(places), len(slots)))
        for day, place in zip(chosen, places, strict=False):
            hours = random.choice((2, 3, 5, 24, 50))
            begins = datetime.combine(day, time(random.randint(8, 12)), ZONE)
            found.append(Planted(source, place, begins.astimezone(UTC), hours))
    return sorted(found, key=lambda one: one.start)
