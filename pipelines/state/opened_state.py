"""Opening of a home's state, if it is the one that belongs to the home.

A run with an empty, an older or another home's state would lose track of
the lake. So the state is compared with the marks of the home, see
`home_mark`, before anything is written.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, inspect, select

from pipelines.settings.home import DistrictHome
from pipelines.settings.secrets import state_place
from pipelines.state.audit import open_chain
from pipelines.state.connections import Store, open_store, read_store
from pipelines.state.home_mark import NAME, ForeignStateError, Mark, begin, mark_of, note, noted
from pipelines.state.layout import lacking
from pipelines.state.tables import AUDIT, LAKE_FILES, REPORTS, SOURCE_FILES


def open_state(home: DistrictHome) -> Store:
    """Open a home's state database, if it is the one the home was left with.

    Raises:
        ForeignStateError: It is missing, empty, older than the lake, or another
            home's. Nothing was changed.
    """
    marks = noted(home)  # read first: the state only ever moves ahead of them
    place = refuse_lost(home)
    store = open_store(place, partial(require_own, home, marks))
    try:
        _keep_level(home, store, marks)
    except BaseException:
        store.close()
        raise
    return store


def examine(home: DistrictHome) -> None:
    """Compare a home with its state, without writing anything.

    Raises:
        ForeignStateError: It is missing, older than the lake, or another home's.
    """
    marks = noted(home)
    place = refuse_lost(home)
    if isinstance(place, Path) and not place.exists():
        return
    store = read_store(place)
    try:
        with store.reading() as connection:
            require_own(home, marks, connection)
    finally:
        store.close()


def require_own(home: DistrictHome, marks: Mapping[Path, Mark], connection: Connection) -> None:
    """Raise an error unless the state belongs to the home.

    Args:
        marks: Content of the files before the database was asked.

    Raises:
        ForeignStateError: It does not.
    """
    where, own = connection.engine.url.render_as_string(), mark_of(connection)
    if isinstance(place := state_place(home), Path):
        where = str(place)
    for path, mark in marks.items():
        if own is None or mark.home != own.home:
            raise _refusal(home, where, f"the state database is not of the home that {path} names")
        if mark.generation > own.generation:
            raise _refusal(
                home,
                where,
                f"the state database is an older copy: it is at generation {own.generation}, "
                f"{path} at {mark.generation}",
            )
    if home.lake / NAME not in marks:
        _require_lake(home, where, connection, has_mark=own is not None)


def _require_lake(
    home: DistrictHome, where: str, connection: Connection, *, has_mark: bool
) -> None:
    """Accept a lake without a mark if it contains what the ledger lists."""
    if LAKE_FILES.name in lacking(connection):
        return  # of an earlier version: `upgrade` comes first
    if not inspect(connection).has_table(LAKE_FILES.name):
        is_empty, listed = True, []
    else:
        query = select(LAKE_FILES.c.path).where(LAKE_FILES.c.superseded_time.is_(None))
        listed = list(connection.execute(query).scalars())
        is_empty = not any(
            connection.execute(select(table).limit(1)).first()
            for table in (SOURCE_FILES, AUDIT, REPORTS)
        )
    if is_empty and not has_mark and (traces := ", ".join(_traces(home))):
        raise _refusal(home, where, f"the state database is empty, but the home holds {traces}")
    missing = [path for path in listed if not (home.lake / path).is_file()]
    if missing:
        raise _refusal(
            home,
            str(home.lake),
            f"{len(missing):,} of {len(listed):,} files that the ledger lists are not "
            f"in the lake, such as {missing[0]}",
        )


def refuse_lost(home: DistrictHome) -> Path | str:
    """Return the state's place; no database is made where one was.

    Raises:
        ForeignStateError: There was one, and it is missing or empty.
    """
    place = state_place(home)
    if isinstance(place, str):
        return place
    what = ""
    if place.is_dir():
        what = "is a folder"
    elif not place.exists():
        what = "is missing"
    elif not place.stat().st_size:
        what = "is empty"
    if what and (traces := ", ".join(_traces(home))):
        raise _refusal(home, str(place), f"the state database {what}, but the home holds {traces}")
    return place


def _traces(home: DistrictHome) -> Iterator[str]:
    """Yield traces of an earlier run in the home."""
    kept = (home.lake / NAME, home.path / NAME, home.path / "audit.head")
    yield from (str(path.relative_to(home.path)) for path in kept if path.exists())
    if next(home.lake.glob("*/event_date=*/*"), None):
        yield "lake/"
    if next(home.reports.glob("*/index.html"), None):
        yield "reports/"
    if (home.keys / "audit.key").exists():
        yield "keys/audit.key"
    yield from sorted(path.name for path in home.path.glob("state.db.*"))


def _refusal(home: DistrictHome, where: str, what: str) -> ForeignStateError:
    moved = ""
    if next(home.path.glob("state.db.moved-*"), None) and not home.state_pointer.exists():
        moved = (
            "The state was moved to a database server once: if it still is there, "
            "put state.toml back.\n  "
        )
    return ForeignStateError(
        what,
        where=where,
        remedy=(
            f"Nothing was changed or deleted. {moved}Bring the state back: schoolbell "
            f"restore BACKUP --to {home.path} --in-place --keys KEYS\n  To start over "
            "instead, make a new home with schoolbell init, and copy district.toml, "
            "registry/ and landing/ into it."
        ),
    )


def _keep_level(home: DistrictHome, store: Store, marks: Mapping[Path, Mark]) -> None:
    """Give the home its identity, and bring files that lag behind up to the state."""
    with store.reading() as connection:
        own = mark_of(connection)
    if own is None:
        with store.writing() as connection:
            own = mark_of(connection) or begin(connection)
        open_chain(store, home).seal_head()
    for folder in (home.lake, home.path):
        if marks.get(folder / NAME) != own:
            folder.mkdir(parents=True, exist_ok=True)
            note(folder, own)
