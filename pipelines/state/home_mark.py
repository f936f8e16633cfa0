"""The identity of a home and the generation of its state, stored in three places.

A home has a random id, and its state a generation that rises with every change of
the ledger. Both are in the state database and in a small file in the lake and
next to the settings. The database is written first, so it is never behind the files:
if it is, an older or another database has replaced it, and a run
from there would lose everything since.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect

from pipelines.errors import SchoolbellError
from pipelines.settings.home import DistrictHome, put
from pipelines.state.connections import Store, StoreError, fact, remember
from pipelines.state.tables import FACTS

NAME = "home.mark"
FACT = "home"
ID_BYTES = 16
PRIVATE_FILE = 0o600
MAX_BYTES = 200
SHAPE = re.compile(r"([0-9a-f]{32}):([0-9]{1,18})\n?")


class ForeignStateError(SchoolbellError):
    """The state database is not the one that this home was left with."""

    command = "schoolbell doctor"
    exit_code = 2


@dataclass(frozen=True)
class Mark:
    """Identity of a home, and the generation of its state."""

    home: str
    generation: int

    def __str__(self) -> str:
        return f"{self.home}:{self.generation}"


def mark_of(connection: Connection) -> Mark | None:
    """Return the state database's mark; one of an earlier version has none."""
    if not inspect(connection).has_table(FACTS.name):
        return None
    noted_text = fact(connection, FACT)
    return _parsed(noted_text, "the state database") if noted_text else None


def begin(connection: Connection, home: str = "", generation: int = 0) -> Mark:
    """Give the state an identity: a new one, or that of the home it comes into."""
    own = Mark(home or secrets.token_hex(ID_BYTES), generation)
    FACTS.create(connection, checkfirst=True)
    remember(connection, FACT, str(own))
    return own


def advance(connection: Connection, least: int = 0) -> Mark | None:
    """Raise the generation with a change of the same transaction.

    Args:
        least: Its minimum.
    """
    before = mark_of(connection)
    if before is None:
        return None
    now = Mark(before.home, max(before.generation + 1, least))
    remember(connection, FACT, str(now))
    return now


def note(folder: Path, mark: Mark | None) -> None:
    """Update a folder's file after the transaction is committed."""
    if mark is None:
        return
    try:
        put(folder / NAME, f"{mark}\n".encode(), PRIVATE_FILE)
    except OSError as error:
        raise StoreError(
            f"cannot be written: {error.strerror or error}",
            where=str(folder / NAME),
            remedy="Free space or repair the disk, then run again. Nothing is lost.",
        ) from error


def move_on(home: DistrictHome, store: Store) -> None:
    """Raise the generation after acts that change no file of the lake."""
    with store.writing() as connection:
        mark = advance(connection)
    for folder in (home.lake, home.path):
        note(folder, mark)


def noted(home: DistrictHome) -> Mapping[Path, Mark]:
    """Return the content of the existing files.

    Raises:
        ForeignStateError: One cannot be parsed.
    """
    found = {}
    for path in (home.lake / NAME, home.path / NAME):
        try:
            with path.open("rb") as file:
                text = file.read(MAX_BYTES).decode("utf-8", "replace")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except IsADirectoryError:
            text = ""
        found[path] = _parsed(text, str(path))
    return found


def _parsed(text: str, where: str) -> Mark:
    found = SHAPE.fullmatch(text)
    if found is None:
        raise ForeignStateError(
            "does not say which home this is",
            where=where,
            remedy=f"Delete this file if the {NAME} next to it is right; the next command "
            "compares the state with the lake and rewrites it.",
        )
    return Mark(found[1], int(found[2]))
