"""The canonical frames of the registry: the contract that SQL reads as `registry.*`.

Dates are local days, both ends inclusive; a null end is open. Instants are UTC.
Usernames and hosts are lower case; unknown is null.
"""

from collections.abc import Mapping
from typing import TypeVar

import polars as pl

from pipelines.events import Column
from pipelines.registry import table
from pipelines.registry.csv_files import File
from pipelines.registry.table import tables

FRAMES: dict[str, Mapping[str, Column]] = {
    name: columns for each in tables().values() for name, columns in each.frames.items()
}

FILES: dict[str, File] = {
    each.file.name: each.file for each in tables().values() if each.file is not None
}
"""The CSV files of the registry; those of OneRoster are in `roster`."""

JUDGED_BY = frozenset(
    name for each in tables().values() if not each.is_built for name in each.frames
)
"""Frames that decide about findings and that no model reads."""

T = TypeVar("T", bound=table.Touches)


def frames_touching(kind: type[T]) -> dict[str, T]:
    """Return the frames whose rows touch days in one way, with their tables' declarations."""
    return {
        name: each.touches
        for each in tables().values()
        for name in each.frames
        if isinstance(each.touches, kind)
    }


def schema(name: str) -> pl.Schema:
    """Return column names and types of one frame."""
    return table.schema(FRAMES[name])
