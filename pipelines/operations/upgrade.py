"""Brings a home to this version, or its state to PostgreSQL and back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines.district import only_writer
from pipelines.errors import ModelError, SettingsError
from pipelines.ingest.line_account import unbalanced
from pipelines.operations.restore import continue_chain
from pipelines.settings.home import DistrictHome, sync
from pipelines.settings.secrets import looked_up, point_to, state_place
from pipelines.state.audit import verified
from pipelines.state.connections import open_store, read_store, store_as_it_is
from pipelines.state.home_mark import Mark, advance, note, noted
from pipelines.state.layout import has_chain, lacking, layout_of, refuse_later
from pipelines.state.layout import mark as layout
from pipelines.state.migration import (
    MigrationResult,
    copy_state,
    no_earlier_state,
    return_file,
    return_server,
    upgrade_file,
    upgrade_server,
)
from pipelines.state.opened_state import open_state, refuse_lost
from pipelines.warehouse.snapshots import reading

EARLIER = re.compile(r"state\.db\.before-\d{8}T\d{6}Z")


@dataclass(frozen=True)
class Plan:
    """Effects of an upgrade, computed without writing anything.

    Attributes:
        lacking: Tables of `state.db` and their missing columns; empty: it has
            this version.
        is_marked: The state has this version's layout mark.
        state_bytes: Size of the state, which is copied.
        is_warehouse_readable: This DuckDB opens the warehouse.
    """

    lacking: Mapping[str, tuple[str, ...]]
    is_marked: bool
    state_bytes: int
    is_warehouse_readable: bool


@dataclass(frozen=True)
class UpgradeResult:
    """Result of an upgrade; `wrong` is empty if all checks pass."""

    state: MigrationResult | None
    wrong: tuple[str, ...]
    is_warehouse_readable: bool


def plan(home: DistrictHome) -> Plan:
    """Compare the home's state with this version without writing.

    Raises:
        StoreError: There is no state.
        LayoutError: The state is of a later version.
    """
    store = read_store(refuse_lost(home))
    try:
        with store.reading() as transaction:
            refuse_later(transaction, store.place)
            missing, present = lacking(transaction), layout_of(transaction)
    finally:
        store.close()
    size = home.state_db.stat().st_size if home.state_db.is_file() else 0
    return Plan(missing, present == layout(), size, _opens(home.warehouse))


def upgrade(path: Path, now: datetime | None = None) -> UpgradeResult:
    """Upgrade a home to this version; the earlier state is kept next to the new one.

    Raises:
        UpgradeError: The state is damaged, or its copy differs; nothing was changed.
        BusyError: A run is in progress.
    """
    home = DistrictHome(path.resolve())
    found = plan(home)
    state = None
    with only_writer(home):
        if found.lacking:
            state = _renewed(home, now or datetime.now(UTC))
        wrong = tuple(_wrong(home))
    return UpgradeResult(state, wrong, found.is_warehouse_readable)


def go_back(path: Path, actor: str, now: datetime | None = None) -> Path | str:
    """Put the state from before the last upgrade back, so that the previous version opens it.

    Returns:
        The present state's new place: a file, or a schema of the database.

    Raises:
        UpgradeError: There is no earlier state; nothing was changed.
        BusyError: A run is in progress.
    """
    home = DistrictHome(path.resolve())
    stamp = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    with only_writer(home):
        place = state_place(home)
        reached = max((mark.generation for mark in noted(home).values()), default=0) + 1
        later: Path | str = f"after_{stamp.lower()}"
        if isinstance(place, str):
            kept, mark = return_server(place, stamp, reached)
        else:
            later = place.with_name(f"{place.name}.after-{stamp}")
            earlier = [one for one in place.parent.iterdir() if EARLIER.fullmatch(one.name)]
            if not earlier:
                raise no_earlier_state(str(place))
            kept = max(earlier).name
            mark = return_file(place, place.with_name(kept), later, reached)
        _note(home, mark)
        store = store_as_it_is(place)
        try:
            with store.reading() as transaction:
                is_whole = has_chain(transaction)
            if is_whole:
                continue_chain(store, home, f"the state {kept} is in use again", actor, always=True)
        finally:
            store.close()
    return later


def _renewed(home: DistrictHome, now: datetime) -> MigrationResult:
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    place = state_place(home)
    if isinstance(place, str):
        return upgrade_server(place, stamp)
    return upgrade_file(place, place.with_name(f"{place.name}.before-{stamp}"))


def _wrong(home: DistrictHome) -> list[str]:
    """Return problems of the current state."""
    store = open_state(home)
    try:
        wrong = unbalanced(store, home.lake)
        broken = verified(store, home)
        if broken is not None:
            wrong = [*wrong, f"entry {broken.number} of the audit chain {broken.what}"]
        return list(wrong)
    finally:
        store.close()


def _opens(warehouse: Path) -> bool:
    if not warehouse.is_file():
        return True
    try:
        with reading(warehouse):
            return True
    except ModelError:
        return False


def move_out(home: DistrictHome, reference: Mapping[str, str]) -> Mapping[str, int]:
    """Copy the state into a database, and let the home use it; rows of each table.

    The earlier file is kept as `state.db.moved-…`.

    Args:
        reference: Where the database's URL lies, as in `{"env": "NAME"}`.

    Raises:
        SettingsError: The state is elsewhere already, or there is no such URL.
        StoreError: The database has rows already; nothing was changed.
    """
    if home.state_pointer.exists():
        raise SettingsError(
            "the state is already in another database",
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
        raise SettingsError("the state is already in its file", where=str(place))
    with only_writer(home):
        if home.state_db.exists():
            home.state_db.rename(_aside(home.state_db))
        rows, mark = _copied(home, home.state_db)
        home.state_pointer.unlink()
        sync(home.path)
        _note(home, mark)
    return rows


def _copied(home: DistrictHome, target: Path | str) -> tuple[Mapping[str, int], Mark | None]:
    """Copy the state; from then on what was copied is the older one of the two."""
    held = open_state(home)
    try:
        new = open_store(target)
        try:
            rows = copy_state(held, new)
            with new.writing() as transaction:
                return rows, advance(transaction)
        finally:
            new.close()
    finally:
        held.close()


def _note(home: DistrictHome, mark: Mark | None) -> None:
    """Update the files when the home uses the new database."""
    for folder in (home.lake, home.path):
        note(folder, mark)


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.moved-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
