"""Empty databases in memory, on one DuckDB for all tests of a process.

To open DuckDB and to create the macros takes thirty times as long as an attached database.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

import duckdb

from pipelines.settings.model import MEMORY_MB
from pipelines.warehouse.database import SCHEMAS, Database, _connect, _tune


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    """Open the warehouse's DuckDB with its settings and macros; it ends with the process."""
    connection = _connect(":memory:")
    _tune(connection, 1, MEMORY_MB)
    return connection


@contextmanager
def empty_database() -> Iterator[Database]:
    """Provide a database with the warehouse's schemas and macros, and without a table."""
    connection = _connection()
    schemas = ";".join(f"create schema {name}" for name in SCHEMAS)
    connection.execute(f"attach ':memory:' as one; use one; {schemas}")
    try:
        yield Database(connection)
    finally:
        try:
            with suppress(duckdb.TransactionException):
                connection.execute("rollback")
            connection.execute("use memory; detach one")
        except duckdb.Error:
            _connection.cache_clear()
