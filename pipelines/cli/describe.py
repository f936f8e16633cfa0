"""The command that describes the columns of a snapshot."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from pipelines.cli.options import AsJson, OptionalHome
from pipelines.cli.query import _put
from pipelines.cli.row_files import rendered
from pipelines.errors import ModelError, SettingsError
from pipelines.notebook.connection import Connection, noted
from pipelines.reports.dictionary import described, in_snapshots, relations
from pipelines.reports.joins import joins_of, picture


def describe(
    table: Annotated[
        str, typer.Argument(help="Table, such as core.site_use; without one, list all.")
    ] = "",
    every: Annotated[
        bool,
        typer.Option("--all", help="Include tables that are in no snapshot and cannot be queried."),
    ] = False,
    home: OptionalHome = None,
    as_json: AsJson = False,
) -> None:
    """Describe tables: type and meaning of each column, and how tables join.

    Also shows whether a column contains personal data. With --home, one row of the newest
    snapshot is the example.
    """
    example = _example(home, table) if home and table else {}
    rows = [
        {**row, "in snapshots": "yes" if seen else "no"} if every else row
        for row, seen in (_columns(table, example, as_json=as_json) if table else _relations())
        if seen or every
    ]
    if not rows:
        raise SettingsError(
            f"{table} is in no snapshot and cannot be queried",
            remedy=f"For the meaning of its columns: schoolbell describe {table} --all",
        )
    _put(rendered(pl.DataFrame(rows), "json" if as_json else "table", ()), None)
    if table and not as_json:
        typer.echo("\n".join(("", *picture(table))))


def _relations() -> Iterator[tuple[dict[str, str], bool]]:
    for name, row in relations().items():
        yield {"relation": name, "row": row}, name in in_snapshots()


def _example(home: Path, table: str) -> Mapping[str, str]:
    """Return a row of the home's newest snapshot; empty before the first snapshot."""
    try:
        con = noted(Connection(home))
    except ModelError as error:
        typer.echo(f"No example: {error.what}.", err=True)
        return {}
    return con.example(table) if table in in_snapshots() else {}


def _columns(
    table: str, example: Mapping[str, str], *, as_json: bool
) -> Iterator[tuple[dict[str, str], bool]]:
    joins = joins_of(table)
    for one in described(table):
        row = {
            "column": one.column,
            "type": one.kind,
            "personal": "" if one.pii == "none" else one.pii,
            "meaning": one.meaning,
            **({"example": example.get(one.column, "")} if example else {}),
            "words": "; ".join(f"{word}: {is_}" for word, is_ in one.words.items()),
        }
        if as_json:
            row["joins to"] = ", ".join(
                join.relation for join in joins if one.column in join.columns.values()
            )
        yield row, one.is_published
