"""Tells whether a state database has the layout that this version wants."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import Connection, MetaData, inspect, select

from pipelines import state
from pipelines.errors import SchoolbellError
from pipelines.state.history import FORMER_NAMES, NUMBER
from pipelines.state.schema import FACTS, METADATA

FACT = "layout"


class LayoutError(SchoolbellError):
    """The state database is of another version of Schoolbell."""


@cache
def every_table() -> MetaData:
    """The tables of all files of this folder that describe some."""
    for module in iter_modules(state.__path__):
        if module.name.endswith(("schema", "_tables")):
            import_module(f"{state.__name__}.{module.name}")
    return METADATA


def columns_of() -> Mapping[str, tuple[str, ...]]:
    """The columns of each table as this version wants them."""
    return {
        table.name: tuple(column.name for column in table.columns)
        for table in every_table().sorted_tables
    }


@cache
def mark() -> str:
    """What the database notes of its layout: number and hash of all columns."""
    text = repr(sorted(columns_of().items()))
    return f"{NUMBER} {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def layout_of(connection: Connection) -> str | None:
    """What a database notes of its layout; one without says nothing."""
    if not inspect(connection).has_table(FACTS.name):
        return None
    query = select(FACTS.c.value).where(FACTS.c.name == FACT)
    return connection.execute(query).scalar_one_or_none()


def lacking(connection: Connection) -> Mapping[str, tuple[str, ...]]:
    """Tables that are there and what they lack; a former name lacks everything."""
    seen = inspect(connection)
    held = set(seen.get_table_names())
    found = {}
    for table, wanted in columns_of().items():
        if table in held:
            has = {str(one["name"]) for one in seen.get_columns(table)}
            if missing := tuple(name for name in wanted if name not in has):
                found[table] = missing
        elif FORMER_NAMES.get(table) in held:
            found[table] = wanted
    return found


def refuse_other(connection: Connection, where: str, remedy: str) -> None:
    """Let nobody write into a database of another layout.

    Raises:
        LayoutError: It is of an earlier version, or of a later one.
    """
    said = layout_of(connection)
    if said is not None and int(said.split()[0]) > NUMBER:
        raise LayoutError(
            "the state database was written by a later version of Schoolbell",
            where=where,
            remedy="Install that version again, or bring the state of before back.",
        )
    if missing := lacking(connection):
        table, columns = next(iter(missing.items()))
        raise LayoutError(
            "the state database is of an earlier version of Schoolbell "
            f"({table} has no {', '.join(columns[:3])})",
            where=where,
            remedy=remedy,
        )
