"""Brings a home that an earlier version wrote to this version."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines.district import only_writer
from pipelines.errors import ModelError
from pipelines.ingest.accounting import unbalanced
from pipelines.settings.home import DistrictHome
from pipelines.settings.secrets import state_place
from pipelines.state.audit_heads import verified
from pipelines.state.layout import lacking, layout_of, mark
from pipelines.state.opening import open_state, refuse_lost
from pipelines.state.store import read_store
from pipelines.state.upgrade import Upgraded, upgrade_file
from pipelines.state.upgrade_server import upgrade_server
from pipelines.warehouse.snapshots import reading


@dataclass(frozen=True)
class Plan:
    """What an upgrade would do, found out without writing anything.

    Attributes:
        lacking: Tables of `state.db` and the columns they lack; empty: it is of
            this version.
        is_marked: The state notes this version's layout already.
        state_bytes: Size of the state, of which a copy is made.
        is_warehouse_readable: This DuckDB opens the warehouse.
    """

    lacking: Mapping[str, tuple[str, ...]]
    is_marked: bool
    state_bytes: int
    is_warehouse_readable: bool


@dataclass(frozen=True)
class Done:
    """What was upgraded; `wrong` is empty where all of it holds."""

    state: Upgraded | None
    wrong: tuple[str, ...]
    is_warehouse_readable: bool


def plan(home: DistrictHome) -> Plan:
    """What is of an earlier version.

    Raises:
        StoreError: There is no state.
    """
    store = read_store(refuse_lost(home))
    try:
        with store.reading() as connection:
            missing, said = lacking(connection), layout_of(connection)
    finally:
        store.close()
    size = home.state_db.stat().st_size if home.state_db.is_file() else 0
    return Plan(missing, said == mark(), size, _opens(home.warehouse))


def upgrade(path: Path, now: datetime | None = None) -> Done:
    """Bring a home to this version; the state of before is kept beside the new one.

    Raises:
        UpgradeError: The state is damaged, or its copy differs; nothing was changed.
        BusyError: A run is at work.
    """
    home = DistrictHome(path.resolve())
    found = plan(home)
    state = None
    with only_writer(home):
        if found.lacking:
            state = _renewed(home, now or datetime.now(UTC))
        wrong = tuple(_wrong(home))
    return Done(state, wrong, found.is_warehouse_readable)


def _renewed(home: DistrictHome, now: datetime) -> Upgraded:
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    place = state_place(home)
    if isinstance(place, str):
        return upgrade_server(place, stamp)
    return upgrade_file(place, place.with_name(f"{place.name}.before-{stamp}"))


def _wrong(home: DistrictHome) -> list[str]:
    """What no longer holds in the state as it is now."""
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
