"""The account of lines, by source and day."""

import polars as pl

COUNTS = ("rejects", "blanks", "duplicates", "pending")


def source_days(files: pl.DataFrame, file_days: pl.DataFrame) -> pl.DataFrame:
    """The account of lines by source and local day.

    Events count on their own day; what a file holds besides counts on the last
    day of its events, or on the day it arrived if it has none. `unchecked` are events
    of files that came compressed without a checksum.
    """
    last = file_days.group_by("file_id").agg(pl.col("event_date").max())
    marked = files.select("file_id", "has_checksum")
    checked = file_days.join(marked, on="file_id", how="left")
    unchecked = pl.when(~pl.col("has_checksum")).then("events").sum()
    events = checked.group_by("source", "event_date").agg(
        pl.col("events").sum(), unchecked=unchecked
    )
    rest = (
        files.join(last, on="file_id", how="left")
        .with_columns(
            event_date=pl.coalesce("event_date", pl.col("first_seen_time").dt.date())
        )
        .group_by("source", "event_date")
        .agg(pl.col(name).sum() for name in COUNTS)
    )
    both = events.join(rest, on=["source", "event_date"], how="full", coalesce=True)
    counts = ["events", *COUNTS]
    filled = pl.col(*counts, "unchecked").fill_null(0)
    return both.with_columns(filled).with_columns(lines=pl.sum_horizontal(counts))
