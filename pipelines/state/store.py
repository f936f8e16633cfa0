"""Opens `state.db` so that a commit survives a power cut."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from sqlalchemy import Connection, Engine, create_engine, event, insert, select, update
from sqlalchemy.exc import DatabaseError, OperationalError

from pipelines.errors import BusyError, SchoolbellError
from pipelines.state.engines import engine_of, only_one_writes
from pipelines.state.layout import FACT as LAYOUT
from pipelines.state.layout import every_table, layout_of, mark, refuse_other
from pipelines.state.schema import FACTS

NO_RIGHT = ("readonly", "unable to open", "ermission")
"""What SQLite and the system say of a file that another account owns."""


class StoreError(SchoolbellError):
    """The state database can not be written."""


class DamagedStateError(StoreError):
    """The state database can not be read: it is to be restored."""

    exit_code = 2


@dataclass(frozen=True)
class Store:
    """The district's state database; every write is one transaction."""

    engine: Engine

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed when the block ends well.

        Raises:
            StoreError: The database can not be written, or is damaged; nothing was.
            BusyError: Another process holds it for too long.
        """
        with _in_words(self.place), self.engine.begin() as connection:
            only_one_writes(connection)
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read from.

        Raises:
            StoreError: The database can not be read.
            BusyError: Another process holds it for too long.
        """
        with _in_words(self.place), self._one_moment().connect() as connection:
            yield connection

    @property
    def place(self) -> str:
        """Where it is: a file, or a URL without its password."""
        url = self.engine.url
        if url.get_backend_name() == "sqlite" and url.database:
            return unquote(url.database.removeprefix("file:").partition("?")[0])
        return url.render_as_string()

    def _one_moment(self) -> Engine:
        """An engine whose transactions see what was committed when they began."""
        if self.engine.dialect.name == "sqlite":
            return self.engine
        return self.engine.execution_options(isolation_level="REPEATABLE READ")

    def close(self) -> None:
        """Let go of the database file."""
        self.engine.dispose()


def open_store(
    where: Path | str, accept: Callable[[Connection], None] = lambda _: None
) -> Store:
    """Open the state database, creating its tables where they are missing.

    Args:
        where: A file for SQLite, or a database URL that names its driver, such as
            `postgresql+psycopg2://…`.
        accept: Raises what is wrong with what is there, before anything is written.

    Raises:
        StoreError: It can not be reached or written.
        LayoutError: It is of another version.
    """
    try:
        store = Store(engine_of(where))
    except OSError as error:
        raise _unwritable(error, str(where)) from error
    try:
        _laid_out(store, where, accept)
    except BaseException:
        store.close()
        raise
    return store


def _laid_out(
    store: Store, where: Path | str, accept: Callable[[Connection], None]
) -> None:
    """Let the tables be there, in the layout of this version."""
    home = where.parent if isinstance(where, Path) else "HOME"
    remedy = f"schoolbell upgrade --home {home}"
    with store.reading() as connection:
        is_laid_out = layout_of(connection) == mark()
        if not is_laid_out:
            refuse_other(connection, store.place, remedy)
        accept(connection)
    if is_laid_out:
        return
    with store.writing() as connection:
        refuse_other(connection, store.place, remedy)
        every_table().create_all(connection)
        remember(connection, LAYOUT, mark())


def read_store(path: Path | str) -> Store:
    """Open a state database to read from; nothing is created or changed.

    Raises:
        StoreError: There is none.
    """
    if isinstance(path, str):
        return Store(engine_of(path))
    if not path.is_file():
        raise StoreError(
            "is not there",
            where=str(path),
            remedy="It is made by the first: schoolbell run --home HOME",
        )
    # without a log beside it no writer is at work; opening one to read would make it
    log = path.with_name(path.name + "-wal")
    how = "mode=ro" if log.exists() else "immutable=1"
    engine = create_engine(f"sqlite:///file:{quote(str(path))}?{how}&uri=true")
    event.listen(engine, "connect", _patient)
    return Store(engine)


def now_text(now: datetime | None = None) -> str:
    """An instant as it is stored: UTC, ISO 8601, microseconds."""
    return (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="microseconds")


def fact(connection: Connection, name: str) -> str | None:
    """A remembered fact, or None."""
    query = select(FACTS.c.value).where(FACTS.c.name == name)
    return connection.execute(query).scalar_one_or_none()


def remember(connection: Connection, name: str, value: str) -> None:
    """Set a fact."""
    changed = connection.execute(
        update(FACTS).where(FACTS.c.name == name).values(value=value)
    )
    if changed.rowcount == 0:
        connection.execute(insert(FACTS).values(name=name, value=value))


@contextmanager
def _in_words(place: str) -> Iterator[None]:
    """Say what an operator can act on; a mistake of ours stays what it is."""
    try:
        yield
    except DatabaseError as error:
        if isinstance(error, OperationalError):
            raise _told(error, place) from error
        if type(error.orig) is sqlite3.DatabaseError:
            raise damaged(error.orig, place) from error
        raise


def damaged(why: object, place: str) -> DamagedStateError:
    """What is said of a database that is none any more."""
    return DamagedStateError(
        f"the state database is damaged: {why}",
        where=place,
        remedy=f"Bring it back: schoolbell restore BACKUP --to {Path(place).parent} "
        "--in-place\n  The damaged file is kept, and the lake stays as it is.",
    )


def _told(error: OperationalError, where: str) -> SchoolbellError:
    if "locked" in str(error.orig):
        return BusyError(
            "another process holds the state database",
            where=where,
            remedy="Run again when it is done.",
        )
    if where.startswith("postgresql"):
        said = str(error.orig).strip().splitlines()[0]
        remedy = "Look after the database server, then run again: nothing is lost."
        return StoreError(f"can not be reached: {said}", where=where, remedy=remedy)
    return _unwritable(error.orig, where)


def _unwritable(why: object, where: str) -> StoreError:
    remedy = "Free space or repair the disk, then run again: nothing is lost."
    if any(word in str(why) for word in NO_RIGHT):
        remedy = (
            "Run it as the account that owns the home. If the owner is wrong, as root: "
            "schoolbell protect"
        )
    return StoreError(f"can not be written: {why}", where=where, remedy=remedy)


def _patient(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA busy_timeout=10000")
