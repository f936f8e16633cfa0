"""Brings a SQLite state database to the present layout: copy, verify, swap.

The old file is never written to. The new one is made beside it and compared with
it row by row; then one rename puts it in place. Killed at any instant, the home has
the old file or the new one, and the next attempt begins anew.
"""

import os
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Table,
    create_engine,
    event,
    func,
    insert,
    inspect,
    literal,
    select,
)

from pipelines.errors import SchoolbellError
from pipelines.state.history import FILLED, FORMER_NAMES, LEFT_BEHIND
from pipelines.state.layout import FACT, every_table, mark
from pipelines.state.store import remember

ASIDE = ".upgrading"
OLD = "old"


class UpgradeError(SchoolbellError):
    """The state database can not be brought to the present layout."""


@dataclass(frozen=True)
class Upgraded:
    """What was done.

    Attributes:
        rows: Rows of each table that were copied.
        left: Tables left behind, with what that means.
        kept: The state of before: a file, or the schema of a database.
        way_back: What to do, with the version of before installed, to return to it.
    """

    rows: Mapping[str, int]
    left: Mapping[str, str]
    kept: Path | str
    way_back: str


def upgrade_file(path: Path, kept: Path) -> Upgraded:
    """Bring one database to the present layout; nobody else may be using it.

    Args:
        path: The database.
        kept: A name for the file of before, which is not there yet.

    Raises:
        UpgradeError: It is damaged, or the copy differs; the old one stays in place.
    """
    _settled(path)
    aside = path.with_name(path.name + ASIDE)
    aside.unlink(missing_ok=True)
    os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        rows, left = _copied(path, aside)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _flushed(aside)
    os.link(path, kept)
    aside.replace(path)
    _flushed(path.parent)
    return Upgraded(rows, left, kept, f"mv {kept} {path}")


def _settled(path: Path) -> None:
    """Move what waits in the log into the file, so that the file is all there is.

    Raises:
        UpgradeError: The database is damaged, or in use.
    """
    try:
        with closing(sqlite3.connect(path, timeout=5)) as held:
            (said,) = held.execute("pragma quick_check(1)").fetchone()
            if said == "ok":
                (mode,) = held.execute("pragma journal_mode = delete").fetchone()
                said = "ok" if mode == "delete" else "another process holds it"
                held.execute("begin exclusive")
                held.execute("rollback")
    except sqlite3.DatabaseError as error:
        said = str(error)
    if said != "ok":
        raise UpgradeError(
            f"can not be upgraded: {said}",
            where=str(path),
            remedy="Nothing was changed. If it is damaged: schoolbell restore.",
        )


def _copied(path: Path, aside: Path) -> tuple[dict[str, int], dict[str, str]]:
    """Fill the new file from the old one, and compare."""
    engine = create_engine(f"sqlite:///file:{quote(str(aside))}?uri=true")
    event.listen(engine, "connect", lambda held, _record: _attach(held, path))
    try:
        tables = every_table()
        tables.create_all(engine)
        held = set(inspect(engine).get_table_names(schema=OLD))
        with engine.begin() as connection:
            rows = {
                table.name: copied_table(connection, table, held, OLD)
                for table in tables.sorted_tables
            }
            remember(connection, FACT, mark())
        strange = held - tables.tables.keys() - set(FORMER_NAMES.values())
    finally:
        engine.dispose()
    return rows, {name: LEFT_BEHIND.get(name, "not known here") for name in strange}


def _attach(held: Any, path: Path) -> None:
    # as it is at rest: no log beside it, and nothing of it may change
    held.execute(f"attach database ? as {OLD}", (f"file:{quote(str(path))}?mode=ro",))
    # a file that a power cut leaves half made was never put in place
    held.execute("pragma synchronous = off")
    held.execute("pragma journal_mode = memory")


def copied_table(
    connection: Connection, table: Table, held: Collection[str], schema: str
) -> int:
    """Fill one empty table from its like in another schema; its rows, compared.

    Args:
        held: The tables that are in the other schema.
        schema: Where the rows of before are.

    Raises:
        UpgradeError: They came out differently.
    """
    name = table.name if table.name in held else FORMER_NAMES.get(table.name)
    if name is None or name not in held:
        return 0
    has = {one["name"] for one in inspect(connection).get_columns(name, schema=schema)}
    old = Table(
        name, MetaData(schema=schema), *(Column(one.name, one.type) for one in table.c)
    )
    shared = [one.name for one in table.columns if one.name in has]
    values: dict[str, ColumnElement[Any]] = {one: old.c[one] for one in shared}
    values |= {
        one.name: literal(FILLED.get((table.name, one.name)), one.type)
        for one in table.columns
        if one.name not in has
    }
    query = select(*values.values()).select_from(old)
    connection.execute(insert(table).from_select(list(values), query))
    return _same(connection, table, old, shared)


def _same(
    connection: Connection, table: Table, old: Table, shared: Sequence[str]
) -> int:
    """The number of rows, which are the old ones in every column that those had.

    Raises:
        UpgradeError: They differ.
    """
    before = select(*(old.c[one] for one in shared))
    after = select(*(table.c[one] for one in shared))
    counts = [
        connection.execute(select(func.count()).select_from(one)).scalar_one()
        for one in (old, table)
    ]
    differing = [
        connection.execute(one.except_(other).limit(1)).first()
        for one, other in ((before, after), (after, before))
    ]
    if counts[0] != counts[1] or any(differing):
        raise UpgradeError(
            f"{table.name} came out differently; nothing was changed",
            where=table.name,
            remedy="Keep the home as it is, and report this.",
        )
    return int(counts[0])


def _flushed(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    with suppress(OSError):  # some file systems can not sync a folder
        os.fsync(descriptor)
    os.close(descriptor)
