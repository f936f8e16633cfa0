"""Migration of a state to the current layout, and copies into another database.

A SQLite file is never written to: the new one is made next to it and compared with it
row by row; then one rename puts it in place. Killed at any instant, the home has the
old file or the new one, and the next attempt begins again. On PostgreSQL the
earlier tables are moved into a separate schema, all in one transaction.

A backup of a state on PostgreSQL is a copy too, so that every backup is a SQLite
file that any machine can read.
"""

import os
import re
import shutil
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
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
    text,
)
from sqlalchemy.exc import DBAPIError

from pipelines.errors import SchoolbellError
from pipelines.settings.home import SECRET_FILE
from pipelines.state.connections import (
    Store,
    StoreError,
    engine_of,
    only_one_writes,
    readable_faults,
    remember_layout,
)
from pipelines.state.home_mark import Mark, advance, begin
from pipelines.state.layout import FILLED, FORMER_NAMES, LEFT_BEHIND
from pipelines.state.tables import FACTS, METADATA

CHUNK = 1_000

Row = Mapping[str, object]

ASIDE = ".upgrading"
EARLIER_SCHEMA = re.compile(r"before_\d{8}t\d{6}z")
OLD = "old"


def copy_state(source: Store, target: Store) -> Mapping[str, int]:
    """Copy every table, in one transaction of the target; rows of each.

    Raises:
        StoreError: The target has rows already, or came out differently; nothing
            was written.
    """
    rows = {}
    with source.reading() as reader, target.writing() as writer:
        for table in METADATA.sorted_tables:
            if table is not FACTS and _count(writer, table):
                raise StoreError(
                    f"{table.name} has rows already",
                    where=target.place,
                    remedy="Copy into a new database.",
                )
        writer.execute(FACTS.delete())
        for table in METADATA.sorted_tables:
            rows[table.name] = _table_copied(reader, writer, table)
        counting_on(writer)
    return rows


def _table_copied(reader: Connection, writer: Connection, table: Table) -> int:
    for chunk in _chunks(reader, table):
        writer.execute(insert(table), chunk)
    count = _count(writer, table)
    if count != _count(reader, table):
        raise StoreError(f"{table.name} came out differently", remedy="Try again.")
    return count


def _chunks(reader: Connection, table: Table) -> Iterator[Sequence[dict[str, object]]]:
    found = reader.execute(select(table).order_by(*table.primary_key.columns))
    for part in found.mappings().partitions(CHUNK):
        yield [dict(row) for row in part]


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def counting_on(writer: Connection) -> None:
    """Make PostgreSQL's ids continue after the copied ones; SQLite does so automatically."""
    if writer.dialect.name != "postgresql":
        return
    for table in METADATA.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        highest = select(func.max(column)).scalar_subquery()
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        is_counted = select(sequence).scalar_subquery()
        if writer.execute(select(is_counted)).scalar() is not None:
            writer.execute(select(func.setval(sequence, func.coalesce(highest, 1))))


class UpgradeError(SchoolbellError):
    """The state database cannot be brought to the present layout."""


@dataclass(frozen=True)
class MigrationResult:
    """Result of an upgrade.

    Attributes:
        rows: Rows of each copied table.
        left: Tables left behind, with the consequence.
        kept: The earlier state: a file, or the schema of a database.
    """

    rows: Mapping[str, int]
    left: Mapping[str, str]
    kept: Path | str


def upgrade_file(path: Path, kept: Path) -> MigrationResult:
    """Upgrade one database to the current layout; no one else may be using it.

    Args:
        path: The database.
        kept: A name for the earlier file, which must not exist.

    Raises:
        UpgradeError: It is damaged, or the copy differs; the old one remains in place.
        StoreError: The disk is full; the old one remains in place.
    """
    _settled(path)
    aside = path.with_name(path.name + ASIDE)
    aside.unlink(missing_ok=True)
    os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with readable_faults(str(path)):
            rows, left = _copied(path, aside)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _flushed(aside)
    os.link(path, kept)
    aside.replace(path)
    _flushed(path.parent)
    return MigrationResult(rows, left, kept)


