"""Commands about a district home: make one, check what it says."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import Home
from pipelines.district.home import create
from pipelines.journey.checking import wrong_in
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


def check(home: Home) -> None:
    """Read settings and registry, and tell everything that is wrong in them."""
    with open_district(home) as district:
        registry, wrong = district.registry, list(wrong_in(district))
    for problem in (*wrong, *registry.problems):
        typer.echo(safe_lines(problem))
    for file, disables in sorted(registry.missing.items()):
        typer.echo(f"{file}: not there; without it: {disables}")
    rows = sum(frame.height for frame in registry.frames.values())
    typer.echo(f"{rows:,} rows of the registry are in order.")
    errors = [one for one in registry.problems if one.severity == "error"]
    sys.exit(2 if errors or wrong else 0)
