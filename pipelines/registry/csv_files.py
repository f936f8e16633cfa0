"""CSV files of the registry: what one should hold, and what was read of it.

Good rows are typed, bad rows are problems. A cell that does not fit its kind exactly
is null.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, NamedTuple

import polars as pl

from pipelines.registry import canonical
from pipelines.settings.problems import Problem, ProblemSeverity, nearest

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters that make a spreadsheet evaluate a cell."""
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")


Kind = Literal[
    "text",
    "word",
    "date",
    "boolean",
    "integer",
    "number",
    "clock",
    "list",
    "local_time",
    "network",
    "mac",
    "person",
    "device",
]

ALLOWED: Mapping[Kind, str] = {
    "date": "a day such as 2026-08-24",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number such as 41.60",
    "clock": "a time of day such as 07:30",
    "local_time": "a local time such as 2026-11-12 05:40",
    "network": "a network such as 10.20.0.0/16, or an address",
    "mac": "a MAC such as 02:00:00:00:00:17",
}
_TRUE = ["true", "yes", "y", "1", "t"]
_FALSE = ["false", "no", "n", "0", "f"]
_MAC = (
    r"^(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}$|^[0-9a-f]{12}$"
    r"|^(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}$"
)
LINE = "_line"
COMMENT = "#"
MAX_ROWS = 5_000_000
TOLD_AT_MOST = 50
"""Reported problems of one column; the rest are counted."""
UTF8, UTF16, WINDOWS, WORKBOOK = "UTF-8", "UTF-16", "Windows-1252", "workbook"
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""First bytes of Excel files, now and before 2007."""
SAVE_AS = "in Excel: Save As, CSV UTF-8 (Comma delimited)"
OPEN = "opens a quote that is not closed; the line is set aside"
LONG = "a cell has more than {:,} characters; the line is set aside"
CLOSED = 'a quote that is closed again, or none: "High School, East"'
BACKWARDS = (("valid_from", "valid_to"), ("date_from", "date_to"))

CATEGORY_STEPS = (
    (r"[_/&+, -]+", " "),
    (r"\band\b", " "),
    (r"ies\b", "y"),
    (r"([a-z][a-z])s\b", "${1}"),
    (r" +", " "),
)
"""Patterns and replacements, in order, that make a category's lookup key.

