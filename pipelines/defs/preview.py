"""What Dagster shows of a table: a few rows without names and without log text.

Dagster's pages have no login. So the preview has columns that are about nobody, and of
those with text only the ones whose words are a closed list of ours.
"""

from typing import Any

import dagster as dg

from pipelines.reports.dictionary import words_of
from pipelines.warehouse.database import Database
from pipelines.warehouse.models import Model

MOST_ROWS = 5
TEXT = ("varchar", "json", "[]", "struct", "map")


def shown_columns(model: Model) -> list[str]:
    """The columns that may be shown to whoever opens the page."""
    return [
        name
        for name, column in model.header.columns.items()
        if column.pii == "none"
        and (
            not any(kind in column.type.lower() for kind in TEXT)
            or (column.type == "varchar" and bool(words_of(model.name, name)))
        )
    ]


def preview(database: Database, model: Model) -> dict[str, Any]:
    """Metadata of a materialization; empty where nothing may be or is there."""
    columns = shown_columns(model)
    if not columns or not database.has(model.name):
        return {}
    rows = database.newest(model.name, columns, MOST_ROWS)
    if not rows:
        return {}
    records = [
        dg.TableRecord(
            {name: _plain(value) for name, value in zip(columns, row, strict=True)}
        )
        for row in rows
    ]
    return {"preview": dg.MetadataValue.table(records)}


def _plain(value: Any) -> str | int | float | bool:
    if isinstance(value, str | int | float | bool):
        return value
    return "" if value is None else str(value)
