"""Backups: the signed manifest of every file with its size and hash.

Anyone who can write to the backup folder could change a backup and its hashes. So the
manifest is signed with a key of the home, which no backup contains and every restore
needs; its fingerprint is printed, to be kept apart from backup and keys.
"""

import hashlib
import hmac
import json
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.district import District
from pipelines.errors import SchoolbellError
from pipelines.privacy.pseudonyms import home_key
from pipelines.settings.home import DistrictHome, sync
from pipelines.settings.model import Settings
from pipelines.state import ledger
from pipelines.state.audit import BACKUPS, open_chain
from pipelines.state.connections import Store, damaged, now_text, open_store, read_store, remember
from pipelines.state.findings import stored_findings
from pipelines.state.migration import copy_state

NAME = "manifest.json"
CHUNK = 1 << 20
MAX_BYTES = 1 << 30
"""Maximum size of a manifest: about a million files."""

STATE = "state.db"
SINGLE = ("district.toml", "audit.head")
WHOLE = (
    "detections",
    "registry",
    "registry-kept",
    "exports-kept",
    "lists",
    "reports",
    "certificates",
    "seals",
)
FOLDERS = (*WHOLE, "lake", "landing")
PURPOSE = b"schoolbell backup manifest\n"
SHA256 = re.compile("[0-9a-f]{64}")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")

PREFIX = "backup-"
PARTIAL = ".partial-"
LEFT_BEHIND = re.compile(re.escape(PARTIAL) + r"(\d{8}T\d{6}Z)")
LAST = "last_backup_time"


class BackupError(SchoolbellError):
    """A backup cannot be made or used."""


@dataclass(frozen=True)
class SealedFile:
    """A file as it was copied."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """Content of a backup.

    Attributes:
        made_time: UTC, ISO 8601.
        version: Of Schoolbell.
        district: The district's name.
        lines: Lines that the ledger accounts for.
        findings: Findings in the state.
        files: By path, relative to the backup and with `/`.
        audit_head: Number and hash of the audit chain's last entry; empty if none.
        signature: Over all of it, with a key of the home; empty in one of a version
            that did not sign.
    """

    made_time: str
    version: str
    district: str
    lines: int
    findings: int
    files: Mapping[str, SealedFile]
    audit_head: str = ""
    signature: str = ""

    def write(self, folder: Path, key: bytes) -> None:
        """Sign it and put it into a backup, safe on disk.

        Args:
            key: The home's key behind the pseudonyms.
        """
        signed = replace(self, signature=self.signed_by(key))
        text = json.dumps(asdict(signed), indent=1, sort_keys=True) + "\n"
        with (folder / NAME).open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def signed_by(self, key: bytes) -> str:
        """Return the signature that it has if the home of this key made it."""
        fields = asdict(self)
        del fields["signature"]
        text = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
        return hmac.new(key, PURPOSE + text, hashlib.sha256).hexdigest()


def fingerprint(folder: Path) -> str:
    """Return the identity of this backup: the SHA-256 of its manifest."""
    return sealed(folder / NAME).sha256


def require_trusted(folder: Path, manifest: Manifest, key: bytes, given: str) -> None:
    """Raise an error for a backup that the home did not make.

    Args:
        key: The home's key behind the pseudonyms.
        given: The fingerprint that the user kept; empty without one.

    Raises:
        BackupError: It is another backup, or was changed.
    """
    own = fingerprint(folder)
    if given and not hmac.compare_digest(given.strip().lower(), own):
        raise BackupError(
            f"does not have that fingerprint; its fingerprint is {own}",
            where=str(folder),
            remedy=(
                "Compare it with the output of `schoolbell backup`. If it differs, the backup "
                "was changed: use another one."
            ),
        )
    if not manifest.signature and not given:
        raise BackupError(
            "is not signed: it was changed, or created by a version that did not sign backups",
            where=str(folder),
            remedy=(
                "If no one else could write to its folder, confirm its fingerprint: "
                f"--fingerprint {own}"
            ),
        )
    if manifest.signature and not hmac.compare_digest(manifest.signature, manifest.signed_by(key)):
        raise BackupError(
            "was changed after it was made, or was made with different keys",
            where=str(folder),
            remedy="Give the folder with the keys of this home, or use another backup.",
        )


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup.

    Raises:
        BackupError: It is not a backup, or a path in it leads out of it.
    """
    path = folder / NAME
    try:
        manifest = _parsed(path)
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise BackupError(
            "is not a backup, or is incomplete",
            where=str(path),
            remedy="Give the folder that `schoolbell backup` printed.",
        ) from error
    for name in manifest.files:
        _require_inside(name, path)
    return manifest


