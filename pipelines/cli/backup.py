"""Commands that copy a home, bring it back, and prove that this works."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home
from pipelines.district import open_district
from pipelines.operations.backup import back_up, copy_keys
from pipelines.operations.backup import fingerprint as fingerprint_of
from pipelines.run.console import working


def backup(
    home: Home,
    to: Annotated[Path, typer.Option("--to", help="Folder of the backups, on another disk.")],
    keys: Annotated[
        Path | None,
        typer.Option("--keys", help="Copy the keys into this folder, separate from the backup."),
    ] = None,
    landing: Annotated[
        bool, typer.Option("--landing", help="Also copy the raw files of landing/.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Back up a home. A run may be in progress."""
    with working("copying the home"), open_district(home) as district:
        made = back_up(district, to, landing=landing)
        new_keys = copy_keys(district.home, keys) if keys else []
    size = sum(file.bytes for file in made.manifest.files.values())
    shown = {
        "folder": str(made.folder),
        "files": len(made.manifest.files),
        "bytes": size,
        "shared_with_the_backup_before": made.linked,
        "lines": made.manifest.lines,
        "findings": made.manifest.findings,
        "new_keys": [str(key) for key in new_keys],
        "fingerprint": fingerprint_of(made.folder),
    }
    if as_json:
        typer.echo(json.dumps(shown))
        return
    typer.echo(f"Backup: {made.folder}")
    typer.echo(
        f"{len(made.manifest.files):,} files, {size:,} bytes, {made.linked:,} of the files shared "
        f"with the previous backup; {made.manifest.lines:,} lines and {made.manifest.findings:,} "
        "findings."
    )
    typer.echo(f"Fingerprint (keep it in a separate place): {shown['fingerprint']}")
    if keys is None:
        typer.echo(
            "The backup does not contain the keys. Copy them to a separate place once, with --keys."
        )
