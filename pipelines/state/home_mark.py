"""The identity of a home and the generation of its state, kept in three places.

A home has a random id, and its state a generation that rises with every change of
the ledger. Both are a fact of the state database and a small file in the lake and
beside the settings. The database is written first, so it is never behind the files:
where it is, somebody put an older or another database in its place, and whoever
went on from there would count nothing of what came since.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, inspect, select

from pipelines.district.home import DistrictHome, put
from pipelines.district.state_place import state_place
from pipelines.errors import SchoolbellError
from pipelines.state.layout import lacking
from pipelines.state.schema import FACTS, LAKE_FILES, SOURCE_FILES
from pipelines.state.store import (
    Store,
    StoreError,
    fact,
    open_store,
    read_store,
    remember,
)

NAME = "home.mark"
FACT = "home"
ID_BYTES = 16
PRIVATE_FILE = 0o600
MOST_BYTES = 200
SHAPE = re.compile(r"([0-9a-f]{32}):([0-9]{1,18})\n?")


class ForeignStateError(SchoolbellError):
    """The state database is not the one that this home was left with."""

    exit_code = 2


@dataclass(frozen=True)
class Mark:
    """Which home it is, and how far its state has come."""

    home: str
    generation: int

    def __str__(self) -> str:
        return f"{self.home}:{self.generation}"


def mark_of(connection: Connection) -> Mark | None:
    """What the state database says; one of an earlier version says nothing."""
    if not inspect(connection).has_table(FACTS.name):
        return None
    said = fact(connection, FACT)
    return _parsed(said, "the state database") if said else None


def begin(connection: Connection, home: str = "", generation: int = 0) -> Mark:
    """Give the state an identity: a new one, or that of the home it comes into."""
    own = Mark(home or secrets.token_hex(ID_BYTES), generation)
    FACTS.create(connection, checkfirst=True)
    remember(connection, FACT, str(own))
    return own


def advance(connection: Connection, least: int = 0) -> Mark | None:
    """Raise the generation with a change that the same transaction makes.

    Args:
        least: What it is to be at least.
    """
    before = mark_of(connection)
    if before is None:
        return None
    now = Mark(before.home, max(before.generation + 1, least))
    remember(connection, FACT, str(now))
    return now


def note(folder: Path, mark: Mark | None) -> None:
    """Let a folder's file say the same, once the transaction is committed."""
    if mark is None:
        return
    try:
        put(folder / NAME, f"{mark}\n".encode(), PRIVATE_FILE)
    except OSError as error:
        raise StoreError(
            f"can not be written: {error.strerror or error}",
            where=str(folder / NAME),
            remedy="Free space or repair the disk, then run again: nothing is lost.",
        ) from error


def move_on(home: DistrictHome, store: Store) -> None:
    """Raise the generation after acts that change no file of the lake."""
    with store.writing() as connection:
        mark = advance(connection)
    for folder in (home.lake, home.path):
        note(folder, mark)


def noted(home: DistrictHome) -> Mapping[Path, Mark]:
    """What the files say, of those that are there.

    Raises:
        ForeignStateError: One can not be understood.
    """
    found = {}
    for path in (home.lake / NAME, home.path / NAME):
        try:
            with path.open("rb") as file:
                text = file.read(MOST_BYTES).decode("utf-8", "replace")
        except (FileNotFoundError, NotADirectoryError):
            continue
        found[path] = _parsed(text, str(path))
    return found


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


def require_own(
    home: DistrictHome, marks: Mapping[Path, Mark], connection: Connection
) -> None:
    """Go on only with the state that belongs to the home.

    Args:
        marks: What the files said before the database was asked.

    Raises:
        ForeignStateError: It does not.
    """
    where, own = connection.engine.url.render_as_string(), mark_of(connection)
    if isinstance(place := state_place(home), Path):
        where = str(place)
    for path, mark in marks.items():
        if own is None or mark.home != own.home:
            raise _refusal(
                home, where, f"the state database is not of the home that {path} names"
            )
        if mark.generation > own.generation:
            raise _refusal(
                home,
                where,
                "the state database is an older copy: it stands at generation "
                f"{own.generation}, {path} at {mark.generation}",
            )
    if home.lake / NAME not in marks:
        _require_lake(home, where, connection, has_mark=own is not None)


def _require_lake(
    home: DistrictHome, where: str, connection: Connection, *, has_mark: bool
) -> None:
    """A lake without a mark is taken on where it holds what the ledger lists."""
    if LAKE_FILES.name in lacking(connection):
        return  # of an earlier version: `upgrade` comes first
    if not inspect(connection).has_table(LAKE_FILES.name):
        is_empty, listed = True, []
    else:
        query = select(LAKE_FILES.c.path).where(LAKE_FILES.c.superseded_time.is_(None))
        listed = list(connection.execute(query).scalars())
        any_file = select(SOURCE_FILES.c.file_id).limit(1)
        is_empty = connection.execute(any_file).first() is None
    if is_empty and not has_mark and (traces := ", ".join(_traces(home))):
        raise _refusal(
            home, where, f"the state database is empty, but the home holds {traces}"
        )
    missing = [path for path in listed if not (home.lake / path).is_file()]
    if missing:
        raise _refusal(
            home,
            str(home.lake),
            f"{len(missing):,} of {len(listed):,} files that the ledger lists are not "
            f"in the lake, such as {missing[0]}",
        )


def refuse_lost(home: DistrictHome) -> Path | str:
    """Where the state is; no database is made where one was.

    Raises:
        ForeignStateError: There was one, and it is gone or empty.
    """
    place = state_place(home)
    if isinstance(place, str):
        return place
    try:
        is_there, size = True, place.stat().st_size
    except FileNotFoundError:
        is_there, size = False, 0
    traces = "" if size else ", ".join(_traces(home))
    if traces:
        what = "is empty" if is_there else "is missing"
        raise _refusal(
            home, str(place), f"the state database {what}, but the home holds {traces}"
        )
    return place


def _traces(home: DistrictHome) -> Iterator[str]:
    """What only a home that was at work before can hold."""
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
    if (
        next(home.path.glob("state.db.moved-*"), None)
        and not home.state_pointer.exists()
    ):
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
    for folder in (home.lake, home.path):
        if marks.get(folder / NAME) != own:
            folder.mkdir(parents=True, exist_ok=True)
            note(folder, own)


def _parsed(text: str, where: str) -> Mark:
    found = SHAPE.fullmatch(text)
    if found is None:
        raise ForeignStateError(
            "does not say which home this is",
            where=where,
            remedy=f"Delete this file if {NAME} beside it is right; the next command "
            "compares the state with the lake and writes it again.",
        )
    return Mark(found[1], int(found[2]))
