"""Opens `state.db` so that a commit survives a power cut."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, insert, select, update
from sqlalchemy.exc import OperationalError

from pipelines.errors import BusyError, SchoolbellError
from pipelines.state.layout import FACT as LAYOUT
from pipelines.state.layout import every_table, layout_of, mark, refuse_other
from pipelines.state.schema import FACTS


class StoreError(SchoolbellError):
    """The state database can not be written."""


@dataclass(frozen=True)
class Store:
    """The district's state database; every write is one transaction."""

    engine: Engine

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed when the block ends well.

        Raises:
            StoreError: The database can not be written; nothing was.
            BusyError: Another process holds it for too long.
        """
        try:
            with self.engine.begin() as connection:
                yield connection
        except OperationalError as error:
            raise _told(error, self.engine.url.render_as_string()) from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read from.

        Raises:
            StoreError: The database can not be read.
            BusyError: Another process holds it for too long.
        """
        try:
            with self.engine.connect() as connection:
                yield connection
        except OperationalError as error:
            raise _told(error, self.engine.url.render_as_string()) from error

    def close(self) -> None:
        """Let go of the database file."""
        self.engine.dispose()


def open_store(where: Path | str) -> Store:
    """Open the state database, creating its tables where they are missing.

    Args:
        where: A file for SQLite, or a database URL that names its driver, such as
            `postgresql+psycopg2://…`.
    """
    if isinstance(where, Path):
        _private(where)
    url = f"sqlite:///{where}" if isinstance(where, Path) else where
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable)
        event.listen(engine, "begin", _immediate)
    store = Store(engine)
    try:
        _laid_out(store, where)
    except BaseException:
        engine.dispose()
        raise
    return store


def _laid_out(store: Store, where: Path | str) -> None:
    """Let the tables be there, in the layout of this version."""
    with store.reading() as connection:
        said = layout_of(connection)
    if said == mark():
        return
    home = where.parent if isinstance(where, Path) else "HOME"
    remedy = f"schoolbell upgrade --home {home}"
    with store.writing() as connection:
        refuse_other(connection, store.engine.url.render_as_string(), remedy)
        every_table().create_all(connection)
        remember(connection, LAYOUT, mark())


def _private(path: Path) -> None:
    """SQLite gives the files beside a database the database's own mode."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except (FileExistsError, FileNotFoundError):
        return
    except OSError as error:
        raise _unwritable(error, str(path)) from error


def read_store(path: Path) -> Store:
    """Open a SQLite state database to read from; nothing is created or changed.

    Raises:
        StoreError: There is none.
    """
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


def _told(error: OperationalError, where: str) -> SchoolbellError:
    if "locked" in str(error.orig):
        return BusyError(
            "another process holds the state database",
            where=where,
            remedy="Run again when it is done.",
        )
    return _unwritable(error.orig, where)


def _unwritable(why: object, where: str) -> StoreError:
    return StoreError(
        f"can not be written: {why}",
        where=where,
        remedy="Free space or repair the disk, then run again: nothing is lost.",
    )


def _durable(connection: Any, _record: Any) -> None:
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


def _patient(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA busy_timeout=10000")


def _immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
