"""The rows behind a number as files for other programs: CSV, Excel, Parquet.

CSV is text at once. The other two are made when they are written, so that a
report that nobody writes to disk costs nothing.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import polars as pl
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from pipelines.reports.safety import spelled_out
from pipelines.reports.tables import Table, to_csv

About = Sequence[tuple[str, str]]

# A cell of a log is text, whatever it looks like: no formula, no link, no number.
AS_TEXT = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}
MADE = datetime(1980, 1, 1)  # noqa: DTZ001 - the same bytes each time; a zip's own date
LONGEST_CELL = 32_767  # characters, Excel's own limit
CUT = " ... (cut; the CSV file has all of it)"
WIDEST = 48  # letters of a column


def workbook(rows: Sequence[Sequence[object]], about: About) -> bytes:
    """The file, the same bytes each time.

    Args:
        rows: The labels of the columns first. Numbers are numbers, all else is text.
        about: Name and value of what a reader must know of the rows.
    """
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, AS_TEXT)
    book.set_properties({"created": MADE})
    sheet = book.add_worksheet("Rows")
    _fill(sheet, rows)
    sheet.set_row(0, None, book.add_format({"bold": True, "bottom": 1}))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(rows) - 1, len(rows[0]) - 1)
    _fill(book.add_worksheet("About"), about)
    book.close()
    return file.getvalue()


def _fill(sheet: Worksheet, rows: Iterable[Sequence[object]]) -> None:
    """Write each cell as what it is, and make the columns as wide as they need."""
    widths: dict[int, int] = {}
    for at, row in enumerate(rows):
        for place, value in enumerate(row):
            if isinstance(value, int | float):
                sheet.write(at, place, value)
            elif value:
                sheet.write_string(at, place, _fitting(spelled_out(str(value))))
            widths[place] = max(widths.get(place, 6), len(str(value)) + 2)
    for place, width in widths.items():
        sheet.set_column(place, place, min(width, WIDEST))


def _fitting(text: str) -> str:
    """The text, cut and marked where a cell of Excel cannot hold it."""
    if len(text) <= LONGEST_CELL:
        return text
    return text[: LONGEST_CELL - len(CUT)] + CUT


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
        ("Names", "Accounts and devices carry code names. A log names no person."),
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
