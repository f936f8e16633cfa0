"""Counts a batch of events for the ledger: by day, by filled column, by lag."""

from dataclasses import replace
from datetime import date, datetime

import polars as pl

from pipelines.events import EVENT_CLASSES
from pipelines.state.days import LAGS, SourceDay


def day_counts(
    source: str,
    event_class: str,
    kept: pl.DataFrame,
    again: pl.DataFrame,
    now: datetime,
    *,
    sign: int = 1,
) -> list[SourceDay]:
    """What a batch adds to the counts of its days.

    Args:
        source: The source.
        event_class: The class of both frames.
        kept: Events that count.
        again: Events that came before.
        now: When they arrived.
        sign: -1 to take the kept ones off again.
    """
    counted = kept.group_by("event_date").agg(
        pl.len().alias("_rows"),
        *(pl.col(name).count() for name in EVENT_CLASSES[event_class].names()),
        *(held.sum().alias(f"_lag {name}") for name, held in _lags(now).items()),
    )
    twice = dict(again.group_by("event_date").len().iter_rows())
    days = {row["event_date"]: row for row in counted.iter_rows(named=True)}
    return [
        replace(
            _source_day(source, event_class, day, days.get(day, {}), sign),
            duplicates=twice.get(day, 0),
        )
        for day in sorted({*days, *twice})
    ]


def _source_day(
    source: str, event_class: str, day: date, row: dict[str, int], sign: int
) -> SourceDay:
    names = EVENT_CLASSES[event_class].names()
    return SourceDay(
        source=source,
        event_class=event_class,
        event_date=day,
        events=sign * row.get("_rows", 0),
        filled={name: sign * row.get(name, 0) for name in names},
        lags={name: sign * row.get(f"_lag {name}", 0) for name in LAGS},
    )


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
