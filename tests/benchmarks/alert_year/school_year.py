"""A simulated school year: calendar, what goes wrong, lines, findings. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import exp
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.findings.cases import Case, nobody, places
from pipelines.health.issues import EVERYWHERE
from pipelines.weeks import monday

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
        """Return whether staff work on it."""
        return self.kinds.get(day, "weekend") not in ("weekend", "holiday", "closure")

    @property
    def frame(self) -> pl.DataFrame:
        """As `marts.school_days` has it: a row per day and building."""
        rows = [(day, building, kind) for day, kind in self.kinds.items() for building in BUILDINGS]
        names = ["event_date", "building", "day_type"]
        return pl.DataFrame(rows, schema=names, orient="row")


def school_year(start: int, random: Random, weeks: int = 44) -> Year:
    """August to June, with breaks, snow days, early outs and days without students.

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
    is_term = day <= date(start, 6, 5) or (date(start, 8, 19) <= day <= date(start + 1, 6, 4))
    is_pd = day.day <= 7 and day.weekday() == 4 and day.month in (10, 2, 4)
    if not is_term:
        return "pd_day" if day.month in (8, 6) else "holiday"
    return "pd_day" if is_pd else "school"


SPACING_DAYS = 5
"""Between two silences of one source, so that one cannot hide another."""


def plant(year: Year, random: Random, sources: Mapping[str, bool], each: int) -> list[Planted]:
    """Return silences that begin in a school morning: of sources, and of them in a building.

    Args:
        sources: Name, and whether its lines show a building.
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
    return sorted(found, key=lambda event: event.start)


SHARES = (0.5, 0.3, 0.2)
"""Of a source's lines, by building."""


@dataclass(frozen=True)
class Feed:
    """A source as it behaves.

    Attributes:
        busy: Lines an hour while students are there.
        idle: Lines an hour at night and on closed days.
        spread: Standard deviation of the logarithm, from hour to hour.
    """

    name: str
    busy: float
    idle: float
    spread: float
    is_local: bool


FEEDS = (
    Feed("firewall", 40_000, 6_000, 0.25, is_local=True),
    Feed("proxy", 12_000, 150, 0.35, is_local=True),
    Feed("directory", 900, 12, 0.4, is_local=False),
    Feed("dhcp", 300, 25, 0.35, is_local=True),
    Feed("radius", 60, 0.4, 0.5, is_local=True),
)


def lines(
    year: Year,
    planted: Sequence[Planted],
    random: Random,
    feeds: Sequence[Feed] = FEEDS,
) -> pl.DataFrame:
    """Return lines by source, building and hour, as `health.expecting` takes them."""
    rows = []
    for feed in feeds:
        gaps = [gap for gap in planted if gap.source == feed.name]
        for day in year.days:
            mood = exp(random.gauss(0, 0.15))
            for at in _hours(day):
                rows += _hour(feed, at, mood * _level(feed, year, at), gaps, random)
    schema = ["source", "building", "event_date", "hour", "hour_start", "line_count"]
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        pl.col("hour_start").dt.cast_time_unit("us")
    )


def _hours(day: date) -> list[datetime]:
    start = datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)
    after = day + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=ZONE).astimezone(UTC)
    return [start + n * HOUR for n in range(round((end - start) / HOUR))]


def _level(feed: Feed, year: Year, at: datetime) -> float:
    """Return lines per hour to expect: students, staff, or machines alone."""
    local = at.astimezone(ZONE)
    kind, hour = year.kinds[local.date()], local.hour
    if kind in ("weekend", "holiday", "closure") or not 6 <= hour < 18:
        return feed.idle
    if kind == "pd_day":
        return feed.idle + 0.15 * feed.busy
    if hour < 8 or hour >= 16 or (kind == "early_out" and hour >= 13):
        return feed.idle + 0.12 * feed.busy
    return feed.busy


