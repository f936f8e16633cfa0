"""Finds events that two files of a source share because their times overlap.

An *interval* is the time that both files cover. A single instant does not count: rotated
files share their border second, and every line of it is real.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from pipelines.events import EVENT_CLASSES, INSTANT

ALIKE = 0.9
"""Share of the smaller side of an interval that the other side must hold."""
MIN_INSTANTS = 2
SAME = ["time", "_key"]
READINGS = ("time_quality", "name_proof")
"""Columns of how a line was read; another version may have read the same line otherwise."""

_EVENTS = pl.Schema({"time": INSTANT, "_key": pl.UInt64()})


@dataclass(frozen=True)
class Interval:
    """The time that an earlier and a later file both cover."""

    earlier: int
    later: int
    first: datetime
    last: datetime


def covered(frame: pl.DataFrame) -> pl.DataFrame:
    """`file_id`, `first`, `last`: the time that each file of a frame covers."""
    ids, first, last = pl.col("file_id"), pl.col("time").min(), pl.col("time").max()
    if frame["file_id"].min() == frame["file_id"].max():  # far quicker than grouping
        return frame.select(ids.first(), first=first, last=last)
    return frame.group_by(ids).agg(first=first, last=last)


def by_content(
    left: pl.DataFrame, rows: pl.LazyFrame, ranges: pl.DataFrame, key: pl.Expr
) -> tuple[pl.Series, dict[int, frozenset[int]]]:
    """Return rows that earlier files hold, and which files overlap with which.

    Args:
        left: Events to look at, with `_row` to name them by.
        rows: Events of the lake.
        ranges: The times that each file of the source covers.
        key: One number for the content of an event.
    """
    columns = ["_row", "file_id", *SAME]
    intervals = list(_intervals(left, rows, ranges, key))
    if not intervals:
        return pl.Series("_row", [], pl.UInt32), {}
    earlier = {interval.earlier for interval in intervals}
    lake = (
        rows.filter(
            pl.col("file_id").is_in(list(earlier)),
            pl.col("time").is_between(
                min(interval.first for interval in intervals),
                max(interval.last for interval in intervals),
            ),
        )
        .select("file_id", "time", key)
        .collect()
    )
    involved = list(earlier | {interval.later for interval in intervals})
    own = left.filter(pl.col("file_id").is_in(involved)).with_columns(key)
    return _Comparison(own.select(columns), lake).of(intervals)


class _Comparison:
    """Events by file, in order of time, and those that were found to be there."""

    def __init__(self, own: pl.DataFrame, lake: pl.DataFrame) -> None:
        self._own = _by_file(own)
        self._lake = _by_file(lake)
        self._kept = dict(self._own)

    def of(self, intervals: list[Interval]) -> tuple[pl.Series, dict[int, frozenset[int]]]:
        found = [pl.Series("_row", [], pl.UInt32)]
        pairs: dict[int, frozenset[int]] = {}
        later: dict[int, list[Interval]] = {}
        for one in intervals:
            later.setdefault(one.later, []).append(one)
        for file_id in sorted(later):
            sure = [interval for interval in later[file_id] if self._is_real(interval)]
            if sure:
                pairs[file_id] = frozenset(interval.earlier for interval in sure)
                found.append(self._accounted(file_id, sure))
        return pl.concat(found), pairs

    def _is_real(self, interval: Interval) -> bool:
        mine = _slice(self._own.get(interval.later), interval)
        return any(
            really_overlap(mine, _slice(side.get(interval.earlier), interval))
            for side in (self._lake, self._own)
        )

    def _accounted(self, file_id: int, sure: list[Interval]) -> pl.Series:
        """Return as many of its identical rows as the earlier files have."""
        theirs = [
            _slice(side.get(interval.earlier), interval).select(SAME)
            for interval in sure
            for side in (self._lake, self._kept)
        ]
        mine = self._own[file_id].with_columns(_ordinal=pl.col("_row").cum_count().over(SAME))
        there = mine.join(_counted(pl.concat(theirs)), on=SAME).filter(
            pl.col("_ordinal") <= pl.col("n")
        )["_row"]
        self._kept[file_id] = mine.filter(~pl.col("_row").is_in(there.implode()))
        return there


def really_overlap(mine: pl.DataFrame, theirs: pl.DataFrame) -> bool:
    """Return whether two files have the same events in one interval.

    Either file may begin or stop in the middle of an instant, so the instants
    between the ends decide, where there are any.
    """
    both = _counted(mine).join(_counted(theirs), on=SAME)
    if both["time"].n_unique() < MIN_INSTANTS:
        return False
    times = pl.concat([mine["time"], theirs["time"]])
    within = ~pl.col("time").is_in([times.min(), times.max()])
    if mine.filter(within).height and theirs.filter(within).height:
        mine, theirs, both = (part.filter(within) for part in (mine, theirs, both))
    common = both.select(pl.min_horizontal("n", "n_right").sum()).item()
    return bool(common >= ALIKE * min(mine.height, theirs.height))


def _intervals(
    left: pl.DataFrame, rows: pl.LazyFrame, ranges: pl.DataFrame, key: pl.Expr
) -> Iterator[Interval]:
    """Yield pairs of files that share an event at the edge of the time they share.

    Where sorted files overlap, the first or last event of one is in the other:
    looking at those instants alone finds every pair and costs next to nothing.
    """
    mine = covered(left)
    near = _near(mine, ranges)
    told = _merged(mine, near)
    if not _reaches(told):
        return
    pairs = _pairs(left, rows, pl.concat([near, mine]), key)
    shared = (
        pairs.join(told, left_on="earlier", right_on="file_id")
        .join(mine, left_on="later", right_on="file_id", suffix="_later")
        .select(
            "earlier",
            "later",
            first=pl.max_horizontal("first", "first_later"),
            last=pl.min_horizontal("last", "last_later"),
        )
        .filter(pl.col("first") < pl.col("last"))
        .sort("later", "earlier")
    )
    for row in shared.iter_rows(named=True):
        yield Interval(**row)


def any_shared(mine: pl.DataFrame, ranges: pl.DataFrame) -> bool:
    """Return whether some files cover a time that another one does; both as `Files.ranges`."""
    return _reaches(_merged(mine, _near(mine, ranges)))


def _near(mine: pl.DataFrame, ranges: pl.DataFrame) -> pl.DataFrame:
    first, last = pl.col("first"), pl.col("last")
    return ranges.filter((first < mine["last"].max()) & (last > mine["first"].min()))


def _merged(mine: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    both = pl.concat([near, mine])
    return both.group_by("file_id").agg(pl.col("first").min(), pl.col("last").max())


def _reaches(told: pl.DataFrame) -> bool:
    """Return whether some file's time overlaps that of another."""
    ordered = told.sort("first", "last")
    reach = pl.col("last").cum_max().shift(1)
    return bool(ordered.select((pl.col("first") < reach).any()).item())


