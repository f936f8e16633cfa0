"""Tables of text for readers, and the same tables as CSV and workbooks, safe to open.

Templates escape for HTML. Text from logs and registries is made visible
here before it reaches a page: controls, direction marks and zero widths change how the
text around them is read. A workbook is made when it is written, so that a report that
is not written to disk costs nothing.
"""

import csv
import hashlib
import io
import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import polars as pl

from pipelines.reports.language import marked, plural, series, term
from pipelines.reports.language import text as translated
from pipelines.reports.report_rows import Shared
from pipelines.reports.words import NOT_KNOWN, day, number

# C0 and C1 controls, soft hyphen, Arabic letter mark, zero widths, direction marks
# and isolates, word joiners, byte order mark, lone surrogates, tags.
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]"
STACKED = re.compile(f"({MARK}{{3}}){MARK}+")
LONGEST = 2_000
UNSAFE = re.compile("[^A-Za-z0-9]+")
SAFE_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,79}")

IDN = re.compile(r"(?<![A-Za-z0-9.-])(?:[a-z0-9-]+\.)*xn--[a-z0-9-]+(?:\.[a-z0-9-]+)*")

# First characters of spreadsheet formulas. The apostrophe itself is included so that removing one
# apostrophe always restores the original.
TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
MAX_IN_EXCEL = 1_048_575
About = Sequence[tuple[str, str]]

# A cell of a log is text, whatever it looks like: no formula, no link, no number.
AS_TEXT = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}
ABOUT = marked("About")
MAX_NAME = 31  # letters of a sheet's name
MADE = datetime(1980, 1, 1)  # noqa: DTZ001 - the same bytes each time; a zip's own date
MAX_CELL = 32_767  # characters, Excel's own limit
CUT = " ... (cut; the CSV file has all of it)"
WIDEST = 48  # letters of a column
SENTENCE = 60
"""Letters above which a cell is a sentence, and its column gets more room."""
SENTENCES_READ = 20


def spelled_out(text: str) -> str:
    """Return the text with hidden characters spelled out, in full."""
    if text.isprintable():  # none of what is hidden is
        return text
    return HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def visible(text: str) -> str:
    """Return the text with hidden characters spelled out, and cut where it never ends."""
    if text.isascii() and text.isprintable() and len(text) <= LONGEST:
        return text
    shown = spelled_out(text)
    shown = STACKED.sub(r"\1", shown)
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + " ... (cut)"


def with_looks(text: str) -> str:
    """Return each encoded host name with how a browser may show it, and in which letters.

    As in `xn--smpleton-16g.example (may read "...", in Cyrillic and Latin letters)`.
    """
    return IDN.sub(_with_look, text)


def _with_look(found: re.Match[str]) -> str:
    try:
        shown = ".".join(map(_decoded, found[0].split(".")))
    except UnicodeError:
        return found[0]
    letters = {unicodedata.name(c, "other").split()[0] for c in shown if c.isalpha()}
    named = series(sorted(term(one.capitalize()) for one in letters))
    look = translated('may read "{look}", in {names} letters', look=visible(shown), names=named)
    return f"{found[0]} ({look})"


def _decoded(label: str) -> str:
    is_encoded = label.startswith("xn--")
    return label[4:].encode("ascii").decode("punycode") if is_encoded else label


def file_name(identifier: str) -> str:
    """Return a name that is safe in a folder and in a link, the same each time.

    Where characters had to go, letters of a hash keep two names apart.
    """
    if SAFE_NAME.fullmatch(identifier):
        return identifier
    mark = hashlib.sha256(identifier.encode("utf-8", "replace")).hexdigest()
    readable = UNSAFE.sub("-", identifier)[:40].strip("-_")
    return f"{readable}-{mark[:8]}" if readable else f"f-{mark[:16]}"


def integrity(text: str) -> str:
    """Return the hash that a content policy and an `integrity` attribute name."""
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()


class Cell(NamedTuple):
    """One value: displayed, exported, and linked.

    Attributes:
        text: What the reader sees.
        value: Value in the CSV.
        href: A relative link made by this package, never from data.
        is_number: Whether it is right-aligned.
        order: Sort key of the column, if its text does not sort.
        share: Length of a bar below the number, from 0 to 1; None for no bar.
    """

    text: str
    value: str | int
    href: str = ""
    is_number: bool = False
    order: str = ""
    share: float | None = None

    @classmethod
    def bar(cls, value: int, share: float) -> "Cell":
        """Return a number with a bar, as long as its share of the column's highest."""
        return cls(number(value), value, is_number=True, share=min(max(share, 0), 1))

    @classmethod
    def of_day(cls, when: date) -> "Cell":
        """Return a day, sorted by the calendar."""
        return cls(day(when), day(when), order=when.isoformat())

    @classmethod
    def of_site(cls, site: str) -> "Cell":
        """Return a site; an encoded name with how it looks."""
        return cls(with_looks(site), site)

    @property
    def width(self) -> int:
        """Width of its bar, in percent."""
        return round(100 * (self.share or 0))


Value = str | int | None | Cell


