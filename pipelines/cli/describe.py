"""The command that describes the columns of a snapshot."""

from collections.abc import Iterator
from typing import Annotated

import polars as pl
import typer

from pipelines.cli.options import AsJson
from pipelines.cli.query import _put
from pipelines.cli.row_files import rendered
from pipelines.errors import SettingsError
from pipelines.reports.dictionary import described, in_snapshots, relations


def describe(
    table: Annotated[
        str, typer.Argument(help="Table, such as core.site_use; without one, list all.")
    ] = "",
    every: Annotated[
        bool,
        typer.Option("--all", help="Include tables that are in no snapshot and cannot be queried."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Describe tables: type and meaning of each column.

    Also shows whether a column contains personal data.
    """
    rows = [
        {**row, "in snapshots": "yes" if seen else "no"} if every else row
        for row, seen in (_columns(table) if table else _relations())
        if seen or every
    ]
    if not rows:
        raise SettingsError(
            f"{table} is in no snapshot and cannot be queried",
            remedy=f"For the meaning of its columns: schoolbell describe {table} --all",
        )
    _put(rendered(pl.DataFrame(rows), "json" if as_json else "table", ()), None)


def _relations() -> Iterator[tuple[dict[str, str], bool]]:
    for name, row in relations().items():
        yield {"relation": name, "row": row}, name in in_snapshots()


def _columns(table: str) -> Iterator[tuple[dict[str, str], bool]]:
    for one in described(table):
        row = {
            "column": one.column,
            "type": one.kind,
            "personal": "" if one.pii == "none" else one.pii,
            "meaning": one.meaning,
            "words": "; ".join(f"{word}: {is_}" for word, is_ in one.words.items()),
        }
        yield row, one.is_published
