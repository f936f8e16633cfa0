"""Finds what was delivered to a source's landing folder.

Only regular files count. Symbolic links, devices and pipes are refused by name;
files that are still being copied (`.part`, `.tmp`, hidden) wait. A zip archive
is a folder of deliveries, read member by member and never unpacked.
"""

import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

UNFINISHED = (".part", ".filepart", ".tmp", ".crdownload", ".swp")
ZIP_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One file, or one member of a zip archive, in a source's folder.

    Attributes:
        path: Below the source's folder, with `/`; `archive.zip!member` for a member.
        file: Where it lies.
        member: Name inside the archive, if it is one.
        raw_bytes: Size as it lies there, compressed or not.
        raw_mtime_ns: Last change, in nanoseconds since 1970.
    """

    source: str
    path: str
    file: Path
    member: str | None = None
    raw_bytes: int
    raw_mtime_ns: int


@dataclass(frozen=True)
class Refused:
    """Something in the folder that is not taken in, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """What lies in a source's folder."""

    deliveries: list[Delivery]
    refused: list[Refused]


def deliveries(folder: Path, source: str) -> Listing:
    """Everything delivered to `folder`, oldest first."""
    found: list[Delivery] = []
    refused: list[Refused] = []
    for entry in _files(folder):
        name = PurePosixPath(Path(entry.path).relative_to(folder).as_posix())
        state = entry.stat(follow_symlinks=False)
        if reason := _unfit(state):
            refused.append(Refused(str(name), reason))
        elif not _waits(name):
            found += _opened_up(entry, str(name), state, source)
    found.sort(key=lambda delivery: (delivery.raw_mtime_ns, delivery.path))
    return Listing(found, refused)


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            else:
                yield entry


def _unfit(state: os.stat_result) -> str:
    if stat.S_ISLNK(state.st_mode):
        return "a symbolic link is not followed: deliver the file itself"
    if not stat.S_ISREG(state.st_mode):
        return "not a regular file"
    return ""


def _waits(name: PurePosixPath) -> bool:
    return name.name.startswith(".") or name.suffix.lower() in UNFINISHED


def _opened_up(
    entry: os.DirEntry[str], name: str, state: os.stat_result, source: str
) -> list[Delivery]:
    """The file itself, or each member of the archive that it is."""
    plain = Delivery(
        source=source,
        path=name,
        file=Path(entry.path),
        raw_bytes=state.st_size,
        raw_mtime_ns=state.st_mtime_ns,
    )
    if not name.lower().endswith(".zip"):
        return [plain]
    try:
        with zipfile.ZipFile(entry.path) as archive:
            return [
                Delivery(
                    source=source,
                    path=f"{name}!{info.filename}",
                    file=plain.file,
                    member=info.filename,
                    raw_bytes=info.file_size,
                    raw_mtime_ns=state.st_mtime_ns,
                )
                for info in archive.infolist()
                if not info.is_dir()
            ]
    except (zipfile.BadZipFile, OSError):
        return [plain]  # reading it will say what is wrong
