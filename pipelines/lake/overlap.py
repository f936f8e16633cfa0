"""Finds events that a source delivered before, in another file.

Exports overlap, and copies are cut short. Three proofs count, and nothing less:

1. the product's own id of the event, with the same time and content;
2. the same content at the same place of a file that is a copy of another;
3. the same content at the same time, where the two files really overlap: they
   share a stretch of time, not a single instant, and nearly all that one holds
   of that stretch the other holds too. Of identical events as many are kept as
   the fuller file has.

Two rotated files that share their border second are therefore both kept whole,
and so are two identical lines of one file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from pipelines.events import EVENT_CLASSES, INSTANT
from pipelines.state import ledger
from pipelines.state.connections import Store, now_text

# Finds events that two files of a source share because their times overlap.
#
# A *stretch* is the time that two files both cover. A single instant is none:
# rotated files share their border second, and every line of it is real.

ALIKE = 0.9
"""Share of the smaller side of a stretch that the other side must hold."""

LEAST_INSTANTS = 2
SAME = ["time", "_key"]
_EVENTS = pl.Schema({"time": INSTANT, "_key": pl.UInt64()})


@dataclass(frozen=True)
class Stretch:
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
        key: One number for all that an event says.
    """
    columns = ["_row", "file_id", *SAME]
    stretches = list(_stretches(left, rows, ranges, key))
    if not stretches:
        return pl.Series("_row", [], pl.UInt32), {}
    earlier = {stretch.earlier for stretch in stretches}
    lake = (
        rows.filter(
            pl.col("file_id").is_in(list(earlier)),
            pl.col("time").is_between(
                min(stretch.first for stretch in stretches),
                max(stretch.last for stretch in stretches),
            ),
        )
        .select("file_id", "time", key)
        .collect()
    )
    involved = list(earlier | {stretch.later for stretch in stretches})
    own = left.filter(pl.col("file_id").is_in(involved)).with_columns(key)
    return _Comparison(own.select(columns), lake).of(stretches)


class _Comparison:
    """Events by file, in order of time, and those that were found to be there."""

    def __init__(self, own: pl.DataFrame, lake: pl.DataFrame) -> None:
        self._own = _by_file(own)
        self._lake = _by_file(lake)
        self._kept = dict(self._own)

    def of(self, stretches: list[Stretch]) -> tuple[pl.Series, dict[int, frozenset[int]]]:
        found = [pl.Series("_row", [], pl.UInt32)]
        pairs: dict[int, frozenset[int]] = {}
        later: dict[int, list[Stretch]] = {}
        for one in stretches:
            later.setdefault(one.later, []).append(one)
        for file_id in sorted(later):
            sure = [stretch for stretch in later[file_id] if self._is_real(stretch)]
            if sure:
                pairs[file_id] = frozenset(stretch.earlier for stretch in sure)
                found.append(self._accounted(file_id, sure))
        return pl.concat(found), pairs

    def _is_real(self, stretch: Stretch) -> bool:
        mine = _slice(self._own.get(stretch.later), stretch)
        return any(
            really_overlap(mine, _slice(side.get(stretch.earlier), stretch))
            for side in (self._lake, self._own)
        )

    def _accounted(self, file_id: int, sure: list[Stretch]) -> pl.Series:
        """As many of its identical rows as the earlier files have."""
        theirs = [
            _slice(side.get(stretch.earlier), stretch).select(SAME)
            for stretch in sure
            for side in (self._lake, self._kept)
        ]
        mine = self._own[file_id].with_columns(_ordinal=pl.col("_row").cum_count().over(SAME))
        there = mine.join(_counted(pl.concat(theirs)), on=SAME).filter(
            pl.col("_ordinal") <= pl.col("n")
        )["_row"]
        self._kept[file_id] = mine.filter(~pl.col("_row").is_in(there.implode()))
        return there


def really_overlap(mine: pl.DataFrame, theirs: pl.DataFrame) -> bool:
    """Two files' events of one stretch are the same events.

    Either file may begin or stop in the middle of an instant, so the instants
    between the ends decide, where there are any.
    """
    both = _counted(mine).join(_counted(theirs), on=SAME)
    if both["time"].n_unique() < LEAST_INSTANTS:
        return False
    times = pl.concat([mine["time"], theirs["time"]])
    within = ~pl.col("time").is_in([times.min(), times.max()])
    if mine.filter(within).height and theirs.filter(within).height:
        mine, theirs, both = (part.filter(within) for part in (mine, theirs, both))
    common = both.select(pl.min_horizontal("n", "n_right").sum()).item()
    return bool(common >= ALIKE * min(mine.height, theirs.height))


def _stretches(
    left: pl.DataFrame, rows: pl.LazyFrame, ranges: pl.DataFrame, key: pl.Expr
) -> Iterator[Stretch]:
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
        yield Stretch(**row)


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
    """Some file's time reaches into that of another."""
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


def _slice(part: pl.DataFrame | None, stretch: Stretch) -> pl.DataFrame:
    """Return the events of a file within a stretch."""
    if part is None:
        return pl.DataFrame(schema=_EVENTS)
    begin = part["time"].search_sorted(stretch.first, side="left")
    end = part["time"].search_sorted(stretch.last, side="right")
    return part.slice(begin, end - begin)


