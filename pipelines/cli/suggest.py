"""The command that proposes registry rows from the logs."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import tell
from pipelines.district import open_district
from pipelines.errors import SettingsError, safe
from pipelines.operations.suggestions import as_text
from pipelines.operations.suggestions import suggest as proposed
from pipelines.run.console import working


def suggest(
    home: Home,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the proposals, one file each."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Propose registry rows from what the logs show.

    The registry is not changed.
    """
    with working("looking through the logs"), open_district(home) as district:
        target = _outside(out, district.home.registry) if out is not None else None
        found = proposed(district)
    if as_json and target is None:
        for proposals in found.values():
            for proposal in proposals:
                tell(asdict(proposal), as_json=True)
        return
    if not found and not as_json:
        typer.echo("The logs suggest nothing that the registry does not say.")
    for file, proposals in found.items():
        text = as_text(file, proposals)
        if target is not None:
            target.mkdir(parents=True, exist_ok=True)
            (target / file).write_text(text, encoding="utf-8")
            facts = {"file": str(target / file), "rows": len(proposals)}
            tell(facts, f"{len(proposals)} rows: {target / file}", as_json=as_json)
            continue
        typer.echo(f"--- {file}: {len(proposals)} rows to consider")
        header, *lines = text.splitlines()
        typer.echo(f"  {header}")
        for line in lines:
            typer.echo(safe(f"  {line}" if line.startswith("#") else f"+ {line}"))


def _outside(folder: Path, registry: Path) -> Path:
    """The folder, unless it lies in the registry."""
    target = folder.resolve()
    if target.is_relative_to(registry.resolve()):
        raise SettingsError(
            "proposals are never written into the registry",
            where="--out",
            remedy="Name another folder; copy the rows you accept by hand.",
        )
    return target
