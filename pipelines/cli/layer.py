"""Commands about the layer of a service agency in one home."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home, who_asks
from pipelines.cli.output import print_facts
from pipelines.district import open_district
from pipelines.operations import agency_layer
from pipelines.registry.folder import Layer, read_layer

app = typer.Typer(help="Overlay of a service agency for its districts.", no_args_is_help=True)
Folder = Annotated[
    Path,
    typer.Argument(
        help="Folder with layer.toml and, as needed, rules.toml, policy.toml, "
        "approved_sites.csv, site_categories.csv."
    ),
]


@app.command()
def take(home: Home, folder: Folder, as_json: AsJson = False) -> None:
    """Copy an overlay into the home; the next run uses it."""
    with open_district(home) as district:
        taken = agency_layer.take(
            district.store, district.home, folder, str(who_asks(district.home, district.settings))
        )
    _tell(taken, "taken", as_json=as_json)


@app.command()
def drop(home: Home, as_json: AsJson = False) -> None:
    """Remove the overlay from the home; the next run does not use it."""
    with open_district(home) as district:
        held = agency_layer.drop(
            district.store, district.home, str(who_asks(district.home, district.settings))
        )
    _tell(held, "removed", as_json=as_json)


@app.command()
def show(home: Home, as_json: AsJson = False) -> None:
    """Show the home's overlay."""
    with open_district(home) as district:
        held = read_layer(district.home.agency)
    _tell(held, "held", as_json=as_json)


@app.command()
def diff(
    home: Home,
    folder: Annotated[
        Path | None, typer.Argument(help="Another overlay; default: the home's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show where the district's files differ from its agency's."""
    with open_district(home) as district:
        at = folder or district.home.agency
        wanted = agency_layer.sound_layer(folder).digest if folder else ""
        held = read_layer(district.home.agency).digest
        found = list(agency_layer.differences(district.settings, district.home, at))
    for one in found:
        line = f"{one.file}: {one.what}: agency {one.agency!r}, here {one.district!r}"
        print_facts(asdict(one), line, as_json=as_json)
    if wanted not in ("", held):
        typer.echo("The home contains another version of this overlay.", err=True)
    elif not found:
        typer.echo("No difference.", err=True)


def _tell(one: Layer, what: str, *, as_json: bool) -> None:
    said = f"{one.name} {one}: {what}"
    shown = {"name": one.name, "version": one.version, "digest": one.digest}
    print_facts(shown, said if one.digest else "no layer", as_json=as_json)
