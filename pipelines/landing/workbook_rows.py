"""One sheet of an Excel workbook as CSV; a separate program (`workbooks.py`).

    python workbook_rows.py BYTES            the names of the sheets, as JSON
    python workbook_rows.py BYTES SHEET      the rows of one

The workbook is read from the standard input. A row of the sheet is one line, so that
line numbers are row numbers; a row without a value is an empty line. A formula is
replaced by its result, a time by `2026-11-02 08:15:00`, and a line break inside
a cell by a space. Nothing of the project is imported, and memory (BYTES) and time are
limited: a file that unpacks to more ends this program and no other.
"""

import csv
import datetime
import json
import sys

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
)

MAX_SECONDS = 600
MAX_WHOLE = 1e15
LINE_BREAKS = str.maketrans(dict.fromkeys("\r\n\x00\x0b\x0c\x85\u2028\u2029", " "))


def _limit(most_bytes: int) -> None:
    """Limit memory and time, where the system can; on Windows, time alone by the caller."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))


def main(most_bytes: int, sheet: str | None) -> None:
    """Write what was asked for to the standard output."""
    _limit(most_bytes)
    book = CalamineWorkbook.from_filelike(sys.stdin.buffer)
    if sheet is None:
        found = [one.name for one in book.sheets_metadata if is_table(one.typ)]
        json.dump(found, sys.stdout)
        return
    rows = csv.writer(sys.stdout, lineterminator="\n")
    for row in book.get_sheet_by_name(sheet).iter_rows():
        texts = [text(value) for value in row]
        if any(texts):
            rows.writerow(texts)
        else:
            sys.stdout.write("\n")


def is_table(kind: SheetTypeEnum) -> bool:
    """Return whether a sheet contains cells, not a chart or a macro."""
    return kind == SheetTypeEnum.WorkSheet


def text(value: object) -> str:
    """Return a cell as text for CSV."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < MAX_WHOLE:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    return str(value).translate(LINE_BREAKS)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        main(int(sys.argv[1]), sys.argv[2] if sys.argv[2:] else None)
    except PasswordError:
        sys.exit("it has a password")
    except (CalamineError, OSError, ValueError) as error:
        sys.exit(f"it is not a readable workbook: {error}")
