"""Databases in memory, on one DuckDB for all tests of a process.

To open DuckDB and to create the macros takes thirty times as long as an attached database.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from tempfile import TemporaryDirectory

import duckdb

from pipelines.registry.registry import Registry
from pipelines.settings.model import MEMORY_MB
from pipelines.warehouse.database import SCHEMAS, Database, SharedCatalog, _connect, _tune
from pipelines.warehouse.inputs import load_registry

MADE = tuple(name for name in SCHEMAS if name != "registry")
"""Schemas of all that is made from lines of logs."""
_LOADED: list[Registry] = []
"""The registry in the database `kept`, if there is one."""


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    """Open the warehouse's DuckDB with its settings and macros; it ends with the process."""
    connection = _connect(":memory:")
    _tune(connection, 1, MEMORY_MB)
    return connection


@cache
def _no_events() -> "TemporaryDirectory[str]":
    """Return the folder of files without an event, which every database may show."""
    return TemporaryDirectory()


@contextmanager
def empty_database() -> Iterator[Database]:
    """Provide a database with the warehouse's schemas and macros, and without a table."""
    connection = _connection()
    schemas = ";".join(f"create schema {name}" for name in SCHEMAS)
    connection.execute(f"attach ':memory:' as one; use one; {schemas}")
    try:
        yield Database(connection)
    finally:
        _leave(connection, "detach one")


@contextmanager
def database_with(registry: Registry) -> Iterator[Database]:
    """Provide a database that holds a registry alone; it is loaded if it is not the last one's."""
    connection = _connection()
    if not (_LOADED and _LOADED[0] is registry):
        if _LOADED:
            _LOADED.clear()
            connection.execute("detach kept")
        connection.execute("attach ':memory:' as kept; use kept; create schema registry")
        _LOADED.append(registry)
        load_registry(Database(connection), registry)
    schemas = ";".join(f"create schema {name}" for name in MADE)
    connection.execute(f"use kept; {schemas}")
    try:
        yield Database(connection, known=SharedCatalog(empty=_no_events()))
    finally:
        _leave(connection, ";".join(f"drop schema kept.{name} cascade" for name in MADE))


def _leave(connection: duckdb.DuckDBPyConnection, statements: str) -> None:
    """End the use of a database; after an error of DuckDB the next one opens another DuckDB."""
    try:
        with suppress(duckdb.TransactionException):
            connection.execute("rollback")
        connection.execute(f"use memory; {statements}")
    except duckdb.Error:
        _connection.cache_clear()
        _LOADED.clear()
