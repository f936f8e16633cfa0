"""Removal of rows that were written into a registry file together.

The effect of a write is stored as cells: rows that it added, and cells that it filled.
Later, a row is matched by its content, at any place. A row that was
edited since is not changed, and is counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.registry.csv_document import CsvDocument, CsvRow
from pipelines.registry.imports.exports import IMPORTED
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


def changes_between(
    before: bytes, after: bytes, name: str, renames: Mapping[str, str]
) -> list[RowChange]:
    """Return a write's effect, row by row: earlier rows keep their order, new ones follow."""
    old, new = (_rows(data, name, renames) for data in (before, after))
    found = [RowChange({}, {}, row) for row in new[len(old) :]]
    for was, now in zip(old, new, strict=False):
        others = {column: cell for column, cell in now.items() if cell != was.get(column, "")}
        others |= {column: "" for column in was if column not in now}
        if others:
            same = {one: cell for one, cell in was.items() if one not in others}
            kept = next(
                (
                    {column: same[column] for column in key}
                    for key in KEYS.get(name, ())
                    if all(column in same for column in key)
                ),
                same,
            )
            earlier = {column: was.get(column, "") for column in others}
            found.append(RowChange(kept, earlier, others))
    return found


def taken_back(
    data: bytes, name: str, changes: Sequence[RowChange], renames: Mapping[str, str]
) -> tuple[bytes, int]:
    """Return the file without what a write did, and how many rows stay since they changed."""
    document = CsvDocument(data, IMPORTED[name], renames)
    if not document.rows:
        return data, len(changes)
    by_cell: dict[tuple[str, str], list[CsvRow]] = {}
    held = {row: _filled(document, row) for row in document.rows}
    for row, cells in held.items():
        for cell in cells.items():
            by_cell.setdefault(cell, []).append(row)
    left = 0
    for change in changes:
        found = _found(change, by_cell, held)
        if found is None:
            left += 1
            continue
        del held[found]
        if not change.was:
            document.remove(found)
        for column, earlier in change.was.items():
            document.set(found, column, earlier)
    return document.data(), left


def _found(
    change: RowChange,
    by_cell: Mapping[tuple[str, str], Sequence[CsvRow]],
    held: Mapping[CsvRow, Cells],
) -> CsvRow | None:
    """Return the row that holds what was written, unless it was edited since."""
    wanted = {column: cell for column, cell in change.now.items() if cell}
    wanted |= change.kept
    likely = min((by_cell.get(one, ()) for one in wanted.items()), key=len, default=())
    for row in likely:
        cells = held.get(row)
        if cells is None:
            continue
        is_same = all(
            cells.get(column, "") == cell
            for column, cell in (*change.kept.items(), *change.now.items())
        )
        if is_same and (change.was or len(cells) == len(wanted)):
            return row
    return None


def _filled(document: CsvDocument, row: CsvRow) -> Cells:
    return {column: cell for column, cell in document.values(row).items() if cell}


def _rows(data: bytes, name: str, renames: Mapping[str, str]) -> list[Cells]:
    document = CsvDocument(data, IMPORTED[name], renames)
    return [_filled(document, row) for row in document.rows]
