"""JSON lines: text columns out of objects, whole batches at a time.

A field is named by its path: keys joined by `/`, a number for a place in an
array, as in `winlog/event_data/IpAddress` or `events/0/name`. A key may hold
dots. Every value comes out as text, however the product wrote it: `5`, `"5"`
and `true` are `5`, `5` and `true`; null and absent are null. Of a key that comes
twice the first counts.

DuckDB reads one line at a time, so none can spoil another. It forgives a comma
behind the last member and numbers such as `NaN`, which no JSON has: lines that
may hold one are looked at by a stricter reader.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.formats.reading.fields import OLDEST, where_rare
from pipelines.formats.reading.json_text import json_of
from pipelines.formats.reading.table import PREFIX

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from pipelines.formats import Context

Fields = Mapping[str, str]
"""Column names, each with the path of its field."""

LINE = pl.col("line")
MARGIN = " \t\r\n\x00\ufeff"
ENDS_WITH_COMMA = r",\s*[}\]]"
MAY_BE_NO_NUMBER = "(?i)nan|inf"
NO_NUMBER = r"(?i)[:,\[]\s*-?(?:nan|inf)"
RULE = {"not a JSON object": pl.col("is_object")}
IS_JSON = "select coalesce(json_valid(line), false) as is_object from lines"
HELD = "select json_extract_string(line, $paths) as held from lines"
TEXTS = pl.List(pl.String)


def has_keys(line: pl.Expr, *keys: str) -> pl.Expr:
    """Match an object that has all of some keys, at any depth."""
    return line.str.contains(r"^[ \t]*\{") & pl.all_horizontal(
        line.str.contains(rf'"{key}"\s*:') for key in keys
    )


def split(batch: pl.LazyFrame, context: "Context", names: Sequence[str]) -> pl.LazyFrame:
    """Cut objects into the fields of a table, each named by its path."""
    del context
    return with_fields(batch, {f"{PREFIX}{name}": name for name in names})


def with_fields(batch: pl.LazyFrame, fields: Fields, line: pl.Expr = LINE) -> pl.LazyFrame:
    """Add a text column for each field, and `is_object`.

    `is_object` is false where the line is null or no whole JSON object; its
    fields are then null. Where a field does not match its path (an object
    where text is meant), the column holds JSON text.
    """
    # immediately: within a plan it would run inside of its threads, at a higher cost
    lines = batch.with_columns(_text=line).collect()
    found = _read(lines["_text"], fields)
    return pl.concat([lines.drop("_text"), found], how="horizontal").lazy()


def _read(lines: pl.Series, fields: Fields) -> pl.DataFrame:
    asked = _reader().cursor()

    def ask_of(texts: pl.DataFrame) -> None:
        asked.register("lines", texts.to_arrow(compat_level=OLDEST))

    def answer(query: str, kind: pl.Schema, **values: Any) -> pl.Series:
        found = asked.sql(query, params=values).to_arrow_table()
        return pl.DataFrame(found, schema=kind).to_series()

    texts = _strict(lines)
    ask_of(texts)
    is_object = answer(IS_JSON, pl.Schema({"is_object": pl.Boolean}))
    if not is_object.all():
        ask_of(texts.select(pl.when(is_object).then(LINE).alias("line")))
    pointers = [f"/{path}" for path in fields.values()]
    held = answer(HELD, pl.Schema({"held": TEXTS}), paths=pointers)
    columns = held.list.to_array(len(fields)).arr.to_struct([*fields])
    return columns.struct.unnest().with_columns(is_object)


def _strict(lines: pl.Series) -> pl.DataFrame:
    """Return lines that may be objects; null where only forgiveness would make one of them."""
    bare = LINE.str.strip_chars(MARGIN)
    is_braced = bare.str.starts_with("{") & bare.str.ends_with("}")
    unlike = where_rare(
        pl.when(LINE.str.contains(MAY_BE_NO_NUMBER)).then(LINE),
        lambda one: pl.when(one.str.contains(NO_NUMBER)).then(one),
    )
    is_odd = LINE.str.contains(ENDS_WITH_COMMA) | unlike.is_not_null()
    strict = where_rare(
        pl.when("is_odd").then(LINE),
        lambda one: pl.when(one.str.json_path_match("$") != "").then(one),
    )
    return (
        lines.to_frame("line")
        .select(pl.when(is_braced).then(bare).alias("line"))
        .with_columns(is_odd=is_odd)
        .select(pl.when("is_odd").then(strict).otherwise(LINE).alias("line"))
    )


@cache
def _reader() -> "DuckDBPyConnection":
    """Return a database in memory, for its reader of JSON alone."""
    import duckdb  # a third of a second, and few logs are JSON

    return duckdb.connect(
        config={
            "threads": 1,
            "autoinstall_known_extensions": False,
            "enable_external_access": False,
        }
    )


def json_text(**fields: pl.Expr) -> pl.Expr:
    """Return the fields that are not null as one JSON object; null where there is none."""
    return json_of([field.alias(name) for name, field in fields.items()])