def _pairs(
    left: pl.DataFrame, rows: pl.LazyFrame, covered: pl.DataFrame, key: pl.Expr
) -> pl.DataFrame:
    edges = pl.concat([covered["first"], covered["last"]]).unique()
    probes = left.filter(pl.col("time").is_in(edges.implode())).select("file_id", "time", key)
    times = probes["time"].unique()
    known = (
        rows.filter(pl.col("time").is_in(times.implode())).select("file_id", "time", key).collect()
    )
    lake = probes.join(known, on=SAME, suffix="_earlier")
    staged = probes.join(probes, on=SAME, suffix="_earlier").filter(
        pl.col("file_id_earlier") < pl.col("file_id")
    )
    both = pl.concat([lake, staged]).select(earlier="file_id_earlier", later="file_id")
    return both.unique().filter(pl.col("earlier") != pl.col("later"))


def _by_file(frame: pl.DataFrame) -> dict[int, pl.DataFrame]:
    parts = frame.sort("time", maintain_order=True).partition_by(
        "file_id", as_dict=True, maintain_order=True
    )
    return {int(file_id): part for (file_id,), part in parts.items()}


def _slice(part: pl.DataFrame | None, interval: Interval) -> pl.DataFrame:
    """Return the events of a file within an interval."""
    if part is None:
        return pl.DataFrame(schema=_EVENTS)
    begin = part["time"].search_sorted(interval.first, side="left")
    end = part["time"].search_sorted(interval.last, side="right")
    return part.slice(begin, end - begin)


def _counted(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.group_by(SAME).agg(n=pl.len())


def key(event_class: str, *without: str) -> pl.Expr:
    """Return one number for the content of an event; valid within one process."""
    names = [n for n in EVENT_CLASSES[event_class].names() if n not in (*READINGS, *without)]
    return pl.struct(names).hash().alias("_key")


def ranges(rows: Iterable[tuple[int, str | None, str | None]]) -> pl.DataFrame:
    """Return files, each with its first and last time as the ledger writes them."""
    return pl.DataFrame(
        list(rows),
        schema={"file_id": pl.Int64, "first": pl.String, "last": pl.String},
        orient="row",
    ).with_columns(
        pl.col("first", "last").str.to_datetime(
            "%Y-%m-%dT%H:%M:%S%.6f%z", time_unit="us", time_zone="UTC"
        )
    )
