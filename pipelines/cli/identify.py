"""The command `identify`: what a log file would become, nothing being written."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, OptionalHome
from pipelines.cli.output import print_facts
from pipelines.clock import Reading
from pipelines.errors import safe
from pipelines.formats import MIXED, Context
from pipelines.health.product_stories import shown_by
from pipelines.ingest.identification import Examination, examine, members_of
from pipelines.ingest.line_account import Unused, unused
from pipelines.landing.delivery import readable
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.toml_reader import load_settings
from pipelines.warehouse.detections import disabled

SHOWN = 3
"""Number of rejected lines to show per file."""

SHOWN_WIDTH = 120
MAX_MEMBERS = 10
"""Number of archive members to read."""


def identify(
    files: Annotated[list[Path], typer.Argument(help="Log files to identify.")],
    home: OptionalHome = None,
    as_json: AsJson = False,
) -> None:
    """Identify a log's format and show how it is parsed.

    For a zip archive the first members are read. With --home, a file in a source's folder
    is read with that source's format, zone and options.
    """
    settings = load_settings(DistrictHome(home.resolve())) if home else None
    is_any_known = False
    for file in files:
        members = members_of(file)
        fmt, context = _as_in_the_home(file, home, settings)
        for member in members[:MAX_MEMBERS]:
            found = examine(member, fmt=fmt, context=context)
            is_any_known |= bool(found.claims)
            where = f"{file}{member.path.removeprefix(readable(file.name))}"
            facts = {"path": where, **_as_data(found)}
            print_facts(facts, *_in_words(where, found), as_json=as_json)
        if (more := len(members) - MAX_MEMBERS) > 0 and not as_json:
            typer.echo(f"{safe(file)}: {more} more members were not read")
    sys.exit(0 if is_any_known else 1)


def _as_in_the_home(
    file: Path, home: Path | None, settings: Settings | None
) -> tuple[str | None, Context | None]:
    """Return the format and the context of the source whose folder contains the file."""
    if home is None or settings is None:
        return None, None
    for name, source in settings.sources.items():
        folder = home / (source.path or f"landing/{name}")
        if file.resolve().is_relative_to(folder.resolve()):
            reading = Reading(zone=source.zone or settings.district.zone)
            return source.format, Context(reading, source.options)
    return None, Context(Reading(zone=settings.district.zone))


def _as_data(found: Examination) -> dict[str, object]:
    claims = [{"format": claim.format, "share": claim.share} for claim in found.claims]
    return {
        "claims": claims,
        "format": found.format,
        "lines": found.lines,
        "blanks": found.blanks,
        "events": {
            name: {"count": frame.height, "columns": frame.columns}
            for name, frame in found.events.items()
        },
        "proposal": list(found.proposal),
        "note": found.note,
        "unused": [asdict(one) for one in _unused(found)],
        "rejects": dict(found.reasons),
        "stories": _stories(found),
        "disables": {name: list(rules) for name, rules in _gaps(found).items()},
    }


def _in_words(where: str, found: Examination) -> list[str]:
    where = safe(where)
    if not found.lines:
        return [f"{where}: it is empty"]
    if not found.claims:
        if found.note:
            return [f"{where}: {found.note}"]
        return [f"{where}: no known format matches any of its lines", *_declared(found)]
    said = list(_read_by(where, found))
    for name, frame in found.events.items():
        said.append(f"  {frame.height} {name}: {', '.join(frame.columns)}")
    said += [
        f"  of {one.lines} {safe(one.kind)}, which no rule uses, {one.accounts} name an account "
        f"and {one.cards} a network card"
        for one in _unused(found)
    ]
    for reason, count in found.reasons.items():
        said.append(f"  {count} rejected: {safe(reason)}")
    shown = found.rejects["line"].head(SHOWN).str.slice(0, SHOWN_WIDTH)
    said += [f"    {safe(line)}" for line in shown]
    said += [f"  {text}" for text in _stories(found)]
    for field, rules in _gaps(found).items():
        said.append(f"  no {field}: this log cannot feed {', '.join(rules)}")
    return said


def _read_by(where: str, found: Examination) -> Iterator[str]:
    """Yield the format that reads the file, and the share of lines that each matches."""
    if found.format == MIXED:
        yield f"{where}: mixed formats, each line read by the format that matches"
    elif found.format not in [claim.format for claim in found.claims]:
        yield f"{where}: read as {found.format}, which its source specifies"
    for claim in found.claims:
        yield f"{where}: {claim.format} ({claim.share:.0%} of its lines)"


def _stories(found: Examination) -> list[str]:
    """Return what tests have shown with the products that write these formats."""
    return [text for one in found.claims for text in shown_by(one.format, found.events)]


def _declared(found: Examination) -> list[str]:
    """Return settings to paste and correct."""
    if not found.proposal:
        return [
            "  To read it, declare its columns as declared_csv, declared_json or",
            "  declared_syslog under [sources.NAME]: docs/how-to/forward-cloud.md",
        ]
    return [
        "  if it is an export, declare it in district.toml; check the guessed columns:",
        "",
        *(safe(line) for line in found.proposal),
    ]


def _unused(found: Examination) -> list[Unused]:
    talk = found.events.get("system_events")
    return [] if talk is None else unused(talk)


def _gaps(found: Examination) -> dict[str, list[str]]:
    return {name: list(rules) for name, rules in disabled(found.events).items()}
