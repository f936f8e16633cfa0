"""Times in which a source may lack lines, and the fewest logs that show what is open. Pure.

Source health reports a silence when it is sure of one. The question whether a use could have left
no line needs shorter ones too: a pause counts if the source usually writes `FEWEST_LINES` lines in
that time, and any pause counts of a source whose usual hours are not known.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import NamedTuple, TypeVar

import polars as pl

from pipelines.health.issues import EVERYWHERE
from pipelines.health.source_hours import LINES_PER_POWER, MIN_DAYS, intervals

FEWEST_LINES = LINES_PER_POWER
"""Lines that usually come in the time of a pause that counts: chance explains fewer."""
HOUR = timedelta(hours=1)
LOG = TypeVar("LOG", bound=Hashable)
Span = tuple[datetime, datetime]


class Silence(NamedTuple):
    """A time in which a source sent no lines, or far fewer than usual.

    Attributes:
        building: The only building that it is about; empty for the whole source.
        is_thin: Some lines came.
    """

    source: str
    building: str
    start: datetime
    end: datetime
    is_thin: bool = False


def silences(
    judged: pl.DataFrame, pauses: pl.DataFrame, start: datetime, end: datetime
) -> list[Silence]:
    """Return the silences of a time, in order; those that touch are one.

    Args:
        judged: From `source_hours.judged_hours`, from some days before the time on.
        pauses: Rows of `core.log_pauses`.
    """
    every = [
        Silence(one.source, one.building, one.start, one.end or end, one.kind == "thin")
        for one in intervals(judged)
    ]
    whole = judged.filter(pl.col("building") == EVERYWHERE)
    for (source, *_), hours in whole.group_by("source", maintain_order=True):
        breaks = pauses.filter(pl.col("source") == source).select("start_time", "end_time")
        is_learned = hours.filter(pl.col("line_count") > 0)["event_date"].n_unique() > MIN_DAYS
        usual = dict(hours.select("hour_start", "usual").iter_rows())
        every += [
            Silence(str(source), EVERYWHERE, first, last)
            for first, last in breaks.iter_rows()
            if not is_learned or _usual_lines(usual, first, last) >= FEWEST_LINES
        ]
    return united(_within(every, start, end))


def _usual_lines(usual: dict[datetime, float], start: datetime, end: datetime) -> float:
    """Return how many lines usually come in a time."""
    return sum(
        lines * (min(end, hour + HOUR) - max(start, hour)) / HOUR
        for hour, lines in usual.items()
        if hour < end and hour + HOUR > start
    )


def _within(given: Iterable[Silence], start: datetime, end: datetime) -> Iterator[Silence]:
    for one in given:
        if one.start < end and one.end > start:
            yield one._replace(start=max(one.start, start), end=min(one.end, end))


def united(given: Iterable[Silence]) -> list[Silence]:
    """Return silences in order; those that touch are one."""
    united: list[Silence] = []
    for one in sorted(given, key=lambda one: (one.source, one.building, one.is_thin, one.start)):
        last = united[-1] if united else None
        same = last and (last.source, last.building, last.is_thin) == (
            one.source,
            one.building,
            one.is_thin,
        )
        if last and same and one.start <= last.end:
            united[-1] = last._replace(end=max(last.end, one.end))
        else:
            united.append(one)
    return united


def days_of(start: datetime, end: datetime) -> list[date]:
    """Return the local days that a time in the district's zone touches."""
    last = (end - timedelta(microseconds=1)).date()
    return [date.fromordinal(n) for n in range(start.date().toordinal(), last.toordinal() + 1)]


def fewest(ways: Collection[frozenset[LOG]], order: Sequence[LOG]) -> list[LOG]:
    """Return the fewest logs of which each way has one; of equal choices the first in order.

    This is a minimum hitting set (R. Karp, "Reducibility among combinatorial problems", 1972). The
    two usual reductions come first: a way whose logs include all those of another way is hit with
    that one, and the only log of a way is chosen. What is left is so small that all choices are
    tried, the smallest first.

    Args:
        ways: The logs that would show each way; every way has at least one.
        order: All these logs, the preferred first.
    """
    needed = [one for one in set(ways) if not any(other < one for other in ways)]
    only = {log for one in needed if len(one) == 1 for log in one}
    left = [one for one in needed if not one & only]
    candidates = [log for log in order if any(log in one for one in left)]
    for size in range(len(candidates) + 1):
        for chosen in combinations(candidates, size):
            if all(not one.isdisjoint(chosen) for one in left):
                return [log for log in order if log in only or log in chosen]
    message = "a way has no log"
    raise ValueError(message)


def instead(
    log: LOG, chosen: Sequence[LOG], ways: Collection[frozenset[LOG]], order: Sequence[LOG]
) -> list[LOG]:
    """Return the logs of which each would do in the place of one that was chosen."""
    rest = {*chosen} - {log}
    open_ways = [one for one in ways if one.isdisjoint(rest)]
    return [
        other for other in order if other not in chosen and all(other in one for one in open_ways)
    ]
