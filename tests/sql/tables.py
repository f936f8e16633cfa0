"""SQL cases: tables drawn as text, turned into relations and read back.

A case is a YAML file whose first line states *why*. `given` holds one drawn table
for each relation, `expect` the result; both name only the columns that matter.

- An empty cell is null, `[a, b]` a list.
- A relation below the model's inputs may be drawn too; what is between is built.
- An ephemeral model that is drawn is read as a table.
- A column that is not drawn is null. `every_row` fills it, relation by relation.
- A time of day alone, `14:00` or `14:00:05`, is UTC on the case's `event_date`;
  `+1 02:00` is the day after.
- `event_date` is the case's and `event_id` the number of the row, where not drawn.
- `expect` may look into JSON: `details.turns`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from pipelines.events import EVENT_CLASSES, LAKE_COLUMNS, PLACE
from pipelines.refresh.spans import verify
from pipelines.registry import frames, mmdb_files
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database
from pipelines.warehouse.headers import Header, Scalar
from pipelines.warehouse.models import (
    Model,
    arguments,
    every_model,
    inlined,
    inputs_below,
    query_text,
)
from tests.databases import empty_database

DIMENSIONS = {
    "identity.hosts": inputs.HOSTS,
    "identity.spellings": inputs.SPELLINGS,
    "identity.addresses": inputs.ADDRESSES,
    "identity.outside_networks": mmdb_files.OUTSIDE,
}
_TYPES = {
    pl.String: "varchar",
    pl.Date: "date",
    pl.Boolean: "boolean",
    pl.Float64: "double",
    pl.Int16: "smallint",
    pl.Int32: "integer",
    pl.Int64: "bigint",
    pl.Datetime: "timestamptz",
}
_CLOCK = re.compile(r"(?:\+(\d) |-(\d) )?(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\Z")


@cache
def columns_of(relation: str) -> Mapping[str, str]:
    """DuckDB types of a relation's columns, from the contract that it keeps."""
    schema, name = relation.split(".")
    if schema == "raw":
        events = EVENT_CLASSES[name].schema
        lake = {"event_id": pl.Int64} | dict(PLACE) | dict(events) | dict(LAKE_COLUMNS)
        return _types(lake)
    if schema == "registry":
        return _types(frames.schema(name))
    if relation in DIMENSIONS:
        return _types(DIMENSIONS[relation])
    notes = every_model()[relation].header.columns
    return {column: note.type for column, note in notes.items()}


def _types(schema: Mapping[str, Any]) -> Mapping[str, str]:
    return {name: _TYPES[dtype.base_type()] for name, dtype in schema.items()}


