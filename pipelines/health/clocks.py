"""Sources whose clocks do not agree with those of others. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

import polars as pl

from pipelines.health.trouble import Trouble

OFF_SECONDS = 60.0
"""Clocks further apart can give a request to the wrong holder of an address."""

LEAST_PAIRS = 20
"""In a day, to speak of a difference."""

STEADY = 0.25
"""The pairs may scatter by this part of the difference, or half of `OFF_SECONDS`."""

HOUR = 3_600


class Apart(NamedTuple):
    """Two sources whose clocks differ, and since when.

    Attributes:
        seconds: To be added to the stamps of `source` to get those of `other`.
    """

    source: str
    other: str
    seconds: float
    pairs: int
    since: date


def off_clocks(days: pl.DataFrame) -> Iterator[Trouble]:
    """Of two clocks that differ, the one that agrees with no third; else both.

    Args:
        days: Rows of `marts.source_clocks`.
    """
    enough = days.filter(pl.col("pair_count") >= LEAST_PAIRS).sort("event_date")
    series = enough.partition_by("source", "other_source", as_dict=True)
    rows = {pair: one.to_dicts() for pair, one in series.items()}
    apart = [_apart(one) for one in rows.values() if _is_off(one[-1])]
    agree = {
        name
        for (source, other), one in rows.items()
        if abs(one[-1]["offset_seconds"]) <= OFF_SECONDS
        for name in (source, other)
    }
    for one in apart:
        sides = {one.source: one.other, one.other: one.source}
        blamed = sides.keys() - agree or sides.keys()
        for name in sorted(blamed):
            ahead = one.seconds if name == one.other else -one.seconds
            yield _trouble(name, sides[name], ahead, one)


def _is_off(row: Mapping[str, Any]) -> bool:
    off, spread = abs(row["offset_seconds"]), row["spread_seconds"]
    return bool(off > OFF_SECONDS and spread <= max(OFF_SECONDS / 2, STEADY * off))


def _apart(rows: Sequence[Mapping[str, Any]]) -> Apart:
    """The newest difference, and the first of the days in a row that have one."""
    last = rows[-1]
    since = last["event_date"]
    for row in reversed(rows):
        if not _is_off(row):
            break
        since = row["event_date"]
    names = last["source"], last["other_source"]
    return Apart(*names, last["offset_seconds"], last["pair_count"], since)


def _trouble(name: str, other: str, ahead: float, found: Apart) -> Trouble:
    way = "ahead of" if ahead > 0 else "behind"
    detail = f"{_words(abs(ahead))} {way} {other}, by {found.pairs:,} pairs of a day"
    return Trouble(
        source=name,
        kind="off_clock",
        what=other,
        start=datetime.combine(found.since, time(), UTC),
        detail=detail,
    )


def _words(seconds: float) -> str:
    if seconds >= HOUR:
        return f"{seconds / HOUR:.1f} hours"
    return f"{seconds:,.0f} seconds"
