"""Commands about a district home: make one, check what it says."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home
from pipelines.district.home import create
from pipelines.district.problems import InvalidSettingsError, Problem
from pipelines.district.registry import Registry
from pipelines.journey.checking import unknown_rules, wrong_in
from pipelines.journey.console import safe_lines
from pipelines.journey.district import open_district


def init(
    home: Annotated[Path, typer.Argument(help="Folder to make.")],
    name: Annotated[
        str, typer.Option(help="The district's name, as reports print it.")
    ] = "Example Community School District",
    zone: Annotated[str, typer.Option(help="IANA time zone.")] = "America/Chicago",
    account_domain: Annotated[
        list[str] | None,
        typer.Option(help="Domain to strip from account names; may be repeated."),
    ] = None,
) -> None:
    """Make a district home; what is there already stays as it is."""
    made = create(
        home.resolve(),
        name=name,
        zone=zone,
        account_domains=tuple(account_domain or ()),
    )
    typer.echo(f"District home: {made.path}")
    typer.echo("Next:")
    typer.echo(f"  1. look through {made.settings_file}")
    typer.echo(f"  2. fill the files in {made.registry} (all are optional)")
    typer.echo(f"  3. put raw logs into {made.landing}/<source>/")
    typer.echo(f"  4. schoolbell run --home {made.path}")


def check(home: Home, as_json: AsJson = False) -> None:
    """Read settings and registry, and tell everything that is wrong in them.

    Each problem comes with file, line, what was found, what is allowed, and a line
    to write instead. Exit codes: 0 in order, 2 something is to be mended.
    """
    try:
        problems, registry = _read(home)
    except InvalidSettingsError as error:
        if not as_json:
            raise
        problems, registry = list(error.problems), None
    for problem in problems:
        said = json.dumps(asdict(problem)) if as_json else safe_lines(problem)
        typer.echo(said)
    if registry is not None and not as_json:
        for file, disables in sorted(registry.missing.items()):
            typer.echo(f"{file}: not there; without it: {disables}")
        rows = sum(frame.height for frame in registry.frames.values())
        typer.echo(f"{rows:,} rows of the registry are in order.")
    sys.exit(2 if any(one.severity == "error" for one in problems) else 0)


def _read(home: Path) -> tuple[list[Problem], Registry]:
    with open_district(home) as district:
        wrong = [*wrong_in(district), *unknown_rules(district)]
        return [*wrong, *district.registry.problems], district.registry
