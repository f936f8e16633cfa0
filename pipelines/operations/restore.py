"""Brings a home back from a backup, and proves now and then that this works."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.district.home import DistrictHome, create
from pipelines.findings.keeping import stored_findings
from pipelines.journey.district import District, open_district
from pipelines.lake.accounting import unbalanced
from pipelines.operations.manifest import (
    BackupError,
    Manifest,
    copied,
    read_manifest,
    sealed,
)
from pipelines.operations.recover import recover
from pipelines.state import ledger
from pipelines.state.store import now_text, read_store, remember

LAST_DRILL = "last_drill_time"
KEYS = ("pseudonyms.key", "audit.key")


@dataclass(frozen=True)
class Restored:
    """A home that was brought back; `wrong` is empty where all of it is right."""

    home: DistrictHome
    manifest: Manifest
    wrong: Sequence[str]


def restore(backup: Path, target: Path, keys: Path) -> Restored:
    """Bring a home back into a new folder.

    Args:
        backup: A folder that `back_up` made.
        target: A folder that is not there yet, or is empty.
        keys: The folder that holds the home's keys.

    Raises:
        BackupError: The target holds something, a file of the backup is missing or
            was changed, or the keys are not those of the home.
    """
    manifest = read_manifest(backup)
    if target.exists() and any(target.iterdir()):
        raise BackupError(
            "is not empty; nothing was restored",
            where=str(target),
            remedy="Name a folder that is not there yet.",
        )
    _same(backup, manifest)
    home = DistrictHome(target.resolve())
    home.keys.mkdir(mode=0o700, parents=True)
    _keys(keys, home)
    for name in manifest.files:
        copied(backup / name, home.path / name)
    home = create(home.path)  # completes folders and sets their modes
    for folder in (home.reports, *home.reports.rglob("*")):
        folder.chmod(0o750 if folder.is_dir() else 0o640)
    return Restored(home, manifest, wrong_with(home, manifest))


def wrong_with(home: DistrictHome, manifest: Manifest) -> list[str]:
    """What a restored home lacks of what its backup had."""
    store = read_store(home.state_db)
    try:
        lines = sum(one.lines for one in ledger.source_files(store))
        findings = len(stored_findings(store))
        wrong = unbalanced(store, home.lake)
    finally:
        store.close()
    if lines != manifest.lines:
        wrong.append(f"{lines:,} lines are accounted for, not {manifest.lines:,}")
    if findings != manifest.findings:
        wrong.append(f"{findings:,} findings are there, not {manifest.findings:,}")
    return wrong


def drill(district: District, backup: Path, keys: Path, scratch: Path) -> Sequence[str]:
    """Restore a backup aside and rebuild it; what was wrong, empty if nothing.

    The date of a drill that went well is remembered for `schoolbell doctor`.

    Args:
        district: The home whose backup it is.
        scratch: A folder with room for a second home; what is made there is
            deleted again.
    """
    place = scratch / f"drill-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    try:
        restored = restore(backup, place, keys)
        wrong = [*restored.wrong, *_rebuilt(restored.home)]
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if not wrong:
        with district.store.writing() as connection:
            remember(connection, LAST_DRILL, now_text())
    return wrong


def _rebuilt(home: DistrictHome) -> list[str]:
    before = _told(home)
    recover(home.path)
    after = _told(home)
    return [
        f"finding {key} is another one after the rebuild"
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]


def _told(home: DistrictHome) -> Mapping[str, Any]:
    with open_district(home.path) as district:
        return {
            one["finding_id"]: (one["status"], one["confidence"], one["record"])
            for one in stored_findings(district.store)
        }


def _same(backup: Path, manifest: Manifest) -> None:
    wrong = [
        name
        for name, said in manifest.files.items()
        if not (backup / name).is_file() or sealed(backup / name) != said
    ]
    if wrong:
        raise BackupError(
            f"{len(wrong):,} files are missing or were changed, such as {wrong[0]}; "
            "nothing was restored",
            where=str(backup),
            remedy="Use another backup.",
        )


def _keys(keys: Path, home: DistrictHome) -> None:
    held = [name for name in KEYS if (keys / name).is_file()]
    if KEYS[0] not in held:
        raise BackupError(
            f"there is no {KEYS[0]}; without it every account gets another name",
            where=str(keys),
            remedy="Name the folder into which `schoolbell backup --keys` copied it.",
        )
    for name in held:
        copied(keys / name, home.keys / name)
