"""The district home as a Dagster resource."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import PrivateAttr

from pipelines.district import District, only_writer, open_district
from pipelines.errors import (
    BusyError,
    ModelError,
    SchoolbellError,
    SettingsError,
    capital,
    safe,
    safe_lines,
)
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.problems import InvalidSettingsError, listed
from pipelines.settings.toml_reader import load_settings
from pipelines.warehouse.own_rules import MISTAKES

if TYPE_CHECKING:  # it imports Polars
    from pipelines.registry.registry import Registry

HOME_VARIABLE = "SCHOOLBELL_HOME"
MAX_WAIT_SECONDS = 600
MIN_WAIT_SECONDS = 0.5

OWNER = "team:technology"
"""The owner that Dagster shows for each asset."""
DEFAULT_ZONE = "America/Chicago"

RETRIES, RETRY_SECONDS = 3, 300
ERROR = "error"
"""The name under which a failed step has the class of its error."""
AGAIN = "Then re-execute this run."
MAX_LETTERS = 300

DAYS = dg.DynamicPartitionsDefinition(name="days")
WEEKS = dg.DynamicPartitionsDefinition(name="weeks")
"""Local days and weeks with log lines. Dagster's storage keeps them, and the sensor of the
catalog adds and removes them: a day without lines is not missing, and no reload is needed."""


class HomeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The district home of this process.

    It has no fields: whatever a launch could set would let anyone who may start a job
    choose the folder, or print a variable of the service.
    """

    _known: "tuple[object, Registry] | None" = PrivateAttr(default=None)

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
        """Open the home with its lock for a step; waits for another writer to end."""
        with (
            in_words(),
            open_district(self.folder, self._registry) as district,
            only_writer(district.home, MAX_WAIT_SECONDS),
        ):
            yield district

    def _registry(self, home: DistrictHome, settings: Settings) -> "Registry":
        """Return the registry; a run of many assets reads it once, unless it changes."""
        from pipelines.registry.registry import load_registry, registry_mark

        mark = registry_mark(home)
        if self._known is None or self._known[0] != mark:
            self._known = (mark, load_registry(home, settings))
        return self._known[1]


@contextmanager
def in_words() -> Iterator[None]:
    """Fail a step with the sentence of an expected error; other errors keep their stack.

    The error itself is left out, because its causes may contain values of logs.

    Raises:
        dg.RetryRequested: Another run holds the home.
        dg.Failure: What happened, where, and what to do.
    """
    try:
        yield
    except BusyError as error:
        raise dg.RetryRequested(RETRIES, RETRY_SECONDS) from error
    except SchoolbellError as error:
        parts = {name: text for name, text in _shown(error).items() if text}
        raise dg.Failure(
            "\n".join(parts.values()),
            {**parts, ERROR: type(error).__name__},
            allow_retries=False,
        ) from None


def _shown(error: SchoolbellError) -> dict[str, str]:
    """Return the sentences of an error, without a value of a log, a list or a setting."""
    what, remedy = error.what, error.remedy
    if isinstance(error, InvalidSettingsError):
        problems = (replace(problem, value=None, paste="") for problem in error.problems)
        what, remedy = f"{what}. {listed(problems)}", f"Correct it; {error.command} shows how."
    elif error.__cause__ and isinstance(error, ModelError | SettingsError):
        what = what if what.startswith(MISTAKES) else what.partition(":")[0]
    remedy = f"{safe_lines(shorten(remedy, MAX_LETTERS, placeholder=' …'))} {AGAIN}".strip()
    return {"what": capital(safe_lines(what)), "where": safe(error.where), "what_to_do": remedy}


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


def days_of(context: dg.AssetExecutionContext) -> list[date]:
    """Return the days of a run's request: one, a range or none."""
    is_of_days = context.has_partition_key or context.has_partition_key_range
    return [date.fromisoformat(key) for key in context.partition_keys] if is_of_days else []
