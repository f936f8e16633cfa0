"""Finds events that a source delivered before, in another file.

Exports overlap, and copies are cut short. Three proofs count, and nothing less:

1. the product's own id of the event, with the same time and content;
2. the same content at the same place of a file that is a copy of another;
3. the same content at the same time, where the two files really overlap: they
   share an interval of time, not a single instant, and nearly all that one holds
   of that interval the other holds too. Of identical events as many are kept as
   the fuller file has.

Two rotated files that share their border second are therefore both kept whole. Of two
identical lines next to each other in one file, see `repeated_lines`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.lake.repeated_lines import line_before, repeated
from pipelines.lake.same_content import by_content, key, ranges
from pipelines.state import ledger
from pipelines.state.connections import Store, now_text

PLACE_KEYS = ["line_no", "byte_offset"]


@dataclass(frozen=True)
class EarlierFiles:
    """Files of one source and event class in the lake.

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
        if not paths:
            return frame.clear().lazy()
        # files of an earlier version have fewer columns
        return pl.scan_parquet(paths, missing_columns="insert", extra_columns="ignore")


@dataclass(frozen=True, kw_only=True)
class Files:
    """Facts about the files of a source.

    Attributes:
        roots: For each copy, its original.
        ranges: `file_id`, `first`, `last`: the times that a file covers.
    """

    roots: Mapping[int, int]
    ranges: pl.DataFrame


@dataclass(frozen=True)
class RepeatedRows:
    """Repeated rows of a frame, and their earlier files, if known.

    Attributes:
        mask: True for a repeated row.
        pairs: For each file, the earlier ones that it overlaps with.
    """

    mask: pl.Series
    pairs: Mapping[int, frozenset[int]]


def span(frame: pl.DataFrame) -> tuple[str, str]:
    """Return first and last time, as the ledger writes them."""
    first, last = frame["time"].min(), frame["time"].max()
    return now_text(first), now_text(last)  # type: ignore[arg-type]


def find(frame: pl.DataFrame, earlier: EarlierFiles, files: Files) -> RepeatedRows:
    """Return which events of a frame the source delivered before.

    Args:
        frame: Events of one class from one or several files, in reading order.
        earlier: The lake.
        files: The files of the source, with those of the frame.
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
    before = line_before(frame, rows)
    again = repeated(frame, earlier.event_class, before)
    if again.any():
        came.append(numbered.filter(again)["_row"])
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
        return RepeatedRows(pl.repeat(value=False, n=frame.height, eager=True), pairs)
    return RepeatedRows(numbered["_row"].is_in(found.implode()), pairs)


def _union(parts: list[pl.Series]) -> pl.Series:
    return pl.concat([pl.Series("_row", [], pl.UInt32), *parts]).unique()


def _by_id(with_id: pl.DataFrame, rows: pl.LazyFrame, event_class: str) -> pl.Series:
    """Return rows with an earlier id, time and content.

    The id alone is not enough: some products number the lines of one query identically.
    Fields that a product adds later (`extras`) may differ.
    """
    said = key(event_class, "extras")
    on = ["event_uid", "time", "_key"]
    mine = with_id.select("_row", "event_uid", "time", said)
    known = rows.filter(pl.col("event_uid").is_not_null()).select(*on[:2], said)
    again = mine.join(known.collect().unique(), on=on, how="semi")["_row"]
    inside = mine.filter(~pl.struct(on).is_first_distinct())["_row"]
    return pl.concat([again, inside]).unique()


def _by_place(
    copies: pl.DataFrame, rows: pl.LazyFrame, files: Files, event_class: str
) -> pl.Series:
    """Return rows of copies that are in the lake at the same place of the original."""
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
