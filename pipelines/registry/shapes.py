"""How a file of the registry is described: its columns and what they hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text", "word", "date", "boolean", "integer", "number", "clock", "list",
    "local_time", "network", "mac",
]  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One column of a file.

    Attributes:
        example: What the skeleton shows.
        kind: How a cell is read.
        required: An empty cell sets the row aside.
        allowed: The only words it may hold; empty: any.
        shipped: False for columns that the skeleton leaves out.
    """

    example: str
    kind: Kind = "text"
    required: bool = False
    allowed: tuple[str, ...] = ()
    shipped: bool = True


@dataclass(frozen=True)
class File:
    """One CSV file of the registry.

    Attributes:
        columns: Canonical column names, in order.
        disables: What can not be judged without it.
        key: Columns that together name a row once.
        is_open: Further columns are usual and not worth a notice.
    """

    name: str
    columns: Mapping[str, Cell]
    disables: str
    key: tuple[str, ...] = ()
    is_open: bool = False
