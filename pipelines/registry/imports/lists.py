"""Lists that the consoles of a district's systems export, and what each of them fills.

`lists.csv` has a row for each list: tests import its columns and record the result.
"""

import csv
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("lists.csv")


@dataclass(frozen=True)
class ExportedList:
    """A list of one system.

    Attributes:
        file: Sample in `tests/lists/exports`.
        completes: Sample of a list that it completes; empty if it needs none.
        document: Where its columns are from.
        seen: Day on which they were looked up; empty if the document was not opened.
        export: Kind of export that `setup` recognizes.
        fills: Facts that it gives to the registry.
        not_used: What is not used, and why.
    """

    system: str
    list: str
    file: str
    completes: str
    document: str
    seen: str
    export: str
    fills: str
    not_used: str

    @property
    def row(self) -> Mapping[str, str]:
        """The cells of its row in the table."""
        return asdict(self)


@cache
def exported_lists() -> tuple[ExportedList, ...]:
    """Return every list, in the order of the documents."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(ExportedList(**row) for row in csv.DictReader(file))