`sql/macros/category_key.sql` applies the same ones.
"""


def is_formula(cell: str) -> bool:
    """Return whether a spreadsheet would run the cell; a signed number is not code.

    A longitude west of Greenwich begins with a minus.
    """
    return cell.startswith(FORMULA) and NUMBER.fullmatch(cell) is None


@dataclass(frozen=True)
class Cell:
    """One column of a file.

    Attributes:
        example: What the skeleton shows.
        kind: How a cell is read.
        required: An empty cell sets the row aside.
        allowed: The only words it may hold; empty: any.
        shipped: False for columns that the skeleton leaves out.
        names: What it names. A row that names one which is not there is kept, with a
            notice. Buildings are read as their codes.
    """

    example: str
    kind: Kind = "text"
    required: bool = False
    allowed: tuple[str, ...] = ()
    shipped: bool = True
    names: Literal["building", "person"] | None = None


@dataclass(frozen=True)
class File:
    """One CSV file of the registry.

    Attributes:
        columns: Canonical column names, in order.
        disables: What cannot be judged without it.
        key: Columns that together name a row once.
        is_open: Further columns are usual and not worth a notice.
    """

    name: str
    columns: Mapping[str, Cell]
    disables: str
    key: tuple[str, ...] = ()
    is_open: bool = False


def stripped(text: pl.Expr) -> pl.Expr:
    """Strip blanks (and the no-break space of spreadsheets); empty becomes null."""
    bare = text.str.strip_chars(" \t\r\n\x00\u00a0\ufeff")
    return pl.when(bare != "").then(bare)


def typed(kind: Kind, text: pl.Expr) -> pl.Expr:
    """Return the value of stripped text; null where it does not fit."""
    return _READ[kind](text)


def _date(text: pl.Expr) -> pl.Expr:
    shaped = text.str.extract(r"^([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})$", 1)
    day = shaped.str.to_date("%Y-%m-%d", strict=False)
    return pl.when(day.dt.year().is_between(1900, 2999)).then(day)


def _boolean(text: pl.Expr) -> pl.Expr:
    word = text.str.to_lowercase()
    return (
        pl.when(word.is_in(_TRUE))
        .then(pl.lit(value=True))
        .when(word.is_in(_FALSE))
        .then(pl.lit(value=False))
    )


def _integer(text: pl.Expr) -> pl.Expr:
    return text.str.extract(r"^(-?[0-9]{1,15})$", 1).cast(pl.Int64, strict=False)


def _number(text: pl.Expr) -> pl.Expr:
    shaped = text.str.extract(r"^(-?[0-9]{1,9}(?:\.[0-9]{1,15})?)$", 1)
    return shaped.cast(pl.Float64, strict=False)


def _clock(text: pl.Expr) -> pl.Expr:
    """Return minutes after midnight; 24:00 is the end of the day."""
    shape = r"^([0-9]{1,2}):([0-9]{2})(?::00)?$"
    hour = text.str.extract(shape, 1).cast(pl.Int32, strict=False)
    minute = text.str.extract(shape, 2).cast(pl.Int32, strict=False)
    count = hour * 60 + minute
    return pl.when((minute < 60) & (count <= 24 * 60)).then(count)


def _local_time(text: pl.Expr) -> pl.Expr:
    plain = text.str.replace("T", " ", literal=True)
    shape = r"^([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2})(?::[0-9]{2})?$"
    moment = plain.str.extract(shape, 1).str.to_datetime(
        "%Y-%m-%d %H:%M", time_unit="us", strict=False
    )
    return pl.when(moment.dt.year().is_between(1900, 2999)).then(moment)


def _list(text: pl.Expr) -> pl.Expr:
    marks = [(mark, canonical.LIST_MARKS[0]) for mark in canonical.LIST_MARKS[1:]]
    parts = text.str.replace_many(dict(marks)).str.split(canonical.LIST_MARKS[0])
    return parts.list.eval(stripped(pl.element()).drop_nulls())


def _mac(text: pl.Expr) -> pl.Expr:
    lower = text.str.to_lowercase()
    bare = lower.str.replace_all(r"[^0-9a-f]", "")
    pairs = pl.concat_str([bare.str.slice(start, 2) for start in range(0, 12, 2)], separator=":")
    return pl.when(lower.str.contains(_MAC)).then(pairs)


def _same(text: pl.Expr) -> pl.Expr:
    return text


def _person(text: pl.Expr) -> pl.Expr:
    return canonical.mapped(text, canonical.person)


def _device(text: pl.Expr) -> pl.Expr:
    return canonical.mapped(text, canonical.device)


_READ = {
    "text": _same,
    "word": canonical.lowered,
    "date": _date,
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "clock": _clock,
    "local_time": _local_time,
    "list": _list,
    "network": canonical.lowered,  # networks.py checks addresses, which no expression can
    "mac": _mac,
    "person": _person,
    "device": _device,
}


class RegistryFrame(NamedTuple):
    """The good rows of a file, with `_line`, and what is wrong with the others."""

    frame: pl.DataFrame
    problems: tuple[Problem, ...]


class Sheet(NamedTuple):
    """A CSV file being cut: its header, then line and cells of each row."""

    header: list[str]
    rows: Iterator[tuple[int, list[str]]]


def read_file(
    data: bytes, file: File, renames: Mapping[str, str], most: int = MAX_ROWS
) -> RegistryFrame:
    """Read a file as its table defines; cells of other columns are dropped.

    Args:
        data: The file's bytes.
        file: Its definition.
        renames: The district's header names, by canonical name.
        most: Maximum number of rows; more are reported as a problem.
    """
    problems: list[Problem] = []
    sheet = cut(data, file.name, problems)
    places, strange = _places(sheet.header, file, renames)
    wide: list[tuple[int, str]] = []
    sheet = Sheet(sheet.header, _watched(sheet, wide))
    raw = _raw(sheet, file, places, most)
    if raw.height > most:
        raw = raw.head(most)
        problems.append(Problem(file.name, f"has more than {most:,} rows; cut off"))
    absent = [
        Problem(file.name, "column is missing", 1, name, allowed=_header(file))
        for name, cell in file.columns.items()
        if cell.required and name not in places and sheet.header
    ]
    rows = check(raw.clear() if absent else raw, file)
    surplus = pl.DataFrame(wide, {LINE: pl.Int64, "value": pl.String}, orient="row")
    told = tell(
        file.name,
        None,
        surplus,
        what=f"has more cells than the {len(sheet.header)} of the header",
        allowed='a comma inside a cell in quotes: "Smith, John"',
        severity="notice",
    )
    merged = _merged(raw, file)
    return RegistryFrame(rows.frame, (*problems, *strange, *absent, *rows.problems, *told, *merged))


def _watched(sheet: Sheet, wide: list[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows; and the line of those with cells beyond the header."""
    width = len(sheet.header)
    for line, row in sheet.rows:
        if any(cell.strip() for cell in row[width:]):
            wide.append((line, ",".join(row[width:])))
        yield line, row


