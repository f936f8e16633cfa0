"""Rows as a workbook of Excel: one sheet of rows, one of what they are."""

import io
from collections.abc import Iterable, Sequence
from datetime import datetime

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from pipelines.reports.safety import spelled_out

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
    """The text, cut and marked where a cell of Excel can not hold it."""
    if len(text) <= LONGEST_CELL:
        return text
    return text[: LONGEST_CELL - len(CUT)] + CUT
