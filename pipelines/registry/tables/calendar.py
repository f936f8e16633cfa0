"""The calendar of the district: what kind of day it was, for each building."""

import polars as pl

from pipelines.day_kinds import DAY_TYPES
from pipelines.events import INSTANT, Column
from pipelines.registry.calendar import calendar_days, calendar_sources
from pipelines.registry.csv_files import Cell, File, RegistryFrame
from pipelines.registry.table import BUILDING, Dates, Inputs, Table, conform, text

FILE = File(
    "calendar.csv",
    {
        "date": Cell("2026-08-24", "date", required=True),
        "day_type": Cell("school", "word", required=True, allowed=DAY_TYPES),
        "duty_start": Cell("07:30", "clock"),
        "duty_end": Cell("15:45", "clock"),
        "note": Cell("first day"),
        "building": Cell("", names="building"),
        "declared_at": Cell("", "local_time"),
    },
    "off-hours use is not judged, unless a calendar comes as .ics",
)
COLUMNS = {
    "date": Column(pl.Date, "local day"),
    "building": BUILDING,
    "day_type": text("school, early_out, late_start, pd_day, weekend, ..."),
    "duty_start": Column(pl.Int32, "minutes after local midnight"),
    "duty_end": Column(pl.Int32, "minutes after local midnight"),
    "declared_time": Column(INSTANT, "known from then on; null: always was"),
}


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return the frame `calendar_days`, one row a date and building."""
    days = calendar_days(*calendar_sources(inputs))
    return {"calendar_days": RegistryFrame(conform(COLUMNS, days.frame), days.problems)}


TABLE = Table(
    name="calendar",
    file=FILE,
    frames={"calendar_days": COLUMNS},
    make=make,
    touches=Dates("date", "date"),
)
