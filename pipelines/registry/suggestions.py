"""Replacement lines for registry problems, printed or written.

The current row, with the wrong cell corrected. If the right
value is unknown, the row becomes a comment: rejected, as it already is, but
knowingly. Unused columns become empty. Rows of a roster export contain
names and are corrected in their system, so they get no line.
"""

import codecs
import csv
import io
import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Literal, NamedTuple

import polars as pl

from pipelines.registry.csv_document import CsvDocument, csv_line, is_row
from pipelines.registry.csv_files import (
    UTF8,
    WORKBOOK,
    Cell,
    File,
    decoded,
    delimiter,
    stripped,
    typed,
)
from pipelines.registry.frames import FILES
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.problems import Problem, nearest, shown
from pipelines.settings.toml_text import key_lines, line_of

# The certain meaning of a registry cell: another spelling of the same fact.
#
# Nothing is guessed here about people, days or permissions. A cell with two possible readings is
# not changed, unless the other cells of its column, or the country of the district, leave only one.

SHORTEST = 3
"""Minimum length of a word to distinguish a typo from another word."""
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_YEAR_FIRST = re.compile(r"^(\d{4})[./](\d{1,2})[./](\d{1,2})$")
_YEAR_LAST = re.compile(r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$")
_CLOCK = re.compile(r"^(\d{1,2})[.:h](\d{2})\s*([ap])?\.?m?\.?$", re.IGNORECASE)
NOON, HOURS, MINUTES = 12, 24, 60


IN_THE_US = frozenset(
    f"America/{name}"
    for name in (
        "Adak",
        "Anchorage",
        "Boise",
        "Chicago",
        "Denver",
        "Detroit",
        "Juneau",
        "Los_Angeles",
        "Menominee",
        "Metlakatla",
        "New_York",
        "Nome",
        "Phoenix",
        "Sitka",
        "Yakutat",
    )
) | {"Pacific/Honolulu"}
STATES = ("US/", "America/Indiana/", "America/Kentucky/", "America/North_Dakota/")
"""Zones of the United States, where the month comes first."""
MAX_MENDED = 200
"""Maximum problems with a replacement line."""


class Order(NamedTuple):
    """Whether month or day comes first in a column's dates, and the evidence."""

    first: Literal["month", "day"]
    why: str


def date_order(column: Iterable[str], zone: str) -> Order | None:
    """Return the order of the dates of a column; None without evidence.

    Args:
        zone: The district's.
    """
    found = [one for one in map(_YEAR_LAST.match, column) if one]
    is_day_first = any(int(one[1]) > NOON for one in found)
    is_month_first = any(int(one[2]) > NOON for one in found)
    if is_day_first and is_month_first:
        return None
    if is_day_first:
        return Order("day", "as other rows of the column are written")
    if is_month_first:
        return Order("month", "as other rows of the column are written")
    if zone in IN_THE_US or zone.startswith(STATES):
        return Order("month", "as dates are written in the United States")
    return None


def meant(
    cell: Cell, found: str, known: tuple[str, ...] = (), order: Order | None = None
) -> str | None:
    """Return the same fact in the form of the cell's type, or None.

    Args:
        known: Other allowed values, such as the names of buildings.
        order: Decides about a date that could be two days.
    """
    text = found.strip()
    if cell.allowed or known:
        return _word(text, cell.allowed or known, is_closed=bool(cell.allowed))
    if cell.kind == "date":
        return _date(text, order)
    reader = _READERS.get(cell.kind)
    return reader(text) if reader and text else None


def _word(text: str, known: tuple[str, ...], *, is_closed: bool) -> str | None:
    """Return the word that was meant: in other letters, in part, or with one slip.

    Args:
        is_closed: There are no other words; of an open list, as the district's
            buildings, a word near to one may be another that is not listed.
    """
    if "0" in known and text.lower() in _DAYS:
        return str(_DAYS.index(text.lower()))
    plain = _plain(text)
    same = [word for word in known if _plain(word) == plain]
    if len(same) == 1:
        return same[0]
    if not is_closed or len(plain) < SHORTEST:
        return None
    near = [word for word in known if _is_one_slip(plain, _plain(word)) or plain in word.split("_")]
    return near[0] if len(near) == 1 else None


def _plain(word: str) -> str:
    return "".join(char for char in word.lower() if char.isalnum())


def _is_one_slip(one: str, two: str) -> bool:
    """Return whether words differ by one letter, or by two swapped ones."""
    short, long = sorted((one, two), key=len)
    if len(long) == len(short):
        wrong = [at for at in range(len(one)) if one[at] != two[at]]
        first, last = min(wrong, default=0), max(wrong, default=0) + 1
        is_swap = last - first == 2 and one[first:last] == two[first:last][::-1]
        return len(wrong) == 1 or is_swap
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def is_ambiguous(text: str) -> bool:
    """Return whether a date is one day with the month first, and another with the day first."""
    found = _YEAR_LAST.match(text.strip())
    if found is None:
        return False
    one, two = int(found[1]), int(found[2])
    return one <= NOON and two <= NOON and one != two


def _date(text: str, order: Order | None) -> str | None:
    if first := _YEAR_FIRST.match(text):
        year, month, day = map(int, first.groups())
    elif last := _YEAR_LAST.match(text):
        one, two, year = map(int, last.groups())
        if is_ambiguous(text) and order is None:
            return None  # the fourth of May, or the fifth of April
        is_day_first = one > NOON
        if is_ambiguous(text) and order is not None:
            is_day_first = order.first == "day"
        month, day = (two, one) if is_day_first else (one, two)
    else:
        return None
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _clock(text: str) -> str | None:
    found = _CLOCK.match(text)
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2]), (found[3] or "").lower()
    if half and not 1 <= hour <= NOON:
        return None
    hour = hour % NOON + NOON * (half == "p") if half else hour
    return f"{hour:02}:{minute:02}" if hour < HOURS and minute < MINUTES else None


