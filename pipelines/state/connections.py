"""Connections to SQLite and PostgreSQL with the same guarantees.

A write is one transaction, and one at a time: `begin immediate` on SQLite, an
advisory lock on PostgreSQL. A reader sees one moment.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NewType
from urllib.parse import quote, unquote

from sqlalchemy import (
    Connection,
    Engine,
    Select,
    create_engine,
    event,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError, SQLAlchemyError

from pipelines.errors import BusyError, SchoolbellError
from pipelines.state.layout import FACT as LAYOUT
from pipelines.state.layout import FACT_VERSION, layout_of, mark, refuse_other
from pipelines.state.rows import Row, typed
from pipelines.state.tables import FACTS, create_tables

DRIVER = "postgresql+psycopg2"
WRITE_LOCK, RUN_LOCK = 0x5C_0001, 0x5C_0002
"""Numbers of advisory locks, which hold within one database."""
WAIT_SECONDS = 0.2

READS = "schoolbell_reads"
NO_RIGHT = ("readonly", "unable to open", "ermission")
"""Parts of the errors of SQLite and the system for a file of another account."""
Transaction = NewType("Transaction", Connection)
"""An open transaction, or a moment that is read; only this folder looks into it."""
StateFault = SQLAlchemyError
"""Database errors without a better message."""


class EngineError(SchoolbellError):
    """The database that is named cannot be used."""

    exit_code = 2


def engine_of(where: Path | str) -> Engine:
    """Return an engine for a file, or for a URL.

    Raises:
        EngineError: The URL is none, names another kind of database, or its driver
            is not installed.
    """
    if isinstance(where, Path):
        _private(where)
        return _sqlite(f"sqlite:///{where}")
    url = _url(where)
    if url.get_backend_name() == "sqlite":
        return _sqlite(where)
    try:
        engine = create_engine(url, pool_pre_ping=True)
    except ImportError as error:
        raise EngineError(
            "the driver for PostgreSQL is not installed",
            where=url.render_as_string(),
            remedy="pip install 'schoolbell[postgres]'",
        ) from error
    event.listen(engine, "connect", _utf8)
    return engine


def only_one_writes(connection: Connection) -> None:
    """Wait until no other transaction writes; SQLite does so by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": WRITE_LOCK})


