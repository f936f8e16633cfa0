"""The district home as a Dagster resource."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from pipelines.district import District, only_writer, open_district
from pipelines.errors import SchoolbellError
from pipelines.registry.registry import Registry, load_registry, registry_mark
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.toml_reader import load_settings
from pipelines.state.ledger import event_days
from pipelines.warehouse.database import Database
from pipelines.warehouse.repair import opened

HOME_VARIABLE = "SCHOOLBELL_HOME"
MAX_WAIT_SECONDS = 600
MIN_WAIT_SECONDS = 0.5

OWNER = "team:technology"
"""The owner that Dagster shows for each asset."""
DEFAULT_ZONE = "America/Chicago"


class HomeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """One district home.

    Attributes:
        path: Its folder; without one, `SCHOOLBELL_HOME`, then `demo-district`.
    """

    path: str = ""
    _known: tuple[object, Registry] | None = PrivateAttr(default=None)

    @property
    def folder(self) -> Path:
        """The folder of the home."""
        return Path(self.path or os.environ.get(HOME_VARIABLE) or "demo-district")

    @contextmanager
    def opened(self) -> Iterator[District]:
        """Open the home for reading."""
        with open_district(self.folder, self._registry) as district:
            yield district

    @contextmanager
    def writing(self) -> Iterator[District]:
        """Open the home with its lock; waits for another writer to end."""
        with (
            open_district(self.folder, self._registry) as district,
            only_writer(district.home, MAX_WAIT_SECONDS),
        ):
            yield district

    @contextmanager
    def idle(self) -> Iterator[District]:
        """Open the home with its lock, if no one is writing.

        Raises:
            BusyError: Another writer is active.
        """
        with (
            open_district(self.folder, self._registry) as district,
            only_writer(district.home, MIN_WAIT_SECONDS),
        ):
            yield district

    def _registry(self, home: DistrictHome, settings: Settings) -> Registry:
        """Return the registry; a run of many assets reads it once, unless it changes."""
        mark = registry_mark(home)
        if self._known is None or self._known[0] != mark:
            self._known = (mark, load_registry(home, settings))
        return self._known[1]

    @contextmanager
    def warehouse(self, district: District) -> Iterator[Database]:
        """Open the warehouse of an opened home, within the memory that it allows."""
        memory = district.settings.limits.memory_mb
        with opened(district.home.warehouse, memory_mb=memory) as database:
            yield database


def district_settings() -> Settings | None:
    """Return the settings of this process's home; None before there is one."""
    folder = Path(os.environ.get(HOME_VARIABLE) or "demo-district")
    try:
        return load_settings(DistrictHome(folder))
    except SchoolbellError:
        return None


def first_day(home: HomeResource) -> date:
    """Return the oldest day in the lake; today if it is empty."""
    try:
        with home.opened() as district:
            days = event_days(district.store)
    except SchoolbellError:
        days = []
    return min(days, default=datetime.now(UTC).date())


def daily(zone: str, first: date) -> dg.DailyPartitionsDefinition:
    """Return the local days of the district from the first through today."""
    return dg.DailyPartitionsDefinition(start_date=first.isoformat(), timezone=zone, end_offset=1)


def days_of(context: dg.AssetExecutionContext) -> list[date]:
    """Return the days of a run's request, one or a range."""
    keys = context.partition_key_range
    first, last = date.fromisoformat(keys.start), date.fromisoformat(keys.end)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
