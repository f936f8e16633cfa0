"""Owns every DuckDB call: one writer, one day replaced in one transaction.

Tables carry no keys or indexes: "delete the day, insert it" is then safe over a
crash, and uniqueness is a check. Identifiers come from the model reader alone,
values are parameters.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, NamedTuple

import duckdb
import polars as pl
from tenacity import retry, retry_if_exception_message, stop_after_delay, wait_random_exponential

from pipelines.errors import ModelError, SchoolbellError
from pipelines.events import LINES_PER_FILE
from pipelines.settings.model import MEMORY_MB
from pipelines.settings.scratch import scratch
from pipelines.warehouse.headers import Scalar
from pipelines.warehouse.models import Model, Part, macros

SCHEMAS = ("raw", "registry", "identity", "core", "detections", "findings", "marts")
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_LISTS = tuple(f"{kind}[]" for kind in (*_WHOLE, "VARCHAR", "DATE"))
_LONG = {"timestamptz": "timestamp with time zone"}
CHANGED = "main.changed_days"
READER_SECONDS = 60
"""Seconds that a writer waits for readers; Dagster's catalog counts the rows of a whole year."""
OF_DAYS = "event_date in (select unnest($days::date[]))"
"""The condition that keeps the rows of some days."""
_PROVEN: set[tuple[object, ...]] = set()
"""Queries that this process has seen to give the columns of their header."""
NOT_THE_MODEL = (duckdb.IOException, duckdb.FatalException, duckdb.InternalException)
"""Errors of a failing disk or file, with any model."""


Copied = Callable[[int, str, str | None], tuple[str, str]]
"""Number, name and kind of a column -> how it is selected, and the join it needs."""

Notes = tuple[str, Mapping[str, str]]
"""The meaning of a table's row, and of each of its columns."""
LOCKED = "Could not set lock"
"""DuckDB's message if another process has the file."""


class WarehouseError(SchoolbellError):
    """The warehouse file cannot be written or read."""

    command = "schoolbell doctor"


class ShownFiles(NamedTuple):
    """Parquet files that a view of the lake shows, and how many rows they hold."""

    paths: tuple[Path, ...] = ()
    row_count: int = 0


MAX_LOCAL_PARTS = 16
"""The number of parts that a large day is built in here; each part reads the day's rows again."""


@dataclass
class Memory:
    """The megabytes that the connections of one file may use before DuckDB writes to disk.

    Sorts and joins of a large day cannot all be written to disk. A statement that runs out is
    tried again: in twice as many parts, where its model allows, otherwise with twice as much
    memory. The need of its model is kept for the other days.

    Attributes:
        usual_mb: Memory of a statement.
        most_mb: Limit for one that does not fit.
        needed: Memory of the models that did not fit, by name.
        parts: Parts of those that fit in parts.
        running: Memory of the statements that run now, by model; the largest counts.
    """

    usual_mb: int
    most_mb: int
    needed: dict[str, int] = field(default_factory=dict)
    parts: dict[str, int] = field(default_factory=dict)
    running: dict[str, int] = field(default_factory=dict)
    _one_sets: Lock = field(default_factory=Lock)

    def has_other(self, name: str, *, in_parts: bool) -> bool:
        """Return whether a model that ran out can have smaller parts, or more memory.

        Args:
            in_parts: Whether its statement may be built in parts.
        """
        parts = self.parts.get(name, 1)
        if in_parts and parts < MAX_LOCAL_PARTS:
            self.parts[name] = 2 * parts
            return True
        had = self.needed.get(name, self.usual_mb)
        self.needed[name] = min(2 * had, self.most_mb)
        return self.needed[name] > had

    @contextmanager
    def room(self, connection: duckdb.DuckDBPyConnection, name: str) -> Iterator[None]:
        """Give a statement of a model the memory that its model is known to need."""
        if not self.needed:
            yield  # nothing has run out yet
            return
        self._set(connection, name, self.needed.get(name, self.usual_mb))
        try:
            yield
        finally:
            # what is in use stays so until the next statement
            with suppress(duckdb.OutOfMemoryException):
                self._set(connection, name, 0)

    def _set(self, connection: duckdb.DuckDBPyConnection, name: str, megabytes: int) -> None:
        with self._one_sets:
            self.running[name] = megabytes
            limit = max(self.usual_mb, *self.running.values())
            connection.execute(f"set memory_limit='{limit}MB'")