def _merged(raw: pl.DataFrame, file: File) -> list[Problem]:
    """Report merged cells of a spreadsheet: one building above, blanks below, repeatedly."""
    if "building" not in file.columns or file.name == "calendar.csv":
        return []
    named = raw["building"].is_not_null()
    blank = raw.filter(~named)
    is_merged = raw.height > 2 and named[0] and blank.height >= named.sum()
    if not is_merged:
        return []
    what = (
        f"is blank in {blank.height:,} rows below rows that name one: merged cells "
        "of a spreadsheet come out so"
    )
    line, allowed = blank[LINE][0], "the building in each of its rows"
    return [Problem(file.name, what, line, "building", None, allowed, "notice")]


def cut(data: bytes, name: str, problems: list[Problem]) -> Sheet:
    """Cut bytes into cells; `#` lines and empty lines are not rows."""
    text, encoding = decoded(data)
    if encoding == WORKBOOK:
        is_csv = name.lower().endswith(".csv")
        what = "is an Excel workbook" + (" under the name of a CSV file" * is_csv)
        problems.append(Problem(name, what, allowed=SAVE_AS))
    elif encoding == UTF16:
        problems.append(Problem(name, "is UTF-16; read as such", severity="notice"))
    elif encoding == WINDOWS:
        line = data.count(b"\n", 0, _first_strange(data)) + 1
        what = "is not UTF-8; read as Windows-1252"
        problems.append(Problem(name, what, line, severity="notice"))
    rows = _rows(text, name, problems)
    _, header = next(rows, (0, []))
    return Sheet([cell.strip(" \t\u00a0\ufeff") for cell in header], rows)


def lines_of(text: str) -> list[str]:
    """Return the lines of a file by which rows are counted, with their ends.

    `str.splitlines` also cuts at characters that a cell may hold, such as U+2028.
    """
    return list(io.StringIO(text, newline=""))


def height_of(cells: Iterable[str]) -> int:
    """Return the number of lines in a row: a quoted cell may contain line breaks."""
    return 1 + sum(len(lines_of(f"{cell}.")) - 1 for cell in cells)


def check(raw: pl.DataFrame, file: File) -> RegistryFrame:
    """Type a frame of stripped text; a row with an error is set aside."""
    values = raw.select(
        LINE,
        *(
            _known_word(cell, typed(cell.kind, pl.col(name))).alias(name)
            for name, cell in file.columns.items()
        ),
    )
    if raw.is_empty():
        return RegistryFrame(values, ())
    problems: list[Problem] = []
    wrong = pl.Series([False] * raw.height, dtype=pl.Boolean)
    for name, cell in file.columns.items():
        for what, bad in _faults(cell, raw[name], values[name]):
            told = raw.filter(bad).select(LINE, pl.col(name).alias("value"))
            problems += tell(file.name, name, told, what=what, allowed=allowed(cell))
            wrong = wrong | bad
    for first, last in BACKWARDS:
        if first in file.columns and last in file.columns:
            bad = (values[last] < values[first]).fill_null(value=False)
            told = raw.filter(bad).select(LINE, pl.col(last).alias("value"))
            what = f"is before {first}"
            problems += tell(file.name, last, told, what=what, allowed="a later day")
            wrong = wrong | bad
    for what, bad in _repeated(values.with_columns(_wrong=wrong), file).items():
        told = raw.filter(bad).select(LINE, pl.col(file.key[0]).alias("value"))
        problems += tell(file.name, file.key[0], told, what=what, allowed="each only once")
        wrong = wrong | bad
    return RegistryFrame(values.filter(~wrong), tuple(problems))