@contextmanager
def only_run(url: str, seconds: float) -> Iterator[None]:
    """Hold the database's lock of runs, wherever the other machine is.

    Raises:
        BusyError: Another run holds it for longer than `seconds`.
    """
    engine = engine_of(url).execution_options(isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            until = time.monotonic() + seconds
            query, key = text("select pg_try_advisory_lock(:key)"), {"key": RUN_LOCK}
            while not connection.execute(query, key).scalar():
                if time.monotonic() >= until:
                    raise BusyError(
                        "another run is in progress on this state",
                        where=engine.url.render_as_string(),
                        remedy="Wait for it to end; it may be on another machine.",
                    )
                time.sleep(WAIT_SECONDS)
            yield  # the connection's end lets go, also where the process dies
    finally:
        engine.dispose()


def _url(where: str) -> URL:
    """Return a URL of SQLite or PostgreSQL; the driver is named where it is not."""
    try:
        url = make_url(where)
    except ArgumentError as error:
        raise EngineError(
            "is not a database URL",
            where="state.toml",
            remedy=f"Write {DRIVER}://USER:PASSWORD@HOST/DATABASE",
        ) from error
    if url.get_backend_name() == "postgresql":
        return url.set(drivername=DRIVER)
    if url.get_backend_name() != "sqlite":
        raise EngineError(
            f"{url.get_backend_name()} is not known here",
            where="state.toml",
            remedy=f"The state is kept by SQLite, or by PostgreSQL: {DRIVER}://…",
        )
    return url


def _sqlite(url: str) -> Engine:
    engine = create_engine(url)
    event.listen(engine, "connect", _durable)
    event.listen(engine, "begin", _immediate)
    return engine


def _private(path: Path) -> None:
    """Make the database private: SQLite gives the files next to it the same mode."""
    with suppress(FileExistsError, FileNotFoundError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _durable(connection: DBAPIConnection, _record: object) -> None:
    # NORMAL may lose the last commits at a power cut; the driver's own implicit
    # transactions are off, so that BEGIN IMMEDIATE is ours to send
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "busy_timeout=10000",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _immediate(connection: Connection) -> None:
    # who only reads never takes the writer's lock: the log keeps the moment for them
    is_reader = connection.get_execution_options().get(READS, False)
    connection.exec_driver_sql("BEGIN" if is_reader else "BEGIN IMMEDIATE")


def _utf8(connection: DBAPIConnection, _record: object) -> None:
    connection.set_client_encoding("UTF8")


class StoreError(SchoolbellError):
    """The state database cannot be written."""

    command = "schoolbell doctor"


class DamagedStateError(StoreError):
    """The state database cannot be read: it is to be restored."""

    exit_code = 2


@dataclass(frozen=True)
class Store:
    """The district's state database; every write is one transaction."""

    engine: Engine

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Yield a transaction that is committed when the block ends well.

        Raises:
            StoreError: The database cannot be written, or is damaged; nothing was.
            BusyError: Another process holds it for too long.
        """
        with readable_faults(self.place), self.engine.begin() as connection:
            only_one_writes(connection)
            yield Transaction(connection)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open a connection for reading.

        Raises:
            StoreError: The database cannot be read.
            BusyError: Another process locks it for too long.
        """
        with readable_faults(self.place), self._one_moment().connect() as connection:
            yield Transaction(connection)

    def rows(self, kind: Callable[..., Row], query: Select[tuple[object, ...]]) -> list[Row]:
        """Return the rows of a query, each with the type of its table."""
        with self.reading() as connection:
            return typed(kind, connection.execute(query).mappings())

    @property
    def place(self) -> str:
        """Its place: a file, or a URL without its password."""
        url = self.engine.url
        if url.get_backend_name() == "sqlite" and url.database:
            return unquote(url.database.removeprefix("file:").partition("?")[0])
        return url.render_as_string()

    @property
    def is_file(self) -> bool:
        """Whether it is a file of SQLite, which only we maintain."""
        return self.engine.dialect.name == "sqlite"

    def damage(self) -> str:
        """Return SQLite's report of damage in its file; empty if it is sound."""
        with self.reading() as connection:
            found = connection.execute(text("pragma quick_check(1)")).scalar()
        return "" if found == "ok" else str(found)

    def answer(self) -> None:
        """Run an empty query, so that an unreachable database raises its error."""
        with self.reading() as connection:
            connection.execute(select(1))

    def empty_log(self) -> None:
        """Move SQLite's log, which may hold deleted rows, into the file."""
        if not self.is_file:
            return
        raw = self.engine.raw_connection()
        try:
            raw.cursor().execute("pragma wal_checkpoint(truncate)")
        finally:
            raw.close()

    def _one_moment(self) -> Engine:
        """Return an engine whose transactions see what was committed when they began."""
        if self.is_file:
            return self.engine.execution_options(**{READS: True})
        return self.engine.execution_options(isolation_level="REPEATABLE READ")

    def close(self) -> None:
        """Close the database file."""
        self.engine.dispose()


def open_store(where: Path | str, accept: Callable[[Connection], None] = lambda _: None) -> Store:
    """Open the state database, creating its tables where they are missing.

    Args:
        where: A file for SQLite, or a database URL that names its driver, such as
            `postgresql+psycopg2://…`.
        accept: Raises what is wrong with what is there, before anything is written.

    Raises:
        StoreError: It cannot be reached or written.
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


def _laid_out(store: Store, where: Path | str, accept: Callable[[Connection], None]) -> None:
    """Create the tables in the layout of this version."""
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
        create_tables(connection)
        remember_layout(connection)


def store_as_it_is(path: Path | str) -> Store:
    """Return a store to write to, its tables neither made nor compared with this version."""
    return Store(engine_of(path))


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
    # without a journal next to it, no writer is active; opening it for reading would make one
    log = path.with_name(path.name + "-wal")
    how = "mode=ro" if log.exists() else "immutable=1"
    engine = create_engine(f"sqlite:///file:{quote(str(path))}?{how}&uri=true")
    event.listen(engine, "connect", _wait_for_locks)
    return Store(engine)


def now_text(now: datetime | None = None) -> str:
    """Return an instant in its stored form: UTC, ISO 8601, microseconds."""
    return (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="microseconds")


def fact(connection: Connection, name: str) -> str | None:
    """Return a remembered fact, or None."""
    query = select(FACTS.c.value).where(FACTS.c.name == name)
    return connection.execute(query).scalar_one_or_none()


def remember(connection: Connection, name: str, value: str) -> None:
    """Set a fact."""
    changed = connection.execute(update(FACTS).where(FACTS.c.name == name).values(value=value))
    if changed.rowcount == 0:
        connection.execute(insert(FACTS).values(name=name, value=value))


def remember_layout(connection: Connection) -> None:
    """Record that the database has the layout of this version."""
    remember(connection, LAYOUT, mark())
    remember(connection, FACT_VERSION, version("schoolbell"))


@contextmanager
def readable_faults(place: str) -> Iterator[None]:
    """Turn database errors into messages for operators; bugs remain unchanged."""
    try:
        yield
    except DatabaseError as error:
        if isinstance(error, OperationalError):
            raise _told(error, place) from error
        if type(error.orig) is sqlite3.DatabaseError:
            raise damaged(error.orig, place) from error
        raise


def damaged(why: object, place: str) -> DamagedStateError:
    """Return the error of a file that is not a database any more."""
    return DamagedStateError(
        f"the state database is damaged: {why}",
        where=place,
        remedy=f"Restore it: schoolbell restore BACKUP --to {Path(place).parent} --in-place\n "
        " The damaged file is kept, and the lake is not changed.",
    )


def _told(error: OperationalError, where: str) -> SchoolbellError:
    if "locked" in str(error.orig):
        return BusyError(
            "another process holds the state database",
            where=where,
            remedy="Run again when it has finished.",
        )
    if where.startswith("postgresql"):
        words = str(error.orig).strip().splitlines()[0]
        remedy = "Check the database server, then run again. Nothing is lost."
        return StoreError(f"cannot be reached: {words}", where=where, remedy=remedy)
    return _unwritable(error.orig, where)


def _unwritable(why: object, where: str) -> StoreError:
    remedy = "Free space or repair the disk, then run again. Nothing is lost."
    if any(word in str(why) for word in NO_RIGHT):
        remedy = (
            "Run it as the account that owns the home. If the owner is wrong, as root: "
            "schoolbell protect --take-from OWNER"
        )
    return StoreError(f"cannot be written: {why}", where=where, remedy=remedy)


def _wait_for_locks(connection: DBAPIConnection, _record: object) -> None:
    connection.execute("PRAGMA busy_timeout=10000")
