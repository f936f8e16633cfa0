"""The command `identify`: what a log file would become, nothing being written."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import AsJson
from pipelines.errors import SourceError
from pipelines.journey.console import safe
from pipelines.lake.identify import Examination, examine
from pipelines.lake.missing import disabled
from pipelines.sources.delivery import Delivery

SHOWN = 3
"""Rejected lines that are shown of a file."""

SHOWN_WIDTH = 120


def identify(
    files: Annotated[list[Path], typer.Argument(help="Log files to look at.")],
    as_json: AsJson = False,
) -> None:
    """Name the format of log files, and what their first lines would become."""
    unknown = 0
    for file in files:
        found = examine(_delivery(file))
        unknown += not found.claims
        if as_json:
            typer.echo(json.dumps({"path": str(file), **_as_data(found)}))
        else:
            for line in _in_words(file, found):
                typer.echo(line)
    sys.exit(1 if unknown == len(files) else 0)


def _delivery(file: Path) -> Delivery:
    if not file.is_file():
        raise SourceError(
            "there is no such file", where=str(file), remedy="Check the path."
        )
    state = file.stat()
    return Delivery(
        source="identify",
        path=file.name,
        file=file,
        raw_bytes=state.st_size,
        raw_mtime_ns=state.st_mtime_ns,
    )


def _as_data(found: Examination) -> dict[str, object]:
    claims = [{"format": one.format, "share": one.share} for one in found.claims]
    return {
        "claims": claims,
        "format": found.format,
        "lines": found.lines,
        "blanks": found.blanks,
        "events": {
            name: {"count": frame.height, "columns": frame.columns}
            for name, frame in found.events.items()
        },
        "rejects": dict(found.reasons),
        "disables": {name: list(rules) for name, rules in _gaps(found).items()},
    }


def _in_words(file: Path, found: Examination) -> list[str]:
    where = safe(file)
    if not found.claims:
        return [f"{where}: no known format claims any of its lines"]
    said = [
        f"{where}: {one.format} ({one.share:.0%} of its lines)" for one in found.claims
    ]
    for name, frame in found.events.items():
        said.append(f"  {frame.height} {name}: {', '.join(frame.columns)}")
    for reason, count in found.reasons.items():
        said.append(f"  {count} rejected: {safe(reason)}")
    shown = found.rejects["line"].head(SHOWN).str.slice(0, SHOWN_WIDTH)
    said += [f"    {safe(line)}" for line in shown]
    for field, rules in _gaps(found).items():
        said.append(f"  no {field}: this log can not feed {', '.join(rules)}")
    return said


def _gaps(found: Examination) -> dict[str, list[str]]:
    return {name: list(rules) for name, rules in disabled(found.events).items()}
