"""Commands that copy a home, bring it back, and prove that this works."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.console import working
from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import print_facts
from pipelines.district import open_district
from pipelines.operations.backup import back_up, copy_keys
from pipelines.operations.backup import fingerprint as fingerprint_of


def backup(
    home: Home,
    to: Annotated[Path, typer.Option("--to", help="Folder for the backups, on another disk.")],
    keys: Annotated[
        Path | None,
        typer.Option("--keys", help="Copy the keys into this folder, separate from the backup."),
    ] = None,
    landing: Annotated[
        bool, typer.Option("--landing", help="Also copy the raw files of landing/.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Back up a home. A run may be in progress.

    Example: schoolbell backup --home HOME --to BACKUPS --keys KEYS
    """
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
    lines = [
        f"Backup: {made.folder}",
        (
            f"{len(made.manifest.files):,} files, {size:,} bytes, {made.linked:,} of the files "
            f"shared with the previous backup; {made.manifest.lines:,} lines and "
            f"{made.manifest.findings:,} findings."
        ),
        f"Fingerprint (keep it in a separate place): {shown['fingerprint']}",
    ]
    if keys is None:
        lines.append(
            "The backup does not contain the keys. Copy them to a separate place once, with --keys."
        )
    lines.append(f"Next: schoolbell drill {made.folder} --home {home} --keys {keys or 'KEYS'}")
    print_facts(shown, *lines, as_json=as_json)
