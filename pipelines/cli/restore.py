"""The command that brings a home back from a backup."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.console import working
from pipelines.cli.options import AsJson, Backup, whose_login
from pipelines.cli.output import print_facts
from pipelines.cli.recover import lines_of
from pipelines.errors import SettingsError, safe_lines
from pipelines.lake.files import UNLISTED
from pipelines.operations.restore import RecoveryResult, RestoreResult
from pipelines.operations.restore import recover as recovered
from pipelines.operations.restore import restore as restored
from pipelines.operations.restore import restore_in_place as restored_in_place
from pipelines.settings.home import DistrictHome
from pipelines.settings.toml_reader import load_settings
from pipelines.state.seals import SealCheck, check_seals


def restore(
    folder: Backup,
    to: Annotated[
        Path,
        typer.Option("--to", "--home", help="The new home; with --in-place, the damaged one."),
    ],
    keys: Annotated[
        Path | None,
        typer.Option("--keys", help="Folder with the keys; with --in-place, the home's keys."),
    ] = None,
    in_place: Annotated[
        bool,
        typer.Option("--in-place", help="Restore the state of an existing home."),
    ] = False,
    fingerprint: Annotated[
        str, typer.Option(help="Fingerprint that `backup` printed, kept separately.")
    ] = "",
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Also rebuild the warehouse, compare findings, verify seals."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Restore a home, or its state, from a backup.

    The backup's signature is checked with the keys, and every file's hash, before any
    is written. With --in-place a home whose
    state was lost or damaged gets it back and keeps its lake, reports and settings;
    lake files that are not in the backup are moved to lake/.unlisted. Exit codes: 0 all
    of it is back, 1 something is missing.

    Example: schoolbell restore BACKUPS/backup-20261102T060000Z --to HOME --keys KEYS
    """
    if keys is None and in_place:
        keys = DistrictHome(to.resolve()).keys
    if keys is None:
        raise SettingsError(
            "a new home needs the keys",
            where="--keys",
            remedy="Give the folder that `schoolbell backup --keys` wrote.",
        )
    bring_back = restored_in_place if in_place else restored
    with working("restoring the home"):
        done = bring_back(folder, to, keys, actor=whose_login(), fingerprint=fingerprint)
        is_whole = not done.wrong
        made = recovered(done.home.path) if verify and is_whole else None
        seals = check_seals(done.home, load_settings(done.home)) if made else SealCheck()
        done = replace(done, wrong=[*done.wrong, *seals.wrong])
    print_facts(_shown(done), *_lines(done, made), *seals.lines, as_json=as_json)
    if not as_json:
        for line in done.wrong:
            typer.echo(safe_lines(line), err=True)
    raise typer.Exit(1 if done.wrong else 0)


def _lines(done: RestoreResult, made: RecoveryResult | None) -> Iterator[str]:
    yield (
        f"Restored: {done.home.path}: {done.manifest.lines:,} lines, "
        f"{done.manifest.findings:,} findings, as of {done.manifest.made_time}."
    )
    if done.was_stopped:
        yield "An earlier restore into this folder was stopped; what it left was removed."
    if made is not None:
        yield from lines_of(made)
    for path in done.kept:
        yield f"The earlier state is kept: {path}"
    if done.set_aside:
        yield (
            f"Moved to {done.home.lake / UNLISTED}: {len(done.set_aside):,} "
            f"{'file' if len(done.set_aside) == 1 else 'files'} not in the backup."
        )
    yield f"Next: schoolbell {'doctor' if done.wrong else 'run'} --home {done.home.path}"


def _shown(done: RestoreResult) -> dict[str, object]:
    return {
        "home": str(done.home.path),
        "lines": done.manifest.lines,
        "findings": done.manifest.findings,
        "as_of": done.manifest.made_time,
        "wrong": list(done.wrong),
        "set_aside": list(done.set_aside),
        "kept": [str(path) for path in done.kept],
        "was_stopped": done.was_stopped,
    }