def _network(text: str) -> str | None:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return None


_READERS = {"clock": _clock, "network": _network}


def mended(
    problems: Iterable[Problem], home: DistrictHome, settings: Settings
) -> Iterator[Problem]:
    """Yield the problems, with place and line to paste where they lack them."""
    lines = cache(lambda name: _lines(home, name))

    @cache
    def order(name: str, column: str) -> Order | None:
        headers = settings.registry.columns.get(name, {})
        cells = _column(lines(name), column, FILES[name], headers)
        return date_order(cells, settings.district.zone)

    for number, problem in enumerate(problems):
        if problem.paste or number >= MAX_MENDED:
            yield problem
            continue
        try:
            yield _with_paste(problem, lines, order, home, settings)
        except csv.Error:
            yield problem  # a hint stops nothing


def _with_paste(
    problem: Problem,
    lines: Callable[[str], list[str]],
    order: Callable[[str, str], Order | None],
    home: DistrictHome,
    settings: Settings,
) -> Problem:
    if problem.file == home.settings_file.name:
        return _renamed(problem, "\n".join(lines(problem.file)))
    if problem.file in FILES:
        file = FILES[problem.file]
        headers = settings.registry.columns.get(file.name, {})
        placed = _placed(problem, lines(file.name))
        first = order(file.name, placed.column or "")
        row = _row(placed, file, lines(file.name), headers, first)
        return replace(placed, paste=row)
    return problem


def _lines(home: DistrictHome, name: str) -> list[str]:
    settings = home.settings_file
    path = settings if name == settings.name else home.registry / name
    try:
        text, _ = decoded(path.read_bytes())
    except OSError:
        return []
    # lines as the reader counts them
    return [line.rstrip("\r\n") for line in io.StringIO(text, newline="")]


def _placed(problem: Problem, lines: list[str]) -> Problem:
    """Return the place of a problem in the header."""
    at = next((number for number, one in enumerate(lines, 1) if is_row(one)), None)
    is_of_header = "column" in problem.what and problem.column is not None
    return replace(problem, line=at) if is_of_header else problem


def _renamed(problem: Problem, text: str) -> Problem:
    """Report a name in `[registry.columns]` that is not canonical."""
    name = problem.value or ""
    lines = key_lines(text)
    path = next((line for line in lines if line[-1] == name), ("registry", "columns"))
    line = line_of(path, lines)
    written = text.splitlines()[line - 1].strip() if text else ""
    guess = problem.allowed.removeprefix("did you mean ").removesuffix("?")
    is_guess = guess != problem.allowed and name in written
    paste = written.replace(name, guess, 1) if is_guess else f"# {written}"
    return replace(problem, line=line, paste=paste)


def _column(lines: list[str], column: str, file: File, headers: Mapping[str, str]) -> Iterator[str]:
    """Yield the cells of a column of dates."""
    if column not in file.columns or file.columns[column].kind != "date":
        return
    rows = (_cells(line) for line in lines if is_row(line))
    at = _names(next(rows, []), file, headers)
    place = at.index(column) if column in at else len(at)
    yield from (cells[place] for cells in rows if place < len(cells))


def _names(header: Sequence[str], file: File, headers: Mapping[str, str]) -> list[str | None]:
    ours = {theirs.lower(): name for name, theirs in headers.items()}
    return [_named(column, ours, file) for column in header]


def _row(
    problem: Problem, file: File, lines: list[str], headers: Mapping[str, str], order: Order | None
) -> str:
    """Return the corrected line of a file; as a comment if the correction is unknown."""
    line, column = problem.line or 0, problem.column or ""
    if not 0 < line <= len(lines):
        return ""
    header = _cells(next(line for line in lines if is_row(line)))
    names = _names(header, file, headers)
    if problem.what == "column is missing":
        return csv_line([*header, column])
    if column in header and column not in names:
        guess = nearest(column, file.columns) or ""
        return csv_line([guess if one == column else one for one in header])
    cells = _cells(lines[line - 1])
    if column not in names or len(cells) > len(names):
        return ""
    cells += [""] * (len(names) - len(cells))
    kept = [cell if name else "" for name, cell in zip(names, cells, strict=True)]
    at = names.index(column)
    right = None if "earlier row" in problem.what else _right(problem, file, kept[at], order)
    if right is None:
        return "" if problem.severity == "notice" else f"# {csv_line(kept)}"
    kept[at] = right
    return csv_line(kept)


