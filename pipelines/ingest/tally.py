"""Counts a batch of events for the ledger: by day, by filled column, by lag."""

from collections.abc import Mapping
from datetime import date, datetime

import polars as pl

from pipelines import clock
from pipelines.events import EVENT_CLASSES
from pipelines.ingest.words import word_counts
from pipelines.state.days import LAGS, SourceDay


def placed(frame: pl.DataFrame, source: str, fmt: str, zone: str) -> pl.DataFrame:
    """Events with their source, format and local day in the district's zone."""
    began = "start_time" if "start_time" in frame.columns else "time"
    day = clock.local_date(pl.coalesce(pl.col(began), pl.col("time")), zone)
    return frame.with_columns(source=pl.lit(source), format=pl.lit(fmt), event_date=day)


def with_days(
    rejects: pl.DataFrame,
    events: list[pl.DataFrame],
    carried: Mapping[int, date],
    file_days: Mapping[int, date],
    arrival: date,
) -> pl.DataFrame:
    """Rejects with the `event_date` of their neighbours, so that they are kept as long.

    That of the nearest event in the same file, else of the last one that was read of
    it before, else of the file.
    None lies ahead of its arrival: a wrong stamp must not keep a line for ever.

    Args:
        rejects: Lines that could not be read.
        events: The events that were read with them, placed.
        carried: The day of the last event of each file before these.
        file_days: The day of each file, as far as that is known.
        arrival: The day on which they arrived.
    """
    keys = ["file_id", "line_no"]
    days = [frame.select(*keys, "event_date") for frame in events]
    empty = rejects.clear().select(*keys, pl.lit(None, pl.Date).alias("event_date"))
    near = pl.concat([empty, *days]).sort("line_no")
    before, of_file = (
        pl.col("file_id").replace_strict(known, default=None, return_dtype=pl.Date)
        for known in (carried, file_days)
    )
    day = pl.coalesce("event_date", before, of_file, pl.lit(arrival))
    return (
        rejects.with_row_index("_row")
        .sort("line_no")
        .join_asof(
            near,
            on="line_no",
            by="file_id",
            strategy="nearest",
            check_sortedness=False,  # they are; it can not be told where there is `by`
        )
        .sort("_row")
        .with_columns(event_date=pl.min_horizontal(day, pl.lit(arrival)))
        .drop("_row")
    )


def day_count(
    source: str, event_class: str, frame: pl.DataFrame, now: datetime, *, sign: int = 1
) -> SourceDay:
    """What the events of one day add to its counts.

    Args:
        source: The source.
        event_class: The class of the events.
        frame: Events of one `event_date`, at least one.
        now: When they arrived.
        sign: -1 to take them off again.
    """
    names = EVENT_CLASSES[event_class].names()
    filled = {name: frame.height - frame[name].null_count() for name in names}
    filled |= word_counts(event_class, frame)
    lags = frame.select(
        held.sum().alias(name) for name, held in _lags(now).items()
    ).row(0, named=True)
    return SourceDay(
        source=source,
        event_class=event_class,
        event_date=frame["event_date"][0],
        events=sign * frame.height,
        filled={name: sign * count for name, count in filled.items()},
        lags={name: sign * count for name, count in lags.items()},
    )


def duplicate_counts(
    source: str, event_class: str, again: pl.DataFrame
) -> list[SourceDay]:
    """What events that came before add to the counts of their days."""
    return [
        SourceDay(
            source=source, event_class=event_class, event_date=day, duplicates=count
        )
        for day, count in again.group_by("event_date").len().iter_rows()
    ]


def _lags(now: datetime) -> dict[str, pl.Expr]:
    """For each class of `LAGS`, whether an event took so long to arrive."""
    seconds = (pl.lit(now).cast(pl.Datetime("us", "UTC")) - pl.col("time")).dt
    lag = seconds.total_seconds(fractional=False)
    bounds = list(LAGS.values())
    found = {}
    for number, name in enumerate(LAGS):
        above = lag >= bounds[number - 1] if number else pl.lit(value=True)
        found[name] = above & (lag < bounds[number])
    return found
