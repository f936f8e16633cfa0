"""Type of each day, for each building.

A row for a building takes precedence over a row for the district, a declared change (a
snow day) over the plan, and `calendar.csv` over an `.ics` file. A Saturday or Sunday
without a row is a weekend, within the school years that the calendar covers. A weekday that
an `.ics` file does not name is a school day between the file's first and last event,
except in summer: such files name special days. Any other weekday without a row is not
in the frame: its type is unknown.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl

from pipelines.clock import Reading, civil_time
from pipelines.day_kinds import WORKING
from pipelines.registry.csv_files import LINE, RegistryFrame, tell
from pipelines.registry.table import UNKNOWN_BUILDING, Inputs
from pipelines.settings.problems import Problem
from pipelines.weeks import SCHOOL_YEAR_STARTS

FILE = "calendar.csv"
SATURDAY = 6  # ISO weekday
SUMMER_FROM, SUMMER_TO = (6, 1), (9, 1)
"""Month and day: a weekday from the one to the other is known by its name alone, unless
titles name the last day of school, or the first."""


def calendar_days(
    rows: RegistryFrame, events: pl.DataFrame, buildings: list[str], zone: str
) -> RegistryFrame:
    """Return the frame `calendar_days`, one row a date and building.

    Args:
        rows: Of `calendar.csv`.
        events: `date`, `day_type` and `is_inferred` of calendar files.
        buildings: Every building; with none, the building is null.
        zone: The district's time zone.
    """
    declared = civil_time(pl.col("declared_at"), Reading(zone)).time
    said = rows.frame.with_columns(declared_time=declared, is_file=pl.lit(value=True)).drop(
        "declared_at"
    )
    named = said.filter(pl.col("building").is_null())["date"].to_list()
    planned = events.filter(~(pl.col("is_inferred") & pl.col("date").is_in(named))).select(
        pl.col("date", "day_type"), is_file=pl.lit(value=False)
    )
    both = pl.concat([said, planned], how="diagonal")
    spread = _spread(pl.concat([both, _weekends(both)], how="diagonal"), buildings)
    problems = [*_unknown(said, buildings), *_twice(said), *_gaps(said, events)]
    frame = (
        spread.sort(
            "is_alone",
            "is_file",
            "declared_time",
            descending=[True, True, True],
            nulls_last=True,
            maintain_order=True,
        )
        .unique(["date", "building"], keep="first", maintain_order=True)
        .sort("date", "building")
    )
    return RegistryFrame(frame, (*rows.problems, *problems))


def closed_late(
    rows: RegistryFrame, events: pl.DataFrame, buildings: list[str], zone: str
) -> pl.DataFrame:
    """Return planned working days that a declaration closed, with its instant.

    Until a snow day was declared, it was a working day like any other.

    Returns:
        `date`, `building` and `declared_time`.
    """
    plan = calendar_days(
        RegistryFrame(rows.frame.filter(pl.col("declared_at").is_null()), ()),
        events,
        buildings,
        zone,
    ).frame.filter(pl.col("day_type").is_in(WORKING))
    now = calendar_days(rows, events, buildings, zone).frame.filter(
        ~pl.col("day_type").is_in(WORKING), pl.col("declared_time").is_not_null()
    )
    return now.join(plan, on=["date", "building"], how="semi", nulls_equal=True).select(
        "date", "building", "declared_time"
    )


def _spread(days: pl.DataFrame, buildings: list[str]) -> pl.DataFrame:
    """Return a row for each building, and whether it was meant alone."""
    every: list[str] | list[None] = buildings or [None]
    everywhere = pl.DataFrame({"_every": every}, {"_every": pl.String})
    general = days.filter(pl.col("building").is_null()).drop("building")
    alone = days.filter(pl.col("building").is_in(buildings))
    return pl.concat(
        [
            general.join(everywhere, how="cross")
            .rename({"_every": "building"})
            .with_columns(is_alone=pl.lit(value=False)),
            alone.with_columns(is_alone=pl.lit(value=True)),
        ],
        how="diagonal",
    )


def _weekends(days: pl.DataFrame) -> pl.DataFrame:
    columns = {"date": pl.Date, "day_type": pl.String, "building": pl.String}
    first, last = days["date"].min(), days["date"].max()
    if not isinstance(first, date) or not isinstance(last, date):
        return pl.DataFrame(schema=columns)
    start = date(first.year - (first.month < SCHOOL_YEAR_STARTS), SCHOOL_YEAR_STARTS, 1)
    end = date(last.year + (last.month >= SCHOOL_YEAR_STARTS), SCHOOL_YEAR_STARTS - 1, 30)
    every = pl.date_range(start, end, eager=True).alias("date").to_frame()
    return every.filter(pl.col("date").dt.weekday() >= SATURDAY).select(
        "date",
        pl.lit("weekend").alias("day_type"),
        pl.lit(None, pl.String).alias("building"),
        pl.lit(None, pl.Boolean).alias("is_file"),
    )


def _unknown(said: pl.DataFrame, buildings: list[str]) -> list[Problem]:
    strange = said.filter(~pl.col("building").is_in(buildings).fill_null(value=True))
    return tell(
        FILE,
        "building",
        strange.select(LINE, pl.col("building").alias("value")),
        what=UNKNOWN_BUILDING,
        allowed=", ".join(buildings) or "left empty",
    )


def _twice(said: pl.DataFrame) -> list[Problem]:
    """Return two plans for one day: the first counts."""
    plans = said.filter(pl.col("declared_time").is_null())
    again = plans.filter(
        ~pl.struct("date", "building").is_first_distinct()
        & (pl.col("day_type").n_unique().over("date", "building") > 1)
    )
    return tell(
        FILE,
        "date",
        again.select(LINE, pl.col("date").cast(pl.String).alias("value")),
        what="has another kind in an earlier row, which counts",
        allowed="one row a date and building; a change has declared_at",
    )


def _gaps(said: pl.DataFrame, events: pl.DataFrame) -> Iterator[Problem]:
    """Report the weekdays between named days that have no kind, summers aside."""
    known = {*said["date"], *events["date"]}
    spans = said["date"] if events["is_inferred"].any() else pl.Series([*known])
    first, last = spans.min(), spans.max()
    if not isinstance(first, date) or not isinstance(last, date):
        return
    unknown = [
        day
        for day in weekdays(first, last)
        if day not in known and not SUMMER_FROM <= (day.month, day.day) < SUMMER_TO
    ]
    if unknown:
        some = ", ".join(map(str, unknown[:3])) + (", ..." if len(unknown) > 3 else "")
        yield Problem(
            FILE,
            f"{len(unknown)} weekdays have no kind: off-hours use is not judged on them ({some})",
            allowed="a row for each day, or the district's calendar as .ics",
            severity="notice",
        )


def weekdays(first: date, last: date) -> Iterator[date]:
    """Yield the days from Monday to Friday of a span."""
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if day.isoweekday() < SATURDAY:
            yield day


def local_instant(day: pl.Expr, minutes: pl.Expr, zone: str) -> pl.Expr:
    """Return the instant a number of minutes after a local midnight, by wall time."""
    moment = day.cast(pl.Datetime("us")) + pl.duration(minutes=minutes, time_unit="us")
    return civil_time(moment, Reading(zone)).time


def calendar_sources(inputs: Inputs) -> tuple[RegistryFrame, pl.DataFrame, list[str], str]:
    """Return the inputs of `calendar_days`."""
    names = inputs.frame("buildings")["building"].drop_nulls()
    buildings = names.unique(maintain_order=True).to_list()
    return inputs.rows[FILE], inputs.events, buildings, inputs.settings.district.zone
