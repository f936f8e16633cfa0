"""The rows behind a number as files for other programs: CSV, Excel, Parquet.

CSV is text at once. The other two are made when they are written, so that a
report that nobody writes to disk costs nothing.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from pipelines.reports.safety import spelled_out
from pipelines.reports.sheets import About, workbook
from pipelines.reports.tables import Table, to_csv

Kind = Literal["xlsx", "parquet"]


@dataclass(frozen=True)
class Export:
    """A table that becomes a file when its bytes are asked for.

    Attributes:
        table: The rows.
        kind: What the file is.
        about: Name and value of what a reader must know of the rows.
    """

    table: Table
    kind: Kind
    about: About

    def content(self) -> bytes:
        """The file, the same bytes each time."""
        if self.kind == "xlsx":
            return to_xlsx(self.table, self.about)
        return to_parquet(self.table)


Page = str | bytes | Export


def exports(base: str, table: Table, shared: Mapping[str, Any]) -> dict[str, Page]:
    """The files of one table: `base` with .csv, .parquet and, if it fits, .xlsx.

    Args:
        shared: What every page of the week says of itself.
    """
    about = (
        ("District", shared["district"]),
        ("What a row is", table.caption),
        ("Rows", str(len(table.rows))),
        ("Week", f"{shared['week']}, {shared['dates']}"),
        ("Report", shared["report_id"]),
        *shared["versions"],
        ("Names", "Accounts and devices carry cover names. A log names no person."),
    )
    files: dict[str, Page] = {f"{base}.csv": to_csv(table)}
    files[f"{base}.parquet"] = Export(table, "parquet", ())
    if table.fits_excel:
        files[f"{base}.xlsx"] = Export(table, "xlsx", about)
    return files


def to_parquet(table: Table) -> bytes:
    """The rows with typed columns: whole numbers, or text."""
    data = {
        label: _column([row[place].value for row in table.rows])
        for place, label in enumerate(table.labels)
    }
    file = io.BytesIO()
    pl.DataFrame(data).write_parquet(file)
    return file.getvalue()


def _column(values: Sequence[str | int]) -> pl.Series:
    """Numbers where every known value is one; what is not known is null."""
    known = [value for value in values if value != ""]
    if known and all(isinstance(value, int) for value in known):
        return pl.Series([v if v != "" else None for v in values], dtype=pl.Int64)
    texts = [None if value == "" else spelled_out(str(value)) for value in values]
    return pl.Series(texts, dtype=pl.String)


def to_xlsx(table: Table, about: About) -> bytes:
    """A workbook of two sheets: the rows, and what they are."""
    return workbook(
        [table.labels, *([one.value for one in row] for row in table.rows)], about
    )
