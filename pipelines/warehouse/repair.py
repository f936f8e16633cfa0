"""Detection of a damaged warehouse, and its removal.

DuckDB keeps a checksum of each block and compares it when it reads one. So after an
error that a damaged file may cause, every table is read once: a file that cannot be
read in full is derived again from lake and state, never repaired.
"""

import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from pipelines.errors import ModelError
from pipelines.settings.model import MEMORY_MB
from pipelines.warehouse.database import LOCKED, SCHEMAS, Database, WarehouseError, writing
from pipelines.warehouse.models import query_text
from pipelines.warehouse.snapshots import reading

Fingerprint = tuple[int, int]
"""Rows of a table, and a sum of their hashes that no order of rows changes."""

_TABLES = """
select schema_name, table_name
from duckdb_tables()
where not internal and database_name = current_database()
order by all
"""


SUSPECT = (
    duckdb.IOException,
    duckdb.InternalException,
    duckdb.FatalException,
    duckdb.SerializationException,
    duckdb.InvalidInputException,
)
ASIDE = ".damaged"


def fingerprints(database: Database, schemas: Collection[str]) -> Mapping[str, Fingerprint]:
    """Return the fingerprint of each table of some schemas, by name."""
    names = [f"{schema}.{table}" for schema, table in database.rows(_TABLES) if schema in schemas]
    return {name: _of(database, name) for name in names}


def _of(database: Database, table: str) -> Fingerprint:
    # a sum, since two equal rows would leave no trace in an exclusive or
    query = f"select count(*), coalesce(sum(hash(one)::hugeint), 0) from {table} as one"
    ((count, total),) = database.rows(query)
    return count, total


def days_by_table(database: Database) -> Mapping[str, set[date]]:
    """Return the local days that each table with an `event_date` holds, by its name."""
    return {
        f"{schema}.{table}": {
            row[0] for row in database.rows(f"select distinct event_date from {schema}.{table}")
        }
        for schema, table in database.rows(query_text("lookups/dated_tables"))
    }


class DamagedWarehouseError(ModelError):
    """The warehouse cannot be read in full."""

    command = "schoolbell doctor"


@contextmanager
def opened(
    path: Path, *, memory_mb: int = MEMORY_MB, most_memory_mb: int | None = None
) -> Iterator[Database]:
    """Yield the warehouse for writing; see `writing`.

    Raises:
        DamagedWarehouseError: It cannot be opened, or not be read in full.
    """
    try:
        with writing(path, memory_mb=memory_mb, most_memory_mb=most_memory_mb) as database:
            yield database
    except (duckdb.Error, ModelError, WarehouseError) as error:
        cause = error if isinstance(error, duckdb.Error) else error.__cause__
        # a wrong checksum of a block raises the base class of all errors
        is_suspect = isinstance(cause, SUSPECT) or type(cause) is duckdb.Error
        if not is_suspect or is_whole(path):
            raise
        raise DamagedWarehouseError(
            f"is damaged: {str(cause).splitlines()[0]}",
            where=str(path),
            remedy=f"To rebuild it: schoolbell run --home {path.parent}",
        ) from error


def is_whole(path: Path) -> bool:
    """Return whether every block of every table is readable.

    Skips one that another process writes.
    """
    try:
        with reading(path) as database:
            fingerprints(database, (*SCHEMAS, "main"))
    except ModelError as error:
        return LOCKED in str(error)
    return True


def set_aside(path: Path) -> Path:
    """Rename a damaged file, in place of one that was damaged before."""
    target = path.with_name(path.name + ASIDE)
    if target.is_dir():
        shutil.rmtree(target)
    path.rename(target)
    # what waits in its log belongs to it
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
    return target
