"""Adds to a registry problem the line to write instead.

The row as it stands, with the wrong cell spelled as it should be. Where the right
value can not be known, the row becomes a comment: set aside, as it is already, but
knowingly. Columns that nobody reads come out empty. Rows of a roster export hold
names and are mended where they come from, so they get no line.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache

from pipelines.district.files import FILES
from pipelines.district.guesses import meant
from pipelines.district.home import DistrictHome
from pipelines.district.problems import Problem, nearest
from pipelines.district.reading import decoded
from pipelines.district.settings_model import Settings
from pipelines.district.shapes import File
from pipelines.district.toml_lines import key_lines, line_of

MOST_MENDED = 200
"""Problems that get a line; nobody pastes more."""


def mended(
    problems: Iterable[Problem], home: DistrictHome, settings: Settings
) -> Iterator[Problem]:
    """The problems, with place and line to paste where they lack them."""
    lines = cache(lambda name: _lines(home, name))
    for number, problem in enumerate(problems):
        if problem.paste or number >= MOST_MENDED:
            yield problem
            continue
        try:
            yield _with_paste(problem, lines, home, settings)
        except csv.Error:
            yield problem  # a hint stops nothing


def _with_paste(
    problem: Problem,
    lines: Callable[[str], list[str]],
    home: DistrictHome,
    settings: Settings,
) -> Problem:
    if problem.file == home.settings_file.name:
        return _renamed(problem, "\n".join(lines(problem.file)))
    if problem.file in FILES:
        file = FILES[problem.file]
        headers = settings.registry.columns.get(file.name, {})
        placed = _placed(problem, lines(file.name))
        return replace(placed, paste=_row(placed, file, lines(file.name), headers))
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
    """A problem of the header stands where the header does."""
    at = next((number for number, one in enumerate(lines, 1) if _is_row(one)), None)
    is_of_header = "column" in problem.what and problem.column is not None
    return replace(problem, line=at) if is_of_header else problem


def _renamed(problem: Problem, text: str) -> Problem:
    """A name in `[registry.columns]` that is none of ours."""
    name = problem.value or ""
    lines = key_lines(text)
    path = next((one for one in lines if one[-1] == name), ("registry", "columns"))
    line = line_of(path, lines)
    written = text.splitlines()[line - 1].strip() if text else ""
    guess = problem.allowed.removeprefix("did you mean ").removesuffix("?")
    is_guess = guess != problem.allowed and name in written
    paste = written.replace(name, guess, 1) if is_guess else f"# {written}"
    return replace(problem, line=line, paste=paste)


def _row(
    problem: Problem, file: File, lines: list[str], headers: Mapping[str, str]
) -> str:
    """The line of a file as it should read; as a comment where nobody can know."""
    line, column = problem.line or 0, problem.column or ""
    if not 0 < line <= len(lines):
        return ""
    header = _cells(next(one for one in lines if _is_row(one)))
    ours = {theirs.lower(): name for name, theirs in headers.items()}
    names = [_named(one, ours, file) for one in header]
    if problem.what == "column is missing":
        return _line([*header, column])
    if column in header and column not in names:
        guess = nearest(column, file.columns) or ""
        return _line([guess if one == column else one for one in header])
    cells = _cells(lines[line - 1])
    if column not in names or len(cells) > len(names):
        return ""
    cells += [""] * (len(names) - len(cells))
    kept = [cell if name else "" for name, cell in zip(names, cells, strict=True)]
    at = names.index(column)
    right = None if "earlier row" in problem.what else _right(problem, file, kept[at])
    if right is None:
        return "" if problem.severity == "notice" else f"# {_line(kept)}"
    kept[at] = right
    return _line(kept)


def _right(problem: Problem, file: File, found: str) -> str | None:
    column = problem.column or ""
    known = problem.allowed.split(", ") if column == "building" else []
    return meant(file.columns[column], found, tuple(known))


def _named(header: str, ours: Mapping[str, str], file: File) -> str | None:
    name = header.strip().lower()
    known = {column.lower(): column for column in file.columns}
    return ours.get(name) or known.get(name)


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _cells(line: str) -> list[str]:
    delimiter = max(",;\t", key=line.count)
    return next(csv.reader([line], delimiter=delimiter), [])


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()
