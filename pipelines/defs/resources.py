"""The district home as a Dagster resource."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
from pydantic import PrivateAttr

from pipelines.district import District, only_writer, open_district
from pipelines.errors import SchoolbellError
from pipelines.refresh.spans import days_said_of
from pipelines.registry.registry import Registry, load_registry, registry_mark
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.toml_reader import load_settings
from pipelines.state.ledger import event_days
from pipelines.state.source_records import quarantined
from pipelines.weeks import monday

HOME_VARIABLE = "SCHOOLBELL_HOME"
MAX_WAIT_SECONDS = 600
MIN_WAIT_SECONDS = 0.5

OWNER = "team:technology"
"""The owner that Dagster shows for each asset."""
DEFAULT_ZONE = "America/Chicago"


class HomeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The district home of this process.

    It has no fields: whatever a launch could set would let anyone who may start a job
    choose the folder, or print a variable of the service.
    """

    _known: tuple[object, Registry] | None = PrivateAttr(default=None)

    @property
    def folder(self) -> Path:
        """The folder of the home: that of `SCHOOLBELL_HOME`, or `demo-district`."""
        return Path(os.environ.get(HOME_VARIABLE) or "demo-district")

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


class NothingHandedOn(dg.ConfigurableIOManager):
    """Keep Dagster from storing outputs: what an asset makes is in the home.

    It has no fields either: the folder of Dagster's own manager may be set at a launch.
    """

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Accept nothing but None."""
        if obj is not None:
            raise TypeError(f"{context.name}: an output has no place to be stored")

    def load_input(self, context: dg.InputContext) -> object:
        """Refuse: no asset reads another one's output."""
        raise TypeError(f"{context.name}: an input is read from the home")


def district_settings() -> Settings | None:
    """Return the settings of this process's home; None before there is one."""
    try:
        return load_settings(DistrictHome(HomeResource().folder))
    except SchoolbellError:
        return None


def logged_days(home: HomeResource) -> list[date]:
    """Return the local days with log lines in the lake or held back, oldest first."""
    try:
        with home.opened() as district:
            held = (entry.event_date for entry in quarantined(district.store))
            return sorted({*event_days(district.store), *filter(None, held)})
    except SchoolbellError:
        return []


def daily(zone: str, held: Sequence[date]) -> dg.DailyPartitionsDefinition:
    """Return the local days from the first with log lines through today.

    Past days without lines, and not shortly after some, are left out: a run builds
    nothing for them, so they are not missing.
    """
    today, known = datetime.now(ZoneInfo(zone)).date(), days_said_of(held)
    first = min(held, default=today)
    without = (first + timedelta(days=n) for n in range((today - first).days))
    return dg.DailyPartitionsDefinition(
        start_date=first.isoformat(),
        timezone=zone,
        end_offset=1,
        exclusions=[_midnight(day, zone) for day in without if day not in known] or None,
    )


def weekly(zone: str, held: Sequence[date]) -> dg.WeeklyPartitionsDefinition:
    """Return weeks from Monday to Sunday through the current one; past ones only with lines."""
    this = monday(datetime.now(ZoneInfo(zone)).date())
    known = {monday(day) for day in held}
    first = min(known, default=this)
    past = (first + timedelta(weeks=n) for n in range((this - first).days // 7))
    return dg.WeeklyPartitionsDefinition(
        start_date=first.isoformat(),
        timezone=zone,
        day_offset=1,
        end_offset=1,
        exclusions=[_midnight(week, zone) for week in past if week not in known] or None,
    )


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def days_of(context: dg.AssetExecutionContext) -> list[date]:
    """Return the days of a run's request: one, a range or none."""
    is_of_days = context.has_partition_key or context.has_partition_key_range
    return [date.fromisoformat(key) for key in context.partition_keys] if is_of_days else []
