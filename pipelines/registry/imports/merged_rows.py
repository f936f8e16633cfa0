"""Rows of exports, added to a person's entries without overwriting them.

A row is matched by its key. A new row is added at the end; an empty cell of a
row is filled; a cell with another value remains, and is reported. The export's cells count
only in files that the operator names.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipelines.registry.csv_document import CsvDocument, CsvRow, one_line
from pipelines.registry.csv_files import File

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
        is_renamed: People or buildings in it get the names of a later list.
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
    is_renamed: bool = False
    same: int = 0
    alone: int = 0

    @property
    def is_changed(self) -> bool:
        """Something would be written."""
        return self.data != self.before

    @property
    def is_rewritten(self) -> bool:
        """A line that was there would be another."""
        return bool(self.filled or self.is_renamed or (self.is_taken and self.differs))


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
    document = CsvDocument(before, file, renames)
    held = _Held(document, made)
    bare = [{name: one_line(cell) for name, cell in row.items() if cell} for row in rows]
    for row in bare:
        held.note_vague(row)
    for row in bare:
        held.take(row)
    made.alone = held.alone
    made.added = document.lines_of_appended
    made.data = document.data() if made.added or made.is_rewritten else before
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
    held = _Held(CsvDocument(before, file, renames), made)
    found = []
    for row in rows:
        known = held.writes
        held.take({name: one_line(cell) for name, cell in row.items() if cell})
        found.append(held.writes == known)
    return found


class _Held:
    """The rows of a file, found by their keys."""

    def __init__(self, document: CsvDocument, made: Merged) -> None:
        name = document.file.name
        self.document, self.made = document, made
        self.keys = KEYS.get(name) or [tuple(document.file.columns)]
        self.seen: set[CsvRow] = set()
        self.index: dict[tuple[str, ...], CsvRow] = {}
        self.history = HISTORY.get(name)
        self.last: dict[str, Row] = {}
        self.named: set[str] = set()
        self.vague: set[tuple[CsvRow, str]] = set()
        for row in document.rows:
            self._note(row, document.values(row))

    def _names(self, row: Row) -> Iterator[tuple[str, ...]]:
        for key in self.keys:
            cells = tuple(_same(row.get(name, "")) for name in key)
            if len(self.keys) == 1 or all(cells):
                yield (*key, *cells)

    def _note(self, held: CsvRow, row: Row) -> None:
        # of several rows of one device the open one is today's
        is_past = bool(row.get("valid_to"))
        for name in self._names(row):
            if not is_past or name not in self.index:
                self.index[name] = held
        if self.history:
            self.last[row.get(self.history[0], "")] = dict(row)

    def take(self, row: Row) -> None:
        """Add one row of an export."""
        held = self._find(row)
        if self.history:
            self.named.add(row.get(self.history[0], ""))
        if held is None:
            if self._is_old(row):
                self.made.same += 1
            else:
                self._add(row)
            return
        here = {name: self.document.value(held, name) for name in row}
        other = {
            name: (here[name], there)
            for name, there in row.items()
            if _same(here[name]) != _same(there) and not (here[name] and there == UNKNOWN.get(name))
        }
        if held.line:
            self.seen.add(held)
            self.made.same += not other
            self._tell(held, other)
        for name, (was, there) in other.items():
            is_open = self._is_open(held, name, was)
            if is_open or (self.made.is_taken and held.line):
                self.document.add_column(name)
                self.document.set(held, name, there)
        self._note(held, self.document.values(held))

    def note_vague(self, row: Row) -> None:
        """Note the row whose vague cell an export gave, so that an exact value replaces it.

        A person who wrote `other` keeps it, unless an export states it too.
        """
        held = self._find(row)
        for name, vague in UNKNOWN.items():
            if held is not None and row.get(name) == vague:
                self.vague.add((held, name))

    def _find(self, row: Row) -> CsvRow | None:
        return next((self.index[one] for one in self._names(row) if one in self.index), None)

    def _is_open(self, held: CsvRow, name: str, was: str) -> bool:
        """Return whether an export may fill a cell."""
        is_vague = was == UNKNOWN.get(name) and (not held.line or (held, name) in self.vague)
        return not was or is_vague

    def _tell(self, held: CsvRow, other: Mapping[str, tuple[str, str]]) -> None:
        """Report which cells of an existing row would change, or remain."""
        for name, (here, there) in other.items():
            is_open = self._is_open(held, name, here)
            into = self.made.filled if is_open else self.made.differs
            into.append(Cell(held.line, name, here, there))

    def _is_old(self, row: Row) -> bool:
        """Return whether only its day differs from the last state."""
        if not self.history:
            return False
        key, stamp = self.history
        last = self.last.get(row.get(key, ""), {})
        names = {name for name in (*row, *self.document.places) if name != stamp}
        return bool(last) and all(
            _same(row.get(name, "")) == _same(last.get(name, "")) for name in names
        )

    @property
    def writes(self) -> int:
        """Rows and cells that would be written."""
        made = self.made
        differs = len(made.differs) if made.is_taken else 0
        return len(self.document.appended) + len(made.filled) + differs

    @property
    def alone(self) -> int:
        """Rows that no export has; of one key in several rows, each."""
        known = [row for row in self.document.rows if row.line]
        if not self.history:
            return len(known) - len(self.seen)
        ids = (self.document.value(row, self.history[0]) for row in known)
        return sum(ident not in self.named for ident in ids)

    def _add(self, row: Row) -> None:
        for name in row:
            self.document.add_column(name)
        self._note(self.document.append(row), row)


def _same(text: str) -> str:
    """Return how a cell is compared: in small letters, and a MAC by its digits."""
    bare = text.strip().casefold()
    digits = re.sub(r"[:.-]", "", bare)
    return digits if re.fullmatch(r"[0-9a-f]{12}", digits) else bare
