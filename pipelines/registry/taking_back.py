"""Removal of rows that were written into a registry file together.

The effect of a write is stored as cells: rows that it added, and cells that it filled.
Later, a row is matched by its content, at any place. A row that was
edited since is not changed, and is counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.registry.csv_files import cut, decoded, height_of, lines_of
from pipelines.registry.edits import line_end, places, row_text
from pipelines.registry.frames import FILES
from pipelines.registry.imports.merged_rows import KEYS

Cells = Mapping[str, str]


@dataclass(frozen=True)
class RowChange:
    """The effect of a write on one row.

    Attributes:
        kept: Cells that identify the row; empty for a row that it added.
        was: The earlier values of the cells; without any, it added the row.
        now: The new values.
    """

    kept: Cells
    was: Cells
    now: Cells

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "RowChange":
        """Return one that was kept as JSON."""
        return cls(facts["kept"], facts["was"], facts["now"])


@dataclass(frozen=True)
class _Row:
    line: int
    height: int
    written: Sequence[str]
    cells: Cells


def changes_between(
    before: bytes, after: bytes, name: str, renames: Mapping[str, str]
) -> list[RowChange]:
    """Return a write's effect, row by row: earlier rows keep their order, new ones follow."""
    old, new = (list(_rows(data, name, renames)) for data in (before, after))
    found = [RowChange({}, {}, row.cells) for row in new[len(old) :]]
    for was, now in zip(old, new, strict=False):
        others = {
            column: cell for column, cell in now.cells.items() if cell != was.cells.get(column, "")
        }
        others |= {column: "" for column in was.cells if column not in now.cells}
        if others:
            same = {one: cell for one, cell in was.cells.items() if one not in others}
            kept = next(
                (
                    {column: same[column] for column in key}
                    for key in KEYS.get(name, ())
                    if all(column in same for column in key)
                ),
                same,
            )
            earlier = {column: was.cells.get(column, "") for column in others}
            found.append(RowChange(kept, earlier, others))
    return found


def taken_back(
    data: bytes, name: str, changes: Sequence[RowChange], renames: Mapping[str, str]
) -> tuple[bytes, int]:
    """Return the file without what a write did, and how many rows stay since they changed."""
    text, _ = decoded(data)
    at = places(text, FILES[name], renames)
    rows = list(_rows(data, name, renames))
    by_cell: dict[tuple[str, str], list[_Row]] = {}
    for row in rows:
        for cell in row.cells.items():
            by_cell.setdefault(cell, []).append(row)
    lines, left, done = lines_of(text), 0, set[int]()
    for change in changes:
        held = _found(change, by_cell, done)
        if held is None:
            left += 1
            continue
        done.add(held.line)
        written = ""
        if change.was:
            wide = max(at.values()) + 1 - len(held.written)
            cells = [*held.written, *[""] * wide]
            for column, earlier in change.was.items():
                cells[at[column]] = earlier
            written = row_text(cells, text) + line_end(text)
        first = held.line - 1
        lines[first : first + held.height] = [written, *[""] * (held.height - 1)]
    return "".join(lines).encode(), left


def _found(
    change: RowChange,
    by_cell: Mapping[tuple[str, str], Sequence[_Row]],
    done: set[int],
) -> _Row | None:
    """Return the row that holds what was written, unless it was edited since."""
    wanted = {column: cell for column, cell in change.now.items() if cell}
    wanted |= change.kept
    likely = min((by_cell.get(one, ()) for one in wanted.items()), key=len, default=())
    for row in likely:
        is_same = all(
            row.cells.get(column, "") == cell
            for column, cell in (*change.kept.items(), *change.now.items())
        )
        is_whole = bool(change.was) or len(row.cells) == len(wanted)
        if is_same and is_whole and row.line not in done:
            return row
    return None


def _rows(data: bytes, name: str, renames: Mapping[str, str]) -> list[_Row]:
    text, _ = decoded(data)
    at = places(text, FILES[name], renames) if text else {}
    return [
        _Row(
            line,
            height_of(cells),
            cells,
            {
                column: cells[place].strip()
                for column, place in at.items()
                if place < len(cells) and cells[place].strip()
            },
        )
        for line, cells in (cut(text.encode(), name, []).rows if text else ())
    ]