def _parsed(path: Path) -> Manifest:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
        raise ValueError(path)
    fields: dict[str, Any] = dict(json.loads(path.read_text(encoding="utf-8")))
    files = {name: SealedFile(**seal) for name, seal in dict(fields.pop("files")).items()}
    manifest = Manifest(**fields, files=files)
    counts = [
        manifest.lines,
        manifest.findings,
        *(file.bytes for file in files.values()),
    ]
    if not all(type(count) is int and count >= 0 for count in counts):
        raise ValueError(path)
    words = [getattr(manifest, name) for name in ("made_time", "audit_head", "signature")]
    if not all(isinstance(word, str) for word in (*words, manifest.district)):
        raise TypeError(path)
    if not all(SHA256.fullmatch(file.sha256) for file in files.values()):
        raise ValueError(path)
    if STATE not in files:
        raise KeyError(STATE)
    return manifest


def _require_inside(name: str, path: Path) -> None:
    """Raise an error for a path that a backup may not contain."""
    parts = PurePosixPath(name).parts
    is_plain = "/".join(parts) == name and not CONTROL.search(name) and "\\" not in name
    if not parts or ".." in parts or not is_plain or PurePosixPath(name).is_absolute():
        raise BackupError(f"{name!r} is outside the backup", where=str(path))
    is_known = name in (STATE, *SINGLE) or (len(parts) > 1 and parts[0] in FOLDERS)
    if not is_known:
        raise BackupError(
            f"{name!r} does not belong in a backup", where=str(path), remedy="Use another backup."
        )


def require_same(folder: Path, manifest: Manifest) -> None:
    """Check that every file is a plain one, and matches the manifest.

    Raises:
        BackupError: One is missing, a link, or was changed.
    """
    wrong = [
        name for name, expected in manifest.files.items() if not _is_same(folder, name, expected)
    ]
    if wrong:
        raise BackupError(
            f"{len(wrong):,} files are missing, are links or were changed, such as "
            f"{wrong[0]}; nothing was restored",
            where=str(folder),
            remedy="Use another backup.",
        )


def _is_same(folder: Path, name: str, expected: SealedFile) -> bool:
    path = folder
    for part in PurePosixPath(name).parts[:-1]:
        path = path / part
        if path.is_symlink():
            return False
    path = folder / name
    try:
        # a pipe or a device is never opened, a huge file not read
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return (
        stat.S_ISREG(status.st_mode)
        and status.st_size == expected.bytes
        and sealed(path) == expected
    )


def copied(source: Path, target: Path, mode: int = 0o600) -> SealedFile:
    """Copy a file, synced to disk, and return its size and hash."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with source.open("rb") as reader, os.fdopen(handle, "wb") as writer:
        while chunk := reader.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            writer.write(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    return SealedFile(size, digest.hexdigest())


def sealed(path: Path) -> SealedFile:
    """Return a file's size and hash as it is now."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return SealedFile(path.stat().st_size, digest.hexdigest())


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
    district: District, into: Path, now: datetime | None = None, *, landing: bool = False
) -> BackedUp:
    """Make a backup as a new folder in `into`.

    Args:
        into: A folder, best on another disk; made if missing.
        landing: Copy the raw files of the landing folder too.

    Raises:
        BackupError: The folder lies inside the home.
        SettingsError: The home's key, with which it is signed, is gone.
    """
    home, key = district.home, home_key(district.home, district.store)
    into = into.resolve()
    if into.is_relative_to(home.path):
        raise BackupError(
            "a backup inside the home would be lost with it",
            where=str(into),
            remedy="Choose a folder on another disk.",
        )
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = (now or datetime.now(UTC)).astimezone(UTC)
    stamp = made.strftime("%Y%m%dT%H%M%SZ")
    _clear_partial(into, made)
    aside, final = into / f"{PARTIAL}{stamp}", into / f"{PREFIX}{stamp}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700)
    manifest, linked = _filled(
        district.store, district.home, district.settings, aside, newest(into), made, landing=landing
    )
    manifest.write(aside, key)
    aside.rename(final)
    sync(into)
    with district.store.writing() as transaction:
        remember(transaction, LAST, now_text(made))
        remember(transaction, BACKUPS, str(into))
    return BackedUp(final, manifest, linked)