@dataclass(frozen=True)
class Table:
    """A caption, the column labels and the rows.

    Attributes:
        caption: One line about the meaning of a row.
        labels: One label per column.
        rows: As many cells per row as there are labels.
        only_in_files: Labels of columns that pages leave out.
    """

    caption: str
    labels: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    only_in_files: frozenset[str] = frozenset()

    @property
    def on_page(self) -> "Table":
        """The table without the columns that only files contain."""
        kept = [at for at, one in enumerate(self.labels) if one not in self.only_in_files]
        rows = tuple(tuple(row[at] for at in kept) for row in self.rows)
        return Table(self.caption, tuple(self.labels[at] for at in kept), rows)

    @property
    def heads(self) -> tuple[str, ...]:
        """The labels in the reader's language."""
        return tuple(term(label) for label in self.labels)

    def is_long(self, place: int) -> bool:
        """Return whether a column contains sentences."""
        return any(len(row[place].text) > SENTENCE for row in self.rows[:SENTENCES_READ])

    @property
    def fits_excel(self) -> bool:
        """Whether an Excel sheet, below its header, can contain all rows."""
        return len(self.rows) <= MAX_IN_EXCEL

    def total(self, label: str) -> int:
        """Return the sum of a column of numbers."""
        place = self.labels.index(label)
        return sum(int(row[place].value) for row in self.rows)


def table(
    caption: str,
    labels: Sequence[str],
    rows: Iterable[Sequence[Value]],
    *,
    only_in_files: Iterable[str] = (),
) -> Table:
    """Build a table; whole numbers get commas, unknown values are called so.

    Args:
        only_in_files: Labels of columns that pages leave out.
    """
    cells = (tuple(cell(value) for value in row) for row in rows)
    return Table(caption, tuple(labels), tuple(cells), frozenset(only_in_files))


def cell(value: Value) -> Cell:
    """Wrap a plain value."""
    if isinstance(value, Cell):
        return value
    if value is None or value == "":
        return Cell(term(NOT_KNOWN), "")
    if isinstance(value, int):
        return Cell(number(value), value, is_number=True)
    return Cell(value, value)


def safe(value: str | int) -> str | int:
    """Return text that a spreadsheet will not run: an apostrophe before a trigger."""
    if isinstance(value, str) and value.startswith(TRIGGERS):
        return "'" + value
    return value


def exported(value: str | int) -> str | int:
    """Return a value as a cell of a CSV file: nothing hidden in it, and no formula."""
    return safe(spelled_out(value)) if isinstance(value, str) else value


def to_csv(shown: Table) -> str:
    """Return the table as CSV with a header line.

    All text is quoted, and its hidden characters are spelled out: names of files and
    fields of logs are outside input.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([exported(label) for label in shown.heads])
    for row in shown.rows:
        writer.writerow([exported(item.value) for item in row])
    return text.getvalue()


def each(rows: pl.DataFrame, say: Callable[..., str], *columns: str) -> pl.Series:
    """Return a text for each row; null for a row that lacks one of the values.

    A function that Polars calls does not know the reader's locale.
    """
    said = (None if None in values else say(*values) for values in rows.select(columns).iter_rows())
    return pl.Series(said, dtype=pl.String)


def total(rows: pl.DataFrame, column: str) -> int:
    """Sum a column of counts."""
    return int(rows[column].sum() or 0)


def amount(rows: pl.DataFrame, column: str) -> float:
    """Return the sum of a column of measures."""
    return float(rows[column].sum() or 0)


def largest(rows: pl.DataFrame, column: str) -> float:
    """Return the maximum of a column."""
    found: Any = rows[column].max()
    return float(found or 0)


def workbook(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """Return the file, the same bytes each time.

    Args:
        sheets: Rows by the name of their sheet, the labels of the columns first.
            Numbers are numbers, all else is text. The sheet `ABOUT` has no labels.
    """
    import xlsxwriter  # a tenth of a second to import

    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, AS_TEXT)
    book.set_properties({"created": MADE})
    head = book.add_format({"bold": True, "bottom": 1})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name[:MAX_NAME])
        _fill(sheet, rows)
        if name != term(ABOUT):
            sheet.set_row(0, None, head)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, len(rows) - 1, len(rows[0]) - 1)
    book.close()
    return file.getvalue()


def _fill(sheet: Any, rows: Iterable[Sequence[object]]) -> None:
    """Write each cell as what it is, and make the columns as wide as they need."""
    widths: dict[int, int] = {}
    for at, row in enumerate(rows):
        for place, value in enumerate(row):
            text = str(value)
            if isinstance(value, int | float):
                sheet.write_number(at, place, value)
            elif value:
                sheet.write_string(at, place, _fitting(spelled_out(text)))
            widths[place] = max(widths.get(place, 6), len(text) + 2)
    for place, width in widths.items():
        sheet.set_column(place, place, min(width, WIDEST))


def _fitting(text: str) -> str:
    """Return the text, cut and marked where a cell of Excel cannot hold it."""
    if len(text) <= MAX_CELL:
        return text
    return text[: MAX_CELL - len(CUT)] + CUT


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
        """Return the file, the same bytes each time; first what its sheets are."""
        sheets = [(name, _told(one)) for name, one in self.tables.items()]
        return workbook(
            {term(ABOUT): [*self.about, *sheets]}
            | {
                name: [one.heads, *([cell.value for cell in row] for row in one.rows)]
                for name, one in self.tables.items()
                if one.fits_excel
            }
        )


def _told(shown: Table) -> str:
    """Return the content of a sheet, or why there is none."""
    size = len(shown.rows)
    rows = plural("{n} rows", "{n} rows", size, n=number(size))
    held = f"{shown.caption} ({rows})"
    if shown.fits_excel:
        return held
    return translated("{table}; too many for Excel: see the CSV file", table=held)


Page = str | bytes | Book


def book_of(tables: Mapping[str, Table], shared: Shared) -> Book:
    """Return all tables of a week, or of a month, as one workbook.

    Args:
        shared: Facts that every page of the week shows.
    """
    about = (
        (translated("District"), shared["district"]),
        (translated("Week"), f"{shared['week']}, {shared['dates']}"),
        (translated("Report"), shared["report_id"]),
        *shared["versions"],
        (
            translated("Names"),
            translated("Accounts and devices appear under code names. A log never names a person."),
        ),
    )
    return Book(tables, about)
