"""Changes of single rows in a CSV file of the registry, without touching the rest.

Comments, other columns, the delimiter and the line ends of the file remain. The
result is read again before it replaces the file: a row that the registry would
reject is never written.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.errors import SettingsError
from pipelines.registry.csv_files import (
    COMMENT,
    File,
    cut,
    decoded,
    delimiter,
    height_of,
    lines_of,
)
from pipelines.registry.frames import FILES
from pipelines.settings import home
from pipelines.settings.problems import Problem, listed


def with_row(data: bytes, name: str, row: Mapping[str, str], renames: Mapping[str, str]) -> bytes:
    """Return the file's bytes with one row more.

    Args:
        data: What the file holds; empty where there is none.
        name: Of the file, such as exceptions.csv.
        row: Cells by canonical column.
        renames: The district's header names, by canonical name.

    Raises:
        SettingsError: The file has no column for a cell of the row.
    """
    file = FILES[name]
    text = _text(data) or empty_text(file)
    at = places(text, file, renames)
    cells = [""] * (max(at.values()) + 1)
    for column, value in row.items():
        if column not in at and value:
            raise SettingsError(
                f"column {column} does not exist",
                where=name,
                remedy="Add it to the header, or start from: schoolbell init",
            )
        if column in at:
            cells[at[column]] = one_line(value)
    end = "" if text.endswith("\n") else line_end(text)
    return (text + end + row_text(cells, text) + line_end(text)).encode()


def with_cell(
    data: bytes,
    name: str,
    where: int,
    cell: tuple[str, str],
    renames: Mapping[str, str],
) -> bytes:
    """Return the file's bytes with another value in one cell.

    Args:
        where: The line on which the row begins, from 1.
        cell: Canonical column, and its new value.
    """
    text, file = _text(data), FILES[name]
    place = places(text, file, renames)[cell[0]]
    lines = lines_of(text)
    cells = _row_at(data, name, where)
    height = height_of(cells)
    cells += [""] * (place + 1 - len(cells))
    cells[place] = one_line(cell[1])
    lines[where - 1 : where - 1 + height] = [row_text(cells, text) + line_end(text)]
    return "".join(lines).encode()


def without_row(data: bytes, name: str, where: int) -> bytes:
    """Return the file's bytes with a row turned into comments, so that it can be read."""
    text = _text(data)
    lines = lines_of(text)
    height = height_of(_row_at(data, name, where))
    for at in range(where - 1, where - 1 + height):
        lines[at] = f"{COMMENT} {lines[at]}"
    return "".join(lines).encode()


def line_of(data: bytes, name: str, key: tuple[str, str], renames: Mapping[str, str]) -> int:
    """Return the line on which the row with a key begins.

    Args:
        key: Canonical column, and the value that it holds.

    Raises:
        SettingsError: There is no such row.
    """
    place = places(_text(data), FILES[name], renames)[key[0]]
    for line, cells in cut(data, name, []).rows:
        if place < len(cells) and cells[place].strip() == key[1]:
            return line
    raise SettingsError(f"there is no {key[1]}", where=name)


def put(path: Path, data: bytes) -> None:
    """Replace a file's bytes and keep its mode."""
    mode = path.stat().st_mode & 0o777 if path.exists() else home.PLAIN_FILE
    home.put(path, data, mode)


def refuse(problems: Sequence[Problem]) -> None:
    """Stop where the registry would set a row aside.

    Raises:
        SettingsError: With every problem.
    """
    wrong = [problem for problem in problems if problem.severity == "error"]
    if wrong:
        raise SettingsError(
            "the registry would not take it", where=wrong[0].file, remedy=listed(wrong)
        )


def _text(data: bytes) -> str:
    text, _ = decoded(data)
    return text


def places(text: str, file: File, renames: Mapping[str, str]) -> dict[str, int]:
    """Return the place of each canonical column in the header of a text."""
    ours = {theirs.casefold(): name for name, theirs in renames.items()}
    known = {name.casefold(): name for name in file.columns}
    found: dict[str, int] = {}
    for at, header in enumerate(cut(text.encode(), file.name, []).header):
        name = ours.get(header.casefold()) or known.get(header.casefold())
        if name is not None:
            found.setdefault(name, at)
    return found


def _row_at(data: bytes, name: str, where: int) -> list[str]:
    rows = cut(data, name, []).rows
    return next(list(cells) for line, cells in rows if line == where)


def empty_text(file: File) -> str:
    """Return a file with its header alone."""
    shipped = [name for name, cell in file.columns.items() if cell.shipped]
    return ",".join(shipped) + "\n"


def row_text(cells: Sequence[str], text: str) -> str:
    """Return a row as the file's text writes them, without its line end."""
    out = io.StringIO()
    # a cell is quoted for what ends a line only where the writer ends lines with it
    csv.writer(out, delimiter=delimiter(text), lineterminator="\r\n").writerow(cells)
    return out.getvalue().removesuffix("\r\n")


def one_line(value: str) -> str:
    """Return a cell without line ends."""
    return " ".join(value.split())


def line_end(text: str) -> str:
    """Return how the lines of a text end."""
    return "\r\n" if "\r\n" in text else "\n"
