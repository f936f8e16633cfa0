"""Arrival delays of a source's lines, and wrong clocks. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipelines.health.issues import Issue
from pipelines.state.source_records import LAGS, SourceDay
from pipelines.warehouse.clock_pairs import Apart, blamed, clock_words

if TYPE_CHECKING:  # `status` has no frames, and Polars takes long to import
    import polars as pl

NEWEST_DAYS = 10
"""Days that the usual lag is learned from: those with events, the newest."""

MIN_DAYS = 3
MIN_EVENTS = 50
SHARE = 0.95
"""Share of a day's events that arrive within the day's lag."""

MOST = 0.5
AHEAD_SHARE = 0.2
CLASSES = list(LAGS)

HOUR = 3_600
HALF_HOUR = 1_800
ZONE_SECONDS = 180
"""Maximum distance from a whole or half hour of a difference between time zones."""

ZONES = (
    "UTC",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
)
"""Time zones of a source in a district of the United States."""


def usual_lag(days: Sequence[SourceDay]) -> timedelta | None:
    """Return how long to wait until a source's hour is complete; the median day.

    None for a source that has only delivered old lines: it is history,
    and the time of its next line is unknown.

    Args:
        days: Of one source, oldest first; of several classes together.
    """
    seen = [counts for _, counts in _by_day(days)][-NEWEST_DAYS:]
    if not seen:
        return None
    places = sorted(CLASSES.index(_class(one)) for one in seen)
    seconds = LAGS[CLASSES[places[len(places) // 2]]]
    return timedelta(seconds=seconds) if seconds < float("inf") else None


def usual_lags(days: Iterable[SourceDay]) -> dict[str, timedelta | None]:
    """Return how long each source's lines usually take to arrive."""
    found: dict[str, list[SourceDay]] = {}
    for day in days:
        found.setdefault(day.source, []).append(day)
    return {name: usual_lag(one) for name, one in found.items()}


def delays(days: Sequence[SourceDay]) -> list[Issue]:
    """Return issues if the newest day's lines arrived much later than usual, or from the future."""
    by_day = [one for one in _by_day(days) if one[1].total() >= MIN_EVENTS]
    if len(by_day) <= MIN_DAYS:
        return []
    source, (day, newest) = days[0].source, by_day[-1]
    found = []
    ahead = newest["ahead"] / newest.total()
    if ahead > AHEAD_SHARE and _share_ahead(by_day[:-1]) <= AHEAD_SHARE:
        found.append(_issue(source, "skewed", day, f"{ahead:.0%} of the day's lines"))
    lag = usual_lag([one for one in days if one.event_date < day])
    late = _share_later(newest, lag)
    if lag is not None and late > MOST:
        usual = "immediately" if not lag else f"within {_words(lag)}"
        words = f"{late:.0%} of the day's lines; usually they arrive {usual}"
        found.append(_issue(source, "late", day, words))
    return found


def _by_day(days: Sequence[SourceDay]) -> list[tuple[date, Counter[str]]]:
    found: dict[date, Counter[str]] = {}
    for one in days:
        found.setdefault(one.event_date, Counter()).update(one.lags)
    return [(day, found[day]) for day in sorted(found) if found[day].total() > 0]


def _class(counts: Counter[str]) -> str:
    """Return the class within which nearly all of a day's events arrived."""
    seen = 0
    for name in CLASSES:
        seen += counts[name]
        if seen >= SHARE * counts.total():
            return name
    return CLASSES[-1]


def _share_ahead(days: Sequence[tuple[date, Counter[str]]]) -> float:
    total = sum(counts.total() for _, counts in days)
    return sum(counts["ahead"] for _, counts in days) / total if total else 0.0


def _share_later(counts: Counter[str], lag: timedelta | None) -> float:
    """Return the share that took longer than the class after the usual one."""
    if lag is None:
        return 0.0
    place = next(n for n, one in enumerate(CLASSES) if LAGS[one] >= lag.total_seconds())
    return sum(counts[name] for name in CLASSES[place + 2 :]) / counts.total()


def _words(lag: timedelta) -> str:
    return next(name for name in CLASSES if LAGS[name] >= lag.total_seconds())


def _issue(source: str, kind: str, day: date, detail: str) -> Issue:
    return Issue(
        source=source,
        kind="late" if kind == "late" else "skewed",
        start=datetime.combine(day, time(), UTC),
        detail=detail,
    )


def off_clocks(days: "pl.DataFrame", zones: Mapping[str, str] | None = None) -> Iterator[Issue]:
    """Yield the wrong one of two different clocks: the one that agrees with no third, or both.

    Args:
        days: Rows of `marts.source_clocks`.
        zones: The zone in which each source is read.
    """
    for name, other, ahead, one in blamed(days):
        yield _disagreement(name, other, ahead, one, (zones or {}).get(name))


def _disagreement(name: str, other: str, ahead: float, found: Apart, zone: str | None) -> Issue:
    way = "ahead of" if ahead > 0 else "behind"
    detail = f"{clock_words(abs(ahead))} {way} {other}, from {found.pairs:,} pairs of one day"
    if zone is not None:
        detail += _zone_advice(zone, ahead, found.since)
    return Issue(
        source=name,
        kind="off_clock",
        what=other,
        start=datetime.combine(found.since, time(), UTC),
        detail=detail,
    )


def _zone_advice(zone: str, ahead: float, day: date) -> str:
    """Return the zone that would make the difference go, where it is one of zones."""
    half_hours = round(ahead / HALF_HOUR)
    if not half_hours or abs(ahead - half_hours * HALF_HOUR) > ZONE_SECONDS:
        return ""
    at_noon = datetime.combine(day, time(12), UTC)
    read_in = at_noon.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    true = read_in + timedelta(seconds=half_hours * HALF_HOUR)
    for name in ZONES:
        if at_noon.astimezone(ZoneInfo(name)).utcoffset() == true:
            return f': set zone = "{name}" for this source if its timestamps have no zone'
    return ": set zone for this source if its timestamps have no zone"
