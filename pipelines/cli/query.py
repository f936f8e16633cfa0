"""Commands that query a snapshot and describe its columns."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from pipelines.cli.options import Home
from pipelines.cli.output import write_private
from pipelines.cli.row_files import Kind, rendered
from pipelines.errors import ModelError, SettingsError
from pipelines.notebook.connection import Connection, noted
from pipelines.notebook.saved_queries import listed, queries_with, saved_query
from pipelines.settings.home import DistrictHome
from pipelines.warehouse.snapshots import SqlError

BINARY: tuple[Kind, ...] = ("parquet", "xlsx")


def query(
    home: Home,
    name: Annotated[
        str,
        typer.Argument(help="Name of a saved query, or SQL text; without one, list them."),
    ] = "",
    sql: Annotated[str, typer.Option(help="SQL text instead of a saved query.")] = "",
    values: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE for a parameter of the query; repeatable."),
    ] = None,
    kind: Annotated[Kind, typer.Option("--format", help="Output format.")] = "table",
    to: Annotated[Path | None, typer.Option(help="Write to this new file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Query the newest snapshot (read-only).

    Accounts and devices are under code names.
    """
    kind = "json" if as_json else kind
    if not sql and len(name.split()) > 1:  # no saved query has a space in its name
        name, sql = "", name
    if name and sql:
        raise SettingsError("a saved query and --sql cannot be used together")
    if kind in BINARY and to is None:
        raise SettingsError(f"{kind} cannot be printed", remedy="Use --to FILE")
    if not (name or sql):
        _put(rendered(listed(queries_with(DistrictHome(home).queries)), kind, ()), to)
        return
    con = noted(Connection(home))
    rows, text = _answer(con, name, sql, _pairs(values or ()))
    about = (
        ("Query", name or "own"),
        ("SQL", text),
        ("Snapshot", str(con)),
        ("Rows", str(rows.height)),
        ("Names", "Accounts, devices and people have pseudonyms that last one school year."),
    )
    _put(rendered(rows, kind, about), to)


def _answer(
    con: Connection, name: str, sql: str, given: dict[str, str]
) -> tuple[pl.DataFrame, str]:
    try:
        if sql:
            return con.frame(sql, **given), sql
        return con.local(con.saved(name, **given)), saved_query(con.queries, name).query
    except SqlError as error:
        raise ModelError(
            _without_place(str(error)),
            where="--sql" if sql else f"{name}.sql",
            remedy="See: schoolbell describe, and: schoolbell describe TABLE",
        ) from error


def _without_place(message: str) -> str:
    """Return DuckDB's message with its suggestion, without the excerpt of the query."""
    return "\n  ".join(
        line for line in message.strip().partition("\nLINE ")[0].splitlines() if line.strip()
    )


def _pairs(values: Sequence[str]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    for name, equals, _ in pairs:
        if not (name and equals):
            raise SettingsError(
                f"{name!r} is not NAME=VALUE", where="--set", remedy="--set first=…"
            )
    return {name: value for name, _, value in pairs}


def _put(content: bytes, to: Path | None) -> None:
    if to is None:
        sys.stdout.write(content.decode())
        return
    write_private(to, content)
