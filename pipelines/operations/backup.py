"""Copies of a home from which all of it can be brought back.

A backup is a folder: settings, registry, lists, published reports, the state and
the lake files that it lists. The warehouse and the snapshots are made again from
these. Keys go elsewhere, since who has both can read every name. A run may be at
work meanwhile: the state is copied first and by SQLite's own means, and the lake
keeps for a day what others took the place of.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pipelines.district import District
from pipelines.findings.keeping import stored_findings
from pipelines.ingest.lake import sync
from pipelines.operations.manifest import (
    SINGLE,
    STATE,
    WHOLE,
    BackupError,
    Manifest,
    Sealed,
    copied,
    read_manifest,
    sealed,
)
from pipelines.privacy.editions import home_key
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.audit import open_chain
from pipelines.state.audit_heads import BACKUPS
from pipelines.state.moving import copy_state
from pipelines.state.store import damaged, now_text, open_store, read_store, remember

PREFIX = "backup-"
PARTIAL = ".partial-"
LAST = "last_backup_time"


@dataclass(frozen=True)
class BackedUp:
    """A backup that was made.

    Attributes:
        linked: Files that the backup before had already, and shares with this one.
    """

    folder: Path
    manifest: Manifest
    linked: int


def back_up(
    district: District,
    into: Path,
    now: datetime | None = None,
    *,
    landing: bool = False,
) -> BackedUp:
    """Make a backup as a new folder in `into`.

    Args:
        into: A folder, best on another disk; made if missing.
        landing: Copy the raw files of the landing folder too.

    Raises:
        BackupError: The folder lies inside the home.
        SettingsError: The home's key, with which it is signed, is gone.
    """
    home, key = district.home, home_key(district)
    into = into.resolve()
    if into.is_relative_to(home.path):
        raise BackupError(
            "a backup inside the home is lost with it",
            where=str(into),
            remedy="Choose a folder on another disk.",
        )
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = (now or datetime.now(UTC)).astimezone(UTC)
    stamp = made.strftime("%Y%m%dT%H%M%SZ")
    aside, final = into / f"{PARTIAL}{stamp}", into / f"{PREFIX}{stamp}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700)
    manifest, linked = _filled(district, aside, newest(into), made, landing=landing)
    manifest.write(aside, key)
    aside.rename(final)
    sync(into)
    with district.store.writing() as connection:
        remember(connection, LAST, now_text(made))
        remember(connection, BACKUPS, str(into))
    return BackedUp(final, manifest, linked)


def newest(into: Path) -> Path | None:
    """The last backup in a folder."""
    return max(into.glob(f"{PREFIX}*"), default=None)


def copy_keys(home: DistrictHome, into: Path) -> list[Path]:
    """Copy the keys into a folder of their own; those that are new there.

    Raises:
        BackupError: A key there differs from the home's.
    """
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = []
    for key in sorted(home.keys.iterdir()):
        target = into / key.name
        if not target.exists():
            copied(key, target)
            new.append(target)
        elif sealed(target) != sealed(key):
            raise BackupError(
                "holds another key than the home",
                where=str(target),
                remedy="Keep it, and choose another folder for this home's keys.",
            )
    return new


def _filled(
    district: District,
    folder: Path,
    before: Path | None,
    made: datetime,
    *,
    landing: bool,
) -> tuple[Manifest, int]:
    home = district.home
    files = {STATE: _state(district, folder / STATE)}
    store = read_store(folder / STATE)
    try:
        lake = {
            f"lake/{one.path}": Sealed(one.bytes, one.sha256)
            for one in ledger.lake_files(store)
        }
        lines = sum(one.lines for one in ledger.source_files(store))
        findings = len(stored_findings(store))
        head = open_chain(store, home).head()
    finally:
        store.close()
    files |= {name: copied(home.path / name, folder / name) for name in _plain(home)}
    if landing:
        files |= {
            name: copied(home.path / name, folder / name)
            for name in _below(home.path, "landing")
        }
    known = _known(before)
    linked = 0
    for name, listed in lake.items():
        files[name] = listed
        if before and known.get(name) == listed and _is_whole(before / name, listed):
            _link(before / name, folder / name)
            linked += 1
            continue
        if copied(home.path / name, folder / name) != listed:
            raise BackupError(
                "is not what the ledger lists; nothing was backed up",
                where=str(home.path / name),
                remedy="schoolbell doctor; then bring it back from an older backup.",
            )
    about = Manifest(
        made_time=now_text(made),
        version=version("schoolbell"),
        district=district.settings.district.name,
        lines=lines,
        findings=findings,
        files=files,
        audit_head=str(head) if head else "",
    )
    return about, linked


def _known(before: Path | None) -> Mapping[str, Sealed]:
    """The files of the backup before; a damaged one shares nothing."""
    try:
        return read_manifest(before).files if before else {}
    except BackupError:
        return {}


def _is_whole(path: Path, listed: Sealed) -> bool:
    """As far as a look tells: its bytes are read by a drill and by a restore."""
    return (
        path.is_file() and not path.is_symlink() and path.stat().st_size == listed.bytes
    )


def _state(district: District, target: Path) -> Sealed:
    """Copy the state as of one moment into a SQLite file; others may be writing."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    path = district.home.state_db
    if district.home.state_pointer.exists():
        new = open_store(target)
        copy_state(district.store, new)
        new.close()
        path = target
    with closing(sqlite3.connect(path)) as held, closing(sqlite3.connect(target)) as to:
        if path != target:
            held.backup(to)
        # without a log of its own, so that the file is all there is
        to.execute("pragma journal_mode = delete")
        (said,) = to.execute("pragma quick_check(1)").fetchone()
    if said != "ok":
        raise damaged(said, str(path))
    sync(target)
    return sealed(target)


def _plain(home: DistrictHome) -> Iterator[str]:
    for name in SINGLE:
        if (home.path / name).is_file():
            yield name
    for name in WHOLE:
        yield from _below(home.path, name)


def _below(home: Path, name: str) -> Iterator[str]:
    for path in sorted((home / name).rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(home).as_posix()


def _link(source: Path, target: Path) -> None:
    """The same file again; a copy where the disk knows no second name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        copied(source, target)
