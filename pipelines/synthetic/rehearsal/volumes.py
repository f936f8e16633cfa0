"""Lines an hour of a few sources over a school year, with bursts and quiet hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import exp
from random import Random

import polars as pl

from pipelines.health.kinds import EVERYWHERE
from pipelines.synthetic.rehearsal.year import BUILDINGS, ZONE, Planted, Year

HOUR = timedelta(hours=1)
SHARES = (0.5, 0.3, 0.2)
"""Of a source's lines, by building."""


@dataclass(frozen=True)
class Feed:
    """A source as it behaves.

    Attributes:
        busy: Lines an hour while pupils are there.
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
    """Lines by source, building and hour, as `health.expecting` takes them."""
    rows = []
    for feed in feeds:
        gaps = [one for one in planted if one.source == feed.name]
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
    """Lines an hour to expect: pupils, staff, or machines alone."""
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
    silent = {one.building for one in gaps if one.start <= at < one.end}
    places = dict(zip(BUILDINGS, SHARES, strict=True)) if feed.is_local else {"": 1.0}
    counts = {
        place: 0
        if {place, EVERYWHERE} & silent
        else _count(level * share, feed, random)
        for place, share in places.items()
    }
    told = {**counts, EVERYWHERE: sum(counts.values())}
    return [
        (feed.name, place, local.date(), local.hour, at, count)
        for place, count in told.items()
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
