"""Output of commands: a line for people, an object for machines.

Log fields are outside input: a terminal gets no control character.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import typer

from pipelines.errors import SettingsError, safe, safe_lines

PRIVATE = 0o600
Row = TypeVar("Row", bound=Mapping[str, object])


def write_private(to: Path, data: bytes) -> None:
    """Write a new file for its owner alone, on the disk before the caller goes on.

    Raises:
        SettingsError: It would be in a home, which reads what its folders contain.
    """
    for folder in to.resolve().parents:
        if (folder / "district.toml").is_file() and (folder / "keys").is_dir():
            raise SettingsError(
                "is inside a district home, where exports are not allowed",
                where=str(to),
                remedy="Choose a file outside the home.",
            )
    descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def print_facts(facts: Mapping[str, object], *lines: str, as_json: bool) -> None:
    """Print the facts as one JSON object, or the lines, safe for a terminal."""
    for line in [json.dumps(facts, default=str)] if as_json else map(safe_lines, lines):
        typer.echo(line)


def emit(
    rows: Iterable[Row], line: Callable[[Row], str] = str, *, as_json: bool, empty: str = ""
) -> None:
    """Print each row as one JSON object, or as a line that is safe for a terminal.

    Args:
        empty: Line for people if there are no rows.
    """
    found = list(rows)
    for row in found:
        typer.echo(json.dumps(row, default=str) if as_json else safe(line(row)))
    if not (found or as_json) and empty:
        typer.echo(empty)