def return_file(path: Path, kept: Path, later: Path, generation: int) -> Mark:
    """Put an earlier state back, in one rename, as the newest that the home had.

    Args:
        kept: The earlier file; it becomes the database.
        later: A name for the present file, which must not exist.
        generation: The minimum, so that the home accepts it.

    Raises:
        UpgradeError: The present one is damaged or in use; nothing was changed.
    """
    _settled(path)
    aside = path.with_name(path.name + ASIDE)
    aside.unlink(missing_ok=True)
    try:
        shutil.copyfile(kept, aside)
        aside.chmod(SECRET_FILE)
        engine = engine_of(aside)
        try:
            with readable_faults(str(path)), engine.begin() as connection:
                own = advance(connection, generation) or begin(connection, "", generation)
        finally:
            engine.dispose()
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _settled(aside)
    _flushed(aside)
    os.link(path, later)
    aside.replace(path)
    kept.unlink()
    _flushed(path.parent)
    return own


def _settled(path: Path) -> None:
    """Move what waits in the log into the file, so that the file is all there is.

    Raises:
        UpgradeError: The database is damaged, or in use.
    """
    try:
        with closing(sqlite3.connect(path, timeout=5)) as held:
            (answer,) = held.execute("pragma quick_check(1)").fetchone()
            if answer == "ok":
                (mode,) = held.execute("pragma journal_mode = delete").fetchone()
                answer = "ok" if mode == "delete" else "another process holds it"
                held.execute("begin exclusive")
                held.execute("rollback")
    except sqlite3.DatabaseError as error:
        answer = str(error)
    if answer != "ok":
        raise UpgradeError(
            f"cannot be upgraded: {answer}",
            where=str(path),
            remedy="Nothing was changed. If it is damaged: schoolbell restore.",
        )


def _copied(path: Path, aside: Path) -> tuple[dict[str, int], dict[str, str]]:
    """Fill the new file from the old one, and compare."""
    engine = create_engine(f"sqlite:///file:{quote(str(aside))}?uri=true")
    event.listen(engine, "connect", lambda held, _record: _attach(held, path))
    try:
        tables = METADATA
        tables.create_all(engine)
        held = set(inspect(engine).get_table_names(schema=OLD))
        with engine.begin() as connection:
            rows = {
                table.name: copied_table(connection, table, held, OLD)
                for table in tables.sorted_tables
            }
            remember_layout(connection)
        strange = held - tables.tables.keys() - set(FORMER_NAMES.values())
    finally:
        engine.dispose()
    return rows, {name: LEFT_BEHIND.get(name, "not known here") for name in strange}


def _attach(held: Any, path: Path) -> None:
    # at rest: no journal next to it, and nothing in it may change
    held.execute(f"attach database ? as {OLD}", (f"file:{quote(str(path))}?mode=ro",))
    # a file that a power cut leaves half made was never put in place
    held.execute("pragma synchronous = off")
    held.execute("pragma journal_mode = memory")


def copied_table(connection: Connection, table: Table, held: Collection[str], schema: str) -> int:
    """Fill one empty table from the same table in another schema; its rows, compared.

    Args:
        held: The tables that are in the other schema.
        schema: Where the earlier rows are.

    Raises:
        UpgradeError: They came out differently.
    """
    name = table.name if table.name in held else FORMER_NAMES.get(table.name)
    if name is None or name not in held:
        return 0
    has = {column["name"] for column in inspect(connection).get_columns(name, schema=schema)}
    old = Table(
        name, MetaData(schema=schema), *(Column(column.name, column.type) for column in table.c)
    )
    shared = [column.name for column in table.columns if column.name in has]
    values: dict[str, ColumnElement[object]] = {one: old.c[one] for one in shared}
    values |= {
        column.name: literal(FILLED.get((table.name, column.name)), column.type)
        for column in table.columns
        if column.name not in has
    }
    query = select(*values.values()).select_from(old)
    connection.execute(insert(table).from_select(list(values), query))
    return _same(connection, table, old, shared)


