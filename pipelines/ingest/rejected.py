"""Finds rejected lines that a source delivered before, in another file."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from pipelines.ingest.files import REJECTS
from pipelines.state import ledger
from pipelines.state.database import Store

PLACE_KEYS = ["line_no", "byte_offset", "line"]


def rejects_again(
    frame: pl.DataFrame,
    store: Store,
    folder: Path,
    source: str,
    roots: Mapping[int, int],
    pairs: Mapping[int, frozenset[int]],
) -> pl.Series:
    """Which rejects came before.

    They have no time, so only what was proved of their files counts: a copy's
    line at the same place, or the same text in a file that overlaps with theirs.
    """
    family = {*roots, *roots.values()}
    copies = [key for key in frame["file_id"].unique() if key in family]
    numbered = frame.with_row_index("_row")
    if not copies and not pairs:
        return pl.repeat(value=False, n=frame.height, dtype=pl.Boolean, eager=True)
    known = _known(frame, store, folder, source)
    found = [pl.Series("_row", [], pl.UInt32)]
    if copies:
        found.append(_by_place(numbered, known, roots))
    for later, others in pairs.items():
        mine = numbered.filter(pl.col("file_id") == later)
        theirs = known.filter(pl.col("file_id").is_in(list(others)))
        found.append(_by_text(mine, theirs))
    return numbered["_row"].is_in(pl.concat(found).unique().implode())


def _known(
    frame: pl.DataFrame, store: Store, folder: Path, source: str
) -> pl.DataFrame:
    """Rejects of the lake, and those of the frame itself."""
    columns = ["file_id", *PLACE_KEYS]
    staged = pl.lit(value=True).alias("_staged")
    listed = ledger.lake_files(store, REJECTS, source=source)
    lines = frame["line"].unique().implode()
    parts = [frame.select(*columns, staged)]
    if listed:
        rows = pl.scan_parquet([folder / one.path for one in listed])
        held = rows.filter(pl.col("line").is_in(lines)).select(*columns, ~staged)
        parts.append(held.collect())
    return pl.concat(parts)


def _by_place(
    numbered: pl.DataFrame, known: pl.DataFrame, roots: Mapping[int, int]
) -> pl.Series:
    root = pl.col("file_id").replace(dict(roots))
    on = ["_root", *PLACE_KEYS]
    twins = numbered.with_columns(_root=root).join(
        known.with_columns(_root=root), on=on, suffix="_known"
    )
    other = pl.col("file_id_known") != pl.col("file_id")
    before = ~pl.col("_staged") | (pl.col("file_id_known") < pl.col("file_id"))
    return twins.filter(other & before)["_row"]


def _by_text(mine: pl.DataFrame, theirs: pl.DataFrame) -> pl.Series:
    counted = theirs.group_by("line").agg(n=pl.len())
    numbered = mine.with_columns(_ordinal=pl.col("_row").cum_count().over("line"))
    there = numbered.join(counted, on="line")
    return there.filter(pl.col("_ordinal") <= pl.col("n"))["_row"]
