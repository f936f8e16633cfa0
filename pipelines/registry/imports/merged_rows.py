"""Rows of exports, added to a person's entries without overwriting them.

A row is matched by its key. A new row is added at the end; an empty cell of a
row is filled; a cell with another value remains, and is reported. The export's cells count
only in files that the operator names.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipelines.registry.csv_files import File, cut, decoded, height_of, lines_of
from pipelines.registry.edits import empty_text, line_end, one_line, places, row_text

Row = Mapping[str, str]
KEYS: Mapping[str, Sequence[tuple[str, ...]]] = {
    "users.csv": (("sourcedId", "dateLastModified"),),
    "orgs.csv": (("sourcedId",),),
    "roles.csv": (("userSourcedId", "role", "orgSourcedId", "beginDate"),),
    "devices.csv": (
        ("serial",),
        ("hostname",),
        ("directory_id",),
        ("mac",),
        ("ethernet_mac",),
        ("asset_tag",),
    ),
    "accounts.csv": (("username",),),
    "subnets.csv": (("cidr",),),
    "leave.csv": (("person_id", "date", "part"),),
    "calendar.csv": (("date", "building", "declared_at"),),
    "buildings.csv": (("building",), ("org_id",)),
    "approved_sites.csv": (("pattern", "match", "roles", "supports"),),
    "site_categories.csv": (("domain", "source"),),
    "staff_duty.csv": (("person_id", "date_from", "date_to", "weekday", "start_local", "kind"),),
    "access_points.csv": (("name",),),
    "egress.csv": (("cidr",),),
}
"""Unique key of a file's rows; of several keys, any that has a value."""
HISTORY: Mapping[str, tuple[str, str]] = {
    "users.csv": ("sourcedId", "dateLastModified"),
}
"""Files in which a later row of one key is a later state: a row whose only change
is its day is skipped.
"""
UNKNOWN: Mapping[str, str] = {"device_class": "other"}
"""Values that an export has for lack of a fact: another export's value replaces them."""


@dataclass(frozen=True)
class Cell:
    """A cell in which a file and an export differ, or that was empty."""

    line: int
    column: str
    here: str
    there: str


@dataclass
class Merged:
    """A file as it would be.

    Attributes:
        data: Its bytes.
        added: Lines at its end.
        filled: Cells that were empty.
        differs: Cells that hold something else than the export.
        is_taken: The export's cells count there.
        same: Rows that were there already.
        alone: Rows that no export has.
    """

    file: str
    before: bytes
    data: bytes = b""
    added: list[str] = field(default_factory=list)
    filled: list[Cell] = field(default_factory=list)
    differs: list[Cell] = field(default_factory=list)
    is_taken: bool = False
    same: int = 0
    alone: int = 0

    @property
    def is_changed(self) -> bool:
        """Something would be written."""
        return self.data != self.before

    @property
    def is_rewritten(self) -> bool:
        """A line that was there would be another."""
        return bool(self.filled or (self.is_taken and self.differs))


def merge(
    before: bytes,
    file: File,
    rows: Iterable[Row],
    renames: Mapping[str, str],
    *,
    is_taken: bool = False,
) -> Merged:
    """Return the file with the rows of exports.

    Args:
        renames: The district's header names, by canonical name.
        is_taken: Where cells differ, the export's count.
    """
    made = Merged(file.name, before, is_taken=is_taken)
    text = decoded(before)[0] or empty_text(file)
    at = places(text, file, renames)
    sheet = cut(text.encode(), file.name, [])
    held = _Held(file, made, at, sheet.header, sheet.rows)
    for row in rows:
        held.take({name: one_line(cell) for name, cell in row.items() if cell})
    made.alone = held.alone
    made.data = held.text(text).encode()
    if not (made.added or made.is_rewritten):
        made.data = before
    return made


def says(
    before: bytes,
    file: File,
    rows: Iterable[Row],
    renames: Mapping[str, str],
    *,
    is_taken: bool = False,
) -> list[bool]:
    """Return whether a file already contains each row, or another value instead.

    Args:
        is_taken: A cell with another value is overwritten.
    """
    made = Merged(file.name, before, is_taken=is_taken)
    text = decoded(before)[0] or empty_text(file)
    sheet = cut(text.encode(), file.name, [])
    at = places(text, file, renames)
    held = _Held(file, made, at, sheet.header, sheet.rows)
    found = []
    for row in rows:
        known = held.writes
        held.take({name: one_line(cell) for name, cell in row.items() if cell})
        found.append(held.writes == known)
    return found