def _counted(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.group_by(SAME).agg(n=pl.len())


PLACE_KEYS = ["line_no", "byte_offset"]


@dataclass(frozen=True)
class Earlier:
    """What the lake holds of one source and event class.

    Attributes:
        unlisted: Files that were written and do not count yet, of any class.
    """

    store: Store
    folder: Path
    source: str
    event_class: str
    unlisted: Sequence[ledger.LakeFile] = ()

    def rows(self, frame: pl.DataFrame) -> pl.LazyFrame:
        """Return its events of the days and times that a frame covers."""
        days = frame["event_date"].drop_nulls()
        listed = ledger.lake_files(
            self.store,
            self.event_class,
            first=days.min(),  # type: ignore[arg-type]
            last=days.max(),  # type: ignore[arg-type]
            source=self.source,
        )
        first, last = span(frame)
        written = [file for file in self.unlisted if file.event_class == self.event_class]
        paths = [
            self.folder / file.path
            for file in (*listed, *written)
            if (file.first_time or "") <= last and first <= (file.last_time or "9")
        ]
        return pl.scan_parquet(paths) if paths else frame.clear().lazy()


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is known of the files of a source.

    Attributes:
        roots: For each copy, the file whose copy it is.
        ranges: `file_id`, `first`, `last`: the times that a file covers.
    """

    roots: Mapping[int, int]
    ranges: pl.DataFrame


@dataclass(frozen=True)
class Found:
    """Which rows of a frame came before, and from which files, if known.

    Attributes:
        mask: True for a row that came before.
        pairs: For each file, the earlier ones that it overlaps with.
    """

    mask: pl.Series
    pairs: Mapping[int, frozenset[int]]


def span(frame: pl.DataFrame) -> tuple[str, str]:
    """Return first and last time, as the ledger writes them."""
    first, last = frame["time"].min(), frame["time"].max()
    return now_text(first), now_text(last)  # type: ignore[arg-type]


def find(frame: pl.DataFrame, earlier: Earlier, files: Files) -> Found:
    """Which events of a frame the source delivered before.

    Args:
        frame: Events of one class from one or several files, in reading order.
        earlier: The lake.
        files: The files of the source, those of the frame included.
    """
    numbered = frame.with_row_index("_row")
    rows = earlier.rows(frame)
    came: list[pl.Series] = []
    with_id = numbered.filter(pl.col("event_uid").is_not_null())
    if with_id.height:
        came.append(_by_id(with_id, rows, earlier.event_class))
    family = [*files.roots, *files.roots.values()]
    copies = numbered.filter(pl.col("file_id").is_in(family))
    if copies.height:
        came.append(_by_place(copies, rows, files, earlier.event_class))
    left = numbered
    if came:
        known = pl.col("_row").is_in(_union(came).implode())
        left = numbered.filter(pl.col("event_uid").is_null() & ~known)
    pairs: dict[int, frozenset[int]] = {}
    if left.height:
        rows_found, pairs = by_content(left, rows, files.ranges, key(earlier.event_class))
        came.append(rows_found)
    found = _union(came)
    if not len(found):
        return Found(pl.repeat(value=False, n=frame.height, eager=True), pairs)
    return Found(numbered["_row"].is_in(found.implode()), pairs)


def _union(parts: list[pl.Series]) -> pl.Series:
    return pl.concat([pl.Series("_row", [], pl.UInt32), *parts]).unique()


def key(event_class: str, *, without: tuple[str, ...] = ("time_quality",)) -> pl.Expr:
    """Return one number for all that an event says; good within one process."""
    names = [n for n in EVENT_CLASSES[event_class].names() if n not in without]
    return pl.struct(names).hash().alias("_key")


def _by_id(with_id: pl.DataFrame, rows: pl.LazyFrame, event_class: str) -> pl.Series:
    """Rows that came before under the same id, with the same time and content.

    The id alone is not enough: some products number the lines of one query alike.
    What a product adds later (`extras`) may differ.
    """
    said = key(event_class, without=("time_quality", "extras"))
    on = ["event_uid", "time", "_key"]
    mine = with_id.select("_row", "event_uid", "time", said)
    known = rows.filter(pl.col("event_uid").is_not_null()).select(*on[:2], said)
    again = mine.join(known.collect().unique(), on=on, how="semi")["_row"]
    inside = mine.filter(~pl.struct(on).is_first_distinct())["_row"]
    return pl.concat([again, inside]).unique()


def _by_place(
    copies: pl.DataFrame, rows: pl.LazyFrame, files: Files, event_class: str
) -> pl.Series:
    """Rows of copies that stand in the lake at the same place of the original."""
    root = pl.col("file_id").replace(dict(files.roots))
    own = copies.with_columns(key(event_class), _root=root)
    family = [*files.roots, *files.roots.values()]
    known = (
        rows.filter(pl.col("file_id").is_in(family))
        .filter(pl.col("byte_offset") <= own["byte_offset"].max())
        .select("file_id", *PLACE_KEYS, key(event_class), _root=root)
        .collect()
    )
    on = ["_root", *PLACE_KEYS, "_key"]
    twins = own.join(known, on=on, suffix="_known")
    again = twins.filter(pl.col("file_id") != pl.col("file_id_known"))["_row"]
    staged = own.join(own.select("file_id", *on), on=on, suffix="_known")
    inside = staged.filter(pl.col("file_id_known") < pl.col("file_id"))["_row"]
    return pl.concat([again, inside]).unique()


def file_ranges(records: Iterable[ledger.FileRecord]) -> pl.DataFrame:
    """Return the times that files cover, as `Files.ranges` wants them."""
    return ranges(
        (record.file_id, record.first_time, record.last_time)
        for record in records
        if record.first_time and record.last_time
    )


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
