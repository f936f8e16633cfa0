"""Copies a whole state into an empty one: SQLite to PostgreSQL, and back.

A backup of a state on PostgreSQL is such a copy too, so that every backup is a
SQLite file that any machine can read.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select

from pipelines.state.layout import every_table
from pipelines.state.schema import FACTS
from pipelines.state.store import Store, StoreError

CHUNK = 1_000

Row = Mapping[str, Any]


def copy_state(source: Store, target: Store) -> Mapping[str, int]:
    """Copy every table, in one transaction of the target; rows of each.

    Raises:
        StoreError: The target has rows already, or came out differently; nothing
            was written.
    """
    rows = {}
    with source.reading() as reader, target.writing() as writer:
        for table in every_table().sorted_tables:
            if table is not FACTS and _count(writer, table):
                raise StoreError(
                    f"{table.name} has rows already",
                    where=target.place,
                    remedy="Copy into a new database.",
                )
        writer.execute(FACTS.delete())
        for table in every_table().sorted_tables:
            rows[table.name] = _copied(reader, writer, table)
        counting_on(writer)
    return rows


def _copied(reader: Connection, writer: Connection, table: Table) -> int:
    for chunk in _chunks(reader, table):
        writer.execute(insert(table), chunk)
    count = _count(writer, table)
    if count != _count(reader, table):
        raise StoreError(f"{table.name} came out differently", remedy="Try again.")
    return count


def _chunks(reader: Connection, table: Table) -> Iterator[Sequence[dict[str, Any]]]:
    found = reader.execute(select(table).order_by(*table.primary_key.columns))
    for part in found.mappings().partitions(CHUNK):
        yield [dict(row) for row in part]


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def counting_on(writer: Connection) -> None:
    """Let PostgreSQL give ids beyond those that were copied; SQLite does by itself."""
    if writer.dialect.name != "postgresql":
        return
    for table in every_table().sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        highest = select(func.max(column)).scalar_subquery()
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        is_counted = select(sequence).scalar_subquery()
        if writer.execute(select(is_counted)).scalar() is not None:
            writer.execute(select(func.setval(sequence, func.coalesce(highest, 1))))
