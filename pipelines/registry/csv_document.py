"""A CSV file of the registry, changed row by row while everything else stays.

Comments, blank lines, other columns, the delimiter and the line ends of the file remain;
a row that is not changed remains byte for byte.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.errors import SettingsError
from pipelines.registry.csv_files import (
    COMMENT,
    SAVE_AS,
    WORKBOOK,
    File,
    cut,
    decoded,
    delimiter,
    height_of,
    lines_of,
)


@dataclass(eq=False)
class CsvRow:
    """A row of a document.

    Attributes:
        line: The line on which it begins, from 1; 0 for a row that was appended.
        height: Its number of lines.
        cells: In the order of the header, as they are written.
    """

    line: int
    height: int
    cells: list[str]


class CsvDocument:
    """A CSV file whose rows can be read and changed.

    Attributes:
        header: Names of the columns, as they are written.
        places: Place of each canonical column in the header.
        rows: The rows, in the order of the file; appended ones follow.
        delimiter: Between the cells of rows that are written.
    """

    def __init__(self, data: bytes, file: File, renames: Mapping[str, str] | None = None) -> None:
        """Read a file.

        Args:
            data: Its bytes; if it has no text, it begins with the header that `init` writes.
            renames: The district's header names, by canonical name.
        """
        text, self._encoding = decoded(data)
        text = text or empty_text(file)
        sheet = cut(text.encode(), file.name, [])
        self.file = file
        self.header = list(sheet.header)
        self.places = _places(self.header, file, renames or {})
        self.rows = [CsvRow(line, height_of(cells), list(cells)) for line, cells in sheet.rows]
        self.delimiter = delimiter(text)
        self.end = "\r\n" if "\r\n" in text else "\n"
        self._lines = lines_of(text)

    @property
    def appended(self) -> list[CsvRow]:
        """Rows that the file does not have yet."""
        return [row for row in self.rows if not row.line]

    @property
    def lines_of_appended(self) -> list[str]:
        """Their lines, without line ends."""
        wide = len(self.header)
        padded = ([*row.cells, *[""] * (wide - len(row.cells))] for row in self.appended)
        return [csv_line(cells, self.delimiter) for cells in padded]

    def value(self, row: CsvRow, column: str) -> str:
        """Return a cell without surrounding space; empty if the row has none."""
        at = self.places.get(column, len(row.cells))
        return row.cells[at].strip() if at < len(row.cells) else ""

    def values(self, row: CsvRow) -> dict[str, str]:
        """Return every known cell of a row, by canonical column."""
        return {column: self.value(row, column) for column in self.places}

    def find(self, column: str, value: str) -> CsvRow:
        """Return the first row with a value in a column.

        Raises:
            SettingsError: There is no such row.
        """
        for row in self.rows:
            if self.value(row, column) == value:
                return row
        raise SettingsError(f"there is no {value}", where=self.file.name)

    def add_column(self, name: str) -> None:
        """Add a column to the header unless it has it."""
        if name not in self.places:
            self.places[name] = len(self.header)
            self.header.append(name)
            self._write_header()

    def append(self, values: Mapping[str, str]) -> CsvRow:
        """Add a row at the end.

        Raises:
            SettingsError: The file has no column for a value.
        """
        row = CsvRow(0, 1, [])
        for column, value in values.items():
            if value or column in self.places:
                self._put(row, column, one_line(value))
        self.rows.append(row)
        return row

    def set(self, row: CsvRow, column: str, value: str) -> None:
        """Change a cell; line breaks in a value remain.

        Raises:
            SettingsError: The file has no such column.
        """
        self._put(row, column, value)
        self.rewrite(row)

    def _put(self, row: CsvRow, column: str, value: str) -> None:
        if column not in self.places:
            raise SettingsError(
                f"column {column} does not exist",
                where=self.file.name,
                remedy="Add it to the header, or start from: schoolbell init",
            )
        at = self.places[column]
        row.cells += [""] * (at + 1 - len(row.cells))
        row.cells[at] = value

    def rewrite(self, row: CsvRow) -> None:
        """Write a row from its cells."""
        self._write(row.line, row.height, row.cells)

    def rewrite_all(self, delimiter: str) -> None:
        """Write the header and every row with another delimiter."""
        self.delimiter = delimiter
        self._write_header()
        for row in self.rows:
            self.rewrite(row)

    def remove(self, row: CsvRow) -> None:
        """Take a row out."""
        for at in range(row.line - 1, row.line - 1 + row.height):
            self._lines[at] = ""

    def comment_out(self, row: CsvRow) -> None:
        """Turn a row into comments, so that it can still be read."""
        for at in range(row.line - 1, row.line - 1 + row.height):
            self._lines[at] = f"{COMMENT} {self._lines[at]}"

    def _write_header(self) -> None:
        line = next((at for at, one in enumerate(self._lines, 1) if is_row(one)), 0)
        self._write(line, height_of(self.header), self.header)

    def _write(self, line: int, height: int, cells: Sequence[str]) -> None:
        """Write a row in place of its lines; an appended one has none yet."""
        if line:
            written = csv_line(cells, self.delimiter) + self.end
            self._lines[line - 1 : line - 1 + height] = [written, *[""] * (height - 1)]

    def data(self) -> bytes:
        """Return the bytes of the file.

        Raises:
            SettingsError: The file is a workbook, whose sheets would be lost.
        """
        if self._encoding == WORKBOOK:
            raise SettingsError(
                "is an Excel workbook under the name of a CSV file, and is not changed",
                where=self.file.name,
                remedy=f"{SAVE_AS}.",
            )
        text = "".join(self._lines)
        added = "".join(line + self.end for line in self.lines_of_appended)
        end = self.end if added and text and not text.endswith("\n") else ""
        return (text + end + added).encode()


def csv_line(cells: Sequence[str], delimiter: str = ",") -> str:
    """Return a row as CSV, without its line end."""
    out = io.StringIO()
    # a cell is quoted for what ends a line only where the writer ends lines with it
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return out.getvalue().removesuffix("\r\n")


def empty_text(file: File) -> str:
    """Return a file with its header alone."""
    return csv_line([name for name, cell in file.columns.items() if cell.shipped]) + "\n"


def one_line(value: str) -> str:
    """Return a cell without line ends."""
    return " ".join(value.split())


def is_row(line: str) -> bool:
    """Return whether a line is neither blank nor a comment."""
    return bool(line.strip()) and not line.lstrip().startswith(COMMENT)


def _places(header: Sequence[str], file: File, renames: Mapping[str, str]) -> dict[str, int]:
    """Return the place of each canonical column in a header; of two, the first."""
    ours = {theirs.casefold(): name for name, theirs in renames.items()}
    known = {name.casefold(): name for name in file.columns}
    found: dict[str, int] = {}
    for at, written in enumerate(header):
        name = ours.get(written.casefold()) or known.get(written.casefold())
        if name is not None:
            found.setdefault(name, at)
    return found
