"""The rows that one table of an export gives, and the rows that it leaves out, with reasons."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipelines.registry.csv_files import is_formula
from pipelines.registry.imports.export_tables import Sheet
from pipelines.registry.imports.exports import Export
from pipelines.registry.imports.known import Row

SHOWN = 3
"""Examples of what is left out."""


@dataclass
class ImportResult:
    """Rows from one table of an export.

    Attributes:
        rows: Registry file -> rows for it.
        left: Why rows were left out -> how many, and a few of them.
        notes: Further facts for the operator.
        systems: Number of computers by system, of a list of devices.
        closed: Accounts that are open in the roster and closed in this table.
    """

    sheet: Sheet
    export: Export
    rows: dict[str, list[Row]] = field(default_factory=dict)
    left: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    systems: Mapping[str, int] = field(default_factory=dict)

    def add(self, file: str, row: Row) -> None:
        """Add one row for a file; a cell that a spreadsheet would run remains empty."""
        safe = {}
        for name, cell in row.items():
            text = " ".join(cell.split())
            if is_formula(text):
                self.left.setdefault(f"a {name} that begins like a formula", []).append(text)
                text = ""
            safe[name] = text
        self.rows.setdefault(file, []).append(safe)

    def leave(self, why: str, what: str) -> None:
        """Count a row that is left out."""
        self.left.setdefault(why, []).append(what)

    @property
    def unread(self) -> dict[str, str]:
        """Columns with values that are not read, and why."""
        return self.export.unread(self.sheet)

    @property
    def said(self) -> list[str]:
        """Lines about rows that were left out, one per reason."""
        lines = []
        for why, which in self.left.items():
            known = [one for one in dict.fromkeys(which) if one]
            some = ", ".join(known[:SHOWN])
            more = ", ..." if len(known) > SHOWN else ""
            lines.append(f"{len(which):,} {why}" + (f": {some}{more}" if some else ""))
        return lines


def rows_by_file(results: Iterable[ImportResult]) -> dict[str, list[Row]]:
    """Return the rows of several tables, by registry file."""
    rows: dict[str, list[Row]] = {}
    for one in results:
        for name, more in one.rows.items():
            rows.setdefault(name, []).extend(more)
    return rows


def examples(names: Sequence[str]) -> str:
    """Return a few names of a list."""
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def first_match(rules: Mapping[str, str], text: str) -> str:
    """Return the word of the first rule that matches; empty if none does."""
    found = (word for word, rule in rules.items() if re.search(rule, text, re.IGNORECASE))
    return next(found, "")
