"""Moves a home's state from its file to PostgreSQL, and back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pipelines.district import only_writer
from pipelines.errors import SettingsError
from pipelines.ingest.lake import sync
from pipelines.settings.home import DistrictHome
from pipelines.settings.secrets import looked_up, point_to, state_place
from pipelines.state.home_mark import Mark, advance, note
from pipelines.state.moving import copy_state
from pipelines.state.opening import open_state
from pipelines.state.store import open_store


def move_out(home: DistrictHome, reference: Mapping[str, str]) -> Mapping[str, int]:
    """Copy the state into a database, and let the home use it; rows of each table.

    The file of before is kept as `state.db.moved-…`.

    Args:
        reference: Where the database's URL lies, as in `{"env": "NAME"}`.

    Raises:
        SettingsError: The state is elsewhere already, or there is no such URL.
        StoreError: The database has rows already; nothing was changed.
    """
    if home.state_pointer.exists():
        raise SettingsError(
            "the state is in another database already",
            where=str(home.state_pointer),
            remedy=f"schoolbell move-state --back --home {home.path}",
        )
    url = looked_up(reference, "the URL of the database")
    with only_writer(home):
        rows, mark = _copied(home, url)
        point_to(home, reference)
        home.state_db.rename(_aside(home.state_db))
        sync(home.path)
        _note(home, mark)
    return rows


def move_back(home: DistrictHome) -> Mapping[str, int]:
    """Copy the state from its database into `state.db`; rows of each table.

    Raises:
        SettingsError: It is in its file already.
    """
    place = state_place(home)
    if isinstance(place, Path):
        raise SettingsError("the state is in its file already", where=str(place))
    with only_writer(home):
        if home.state_db.exists():
            home.state_db.rename(_aside(home.state_db))
        rows, mark = _copied(home, home.state_db)
        home.state_pointer.unlink()
        sync(home.path)
        _note(home, mark)
    return rows


def _copied(
    home: DistrictHome, target: Path | str
) -> tuple[Mapping[str, int], Mark | None]:
    """Copy the state; from then on what was copied is the older one of the two."""
    held = open_state(home)
    try:
        new = open_store(target)
        try:
            rows = copy_state(held, new)
            with new.writing() as connection:
                return rows, advance(connection)
        finally:
            new.close()
    finally:
        held.close()


def _note(home: DistrictHome, mark: Mark | None) -> None:
    """The files follow once the home uses the new database."""
    for folder in (home.lake, home.path):
        note(folder, mark)


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.moved-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
