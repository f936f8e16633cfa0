"""Which hours of which source arrived, and up to when they can have. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

import polars as pl

from pipelines.health.arrival import usual_lag
from pipelines.health.expecting import judged_hours
from pipelines.health.kinds import EVERYWHERE, day_kinds
from pipelines.state.days import SourceDay


def expected_hours(
    hours: pl.DataFrame, days: pl.DataFrame, closed: pl.DataFrame, zone: str
) -> pl.DataFrame:
    """Source-hours with and without lines, judged as alerts judge them.

    Args:
        hours: Rows of `marts.source_hours`.
        days: Rows of `marts.school_days`.
        closed: See `judged_hours`.
        zone: The district's zone.
    """
    everywhere = hours.with_columns(building=pl.lit(EVERYWHERE))
    first, last = hours["event_date"].min(), hours["event_date"].max()
    if not isinstance(first, date) or not isinstance(last, date):
        return hours.with_columns(is_expected=pl.lit(value=False))
    kinds = day_kinds(days, first, last)
    return judged_hours(everywhere, kinds, closed, zone).drop("building")


def closed_times(
    lags: Mapping[str, timedelta | None], as_of: datetime, *, is_history_closed: bool
) -> pl.DataFrame:
    """Up to when each source's hours have arrived, if they ever will.

    Args:
        lags: How long its lines usually take; None for history alone.
        is_history_closed: Whether hours of history may be missing: in a report, yes;
            it rings nobody.
    """
    now = as_of if is_history_closed else None
    times = [now if lag is None else as_of - lag for lag in lags.values()]
    frame = pl.DataFrame({"source": list(lags), "closed_time": times})
    return frame.with_columns(
        pl.col("source").cast(pl.String),
        pl.col("closed_time").cast(pl.Datetime("us", "UTC")),
    )


def usual_lags(days: Iterable[SourceDay]) -> dict[str, timedelta | None]:
    """How long each source's lines usually take to arrive."""
    found: dict[str, list[SourceDay]] = {}
    for one in days:
        found.setdefault(one.source, []).append(one)
    return {name: usual_lag(one) for name, one in found.items()}