@dataclass
class SharedCatalog:
    """Shared knowledge of the connections of one file.

    Attributes:
        proven: Names of models whose query returned the columns of the header.
        trusted: Names of those for which this is known from before.
        columns: Those of each existing table when the first was ensured.
        ensured: Existing tables with the columns of their header.
        new: Those of them without rows.
        viewed: Classes of events that have a view.
        one_views: Lock of view creation.
        empty: The folder of files without an event, once one is shown.
        changed: Days of models whose rows differ from those before their last build;
            None if not recorded.
        compared: Models whose rows are compared for that; for the others, each
            built day counts.
        memory: Memory of all connections.
    """

    proven: set[str] = field(default_factory=set)
    trusted: frozenset[str] = frozenset()
    columns: Mapping[str, Mapping[str, str]] | None = None
    ensured: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)
    viewed: set[str] = field(default_factory=set)
    one_views: Lock = field(default_factory=Lock)
    empty: TemporaryDirectory[str] | None = None
    changed: dict[str, set[date]] | None = None
    compared: Collection[str] = ()
    memory: Memory = field(default_factory=lambda: Memory(MEMORY_MB, MEMORY_MB))


class Database:
    """The warehouse file, open for writing.

    Args:
        again: Reopens the file if it can be closed meanwhile.
        known: Knowledge of another connection to the file.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        again: Callable[[], duckdb.DuckDBPyConnection] | None = None,
        known: SharedCatalog | None = None,
    ) -> None:
        self._connection = connection
        self._again = again
        self.known = known or SharedCatalog()
        self._shown: dict[str, ShownFiles] = {}

    def close(self) -> None:
        """Close the connection; what was committed is in the file."""
        self._connection.close()

    def interrupt(self) -> None:
        """Cancel the statement that another thread waits for."""
        self._connection.interrupt()

    @contextmanager
    def another(self) -> Iterator["Database"]:
        """Open the same file in a separate connection, for another thread.

        Knowledge of its tables is shared; each connection shows its own files.
        """
        connection = self._connection.cursor()
        _tune_session(connection)
        other = Database(connection, known=self.known)
        try:
            yield other
        finally:
            other.close()

    @contextmanager
    def set_free(self) -> Iterator[None]:
        """Close the file, so that other processes may read it, and open it again."""
        assert self._again is not None, "only a file that is written can be set free"
        self.close()
        yield
        # after an error it stays closed: a task may go on reading
        self._connection = self._again()
        shown, self._shown = self._shown, {}
        for event_class, files in shown.items():
            self.view_files(event_class, files)

    def spill_to(self, folder: Path) -> None:
        """Write what does not fit into memory below a folder."""
        self._connection.execute("set temp_directory = $folder", {"folder": str(folder / "spill")})

    def view_inputs(self, model: Model, part: Part) -> None:
        """Make the inputs of a model show those of `built`, for a part of accounts."""
        for name in sorted(model.inputs):
            if not name.startswith("raw."):
                is_split = part.of > 1 and name in model.header.by_account
                where = f" where {part.condition('account')}" if is_split else ""
                self._connection.execute(
                    f"create or replace view {name} as from built.{name}{where}"
                )

    def replace(self, table: str, frame: pl.DataFrame) -> None:
        """Make a whole table again from a frame."""
        self._connection.register("incoming", frame)
        self._transact(f"create or replace table {table} as select * from incoming")
        self._connection.unregister("incoming")

    def append(self, table: str, frame: pl.DataFrame) -> None:
        """Add rows to a table of the same columns, creating it when missing."""
        self._connection.register("incoming", frame)
        self._connection.execute(
            f"create table if not exists {table} as select * from incoming limit 0"
        )
        if frame.height:
            self._transact(f"insert into {table} by name select * from incoming")
        self._connection.unregister("incoming")

    def view_files(self, event_class: str, files: ShownFiles) -> None:
        """Make `raw.<event_class>` show exactly these Parquet files."""
        if self._shown.get(event_class) == files:
            return
        # names of files are values, so the view reads them from a variable
        self._connection.execute(
            f"set variable files_{event_class} = $paths::varchar[]",
            {"paths": [str(path) for path in files.paths]},
        )
        # DuckDB takes every file to be as small as the first, and joins the wrong way
        # round where that one holds a few lines that came late
        self._connection.execute(
            f"set variable rows_{event_class} = $rows::bigint", {"rows": files.row_count}
        )
        self._shown[event_class] = files
        with self.known.one_views:
            if event_class in self.known.viewed:
                return
            self._connection.execute(
                f"create or replace view raw.{event_class} as"
                f" select file_id * {LINES_PER_FILE} + line_no as event_id, *"
                f" from read_parquet(getvariable('files_{event_class}'),"
                f" explicit_cardinality = getvariable('rows_{event_class}'),"
                " hive_partitioning = false, union_by_name = true)"
            )
            self.known.viewed.add(event_class)

    def empty_file(self, event_class: str, schema: pl.Schema) -> Path:
        """Return a file without rows, which gives a view its columns.

        A view names its files by a variable, and no list of them may be empty. Files of an
        earlier version may lack a column.
        """
        with self.known.one_views:
            if self.known.empty is None:
                self.known.empty = TemporaryDirectory(prefix=scratch("empty"))
            file = Path(self.known.empty.name) / f"{event_class}.parquet"
            if not file.exists():
                pl.DataFrame(schema=schema).write_parquet(file)
        return file

    def build(self, model: Model, values: Mapping[str, Scalar], *days: date | None) -> int:
        """Build a model, or some days of it in one statement; return the number of rows.

        Args:
            days: Only None for the whole of an undated model.

        Raises:
            ModelError: The query fails, or its columns differ from the header.
            WarehouseError: The disk or the file fails.
        """
        with _told_of(model):
            self._ready(model, values, days[0])
            memory = self.known.memory
            in_parts = model.is_split and len(days) == 1
            while True:
                parts = memory.parts.get(model.name, 1) if in_parts else 1
                statements, named = _statements(model, values, days, parts)
                try:
                    with memory.room(self._connection, model.name):
                        return self._fill(model, days, statements, named)
                except duckdb.OutOfMemoryException:
                    if not memory.has_other(model.name, in_parts=in_parts):
                        raise

    def take(
        self,
        model: Model,
        values: Mapping[str, Scalar],
        days: Sequence[date | None],
        files: Sequence[Path],
    ) -> int:
        """Build days of a model of rows that were made elsewhere; see `write`.

        Raises:
            ModelError: The columns are not those promised.
            WarehouseError: The disk or the file fails.
        """
        with _told_of(model):
            self._ready(model, values, days[0])
            named = {"files": [str(file) for file in files]}
            return self._fill(model, days, ["from read_parquet($files)"], named)

    def write(
        self, model: Model, values: Mapping[str, Scalar], days: Sequence[date | None], file: Path
    ) -> None:
        """Write a model's rows of some days as Parquet, without a table.

        Raises:
            ModelError: The query fails.
            WarehouseError: The disk or the file fails.
        """
        (statement,), named = _statements(model, values, days)
        with _told_of(model):
            self._connection.execute(
                f"copy ({statement}\n) to $file (format parquet)", {**named, "file": str(file)}
            )

    def leave_out(self, model: Model, days: Sequence[date | None]) -> None:
        """Make a model's table without some days, or without any row."""
        self._ensure(model)
        self._delete(model, days)

    def row_count(self, model: Model, days: Sequence[date | None]) -> int:
        """Return the rows that a model's table holds of some days, or of an undated one."""
        where, values = of_days(model, days)
        query = f"select count(*) from {model.name}{where}"
        return int(self.rows(query, values)[0][0])

    def rows_by_day(self, table: str) -> dict[date, int]:
        """Return the rows of a table by day; empty where its rows have none."""
        query = f"select event_date, count(*) from {table} group by event_date"
        try:
            return dict(self.rows(query))
        except duckdb.BinderException:
            return {}

    def note_changes(self, compared: Collection[str] = ()) -> None:
        """Start recording the days of models whose rows a build changes.

        A record is written with the rows, so that it survives a killed run; records
        of such a run exist already. See `forget_changes`.

        Args:
            compared: Models whose rows are compared with those before.
        """
        self._connection.execute(
            f"create table if not exists {CHANGED} (model varchar, event_date date)"
        )
        self.known.changed, self.known.compared = {}, compared
        for model, day in self.rows(f"from {CHANGED}"):
            self.known.changed.setdefault(model, set()).add(day)

    def changed(self, model: str) -> frozenset[date]:
        """Return the days of a model that were noted."""
        return frozenset((self.known.changed or {}).get(model, ()))

    def add_changed(self, model: str, days: Collection[date]) -> None:
        """Mark these days of a model as changed, so that its readers are built."""
        if self.known.changed is not None and days:
            self.known.changed.setdefault(model, set()).update(days)

    def forget_changes(self) -> None:
        """Forget the changes: all readers were built and judged."""
        self._connection.execute(f"delete from {CHANGED}")
        self.known.changed = None

    def drop(self, table: str) -> None:
        """Drop a table that no model makes any more."""
        self._connection.execute(f"drop table if exists {table}")

    def _ready(self, model: Model, values: Mapping[str, Scalar], day: date | None) -> None:
        """Check the query against its header, and create its table."""
        first = {"event_date": day} if model.is_dated else {}
        self._prove(model, {**values, **first})
        self._ensure(model)

    def _ensure(self, model: Model) -> None:
        """Create the table with the columns of the header."""
        if model.name in self.known.ensured:
            return
        promised = _promised(model)
        before = self._columns()
        # another version of the model made it: all is stale
        if before.get(model.name, promised) != promised:
            self._connection.execute(f"drop table if exists {model.name}")
        listed = ", ".join(f"{column} {kind}" for column, kind in promised.items())
        self._connection.execute(f"create table if not exists {model.name} ({listed})")
        if model.name not in before:
            self.known.new.add(model.name)
        self.known.ensured.add(model.name)

    def _prove(self, model: Model, named: Mapping[str, object]) -> None:
        """Check that the query returns the columns of the header, in their order."""
        if model.name in self.known.trusted:
            return
        promised = _promised(model)
        declared = tuple(model.header.details.items())
        told = (model.query, model.macros, tuple(promised.items()), declared)
        if told in _PROVEN:
            self.known.proven.add(model.name)
            return
        # to describe the columns and the facts apart would bind the query twice
        facts = ", null as _facts, unnest(details)" if model.header.details else ""
        query = f"describe select *{facts} from ({model.query}\n)"
        described = [(row[0], str(row[1])) for row in self.rows(query, named)]
        end = [name for name, _ in described].index("_facts") if facts else None
        found = {name: kind.lower() for name, kind in described[:end]}
        if end is not None:
            self._prove_details(model, dict(described[end + 1 :]))
            found["details"] = "varchar"
        if list(found) != list(promised) or found != promised:
            wrong = {k: (promised.get(k), found.get(k)) for k in {**promised, **found}}
            differ = {k: v for k, v in wrong.items() if v[0] != v[1]} or "their order"
            raise ModelError(f"columns differ from the header: {differ}", where=model.name)
        for part in model.parts:
            self._prove(part, {name: named[name] for name in part.header.params})
        _PROVEN.add(told)
        self.known.proven.add(model.name)

    def _prove_details(self, model: Model, types: Mapping[str, str]) -> None:
        """Check that the query packs the declared facts, with their types."""
        found = {name: _fact_type(kind) for name, kind in types.items()}
        promised = dict(model.header.details)
        if found != promised:
            wrong = {k: (promised.get(k), found.get(k)) for k in {**promised, **found}}
            differ = {k: v for k, v in sorted(wrong.items()) if v[0] != v[1]}
            raise ModelError(f"facts differ from the header: {differ}", where=model.name)

    def _columns(self) -> Mapping[str, Mapping[str, str]]:
        """Return the columns of each table that was there when the first was ensured."""
        if self.known.columns is not None:
            return self.known.columns
        found: dict[str, dict[str, str]] = {}
        for table, column, kind in self.rows(
            "select schema_name || '.' || table_name, column_name, lower(data_type)"
            " from duckdb_columns() where database_name = current_database()"
            " and not internal order by table_oid, column_index"
        ):
            found.setdefault(table, {})[column] = kind
        self.known.columns = found
        return found

    def _fill(
        self,
        model: Model,
        days: Sequence[date | None],
        statements: Sequence[str],
        named: Mapping[str, object],
    ) -> int:
        known = self.known
        is_new = model.name in known.new
        is_compared = model.name in known.compared and not is_new
        changed: set[date] = set()
        self._connection.execute("begin transaction")
        try:
            before = self._hashes(model, days) if is_compared else {}
            if not is_new:
                self._delete(model, days)
            made = 0
            for statement in statements:
                inserted = self._connection.execute(
                    f"insert into {model.name} by name {statement}", dict(named)
                )
                made += int(inserted.fetchall()[0][0])
            if known.changed is not None and model.is_dated:
                changed = {day for day in days if day}
                if is_compared:
                    after = self._hashes(model, days)
                    changed = {d for d in changed if before.get(d) != after.get(d)}
                changed -= self.changed(model.name)
                self._note_changed(model, changed)
            self._connection.execute("commit")
        except BaseException:
            self._roll_back()
            raise
        known.new.discard(model.name)
        self.add_changed(model.name, changed)
        return made

    def _hashes(
        self, model: Model, days: Sequence[date | None]
    ) -> Mapping[date | None, tuple[int, int]]:
        """Return count and hash of the rows of some days, to compare two builds."""
        listed = ", ".join(f"date '{day}'" for day in days)
        source = f"(from {model.name} where event_date in ({listed}))"
        return self._fingerprints(source)[0]

    def _note_changed(self, model: Model, days: Collection[date]) -> None:
        if days:
            self._connection.execute(
                f"insert into {CHANGED} select $model, unnest($days::date[])",
                {"model": model.name, "days": list(days)},
            )

    def _delete(self, model: Model, days: Sequence[date | None]) -> None:
        where, values = of_days(model, days)
        self._connection.execute(f"delete from {model.name}{where}", values)

    def _transact(self, statement: str) -> None:
        self._connection.execute("begin transaction")
        try:
            self._connection.execute(statement).fetchall()
            self._connection.execute("commit")
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        # a failed commit has ended the transaction already
        with suppress(duckdb.Error):
            self._connection.execute("rollback")

    def rows(self, query: str, values: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """Return every row of a built-in query."""
        return self._connection.execute(query, dict(values or {})).fetchall()

    def frame(self, query: str, values: Mapping[str, object] | None = None) -> pl.DataFrame:
        """Run a built-in query and return its frame."""
        relation = self._connection.sql(query, params=dict(values or {}))
        return pl.DataFrame(relation)  # `relation.pl()` would import pyarrow

    def days_of(self, table: str, first: date, last: date) -> list[dict[str, object]]:
        """Return the rows of a dated model for a range of days, both ends included."""
        cursor = self._connection.execute(
            f"select * from {table} where event_date between $first and $last",
            {"first": first, "last": last},
        )
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def sample(
        self, table: str, columns: Sequence[str], most: int, day: date | None = None
    ) -> list[dict[str, Any]]:
        """Return a few rows of a table, of one day if given.

        Without the columns that it does not have: another version built it.
        """
        named = "columns(lambda name: name in $columns)"
        where, values = ("", {}) if day is None else (" where event_date = $day", {"day": day})
        try:
            cursor = self._connection.execute(
                f"select {named} from {table}{where} limit {most}",
                {"columns": list(columns), **values},
            )
        except duckdb.BinderException:
            return []
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def table(self, name: str) -> pl.DataFrame:
        """Return a whole table as a frame."""
        return pl.DataFrame(self._connection.table(name))

    @property
    def tables(self) -> set[str]:
        """The names of all tables."""
        found = self.rows(
            "select schema_name || '.' || table_name from duckdb_tables()"
            " where database_name = current_database()"
        )
        return {name for (name,) in found}

    def has(self, table: str) -> bool:
        """Return whether a table exists, here or in an attached database.

        Args:
            table: As in `core.presences` or `built.core.presences`.
        """
        *database, schema, name = table.split(".")
        found = self.rows(
            "select 1 from duckdb_tables()"
            " where database_name = coalesce($database, current_database())"
            " and schema_name = $schema and table_name = $name",
            {"database": next(iter(database), None), "schema": schema, "name": name},
        )
        return bool(found)

    def distinct(self, table: str, column: str) -> list[Any]:
        """Return the values of a column, null left out."""
        rows = self.rows(f"select distinct {column} from {table} where {column} is not null")
        return [row[0] for row in rows]

    def values(self, columns: Iterable[tuple[str, str]]) -> set[Any]:
        """Return the values of columns, each given with its table; null left out."""
        each = " union all ".join(
            f"select {column} as value from {table}" for table, column in columns
        )
        rows = self.rows(f"select distinct value from ({each}) where value is not null")
        return {row[0] for row in rows}

    @contextmanager
    def beside(self, target: Path) -> Iterator[None]:
        """Yield another database file, attached as `snap` to write into."""
        self._connection.execute(
            "attach $path as snap (storage_version 'v1.5.0')", {"path": str(target)}
        )
        try:
            yield
        finally:
            self._connection.execute("detach snap")

    def shown(self, table: str, columns: Mapping[str, str | None], copied: Copied) -> str:
        """Return the query of a table as it goes out, with names from `main.pseudonyms`.

        Args:
            columns: The columns to write, in order; with the kind of pseudonym
                that replaces the value, or None where it stays. Of a `site`, and in
                `sites`, a value without a name stays; in a `category` the words of
                sensitive kinds are withheld.
            copied: How a column goes out, see `privacy.copying`.
        """
        parts = [copied(n, name, kind) for n, (name, kind) in enumerate(columns.items())]
        chosen = ", ".join(text for text, _ in parts)
        joins = " ".join(join for _, join in parts if join)
        query = f"select {chosen} from {table} as rows {joins}"
        try:
            self._connection.sql(query)
        except duckdb.BinderException as error:
            raise ModelError(
                "was built by another version of Schoolbell: it lacks a column",
                where=table,
                remedy="Build what is due first: schoolbell run --home HOME",
            ) from error
        return query

    def copy_out(self, table: str, query: str, days: Sequence[date] = ()) -> None:
        """Write a query's result into a table of `snap`.

        Args:
            days: Only these are rewritten; without any, the whole table.
        """
        if not days:
            schema = table.split(".")[0]
            self._connection.execute(f"create schema if not exists snap.{schema}")
            self._transact(f"create or replace table snap.{table} as {query}")
            return
        listed = ", ".join(f"date '{day}'" for day in days)
        self._transact(
            f"delete from snap.{table} where event_date in ({listed});"
            f"insert into snap.{table} from ({query}) where event_date in ({listed})"
        )

    def write_out(self, table: str, frame: pl.DataFrame) -> None:
        """Write a frame into `snap`."""
        self._connection.register("incoming", frame)
        self.copy_out(table, "from incoming")
        self._connection.unregister("incoming")

    def outdated(self, queries: Mapping[str, str]) -> tuple[Mapping[str, Sequence[date]], float]:
        """Return the tables of `snap` that differ from the queries' results, and their days.

        Returns:
            Days by table; none for the whole table. And the share of all rows
            that has to be written, or the unused share of the file's blocks,
            if that is larger.
        """
        there = set(self._out())
        found: dict[str, Sequence[date]] = {}
        due = held = 0
        for table, query in queries.items():
            wanted, columns = self._fingerprints(f"({query})")
            held += sum(count for count, _ in wanted.values())
            before = None
            if table in there:
                before, known = self._fingerprints(f"snap.{table}")
                before = before if known == columns else None
            if before == wanted:
                continue
            differ = {
                day
                for day in {*wanted, *(before or ())}
                if before is None or wanted.get(day) != before.get(day)
            }
            is_whole = before is None or None in differ
            found[table] = [] if is_whole else sorted(day for day in differ if day)
            due += sum(count for day, (count, _) in wanted.items() if is_whole or day in differ)
        ((idle,),) = self.rows(
            "select free_blocks / total_blocks from pragma_database_size()"
            " where database_name = 'snap'"
        )
        return found, max(due / max(held, 1), idle)

    def _fingerprints(
        self, source: str
    ) -> tuple[dict[date | None, tuple[int, int]], list[tuple[str, str]]]:
        """Return number of rows and sum of their hashes by day; and the columns' types.

        A list without an element has the hash of none at all, and so has a struct
        of nothing: of a list its length is hashed too, and of what is nested deeper
        the text.
        """
        relation = self._connection.sql(f"from {source}")
        kinds = [str(kind) for kind in relation.types]
        columns = list(zip(relation.columns, kinds, strict=True))
        hashed = [
            f"len({name})" if kind in _LISTS else f"{name}::varchar"
            for name, kind in columns
            if kind.endswith(("]", ")"))
        ]
        day = "event_date" if ("event_date", "DATE") in columns else "null::date"
        told = ", ".join([*relation.columns, *hashed])
        rows = self.rows(
            f"select {day}, count(*), sum(hash({told})::hugeint) from {source} group by 1"
        )
        return {day: (count, total) for day, count, total in rows}, columns

    def _out(self) -> dict[str, dict[str | None, str | None]]:
        """Return the comments of each table in `snap`: its own under None, its columns'."""
        found: dict[str, dict[str | None, str | None]] = {}
        for table, column, said in self.rows(
            "select schema_name || '.' || table_name, null, comment"
            " from duckdb_tables() where database_name = 'snap' union all"
            " select schema_name || '.' || table_name, column_name, comment"
            " from duckdb_columns() where database_name = 'snap'"
        ):
            found.setdefault(table, {})[column] = said
        return found

    def finish_out(self, notes: "Mapping[str, Notes]") -> None:
        """Add the meanings of tables and columns to `snap`, for any tool that shows them.

        Tables without a meaning are from an earlier snapshot, and are dropped.
        """
        said = []
        for table, comments in self._out().items():
            if table not in notes:
                said.append(f"drop table snap.{table}")
                continue
            meaning, columns = notes[table]
            for column, before in comments.items():
                text = columns[column] if column else meaning
                of = f"column snap.{table}.{column}" if column else f"table snap.{table}"
                if text != before:
                    said.append(f"comment on {of} is {_literal(text)}")
        # each by itself would be a transaction, and a millisecond
        self._transact(";".join(said))


@contextmanager
def _told_of(model: Model) -> Iterator[None]:
    """Say which model an error is of, and whether the model is to blame."""
    try:
        yield
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        # a wrong checksum of a block raises the base class of all errors
        if isinstance(error, NOT_THE_MODEL) or type(error) is duckdb.Error:
            raise WarehouseError(
                str(error).split("\n")[0],
                where=model.name,
                remedy="Free space or repair the disk, then run again.",
            ) from error
        raise ModelError(str(error).split("\n")[0], where=model.name) from error


def _statements(
    model: Model, values: Mapping[str, Scalar], days: Sequence[date | None], parts: int = 1
) -> tuple[Sequence[str], dict[str, object]]:
    """Return the queries of some days of a model, or of an undated one, and their values.

    Args:
        parts: The number of queries, each of a part of the rows; 1 for several days.
    """
    named = dict[str, object](values)
    if len(days) > 1:
        named |= model.span_arguments([day for day in days if day])
        return [model.span_statement], named
    if model.is_dated:
        named["event_date"] = days[0]
    return [model.statement(Part(number, parts)) for number in range(parts)], named


def _literal(text: str) -> str:
    """Return our own words as SQL: `comment on` takes no parameters."""
    return "'" + text.replace("'", "''") + "'"


def of_days(model: Model, days: Sequence[date | None]) -> tuple[str, dict[str, list[date | None]]]:
    """Return the condition that keeps some days of a model, or all of an undated one."""
    if not model.is_dated or None in days:
        return "", {}
    return f" where {OF_DAYS}", {"days": list(days)}


def _fact_type(kind: str) -> str:
    """Return a type of DuckDB's as headers declare it."""
    if kind in _WHOLE:
        return "int"
    is_real = kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL")
    return "double" if is_real else kind.lower()


def _promised(model: Model) -> dict[str, str]:
    """Return the columns of a model's header, with types as DuckDB writes them."""
    return {name: _LONG.get(note.type, note.type) for name, note in model.header.columns.items()}


@contextmanager
def writing(
    path: Path,
    *,
    threads: int | None = None,
    memory_mb: int = MEMORY_MB,
    most_memory_mb: int | None = None,
) -> Iterator[Database]:
    """Open the warehouse for writing; waits briefly for another writer.

    Args:
        threads: None for as many as the machine has cores.
        memory_mb: Megabytes that DuckDB may use before it writes to disk.
        most_memory_mb: Megabytes to which that may grow for a day that does not fit.
    """
    memory = Memory(memory_mb, most_memory_mb or memory_mb)
    # the warehouse and DuckDB's files next to it contain names
    before = os.umask(0o077)
    try:

        def connected() -> duckdb.DuckDBPyConnection:
            connection = _connect(str(path))
            _tune(connection, threads, memory_mb)
            return connection

        database = Database(connected(), connected, SharedCatalog(memory=memory))
        try:
            yield database
        finally:
            database.close()
            if database.known.empty is not None:
                database.known.empty.cleanup()
    finally:
        os.umask(before)


@retry(
    retry=retry_if_exception_message(match=f".*{LOCKED}.*"),
    stop=stop_after_delay(READER_SECONDS),
    wait=wait_random_exponential(multiplier=0.05, max=1),
    reraise=True,
)
def _connect(path: str) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(path, config={"storage_compatibility_version": "v1.5.0"})


def _tune(connection: duckdb.DuckDBPyConnection, threads: int | None, memory_mb: int) -> None:
    if threads is not None:
        connection.execute(f"set threads={threads}")
    for setting in (
        "autoinstall_known_extensions=false",
        "autoload_known_extensions=false",
        "allow_community_extensions=false",
        f"memory_limit='{memory_mb}MB'",
        "preserve_insertion_order=true",
        # at the default of 16 MB a build spends a tenth of its time on check points
        "checkpoint_threshold='256MB'",
    ):
        connection.execute(f"set {setting}")
    for schema in SCHEMAS:
        connection.execute(f"create schema if not exists {schema}")
    _tune_session(connection)


def _tune_session(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("set TimeZone='UTC'")
    # it would write into what a command prints
    connection.execute("set enable_progress_bar=false")
    for macro in macros().values():
        connection.execute(macro)