class Case:
    """One YAML file of `tests/sql/<schema>/<model>/`."""

    def __init__(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert text.startswith("why: "), f"{path}: the first line says why"
        parts = yaml.safe_load(text)
        extra = set(parts) - {"why", "params", "every_row", "given", "expect"}
        assert not extra, f"{path}: what is {extra}?"
        written = self._written(path)
        self.params = dict(parts.get("params") or {})
        self.day: date | None = self.params.pop("event_date", None)
        self.every_row = parts.get("every_row") or {}
        self.given = parts.get("given") or {}
        inner = [part for part in written.parts if part.name not in self.given]
        self.model: Model = inlined(written, inner)
        self.expect = drawn(parts["expect"])
        asked = {name[8:] for name in self.expect[0] if name.startswith("details.")}
        facts = set(self.model.header.details)
        assert asked <= facts, f"{path}: no fact {asked - facts}"
        self.below = set(self.given) - self.model.inputs
        unread = self.below - inputs_below(self.model, every_model())
        assert not unread, f"{path}: {self.model.name} does not read {unread}"

    def _written(self, path: Path) -> Model:
        return every_model()[f"{path.parent.parent.name}.{path.parent.name}"]

    def run(self) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
        """Return what the model made and what was expected, both sorted."""
        with self._brought() as (database, values):
            database.build(self.model, values, self.day)
            verify(database, self.model)
            return self._made(database), self._expected(database)

    def one_by_one_and_at_once(self) -> list[list[tuple[object, ...]]]:
        """Return the rows of the day and of its neighbors, by a statement each and by one."""
        assert self.day is not None
        near = [self.day + timedelta(days=offset) for offset in (-1, 0, 1)]
        rows = []
        with self._brought() as (database, values):
            for spans in (near[:1], near[1:2], near[2:]), (near,):
                for span in spans:
                    database.build(self.model, values, *span)
                rows.append(database.rows(f"from {self.model.name} order by all"))
        return rows

    def whole_and_in_parts(self, of: int) -> list[list[tuple[object, ...]]]:
        """Return the rows built as a whole, and those built part by part."""
        with self._brought() as (database, values):
            whole = self._all(database, values)
            database.known.memory.parts[self.model.name] = of
            return [whole, self._all(database, values)]

    def _all(self, database: Database, values: dict[str, Scalar]) -> list[tuple[object, ...]]:
        database.build(self.model, values, self.day)
        return sorted(database.rows(f"from {self.model.name}"), key=repr)

    @contextmanager
    def _brought(self) -> Iterator[tuple[Database, dict[str, Scalar]]]:
        """Provide a database with all that the model reads, and the model's parameters."""
        with empty_database() as database:
            there: set[str] = set()
            for relation in self.model.inputs:
                self._bring(database, relation, there)
            yield database, self._values()

    def _values(self) -> dict[str, Scalar]:
        params = dict(self.params)
        zone = str(params.pop("zone", "UTC"))
        return arguments(self.model, params, zone=zone)

    def _bring(self, database: Database, relation: str, there: set[str]) -> None:
        """A relation as it is drawn, or made of what is drawn below it; once."""
        if relation in there:
            return
        there.add(relation)
        model = every_model().get(relation)
        drawn_below = inputs_below(model, every_model()) & self.below if model else None
        self._fill(database, relation)
        if model is None or relation in self.given or not drawn_below:
            return
        for name in model.inputs:
            self._bring(database, name, there)
        days: list[date | None] = [None]
        if model.is_dated:
            assert self.day is not None
            header = self.model.header
            offsets = range(-header.lookback, header.lookahead + 1)
            days = [self.day + timedelta(days=offset) for offset in offsets]
        database.build(model, arguments(model), *days)

    def _fill(self, database: Database, relation: str) -> None:
        types = columns_of(relation)
        create(database, relation)
        if relation not in self.given:
            return
        header, rows = drawn(self.given[relation])
        if not rows:
            return
        columns = {
            name: [_text(value)] * len(rows)
            for name, value in self.every_row.get(relation, {}).items()
        }
        columns |= {
            name: list(cells) for name, cells in zip(header, zip(*rows, strict=True), strict=True)
        }
        if "event_id" in types:
            numbers = [str(number) for number in range(1, len(rows) + 1)]
            columns.setdefault("event_id", numbers)
        if "event_date" in types and self.day is not None:
            columns.setdefault("event_date", [self.day.isoformat()] * len(rows))
        self._insert(database, relation, columns)

    def _insert(
        self, database: Database, relation: str, columns: Mapping[str, Sequence[str]]
    ) -> None:
        """All rows in one statement: each by itself takes four milliseconds."""
        types = columns_of(relation)
        unknown = set(columns) - set(types)
        assert not unknown, f"{relation} has no column {unknown}"
        casts = ", ".join(f"cast(unnest(${name}) as {types[name]})" for name in columns)
        values = {
            name: [self._value(cell, types[name]) for cell in cells]
            for name, cells in columns.items()
        }
        database.rows(f"insert into {relation} ({', '.join(columns)}) select {casts}", values)

    def _value(self, cell: str, kind: str) -> str | None:
        if cell == "":
            return None
        clock = _CLOCK.match(cell) if kind == "timestamptz" else None
        if clock is None:
            return cell
        assert self.day is not None, "a time of day needs an event_date"
        days = int(clock[1] or 0) - int(clock[2] or 0)
        return f"{self.day + timedelta(days=days)} {clock[3]}"

    def _types(self, database: Database) -> Mapping[str, str]:
        return columns_of(self.model.name)

    def _made(self, database: Database) -> list[tuple[str, ...]]:
        selected = ", ".join(_select(name) for name in self.expect[0])
        return _shown(database.rows(f"select {selected} from {self.model.name}"))

    def _expected(self, database: Database) -> list[tuple[str, ...]]:
        types = self._types(database)
        header, rows = self.expect
        made = []
        for row in rows:
            kinds = [types.get(name, "varchar") for name in header]
            values = [self._value(cell, kind) for cell, kind in zip(row, kinds, strict=True)]
            casts = ", ".join(f"cast(${chr(97 + n)} as {kind})" for n, kind in enumerate(kinds))
            named = {chr(97 + n): value for n, value in enumerate(values)}
            made += database.rows(f"select {casts}", named)
        return _shown(made)


class QueryCase(Case):
    """One YAML file of `tests/sql/proposals/<query>/` or the like; a query has no header."""

    def _written(self, path: Path) -> Model:
        text = query_text(f"{path.parent.parent.name}/{path.parent.name}")
        header = Header(summary="", grain=())
        return Model(name=f"main.{path.parent.name}", header=header, text=text, query=text)

    def run(self) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
        """Return the rows of the query and those expected, both sorted."""
        with self._brought() as (database, values):
            database.rows(f"create table {self.model.name} as {self.model.query}", values)
            return self._made(database), self._expected(database)

    def _values(self) -> dict[str, Scalar]:
        return dict(self.params)

    def _types(self, database: Database) -> Mapping[str, str]:
        described = database.rows(f"describe {self.model.name}")
        return {name: str(kind).lower() for name, kind, *_ in described}


def create(database: Database, relation: str) -> None:
    """An empty relation with the columns of its contract."""
    listed = ", ".join(f"{k} {v}" for k, v in columns_of(relation).items())
    database.rows(f"create or replace table {relation} ({listed})")


def drawn(text: str) -> tuple[list[str], list[list[str]]]:
    """Header and cells of a table drawn with pipes."""
    lines = [line for line in text.splitlines() if line.strip()]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return cells[0], cells[1:]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _select(name: str) -> str:
    if "." not in name:
        return name
    column, field = name.split(".")
    return f"{column} ->> '$.{field}' as {field}"


def _shown(rows: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    return sorted(tuple(_cell(value) for value in row) for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, list):
        return "[" + ", ".join(_cell(one) for one in value) + "]"
    return str(value)
