"""What kind of day it was, for each building and for the district. Pure."""

from datetime import date

import polars as pl

from pipelines.registry.calendar import SATURDAY, WORKING

EVERYWHERE = ""
"""Stands for the whole source where a building could."""

OPEN, CLOSED = "open", "closed"
CLOSED_KINDS = ("weekend", "holiday", "closure")


def day_kinds(days: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """One row a day and building, `EVERYWHERE` among them.

    A day that the calendar leaves out is a weekday or a weekend. Everywhere, a day
    is of the kind that it is in most buildings.

    Args:
        days: `event_date`, `building` and `day_type`, as `marts.school_days`.
        first: First day wanted; `last` is wanted too.

    Returns:
        `event_date`, `building`, `kind` and `pool`, which is open or closed.
    """
    every = pl.date_range(first, last, eager=True).alias("event_date").to_frame()
    known = days.drop_nulls(["building", "day_type"]).select(
        "event_date", "building", "day_type"
    )
    most = known.group_by("event_date").agg(pl.col("day_type").mode().sort().first())
    named = pl.concat(
        [known, most.with_columns(building=pl.lit(EVERYWHERE))], how="diagonal"
    )
    places = pl.concat(
        [known.select("building").unique(), pl.DataFrame({"building": [EVERYWHERE]})]
    )
    weekend = pl.col("event_date").dt.weekday() >= SATURDAY
    unsaid = pl.when(weekend).then(pl.lit("weekend")).otherwise(pl.lit("weekday"))
    kind = pl.coalesce("day_type", unsaid)
    return (
        every.join(places, how="cross")
        .join(named, on=["event_date", "building"], how="left")
        .select(
            "event_date",
            "building",
            kind=kind,
            pool=pl.when(kind.is_in([*WORKING, "weekday"]))
            .then(pl.lit(OPEN))
            .otherwise(pl.lit(CLOSED)),
        )
    )
