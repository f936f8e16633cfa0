"""Tables of text for readers, and the same tables as CSV that is safe to open."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.reports.safety import spelled_out, with_looks
from pipelines.reports.words import NOT_KNOWN, day, number

# What a spreadsheet takes for a formula. The apostrophe itself is in the list so
# that taking one apostrophe away always gives the original back.
TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "'")

MOST_IN_EXCEL = 1_048_575


@dataclass(frozen=True)
class Cell:
    """One value: what is read, what is exported, where it leads.

    Attributes:
        text: What the reader sees.
        value: What the CSV holds.
        href: A relative link made by this floor, never from data.
        is_number: Whether it is set flush right.
        order: What the column is sorted by, where its text would not do.
        share: How long a bar below the number is, from 0 to 1; None for no bar.
    """

    text: str
    value: str | int
    href: str = ""
    is_number: bool = False
    order: str = ""
    share: float | None = None

    @classmethod
    def bar(cls, value: int, share: float) -> "Cell":
        """A number with a bar, as long as its share of the column's highest."""
        return cls(number(value), value, is_number=True, share=min(max(share, 0), 1))

    @classmethod
    def of_day(cls, when: date) -> "Cell":
        """A day, sorted by the calendar."""
        return cls(day(when), day(when), order=when.isoformat())

    @classmethod
    def of_site(cls, site: str) -> "Cell":
        """A site; an encoded name with how it looks."""
        return cls(with_looks(site), site)

    @property
    def width(self) -> int:
        """Of its bar, in percent."""
        return round(100 * (self.share or 0))


Value = str | int | None | Cell


@dataclass(frozen=True)
class Table:
    """A caption, the column labels and the rows.

    Attributes:
        caption: One line that says what a row is.
        labels: A label a column.
        rows: As many cells a row as there are labels.
    """

    caption: str
    labels: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def fits_excel(self) -> bool:
        """Whether a sheet of Excel, below its header, holds all rows."""
        return len(self.rows) <= MOST_IN_EXCEL

    def total(self, label: str) -> int:
        """The sum of a column of numbers."""
        place = self.labels.index(label)
        return sum(int(row[place].value) for row in self.rows)


def table(
    caption: str, labels: Sequence[str], rows: Iterable[Sequence[Value]]
) -> Table:
    """Build a table; whole numbers get commas, unknown values are called so."""
    cells = (tuple(cell(value) for value in row) for row in rows)
    return Table(caption, tuple(labels), tuple(cells))


def cell(value: Value) -> Cell:
    """Wrap a plain value."""
    if isinstance(value, Cell):
        return value
    if value is None or value == "":
        return Cell(NOT_KNOWN, "")
    if isinstance(value, int):
        return Cell(number(value), value, is_number=True)
    return Cell(value, value)


def safe(value: str | int) -> str | int:
    """Text that a spreadsheet will not run: an apostrophe before a trigger."""
    if isinstance(value, str) and value.startswith(TRIGGERS):
        return "'" + value
    return value


def exported(value: str | int) -> str | int:
    """A value as a cell of a CSV file: nothing hidden in it, and no formula."""
    return safe(spelled_out(value)) if isinstance(value, str) else value


def to_csv(shown: Table) -> str:
    """The table as CSV with a header line.

    All text is quoted, and its hidden characters are spelled out: names of files and
    fields of logs were written by strangers.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([exported(label) for label in shown.labels])
    for row in shown.rows:
        writer.writerow([exported(item.value) for item in row])
    return text.getvalue()


def total(rows: pl.DataFrame, column: str) -> int:
    """The sum of a column of counts."""
    return int(rows.select(pl.col(column).sum()).item() or 0)


def amount(rows: pl.DataFrame, column: str) -> float:
    """The sum of a column of measures."""
    return float(rows.select(pl.col(column).sum()).item() or 0)


def largest(rows: pl.DataFrame, column: str) -> float:
    """The maximum of a column."""
    return float(rows.select(pl.col(column).max()).item() or 0)