class _Held:
    """The rows of a file, found by their keys."""

    def __init__(
        self,
        file: File,
        made: Merged,
        at: dict[str, int],
        header: list[str],
        rows: Iterator[tuple[int, list[str]]],
    ) -> None:
        self.file, self.made, self.at = file, made, at
        self.header = list(header)
        self.width = len(header)
        self.keys = KEYS.get(file.name) or [tuple(file.columns)]
        self.rows: dict[int, list[str]] = {}
        self.heights: dict[int, int] = {}
        self.changed: set[int] = set()
        self.seen: set[int] = set()
        self.new: list[list[str]] = []
        self.index: dict[tuple[str, ...], int] = {}
        self.history = HISTORY.get(file.name)
        self.last: dict[str, Row] = {}
        self.named: set[str] = set()
        for line, cells in rows:
            self.rows[line] = list(cells)
            self.heights[line] = height_of(cells)
            self._note(line, {name: self._cell(cells, name) for name in at})

    def _cell(self, cells: Sequence[str], name: str) -> str:
        at = self.at.get(name)
        return "" if at is None or at >= len(cells) else cells[at].strip()

    def _names(self, row: Row) -> Iterator[tuple[str, ...]]:
        for key in self.keys:
            cells = tuple(_same(row.get(name, "")) for name in key)
            if len(self.keys) == 1 or all(cells):
                yield (*key, *cells)

    def _note(self, line: int, row: Row) -> None:
        # of several rows of one device the open one is today's
        is_past = bool(row.get("valid_to"))
        for name in self._names(row):
            if not is_past or name not in self.index:
                self.index[name] = line
        if self.history:
            self.last[row.get(self.history[0], "")] = dict(row)

    def take(self, row: Row) -> None:
        """Add one row of an export; lines below zero are new ones."""
        line = next((self.index[one] for one in self._names(row) if one in self.index), None)
        if self.history:
            self.named.add(row.get(self.history[0], ""))
        if line is None:
            if self._is_old(row):
                self.made.same += 1
            else:
                self._add(row)
            return
        cells = self.rows[line] if line > 0 else self.new[-line - 1]
        other = {
            name: (self._cell(cells, name), there)
            for name, there in row.items()
            if _same(self._cell(cells, name)) != _same(there)
            and not (self._cell(cells, name) and there == UNKNOWN.get(name))
        }
        if line > 0:
            self.seen.add(line)
            self.made.same += not other
            self._tell(line, other)
        for name, (here, there) in other.items():
            is_open = not here or (line < 0 and here == UNKNOWN.get(name))
            if is_open or (self.made.is_taken and line > 0):
                self._set(cells, name, there)
        self._note(line, {**{one: self._cell(cells, one) for one in self.at}})

    def _tell(self, line: int, other: Mapping[str, tuple[str, str]]) -> None:
        """Report which cells of an existing row would change, or remain."""
        for name, (here, there) in other.items():
            into = self.made.differs if here else self.made.filled
            into.append(Cell(line, name, here, there))
            if not here or self.made.is_taken:
                self.changed.add(line)

    def _is_old(self, row: Row) -> bool:
        """Return whether only its day differs from the last state."""
        if not self.history:
            return False
        key, stamp = self.history
        last = self.last.get(row.get(key, ""), {})
        names = {name for name in (*row, *self.at) if name != stamp}
        return bool(last) and all(
            _same(row.get(name, "")) == _same(last.get(name, "")) for name in names
        )

    @property
    def writes(self) -> int:
        """Rows and cells that would be written."""
        made = self.made
        differs = len(made.differs) if made.is_taken else 0
        return len(self.new) + len(made.filled) + differs

    @property
    def alone(self) -> int:
        """Rows that no export has; of one key in several rows, each."""
        if not self.history:
            return len(self.rows) - len(self.seen)
        ids = (self._cell(cells, self.history[0]) for cells in self.rows.values())
        return sum(ident not in self.named for ident in ids)

    def _add(self, row: Row) -> None:
        cells: list[str] = []
        for name, cell in row.items():
            self._set(cells, name, cell)
        self.new.append(cells)
        self._note(-len(self.new), row)

    def _set(self, cells: list[str], name: str, cell: str) -> None:
        """Set a cell, and add its column to the header if it is missing."""
        if name not in self.at:
            self.at[name] = len(self.header)
            self.header.append(name)
        at = self.at[name]
        cells += [""] * (at + 1 - len(cells))
        cells[at] = cell

    def text(self, before: str) -> str:
        """Return the file's text; unchanged lines remain byte for byte."""
        end = line_end(before)
        lines = lines_of(before)
        if len(self.header) > self.width:
            at = next(n for n, one in enumerate(lines) if _is_row(one))
            lines[at] = row_text(self.header, before) + end
        for line in self.changed:
            height = self.heights[line]
            written = row_text(self.rows[line], before) + end
            lines[line - 1 : line - 1 + height] = [written, *[""] * (height - 1)]
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += end
        wide = len(self.header)
        self.made.added = [
            row_text([*cells, *[""] * (wide - len(cells))], before) for cells in self.new
        ]
        return "".join(lines) + "".join(one + end for one in self.made.added)


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _same(text: str) -> str:
    """Return how a cell is compared: in small letters, and a MAC by its digits."""
    bare = text.strip().casefold()
    digits = re.sub(r"[:.-]", "", bare)
    return digits if re.fullmatch(r"[0-9a-f]{12}", digits) else bare
