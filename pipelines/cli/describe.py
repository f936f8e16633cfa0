"""The command that says what the columns of a snapshot mean."""

from collections.abc import Sequence
from typing import Annotated

import polars as pl
import typer

from pipelines.cli.options import AsJson
from pipelines.cli.output import rendered
from pipelines.cli.query import _put
from pipelines.notebook.dictionary import described, relations


def describe(
    table: Annotated[
        str, typer.Argument(help="Table, such as core.site_use; without one, list all.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Describe tables: type, meaning and personal-data mark of each column."""
    if table:
        rows: Sequence[dict[str, str]] = [
            {
                "column": one.column,
                "type": one.kind,
                "personal": "" if one.pii == "none" else one.pii,
                "meaning": one.meaning,
                "words": "; ".join(f"{word}: {is_}" for word, is_ in one.words.items()),
            }
            for one in described(table)
        ]
    else:
        rows = [{"relation": name, "row": row} for name, row in relations().items()]
    _put(rendered(pl.DataFrame(rows), "json" if as_json else "table", ()), None)