def tell(
    file: str,
    column: str | None,
    rows: pl.DataFrame,
    *,
    what: str,
    allowed: str = "",
    severity: ProblemSeverity = "error",
) -> list[Problem]:
    """Return a problem for each of `rows` (`_line`, `value`), up to a limit."""
    if rows.is_empty():
        return []
    told = [
        Problem(file, what, line, column, value, allowed, severity)
        for line, value in rows.select(LINE, "value").head(TOLD_AT_MOST).iter_rows()
    ]
    more = rows.height - len(told)
    if more > 0:
        text = f"{what} ({more:,} more rows)"
        told.append(Problem(file, text, None, column, None, allowed, severity))
    return told


def word_key(word: str) -> str:
    """Return a word as used for lookups: lower case, a space for each `_`, `-` or `/`."""
    return re.sub(r"[_/ -]+", " ", word.lower()).strip()


def key_of(words: pl.Expr) -> pl.Expr:
    """Return the same of a column."""
    return words.str.to_lowercase().str.replace_all(r"[_/ -]+", " ").str.strip_chars()


def category_key_of(words: pl.Expr) -> pl.Expr:
    """Return the lookup key of categories: no "and", "&" or "/", and no plural."""
    words = words.str.to_lowercase()
    for pattern, replacement in CATEGORY_STEPS:
        words = words.str.replace_all(pattern, replacement)
    return words.str.strip_chars()


def category_keys(words: Iterable[str]) -> list[str]:
    """Return the lookup key of each category."""
    column = pl.Series("word", list(words), pl.String)
    return column.to_frame().select(category_key_of(pl.col("word")))["word"].to_list()


def allowed(cell: Cell) -> str:
    """Return the allowed values of a cell, in words."""
    return ", ".join(cell.allowed) or ALLOWED.get(cell.kind, "any text")


def _faults(cell: Cell, raw: pl.Series, value: pl.Series) -> Iterator[tuple[str, pl.Series]]:
    """Yield problems of a column, and their rows; most have none."""
    if value.null_count() > raw.null_count():  # a value is made from the text alone
        yield "cannot be read", raw.is_not_null() & value.is_null()
    if cell.required and raw.null_count():
        yield "is empty", raw.is_null()
    if cell.allowed:
        strange = ~(value.is_null() | value.is_in(list(cell.allowed)))
        if strange.any():
            yield "is not one of the words", strange


def _repeated(values: pl.DataFrame, file: File) -> dict[str, pl.Series]:
    if not file.key:
        return {}
    good = pl.when(~pl.col("_wrong")).then(pl.struct(file.key))
    again = values.select(good.is_not_null() & ~good.is_first_distinct()).to_series()
    return {"is in an earlier row too": again}


def _known_word(cell: Cell, value: pl.Expr) -> pl.Expr:
    """Match a known word with other marks between its parts."""
    if cell.kind != "word" or not cell.allowed:
        return value
    spelled = {word_key(word): word for word in cell.allowed}
    known = key_of(value).replace_strict(
        list(spelled), list(spelled.values()), default=None, return_dtype=pl.String
    )
    return pl.coalesce(known, value)


