"""What a backup says of itself: every file with its size and hash."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from pipelines.errors import SchoolbellError

NAME = "manifest.json"
CHUNK = 1 << 20


class BackupError(SchoolbellError):
    """A backup can not be made or used as it stands."""


@dataclass(frozen=True)
class Sealed:
    """A file as it was copied."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What is in a backup.

    Attributes:
        made_time: UTC, ISO 8601.
        version: Of Schoolbell.
        district: The district's name.
        lines: Lines that the ledger accounts for.
        findings: Findings that the state holds.
        files: By path, relative to the backup and with `/`.
        audit_head: Number and hash of the audit chain's last entry; empty if none.
    """

    made_time: str
    version: str
    district: str
    lines: int
    findings: int
    files: Mapping[str, Sealed]
    audit_head: str = ""

    def write(self, folder: Path) -> None:
        """Put it into a backup, safe on disk."""
        text = json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"
        with (folder / NAME).open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


def read_manifest(folder: Path) -> Manifest:
    """What a backup says of itself.

    Raises:
        BackupError: It is no backup, or a path in it leads out of it.
    """
    path = folder / NAME
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        files = {name: Sealed(**one) for name, one in said.pop("files").items()}
        manifest = Manifest(**said, files=files)
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise BackupError(
            "is no backup, or one that was cut short",
            where=str(path),
            remedy="Name the folder that `schoolbell backup` printed.",
        ) from error
    for name in files:
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or PurePosixPath(name).is_absolute():
            raise BackupError(f"{name!r} leads out of the backup", where=str(path))
    return manifest


def copied(source: Path, target: Path, mode: int = 0o600) -> Sealed:
    """Copy a file, safe on disk, and tell what was copied."""
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
    return Sealed(size, digest.hexdigest())


def sealed(path: Path) -> Sealed:
    """A file's size and hash as it is now."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return Sealed(path.stat().st_size, digest.hexdigest())
