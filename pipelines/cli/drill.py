"""The command that proves that a backup is enough."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.console import working
from pipelines.cli.options import AsJson, Backup, Home
from pipelines.cli.output import print_facts
from pipelines.district import open_district
from pipelines.errors import safe_lines
from pipelines.operations.restore import drill as drilled

Keys = Annotated[Path, typer.Option("--keys", help="Folder with the keys.")]


def drill(
    folder: Backup,
    home: Home,
    keys: Keys,
    scratch: Annotated[
        Path | None, typer.Option(help="Folder with space for a second home.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Test a backup: restore it, rebuild, compare, delete the copy.

    It is restored into a scratch folder, and its findings are compared.
    Exit codes: 0 the backup is complete, 1 it is not; what is missing is listed.

    Example: schoolbell drill BACKUPS/backup-20261102T060000Z --home HOME --keys KEYS
    """
    place = scratch or Path(tempfile.gettempdir())
    with working("rehearsing a restore"), open_district(home) as district:
        wrong = drilled(district.store, folder, keys, place)
    if as_json:
        print_facts({"wrong": list(wrong)}, as_json=True)
        raise typer.Exit(1 if wrong else 0)
    for line in wrong:
        typer.echo(safe_lines(line), err=True)
    if wrong:
        typer.echo(f"Next: schoolbell doctor --home {home}, then schoolbell backup", err=True)
    else:
        typer.echo("The backup produces the same lines, rows and findings.")
        typer.echo("Next: repeat this every month.")
    raise typer.Exit(1 if wrong else 0)
