"""The command that opens a snapshot in Harlequin, a page for SQL in the terminal."""

import shlex
import subprocess
import sys
from importlib.util import find_spec

import typer

from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import print_facts
from pipelines.errors import SettingsError
from pipelines.settings.home import DistrictHome
from pipelines.state.privacy_records import note_opening
from pipelines.warehouse.snapshots import current


def ui(home: Home, as_json: AsJson = False) -> None:
    """Open the newest snapshot in Harlequin (read-only), to browse and query it.

    Accounts and devices are under code names. It works offline. With --json, show the file
    and the command instead.
    """
    path = current(DistrictHome(home).snapshots)
    words = [sys.executable, "-m", "harlequin", "--read-only", "--no-download-tzdata", str(path)]
    if as_json:
        print_facts({"snapshot": str(path), "command": shlex.join(words)}, as_json=True)
        return
    if find_spec("harlequin") is None:
        raise SettingsError(
            "Harlequin is not installed",
            remedy="pip install 'schoolbell[ui]'; or query without it: schoolbell query",
        )
    if not note_opening(DistrictHome(home), path.stem):
        typer.echo("The audit log could not record this. Run as root: schoolbell protect", err=True)
    raise typer.Exit(subprocess.run(words, check=False).returncode)  # noqa: S603
