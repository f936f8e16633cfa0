"""The command that writes units for this machine."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import print_facts
from pipelines.operations.units import write_units


def units(
    home: Home,
    to: Annotated[Path, typer.Option("--to", help="Folder to write them to.")],
    user: Annotated[
        str, typer.Option(help="System account that the services run as.")
    ] = "schoolbell",
    as_json: AsJson = False,
) -> None:
    """Write systemd units, the collector, a Dagster login and sudo rules.

    The collector has the ports of [collector.receive]. Nothing is installed: review them,
    then copy what you want to /etc/systemd/system, /etc/nginx/conf.d, /etc/sudoers.d and
    /etc/schoolbell.
    """
    paths = [str(path) for path in write_units(to, home.resolve(), user)]
    print_facts({"files": paths}, *paths, as_json=as_json)
