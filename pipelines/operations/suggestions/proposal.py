"""What a proposal is, and how it is written as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.registry.frames import FILES
from pipelines.warehouse.database import Database

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would take for a formula."""


@dataclass(frozen=True)
class Proposal:
    """One row for a file of the registry; cells that are not named stay empty."""

    file: str
    cells: Mapping[str, str]
    reason: str


@dataclass(frozen=True)
class Evidence:
    """What proposals are made from: the warehouse as `built`, raw lines as `raw`."""

    database: Database
    zone: str

    def frame(self, query: str, **values: Any) -> pl.DataFrame:
        """A query of our own as a frame."""
        return self.database.frame(query, values)


def is_plain(proposal: Proposal) -> bool:
    """No cell is a formula or hides a line break; logs are not to be trusted."""
    return not any(
        cell.startswith(FORMULA) or not cell.isprintable()
        for cell in proposal.cells.values()
    )


def as_csv(file: str, proposals: Sequence[Proposal]) -> str:
    """A file as the registry reads it: each row under a comment with its reason."""
    columns = list(FILES[file].columns)
    lines = [",".join(columns)]
    for one in proposals:
        lines.append("# " + " ".join(one.reason.split()))
        lines.append(_row([one.cells.get(name, "") for name in columns]))
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
