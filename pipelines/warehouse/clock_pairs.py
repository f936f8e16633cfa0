"""Clocks that differ, from the pairs of `marts.source_clocks`. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from pipelines.state.rows import typed

if TYPE_CHECKING:  # `status` has no frames, and Polars takes long to import
    import polars as pl

OFF_SECONDS: Mapping[str, float] = {"moment": 30.0, "logon": 60.0, "zone": 900.0}
"""Maximum difference by kind of pair: beyond it a request can go to the wrong holder of an
address. One logon of a person follows the other by up to a minute. By what begins in
both, only whole and half hours are known."""
WRONG_SECONDS = 900.0
"""A clock that is off by this puts people into other lessons, breaks and duty hours."""
MIN_PAIRS = 20
"""Minimum pairs in a day for a difference to be reported."""
STEADY = 0.25
"""The pairs may scatter by this part of the difference, or by `SCATTER` seconds."""
SCATTER = 30.0
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


class ClockPair(NamedTuple):
    """A row of `marts.source_clocks`: how far two clocks were apart on a day."""

    source: str
    other_source: str
    event_date: date
    basis: str
    offset_seconds: float
    spread_seconds: float
    pair_count: int


def wrong_hours(days: "pl.DataFrame") -> dict[str, dict[date, str]]:
    """Return by source each day on which its clock was measured: how far it is off, in words.

    The words are empty where it is right, or off by less than `WRONG_SECONDS`.

    Args:
        days: Rows of `marts.source_clocks`.
    """
    import polars as pl

    measured: dict[str, dict[date, str]] = {}
    for (day, *_), rows in days.filter(pl.col("pair_count") >= MIN_PAIRS).group_by("event_date"):
        for name in {*rows["source"], *rows["other_source"]}:
            measured.setdefault(name, {}).setdefault(day, "")
        for name, other, ahead, _ in blamed(rows):
            if abs(ahead) >= WRONG_SECONDS:
                way = "ahead of" if ahead > 0 else "behind"
                measured[name][day] = f"{clock_words(abs(ahead))} {way} {other}"
    return measured


def blamed(days: "pl.DataFrame") -> Iterator[tuple[str, str, float, Apart]]:
    """Yield each wrong clock, the one that it differs from, and the seconds that it is ahead."""
    import polars as pl

    enough = days.filter(pl.col("pair_count") >= MIN_PAIRS)
    # of one moment two clocks say most
    rank = (pl.col("basis") != "moment") + (pl.col("basis") == "zone").cast(pl.UInt8)
    surest = enough.sort("event_date", rank).unique(
        ["source", "other_source", "event_date"], keep="first", maintain_order=True
    )
    rows: dict[tuple[str, str], list[ClockPair]] = {}
    for pair in typed(ClockPair, surest.select(ClockPair._fields).iter_rows(named=True)):
        rows.setdefault((pair.source, pair.other_source), []).append(pair)
    apart = [_apart(row) for row in rows.values() if _is_off(row[-1])]
    agree = {
        name
        for (source, other), one in rows.items()
        if abs(one[-1].offset_seconds) <= OFF_SECONDS[one[-1].basis]
        for name in (source, other)
    }
    for one in apart:
        sides = {one.source: one.other, one.other: one.source}
        blamed = sides.keys() - agree or sides.keys()
        for name in sorted(blamed):
            ahead = one.seconds if name == one.other else -one.seconds
            yield name, sides[name], ahead, one


def _is_off(row: ClockPair) -> bool:
    off = abs(row.offset_seconds)
    return off > OFF_SECONDS[row.basis] and row.spread_seconds <= max(SCATTER, STEADY * off)


def _apart(rows: Sequence[ClockPair]) -> Apart:
    """Return the newest difference, and the first of the days in a row that have one."""
    last = rows[-1]
    since = last.event_date
    for row in reversed(rows):
        if not _is_off(row):
            break
        since = row.event_date
    return Apart(last.source, last.other_source, last.offset_seconds, last.pair_count, since)


def clock_words(seconds: float) -> str:
    """Return how far a clock is off."""
    if seconds >= HOUR:
        return f"{seconds / HOUR:.1f} hours"
    return f"{seconds:,.0f} seconds"
