"""The command that judges the findings of an evidence pack again."""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.actions.context import ActionContext
from pipelines.cli.console import console, watching
from pipelines.cli.options import AsJson, Quiet, who_asks
from pipelines.cli.output import print_facts
from pipelines.district import District
from pipelines.findings.packs import Named
from pipelines.operations import rerun as reruns
from pipelines.operations.backup import BackupError
from pipelines.settings.scratch import scratch as scratch_name


def rerun(
    pack: Annotated[
        Path,
        typer.Argument(
            metavar="PACK", help="Evidence pack, a zip file.", exists=True, dir_okay=False
        ),
    ],
    backup: Annotated[Path, typer.Option(help="Folder of a backup, made soon after the pack.")],
    keys: Annotated[Path, typer.Option(help="Folder with the keys.")],
    scratch: Annotated[
        Path | None,
        typer.Option(help="Folder with space for a second home.", exists=True, file_okay=False),
    ] = None,
    is_quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Judge the findings of an evidence pack again, from a backup.

    The pack is verified, the backup restored into a private scratch folder and rebuilt, and
    each finding, without its review, compared with the pack to the byte. No home is changed.
    Exit codes: 0 all findings are equal, 1 not all are, 2 the pack or the backup cannot be
    used.

    Example: schoolbell rerun case.zip --backup BACKUPS/backup-20261102T060000Z --keys KEYS
    """
    read = reruns.read_pack(pack.read_bytes(), str(pack))
    try:
        with (
            tempfile.TemporaryDirectory(prefix=scratch_name("rerun"), dir=scratch) as folder,
            watching(console(is_quiet=is_quiet or as_json)) as watchers,
        ):
            done = reruns.rerun(read, backup, keys, Path(folder), _naming, watchers.building)
    except BackupError as error:
        error.exit_code = 2
        raise
    print_facts(_shown(done), *reruns.lines_of(done), as_json=as_json)
    raise typer.Exit(0 if done.equal == len(done.findings) else 1)


def _naming(district: District) -> Named:
    """Return the code names of a restored district, which its keys determine."""
    return ActionContext(district, who_asks(district.home, district.settings)).named


def _shown(done: reruns.RerunResult) -> dict[str, object]:
    return {
        "sha256": done.sha256,
        "audit_entry": done.audit_entry,
        "made_time": done.manifest.made_time,
        "versions": done.versions,
        "equal": done.equal,
        "findings": [asdict(one) for one in done.findings],
    }
