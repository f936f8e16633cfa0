"""A copy of a home to try things in; the home itself stays as it is.

Copied are the warehouse, the state database and the registry. The lake is read
where it lies. The copy holds names: it lives in a private folder, and goes with it.
"""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.district import District, only_writer
from pipelines.errors import ModelError
from pipelines.registry.kept import data_of
from pipelines.registry.registry import load_registry
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.state.database import open_store


@dataclass(frozen=True)
class ScratchHome(DistrictHome):
    """A home whose large parts are those of another one.

    Attributes:
        real: The home that was copied.
    """

    real: DistrictHome

    @property
    def lake(self) -> Path:
        """The real one; it is only read."""
        return self.real.lake

    @property
    def lists(self) -> Path:
        """The real ones; they are only read."""
        return self.real.lists

    @property
    def keys(self) -> Path:
        """The real ones; they are only read."""
        return self.real.keys


def copied(district: District, folder: Path) -> District:
    """The same district over a copy of what a trial writes; close its store.

    Args:
        folder: Empty, and private to the caller.

    Raises:
        ModelError: Nothing was built yet.
        BusyError: A run is at work.
    """
    real, home = district.home, ScratchHome(folder, district.home)
    if not real.warehouse.is_file():
        raise ModelError(
            "nothing was built yet",
            where=str(real.warehouse),
            remedy="Run: schoolbell run --home HOME",
        )
    with only_writer(real):
        shutil.copyfile(real.warehouse, home.warehouse)
        log = real.warehouse.with_name(real.warehouse.name + ".wal")
        if log.exists():
            shutil.copyfile(log, home.warehouse.with_name(log.name))
        with (
            closing(sqlite3.connect(real.state_db)) as held,
            closing(sqlite3.connect(home.state_db)) as to,
        ):
            held.backup(to)
    shutil.copyfile(real.settings_file, home.settings_file)
    home.registry.mkdir()
    if real.registry.is_dir():
        shutil.copytree(real.registry, home.registry, dirs_exist_ok=True)
    # in the copy nothing is refused: what is in force is tried, whatever shrank
    for one in district.registry.refused:
        (home.registry / one.name).write_bytes(data_of(real, one.name))
    return replace(district, home=home, store=open_store(home.state_db))


def changed(district: District, settings: Settings) -> District:
    """The copy with other settings, and with its registry read again."""
    registry = load_registry(district.home, settings)
    return replace(district, settings=settings, registry=registry)
