"""The rows behind a number as files for other programs: CSV, and a workbook a week.

CSV is text at once. A workbook is made when it is written, so that a report that
nobody writes to disk costs nothing.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from pipelines.reports.safety import spelled_out
from pipelines.reports.text_tables import Table

About = Sequence[tuple[str, str]]

# A cell of a log is text, whatever it looks like: no formula, no link, no number.
AS_TEXT = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}
ABOUT = "About"
LONGEST_NAME = 31  # letters of a sheet's name
MADE = datetime(1980, 1, 1)  # noqa: DTZ001 - the same bytes each time; a zip's own date
LONGEST_CELL = 32_767  # characters, Excel's own limit
CUT = " ... (cut; the CSV file has all of it)"
WIDEST = 48  # letters of a column


def workbook(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """The file, the same bytes each time.

    Args:
        sheets: Rows by the name of their sheet, the labels of the columns first.
            Numbers are numbers, all else is text. The sheet `ABOUT` has no labels.
    """
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, AS_TEXT)
    book.set_properties({"created": MADE})
    head = book.add_format({"bold": True, "bottom": 1})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name[:LONGEST_NAME])
        _fill(sheet, rows)
        if name != ABOUT:
            sheet.set_row(0, None, head)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, len(rows) - 1, len(rows[0]) - 1)
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


@dataclass(frozen=True)
class Book:
    """A workbook that is made when its bytes are asked for.

    Attributes:
        tables: By the name of their sheet, which is that of their CSV file.
        about: Name and value of what a reader must know of all of them.
    """

    tables: Mapping[str, Table]
    about: About

    def content(self) -> bytes:
        """The file, the same bytes each time; first what its sheets are."""
        sheets = [(name, _told(one)) for name, one in self.tables.items()]
        return workbook(
            {ABOUT: [*self.about, *sheets]}
            | {
                name: [one.labels, *([cell.value for cell in row] for row in one.rows)]
                for name, one in self.tables.items()
                if one.fits_excel
            }
        )


def _told(shown: Table) -> str:
    """What a sheet holds, or why there is none."""
    held = f"{shown.caption} ({len(shown.rows):,} rows)"
    return held if shown.fits_excel else f"{held}; too many for Excel: see the CSV file"


Page = str | bytes | Book


def book_of(tables: Mapping[str, Table], shared: Mapping[str, Any]) -> Book:
    """All tables of a week, or of a month, as one workbook.

    Args:
        shared: What every page of the week says of itself.
    """
    about = (
        ("District", shared["district"]),
        ("Week", f"{shared['week']}, {shared['dates']}"),
        ("Report", shared["report_id"]),
        *shared["versions"],
        ("Names", "Accounts and devices carry code names. A log names no person."),
    )
    return Book(tables, about)
