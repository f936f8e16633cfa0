"""What two warehouses are compared by: their rows, and the days that they hold."""

from collections.abc import Collection, Mapping
from datetime import date

from pipelines.warehouse.database import Database

Fingerprint = tuple[int, int]
"""Rows of a table, and a sum of their hashes that no order of rows changes."""

_TABLES = """
select schema_name, table_name
from duckdb_tables()
where not internal and database_name = current_database()
order by all
"""


def fingerprints(
    database: Database, schemas: Collection[str]
) -> Mapping[str, Fingerprint]:
    """The fingerprint of each table of some schemas, by name."""
    names = [
        f"{schema}.{table}"
        for schema, table in database.rows(_TABLES)
        if schema in schemas
    ]
    return {name: _of(database, name) for name in names}


def _of(database: Database, table: str) -> Fingerprint:
    # a sum, since two equal rows would leave no trace in an exclusive or
    query = f"select count(*), coalesce(sum(hash(one)::hugeint), 0) from {table} as one"
    ((count, total),) = database.rows(query)
    return count, total


_DATED = """
select distinct columns.schema_name, columns.table_name
from duckdb_columns() as columns
inner join duckdb_tables() as tables
    using (database_oid, schema_oid, table_oid)
where
    columns.column_name = 'event_date'
    and columns.data_type = 'DATE'
    and columns.database_name = current_database()
order by all
"""


def days_by_table(database: Database) -> Mapping[str, set[date]]:
    """The local days that each table with an `event_date` holds, by its name."""
    return {
        f"{schema}.{table}": {
            row[0]
            for row in database.rows(
                f"select distinct event_date from {schema}.{table}"
            )
        }
        for schema, table in database.rows(_DATED)
    }
