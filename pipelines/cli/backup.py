"""Commands that copy a home, bring it back, and prove that this works."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.asking import whose_login
from pipelines.cli.options import AsJson, Home, Quiet
from pipelines.district import only_writer, open_district
from pipelines.errors import SettingsError
from pipelines.ingest.sweeping import UNLISTED
from pipelines.operations.backup import back_up, copy_keys
from pipelines.operations.backup import fingerprint as fingerprint_of
from pipelines.operations.recovery import Recovered
from pipelines.operations.recovery import recover as recovered
from pipelines.operations.restore import Restored
from pipelines.operations.restore import drill as drilled
from pipelines.operations.restore import restore as restored
from pipelines.operations.restore import restore_in_place as restored_in_place
from pipelines.privacy.editions import accept_key
from pipelines.run.console import console, safe_lines, watching, working
from pipelines.settings.home import DistrictHome

Keys = Annotated[
    Path, typer.Option("--keys", help="Folder that holds the home's keys.")
]


def backup(
    home: Home,
    to: Annotated[
        Path, typer.Option("--to", help="Folder of the backups, on another disk.")
    ],
    keys: Annotated[
        Path | None,
        typer.Option("--keys", help="Copy the keys into this folder, kept apart."),
    ] = None,
    landing: Annotated[
        bool, typer.Option("--landing", help="Copy the raw files of landing/ too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Copy settings, registry, state, lake and reports; runs may go on meanwhile."""
    with working("copying the home"), open_district(home) as district:
        made = back_up(district, to, landing=landing)
        new_keys = copy_keys(district.home, keys) if keys else []
    size = sum(one.bytes for one in made.manifest.files.values())
    shown = {
        "folder": str(made.folder),
        "files": len(made.manifest.files),
        "bytes": size,
        "shared_with_the_backup_before": made.linked,
        "lines": made.manifest.lines,
        "findings": made.manifest.findings,
        "new_keys": [str(one) for one in new_keys],
        "fingerprint": fingerprint_of(made.folder),
    }
    if as_json:
        typer.echo(json.dumps(shown))
        return
    typer.echo(f"Backup: {made.folder}")
    typer.echo(
        f"{len(made.manifest.files):,} files, {size:,} bytes, {made.linked:,} of the "
        f"files shared with the backup before; {made.manifest.lines:,} lines and "
        f"{made.manifest.findings:,} findings."
    )
    typer.echo(f"Fingerprint, to be kept elsewhere: {shown['fingerprint']}")
    if keys is None:
        typer.echo("The keys are not in it. Copy them elsewhere, once, with --keys.")


def restore(
    folder: Annotated[Path, typer.Argument(help="A folder that `backup` made.")],
    to: Annotated[
        Path,
        typer.Option("--to", help="The new home; with --in-place, the damaged one."),
    ],
    keys: Annotated[
        Path | None,
        typer.Option("--keys", help="Folder with the keys; in place, those at home."),
    ] = None,
    in_place: Annotated[
        bool,
        typer.Option("--in-place", help="Bring the state back into a home that is."),
    ] = False,
    fingerprint: Annotated[
        str, typer.Option(help="What `backup` printed, kept apart from the backup.")
    ] = "",
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Make the warehouse too, and compare findings."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a home back from a backup: into a new folder, or its state in place.

    The backup's signature is checked with the keys, and every file's hash, before any
    is written. With --in-place a home whose
    state was lost or damaged gets it back and keeps its lake, reports and settings;
    what the lake holds beyond the backup is moved to lake/.unlisted. Exit codes: 0 all
    of it is back, 1 something is missing.
    """
    if keys is None and in_place:
        keys = DistrictHome(to.resolve()).keys
    if keys is None:
        raise SettingsError(
            "a new home needs the keys",
            where="--keys",
            remedy="Name the folder into which `schoolbell backup --keys` copied them.",
        )
    bring_back = restored_in_place if in_place else restored
    with working("bringing the home back"):
        done = bring_back(
            folder, to, keys, actor=whose_login(), fingerprint=fingerprint
        )
        is_whole = not done.wrong
        made = recovered(done.home.path) if verify and is_whole else None
    if as_json:
        typer.echo(json.dumps(_shown(done)))
    else:
        _tell_restored(done, made)
    raise typer.Exit(0 if is_whole else 1)


def _tell_restored(done: Restored, made: Recovered | None) -> None:
    typer.echo(
        f"Restored: {done.home.path}: {done.manifest.lines:,} lines, "
        f"{done.manifest.findings:,} findings, as of {done.manifest.made_time}."
    )
    if made is not None:
        _tell(made)
    for path in done.kept:
        typer.echo(f"Kept, the state of before: {path}")
    if done.set_aside:
        typer.echo(
            f"Moved to {done.home.lake / UNLISTED}: {len(done.set_aside):,} "
            f"{'file' if len(done.set_aside) == 1 else 'files'} that the backup does "
            "not know."
        )
    for line in done.wrong:
        typer.echo(safe_lines(line), err=True)
    if not done.wrong:
        typer.echo(f"Next: schoolbell run --home {done.home.path}")


def _shown(done: Restored) -> dict[str, object]:
    return {
        "home": str(done.home.path),
        "lines": done.manifest.lines,
        "findings": done.manifest.findings,
        "as_of": done.manifest.made_time,
        "wrong": list(done.wrong),
        "set_aside": list(done.set_aside),
        "kept": [str(path) for path in done.kept],
    }


def drill(
    home: Home,
    to: Annotated[Path, typer.Option("--from", help="A folder that `backup` made.")],
    keys: Keys,
    scratch: Annotated[
        Path | None, typer.Option(help="Folder with room for a second home.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup aside, rebuild it, compare every finding, and delete it.

    Exit codes: 0 the backup is enough, 1 it is not, and what it lacks is told.
    """
    place = scratch or Path(tempfile.gettempdir())
    with working("rehearsing a restore"), open_district(home) as district:
        wrong = drilled(district, to, keys, place)
    if as_json:
        typer.echo(json.dumps({"wrong": list(wrong)}))
        raise typer.Exit(1 if wrong else 0)
    for line in wrong:
        typer.echo(safe_lines(line), err=True)
    if not wrong:
        typer.echo("The backup gives the same lines, the same rows and findings.")
    raise typer.Exit(1 if wrong else 0)


def recover(
    home: Home,
    new_key: Annotated[
        bool,
        typer.Option(
            "--accept-key",
            help="Go on with the key that is in keys/ now; all names change.",
        ),
    ] = False,
    is_quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Make the warehouse again from lake and state; raw files are not needed.

    The old one goes once the new one stands; then both are compared, table by table.
    """
    if new_key:
        with open_district(home) as district, only_writer(district.home):
            accept_key(district, whose_login())
    with watching(console(is_quiet=is_quiet or as_json)) as watchers:
        done = recovered(home, watchers.building)
    if as_json:
        typer.echo(json.dumps(asdict(done)))
        return
    _tell(done)


def _tell(done: Recovered) -> None:
    typer.echo(f"{done.tables} tables were made again.")
    if done.differing:
        typer.echo(f"Not as before: {', '.join(done.differing)}")
    elif done.differing is not None:
        typer.echo("Every table has the same rows as before.")
