"""What arrived and what did not: hours of sources, lines of days."""

from datetime import date

import polars as pl

HOURS = pl.DataFrame({"hour": list(range(24))}, schema={"hour": pl.Int64})
COUNTS = ("rejects", "blanks", "duplicates", "pending")


def expected_hours(hours: pl.DataFrame, days: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Source-hours with and without lines; expected where the source usually speaks.

    An hour is expected of a source when it spoke in that local hour on at least
    three quarters of the other days of the same kind, of which there are at
    least three. The hour that a day lacks in spring is never expected.
    """
    kinds = days.group_by("event_date").agg(pl.col("day_type").mode().first())
    span = pl.DataFrame({"event_date": _all_days(hours)}).join(
        kinds, on="event_date", how="left"
    )
    grid = (
        hours.select("source").unique().join(span, how="cross").join(HOURS, how="cross")
    )
    seen = hours.group_by("source", "event_date", "hour").agg(
        pl.col("line_count").sum(), pl.col("hour_start").min()
    )
    spoken = grid.join(seen, on=["source", "event_date", "hour"], how="left")
    others = pl.len().over("source", "day_type", "hour") - 1
    spoke = pl.col("line_count").is_not_null()
    times = spoke.sum().over("source", "day_type", "hour") - spoke.cast(pl.UInt32)
    expected = (others >= 3) & (times >= 0.75 * others)
    return (
        spoken.with_columns(is_expected=expected.fill_null(value=False))
        .filter(spoke | pl.col("is_expected"))
        .with_columns(
            pl.coalesce("hour_start", _beginning(zone)).alias("hour_start"),
            pl.col("line_count").fill_null(0),
        )
        .drop_nulls("hour_start")
        .sort("source", "event_date", "hour")
    )


def _beginning(zone: str) -> pl.Expr:
    """When a local hour of a local day began."""
    local = pl.col("event_date").cast(pl.Datetime("us")) + pl.duration(hours="hour")
    return local.dt.replace_time_zone(
        zone, ambiguous="earliest", non_existent="null"
    ).dt.convert_time_zone("UTC")


def _all_days(hours: pl.DataFrame) -> pl.Series:
    first, last = hours["event_date"].min(), hours["event_date"].max()
    if first is None:
        return pl.Series([], dtype=pl.Date)
    assert isinstance(first, date)
    assert isinstance(last, date)
    return pl.date_range(first, last, eager=True)


def source_days(files: pl.DataFrame, file_days: pl.DataFrame) -> pl.DataFrame:
    """The account of lines by source and local day.

    Events count on their own day; what a file holds besides counts on the last
    day of its events, or on the day it arrived if it has none.
    """
    last = file_days.group_by("file_id").agg(pl.col("event_date").max())
    events = file_days.group_by("source", "event_date").agg(pl.col("events").sum())
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
    return both.with_columns(pl.col(counts).fill_null(0)).with_columns(
        lines=pl.sum_horizontal(counts)
    )