def _raw(sheet: Sheet, file: File, places: Mapping[str, int], most: int) -> pl.DataFrame:
    lines: list[int] = []
    columns: dict[str, list[str | None]] = {name: [] for name in places}
    for line, row in islice(sheet.rows, most + 1):
        lines.append(line)
        for name, at in places.items():
            columns[name].append(row[at] if at < len(row) else None)
    raw = pl.DataFrame(
        {LINE: lines, **columns}, schema={LINE: pl.Int64, **dict.fromkeys(places, pl.String)}
    )
    return raw.select(
        LINE,
        *(
            stripped(pl.col(name)) if name in places else pl.lit(None, pl.String).alias(name)
            for name in file.columns
        ),
    )


def _places(
    header_row: list[str], file: File, renames: Mapping[str, str]
) -> tuple[dict[str, int], list[Problem]]:
    """Return the place of each canonical column, and notices of unknown columns."""
    canonical = {theirs.lower(): ours for ours, theirs in renames.items()}
    by_lower = {name.lower(): name for name in file.columns}
    places: dict[str, int] = {}
    problems = []
    for at, header in enumerate(header_row):
        found = canonical.get(header.lower()) or by_lower.get(header.lower())
        if found is None:
            if header and not file.is_open:
                problems.append(_unknown(header, file))
        elif found in places:
            problems.append(Problem(file.name, "column occurs twice", 1, found))
        else:
            places[found] = at
    return places, problems


def _unknown(header: str, file: File) -> Problem:
    if any(sign in header for sign in (",", ";", "\t", "\n")):
        # two names in one cell: without them whole columns are empty
        what = "is several columns in one: a quote of the header is not closed"
        return Problem(file.name, what, 1, header[:80], allowed=_header(file))
    guess = nearest(header, file.columns)
    return Problem(
        file.name,
        "unknown column, ignored",
        column=header,
        allowed=f"did you mean {guess}?" if guess else "",
        severity="notice",
    )


def _header(file: File) -> str:
    return ",".join(file.columns)


def decoded(data: bytes) -> tuple[str, str]:
    """Return the text of a file, and which encoding it is in; a workbook has no text."""
    if data.startswith(WORKBOOKS):
        return "", WORKBOOK
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace"), UTF16
    for at, order in enumerate(("utf-16-be", "utf-16-le")):
        # without a mark, every second byte of Latin letters is zero
        half = data[at:2000:2]
        if len(half) > 4 and half.count(0) > len(half) * 0.8:
            return data.decode(order, errors="replace"), UTF16
    try:
        return data.decode("utf-8-sig"), UTF8
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), WINDOWS


def _first_strange(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _rows(text: str, name: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each row starts, and its cells.

    A line whose quote is never closed would swallow all that follows: it is set
    aside alone, and reading goes on below it.
    """
    # a comment may hold a lone quote, so it never reaches the CSV reader
    lines = ["\n" if line.lstrip().startswith(COMMENT) else line for line in lines_of(text)]
    first, wrong = 0, 0
    while first < len(lines):
        start = first
        reader = csv.reader(islice(lines, first, None), delimiter=delimiter(text))
        try:
            for row in reader:
                begin, start = start, first + reader.line_num
                if _is_open(lines, begin, start):
                    start = begin
                    raise csv.Error(OPEN)
                if any(cell.strip() for cell in row):
                    yield begin + 1, row
        except csv.Error as error:
            wrong += 1
            what = str(error) if str(error) == OPEN else LONG.format(csv.field_size_limit())
            if wrong > TOLD_AT_MOST:
                what = f"cannot be read further: {what}"
                first = len(lines)
            problems.append(Problem(name, what, start + 1, allowed=CLOSED))
        else:
            return
        first = max(first, start + 1)


def _is_open(lines: Sequence[str], begin: int, end: int) -> bool:
    """Return whether a row extends to the end of the file because of an unclosed quote."""
    is_last = end == len(lines) and end - begin > 1
    return is_last and sum(line.count('"') for line in lines[begin:end]) % 2 == 1


def delimiter(text: str) -> str:
    """Return the separator of the cells: a comma, a semicolon or a tab."""
    first = next((line for line in text.splitlines() if line and line[0] != COMMENT), "")
    return max(",;\t", key=first.count)