def _hour(
    feed: Feed,
    at: datetime,
    level: float,
    gaps: Sequence[Planted],
    random: Random,
) -> list[tuple[str, str, date, int, datetime, int]]:
    local = at.astimezone(ZONE)
    silent = {gap.building for gap in gaps if gap.start <= at < gap.end}
    places = dict(zip(BUILDINGS, SHARES, strict=True)) if feed.is_local else {"": 1.0}
    counts = {
        place: 0 if {place, EVERYWHERE} & silent else _count(level * share, feed, random)
        for place, share in places.items()
    }
    every_place = {**counts, EVERYWHERE: sum(counts.values())}
    return [
        (feed.name, place, local.date(), local.hour, at, count)
        for place, count in every_place.items()
        if count
    ]


def _count(mean: float, feed: Feed, random: Random) -> int:
    """Bursts on top of chance: a Poisson number whose mean wanders."""
    wandering = mean * exp(random.gauss(0, feed.spread) - feed.spread**2 / 2)
    if wandering > 50:
        return max(0, round(random.gauss(wandering, wandering**0.5)))
    left, count = exp(-wandering), 0
    chance = random.random()
    while chance > left:
        chance *= random.random()
        count += 1
    return count


CONDUCT = (
    ("SA-1", "shared_account", "medium", 0.5),
    ("NA-1", "non_approved_site", "low", 1.2),
    ("OH-1", "off_hours_external", "low", 0.6),
)
"""Rule, kind, severity, and how many are likely or surer on a school day."""

SECURITY = (("AN-1", "anomaly", "high", 0.01), ("AN-5", "anomaly", "high", 0.04))
LEADS = 1.0
"""Results of the lowest confidence on a school day."""

ACCOUNTS = 300
DECIDED_WITHIN_DAYS = 14
NEVER_DECIDED = 0.2


@dataclass(frozen=True)
class Drawn:
    """Findings with the instant from which each is known and decided on."""

    rows: Sequence[Mapping[str, Any]]

    def cases(self, now: datetime) -> list[Case]:
        """Return the cases that no one has decided at an instant."""
        held: dict[str, tuple[Mapping[str, str], list[Mapping[str, Any]]]] = {}
        waits = (row for row in self.known(now) if row["status"] == "open")
        for row, case in places(waits, nobody):
            held.setdefault(case["case_id"], (case, []))[1].append(row)
        return [Case(**case, findings=tuple(rows)) for case, rows in held.values()]

    def known(self, now: datetime) -> list[Mapping[str, Any]]:
        """As the findings are at an instant; what was decided is explained."""
        return [
            {**row, "status": "explained" if row["decided_time"] <= now else "open"}
            for row in self.rows
            if row["known_time"] <= now
        ]


def drawn(year: Year, random: Random) -> Drawn:
    """Return findings of the judged days, known in the night after."""
    rows = []
    for day in (one for one in year.days if one >= year.judged):
        if year.is_open(day):
            rows += _of_day(day, random)
    for number, row in enumerate(rows):
        row["finding_id"] = f"f-{number:05d}"
    return Drawn(rows)


def _of_day(day: date, random: Random) -> list[dict[str, Any]]:
    found = []
    for rule, kind, severity, mean in (*CONDUCT, *SECURITY):
        for _ in range(_times(mean, random)):
            confidence = random.choice(("C2", "C2", "C3"))
            found.append(_row(day, (rule, kind, severity, confidence), random))
    lead = ("NA-1", "non_approved_site", "low", "C1")
    found += [_row(day, lead, random) for _ in range(_times(LEADS, random))]
    return found


def _times(mean: float, random: Random) -> int:
    """Return a number whose mean is given, by tossing often."""
    return sum(random.random() < mean / 10 for _ in range(10))


def _row(day: date, finding_kind: tuple[str, str, str, str], random: Random) -> dict[str, Any]:
    rule, kind, severity, confidence = finding_kind
    known = datetime.combine(day + timedelta(days=1), time(7), UTC)
    waits = timedelta(days=random.uniform(1, DECIDED_WITHIN_DAYS))
    never = random.random() < NEVER_DECIDED
    noon = datetime.combine(day, time(18), UTC).isoformat()
    return {
        "rule": rule,
        "kind": kind,
        "severity": severity,
        "confidence": confidence,
        "subject": f"account {random.randrange(ACCOUNTS)}",
        "event_date": day.isoformat(),
        "record": {"stage": "live", "start_time": noon, "end_time": noon},
        "known_time": known,
        "decided_time": datetime.max.replace(tzinfo=UTC) if never else known + waits,
    }
