"""Opens SQLite and PostgreSQL so that both keep the state alike.

A write is one transaction, and one at a time: `begin immediate` on SQLite, an
advisory lock on PostgreSQL. What reads sees one moment.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from pipelines.errors import BusyError, SchoolbellError

DRIVER = "postgresql+psycopg2"
WRITE_LOCK, RUN_LOCK = 0x5C_0001, 0x5C_0002
"""Numbers of advisory locks, which hold within one database."""
WAIT_SECONDS = 0.2


class EngineError(SchoolbellError):
    """The database that is named can not be used."""

    exit_code = 2


def engine_of(where: Path | str) -> Engine:
    """An engine for a file, or for a URL.

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
        connection.execute(
            text("select pg_advisory_xact_lock(:key)"), {"key": WRITE_LOCK}
        )


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
                        "another run is at work on this state",
                        where=engine.url.render_as_string(),
                        remedy="Wait for it to end; it may be on another machine.",
                    )
                time.sleep(WAIT_SECONDS)
            yield  # the connection's end lets go, also where the process dies
    finally:
        engine.dispose()


def _url(where: str) -> URL:
    """A URL of SQLite or PostgreSQL; the driver is named where it is not."""
    try:
        url = make_url(where)
    except ArgumentError as error:
        raise EngineError(
            "is no URL of a database",
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
    """SQLite gives the files beside a database the database's own mode."""
    with suppress(FileExistsError, FileNotFoundError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


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


def _immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _utf8(connection: Any, _record: Any) -> None:
    connection.set_client_encoding("UTF8")