def _clear_partial(into: Path, now: datetime) -> None:
    """Delete what backups that were stopped left a day ago; a younger one may still run."""
    oldest = (now - timedelta(days=1)).strftime("%Y%m%dT%H%M%SZ")
    for path in into.iterdir():
        found = LEFT_BEHIND.fullmatch(path.name)
        if found and found[1] < oldest and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)


def newest(into: Path) -> Path | None:
    """Return the last backup in a folder."""
    return max(into.glob(f"{PREFIX}*"), default=None)


def copy_keys(home: DistrictHome, into: Path) -> list[Path]:
    """Copy the keys into a separate folder; return those that are new there.

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
                "contains a different key than the home",
                where=str(target),
                remedy="Save it, and choose another folder for this home's keys.",
            )
    return new


def _filled(
    store: Store,
    home: DistrictHome,
    settings: Settings,
    folder: Path,
    before: Path | None,
    made: datetime,
    *,
    landing: bool,
) -> tuple[Manifest, int]:
    files = {STATE: _state(home, store, folder / STATE)}
    copy = read_store(folder / STATE)
    try:
        lake = {
            f"lake/{file.path}": SealedFile(file.bytes, file.sha256)
            for file in ledger.lake_files(copy)
        }
        lines = sum(file.lines for file in ledger.source_files(copy))
        findings = len(stored_findings(copy))
        head = open_chain(copy, home).head()
    finally:
        copy.close()
    files |= {name: copied(home.path / name, folder / name) for name in _plain(home)}
    if landing:
        files |= {
            name: copied(home.path / name, folder / name) for name in _below(home.path, "landing")
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
                "differs from the ledger; nothing was backed up",
                where=str(home.path / name),
                remedy="Run schoolbell doctor; then restore it from an older backup.",
            )
    about = Manifest(
        made_time=now_text(made),
        version=version("schoolbell"),
        district=settings.district.name,
        lines=lines,
        findings=findings,
        files=files,
        audit_head=str(head) if head else "",
    )
    return about, linked


def _known(before: Path | None) -> Mapping[str, SealedFile]:
    """Return the files of the backup before; a damaged one shares nothing."""
    try:
        return read_manifest(before).files if before else {}
    except BackupError:
        return {}


def _is_whole(path: Path, listed: SealedFile) -> bool:
    """Return whether it looks complete: only a drill and a restore read its bytes."""
    return path.is_file() and not path.is_symlink() and path.stat().st_size == listed.bytes


def _state(home: DistrictHome, store: Store, target: Path) -> SealedFile:
    """Copy the state as of one moment into a SQLite file; others may be writing."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    path = home.state_db
    if home.state_pointer.exists():
        new = open_store(target)
        copy_state(store, new)
        new.close()
        path = target
    with closing(sqlite3.connect(path)) as held, closing(sqlite3.connect(target)) as to:
        if path != target:
            held.backup(to)
        # without a separate journal, so that the file is complete
        to.execute("pragma journal_mode = delete")
        (answer,) = to.execute("pragma quick_check(1)").fetchone()
    if answer != "ok":
        raise damaged(answer, str(path))
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
    """Link the same file again; copy it if the disk has no hard links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        copied(source, target)
