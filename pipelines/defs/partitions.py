"""The days by which everything derived is partitioned."""

import os
from datetime import date, timedelta
from pathlib import Path

import dagster as dg

from pipelines.defs.resources import HOME_VARIABLE
from pipelines.errors import SchoolbellError
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.reader import load_settings

FIRST_DAY = "2020-08-01"
DEFAULT_ZONE = "America/Chicago"


def district_settings() -> Settings | None:
    """What the home that this process serves is set to; None before there is one."""
    folder = Path(os.environ.get(HOME_VARIABLE) or "demo-district")
    try:
        return load_settings(DistrictHome(folder))
    except SchoolbellError:
        return None


def daily(zone: str) -> dg.DailyPartitionsDefinition:
    """Local days of the district, today included."""
    return dg.DailyPartitionsDefinition(
        start_date=FIRST_DAY, timezone=zone, end_offset=1
    )


def days_of(context: dg.AssetExecutionContext) -> list[date]:
    """The days that a run is asked for, one or a range."""
    keys = context.partition_key_range
    first, last = date.fromisoformat(keys.start), date.fromisoformat(keys.end)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