def _same(connection: Connection, table: Table, old: Table, shared: Sequence[str]) -> int:
    """Return the number of rows, which are the old ones in every column that those had.

    Raises:
        UpgradeError: They differ.
    """
    before = select(*(old.c[name] for name in shared))
    after = select(*(table.c[name] for name in shared))
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
            remedy="Leave the home unchanged, and report this.",
        )
    return int(counts[0])


def _flushed(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    with suppress(OSError):  # some file systems cannot sync a folder
        os.fsync(descriptor)
    os.close(descriptor)


def upgrade_server(url: str, stamp: str) -> MigrationResult:
    """Upgrade one database to the current layout; no run may be in progress.

    Args:
        stamp: Part of the name of the schema that keeps the earlier tables.

    Raises:
        UpgradeError: It cannot be done, or the copy differs; nothing was changed.
    """
    engine = engine_of(url)
    kept = f"before_{stamp.lower()}"
    try:
        with engine.begin() as connection:
            only_one_writes(connection)
            return _renewed(connection, kept)
    except DBAPIError as error:
        answer = str(error.orig).strip().splitlines()[0]
        raise UpgradeError(
            f"cannot be upgraded: {answer}",
            where=engine.url.render_as_string(),
            remedy="Nothing was changed. The account needs the right to make a "
            "schema: grant create on database NAME to ACCOUNT.",
        ) from error
    finally:
        engine.dispose()


def _renewed(connection: Connection, kept: str) -> MigrationResult:
    held = _moved(connection, None, kept)
    METADATA.create_all(connection)
    rows = {
        table.name: copied_table(connection, table, held, kept) for table in METADATA.sorted_tables
    }
    counting_on(connection)
    remember_layout(connection)
    left = {name: LEFT_BEHIND[name] for name in held if name in LEFT_BEHIND}
    return MigrationResult(rows, left, kept)


def _moved(connection: Connection, source: str | None, target: str) -> Sequence[str]:
    """Move the tables of a state into a new schema; return their names.

    Args:
        source: Their schema; None: the one that the account uses.
    """
    own = METADATA.tables.keys() | set(FORMER_NAMES.values()) | LEFT_BEHIND.keys()
    held = sorted(own & set(inspect(connection).get_table_names(schema=source)))
    quoted = connection.dialect.identifier_preparer.quote
    connection.execute(text(f"create schema if not exists {quoted(target)}"))
    for name in held:
        place = f"{quoted(source)}.{quoted(name)}" if source else quoted(name)
        connection.execute(text(f"alter table {place} set schema {quoted(target)}"))
    return held


def return_server(url: str, stamp: str, generation: int) -> tuple[str, Mark]:
    """Put the tables of the newest earlier schema back; return its name and the mark.

    The present tables move into a schema `after_…`, in the same transaction.

    Args:
        stamp: Part of the name of the schema that keeps the present tables.
        generation: The minimum, so that the home accepts the state.

    Raises:
        UpgradeError: There is no earlier state.
    """
    engine = engine_of(url)
    try:
        with engine.begin() as connection:
            only_one_writes(connection)
            seen = inspect(connection)
            place = str(seen.default_schema_name)
            kept = max(filter(EARLIER_SCHEMA.fullmatch, seen.get_schema_names()), default=None)
            if kept is None:
                raise no_earlier_state(engine.url.render_as_string())
            _moved(connection, None, f"after_{stamp.lower()}")
            _moved(connection, kept, place)
            connection.execute(text(f"drop schema {kept}"))
            return kept, advance(connection, generation) or begin(connection, "", generation)
    finally:
        engine.dispose()


def no_earlier_state(where: str) -> UpgradeError:
    """Return the error of a home that no upgrade changed."""
    return UpgradeError(
        "there is no state from before an upgrade",
        where=where,
        remedy="If no upgrade changed its layout, the previous version opens the current one.",
    )
