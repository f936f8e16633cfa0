"""The layout of a state database: its number, its columns, and earlier ones.

Columns that may be empty need no entry: an earlier row simply has none. If you
add a required column to an existing table, define here what the
earlier rows get, and raise `NUMBER`; the tests upgrade every earlier layout.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

from sqlalchemy import Connection, inspect, select

from pipelines.errors import SchoolbellError
from pipelines.state.tables import AUDIT, FACTS, METADATA, OUTBOX

NUMBER = 2
"""The present layout; one written by a later Schoolbell has a higher number."""

FORMER_NAMES: Mapping[str, str] = {}
"""Table that had another name -> that name."""

LEFT_BEHIND: Mapping[str, str] = {}
"""Table that nothing reads any more -> what is lost with it."""

FILLED: Mapping[tuple[str, str], int | str] = {}
"""Table and new required column -> the value that its earlier rows get."""

FACT, FACT_VERSION = "layout", "layout_version"
"""Facts: the mark of the layout, and the version of Schoolbell that wrote it."""


class LayoutError(SchoolbellError):
    """The state database is of another version of Schoolbell."""

    command = "schoolbell doctor"


def columns_of() -> Mapping[str, tuple[str, ...]]:
    """Return the columns of each table as this version wants them."""
    return {
        table.name: tuple(column.name for column in table.columns)
        for table in METADATA.sorted_tables
    }


@cache
def mark() -> str:
    """Return the database's mark of its layout: number and hash of all columns."""
    text = repr(sorted(columns_of().items()))
    return f"{NUMBER} {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def layout_of(connection: Connection) -> str | None:
    """Return a database's layout mark; None without one."""
    return _fact(connection, FACT)


def _fact(connection: Connection, name: str) -> str | None:
    if not inspect(connection).has_table(FACTS.name):
        return None
    query = select(FACTS.c.value).where(FACTS.c.name == name)
    return connection.execute(query).scalar_one_or_none()


def refuse_later(connection: Connection, where: str) -> None:
    """Raise an error for a database of a later layout.

    Raises:
        LayoutError: It is of a later version, which the error names.
    """
    layout = layout_of(connection)
    if layout is None or int(layout.split()[0]) <= NUMBER:
        return
    later = f"Schoolbell {_fact(connection, FACT_VERSION) or 'of a later version'}"
    raise LayoutError(
        f"the state database was written by {later}; "
        f"this is {version('schoolbell')}, which cannot read it",
        where=where,
        remedy=f"Install {later} again. Before you go back to this version, "
        "run with that one: schoolbell upgrade --back",
    )


def lacking(connection: Connection) -> Mapping[str, tuple[str, ...]]:
    """Return tables that are there and what they lack; a former name lacks everything."""
    seen = inspect(connection)
    held = set(seen.get_table_names())
    found = {}
    for table, wanted in columns_of().items():
        if table in held:
            has = {str(column["name"]) for column in seen.get_columns(table)}
            if missing := tuple(name for name in wanted if name not in has):
                found[table] = missing
        elif FORMER_NAMES.get(table) in held:
            found[table] = wanted
    return found


def refuse_other(connection: Connection, where: str, remedy: str) -> None:
    """Raise an error for a database of another layout.

    Raises:
        LayoutError: It is of an earlier version, or of a later one.
    """
    refuse_later(connection, where)
    if missing := lacking(connection):
        table, columns = next(iter(missing.items()))
        raise LayoutError(
            "the state database is of an earlier version of Schoolbell "
            f"({table} has no {', '.join(columns[:3])})",
            where=where,
            remedy=remedy,
        )


def has_chain(connection: Connection) -> bool:
    """Return whether the tables that the audit chain reads are as this version has them."""
    whole = {*inspect(connection).get_table_names()} - lacking(connection).keys()
    return {AUDIT.name, FACTS.name, OUTBOX.name} <= whole


def has_every_table(connection: Connection) -> bool:
    """Return whether the layout is noted as the present one, and all its tables are there."""
    held = set(inspect(connection).get_table_names())
    return layout_of(connection) == mark() and held >= METADATA.tables.keys()
