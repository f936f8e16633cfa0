"""Rows as a file: a table, CSV, JSON lines, Parquet or a workbook.

Log fields are outside input: a spreadsheet gets no formula.
"""

import csv
import io
import json
from typing import Literal

import polars as pl

from pipelines.errors import SettingsError
from pipelines.errors import safe as visible
from pipelines.reports.text_tables import ABOUT, MAX_IN_EXCEL, About, exported, workbook

Kind = Literal["table", "csv", "json", "parquet", "xlsx"]
LIKE_NUMBERS = (int, float, bool)


def rendered(rows: pl.DataFrame, kind: Kind, about: About) -> bytes:
    """Return the rows as a file of a type.

    Args:
        about: Name and value of facts that a reader of a workbook needs.

    Raises:
        SettingsError: More rows than an Excel sheet can contain.
    """
    if kind == "parquet":
        file = io.BytesIO()
        rows.write_parquet(file)
        return file.getvalue()
    if kind == "xlsx":
        return _xlsx(rows, about)
    writers = {"table": _table, "csv": _csv, "json": _json}
    return writers[kind](rows).encode("utf-8", "backslashreplace")


def _table(rows: pl.DataFrame) -> str:
    body = [[visible(_text(value)) for value in row] for row in rows.rows()]
    lines = [[visible(name) for name in rows.columns], *body]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    drawn = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )
    return "".join(line.rstrip() + "\n" for line in drawn)


def _csv(rows: pl.DataFrame) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([exported(name) for name in rows.columns])
    for row in rows.rows():
        writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def _cell(value: object) -> object:
    return value if isinstance(value, LIKE_NUMBERS) else exported(_text(value))


def _json(rows: pl.DataFrame) -> str:
    return "".join(json.dumps(row, default=_text) + "\n" for row in rows.iter_rows(named=True))


def _xlsx(rows: pl.DataFrame, about: About) -> bytes:
    if rows.height > MAX_IN_EXCEL:
        raise SettingsError(
            f"{rows.height:,} rows do not fit in one sheet",
            where="--format xlsx",
            remedy="Write Parquet or CSV, or ask for fewer rows.",
        )
    body = [[_sheet_cell(value) for value in row] for row in rows.rows()]
    facts = [(name, " ".join(text.split())) for name, text in about]
    return workbook({"Rows": [rows.columns, *body], ABOUT: facts})


def _sheet_cell(value: object) -> object:
    return value if isinstance(value, LIKE_NUMBERS) else _text(value)


def _text(value: object) -> str:
    """Return a value as words; an unknown one is empty, a list its members."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