def _right(problem: Problem, file: File, found: str, order: Order | None) -> str | None:
    column = problem.column or ""
    known = problem.allowed.partition(";")[0].split(", ") if column == "building" else []
    return meant(file.columns[column], found, tuple(known), order)


def _named(header: str, ours: Mapping[str, str], file: File) -> str | None:
    name = header.strip().lower()
    known = {column.lower(): column for column in file.columns}
    return ours.get(name) or known.get(name)


def _cells(line: str) -> list[str]:
    delimiter = max(",;\t", key=line.count)
    return next(csv.reader([line], delimiter=delimiter), [])


class Change(NamedTuple):
    """One thing that is written otherwise; without a line, in the whole file."""

    line: int | None
    column: str
    found: str
    right: str
    why: str = ""

    def __str__(self) -> str:
        place = f"line {self.line}, {self.column}: " if self.line else ""
        found = shown(self.found) if self.line else self.found
        reason = f" ({self.why})" if self.why else ""
        return f"{place}{found} -> {self.right}{reason}"


def rewritten(
    data: bytes, file: File, settings: Settings, buildings: Sequence[str] = ()
) -> tuple[bytes, list[Change]]:
    """Return a file's bytes with what is surely meant, and each change.

    Encoding, line ends and delimiter become those of a plain CSV file; a cell that
    cannot be read becomes what `check` shows as right. Comments, other columns and
    whatever has two readings stay.

    Args:
        buildings: The codes of buildings; empty where none is known.
    """
    text, encoding = decoded(data)
    if encoding == WORKBOOK:
        return data, []
    changes = list(_outer(data, text, encoding))
    if "\n" not in text:
        text = text.replace("\r", "\n")
    if not text:
        return b"", changes
    document = CsvDocument(text.encode(), file)
    headers = settings.registry.columns.get(file.name, {})
    names, rows = _names(document.header, file, headers), document.rows
    table = [(row.line, row.cells) for row in rows]
    for number, cells in _repaired(table, names, file, settings.district.zone, buildings):
        row = rows[number]
        for at, (change, right) in cells.items():
            changes.append(Change(row.line, names[at] or "", row.cells[at], right, change))
            row.cells[at] = right
        document.rewrite(row)
    if document.delimiter != ",":
        document.rewrite_all(",")
    return document.data(), changes


def _outer(data: bytes, text: str, encoding: str) -> Iterator[Change]:
    if encoding != UTF8:
        yield Change(None, "", encoding, UTF8)
    elif data.startswith(codecs.BOM_UTF8):
        yield Change(None, "", "a byte order mark", "none")
    if "\r" in text and "\n" not in text:
        yield Change(None, "", "lines that end with CR alone", "LF")
    words = {";": "semicolons between cells", "\t": "tabs between cells"}
    if sign := words.get(delimiter(text)):
        yield Change(None, "", sign, "commas")


def _repaired(
    rows: Sequence[tuple[int, list[str]]],
    names: Sequence[str | None],
    file: File,
    zone: str,
    buildings: Sequence[str],
) -> Iterator[tuple[int, dict[int, tuple[str, str]]]]:
    """Yield number of each row with a cell to change: place -> why, and what is right."""
    found: dict[int, dict[int, tuple[str, str]]] = {}
    for at, name in enumerate(names):
        if name is None:
            continue
        cell = file.columns[name]
        column = [row[at].strip() if at < len(row) else "" for _line, row in rows]
        order = date_order(column, zone) if cell.kind == "date" else None
        known = tuple(buildings) if name == "building" else ()
        for number in _unfit(column, cell, known):
            right = meant(cell, column[number], known, order)
            if right is not None:
                is_decided = order is not None and is_ambiguous(column[number])
                why = f"{order.first} first, {order.why}" if is_decided and order else ""
                found.setdefault(number, {})[at] = (why, right)
    yield from sorted(found.items())


def _unfit(column: Sequence[str], cell: Cell, known: Sequence[str]) -> Iterator[int]:
    """Yield numbers of the cells that the registry would set aside."""
    raw = pl.DataFrame({"text": column}, schema={"text": pl.String})
    text = stripped(pl.col("text"))
    value = raw.select(text.alias("text"), typed(cell.kind, text).alias("value"))
    allowed = cell.allowed or known
    for number, (found, read) in enumerate(value.iter_rows()):
        if found is None:
            continue
        is_strange = bool(allowed) and read not in allowed
        if read is None or is_strange or (cell.kind == "network" and not _is_net(found)):
            yield number


def _is_net(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
