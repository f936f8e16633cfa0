"""Finds what was delivered to a source's landing folder.

Only regular files count. Symbolic links, devices and pipes are refused by name;
files that are still being copied (`.part`, `.tmp`, hidden) wait. A zip archive
is a folder of deliveries, read member by member and never unpacked; an Excel workbook
is one of its sheets. A folder that is a URL (`sftp://…`, `s3://…`) is listed by
`remote`.
"""

import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pipelines.landing.archives import Member, members_of
from pipelines.landing.compression import Fault
from pipelines.landing.workbooks import ENDINGS, sheets_of

UNFINISHED = (".part", ".filepart", ".tmp", ".crdownload", ".swp")
FETCHED = ".fetched.json.gz"
"""Ending of a file that gets its name once it is whole."""
NOT_FOR_US = (".DS_Store", ".directory", ".gitignore", ".gitkeep", ".keep")
"""Entries in folders that are not deliveries and are never waited for."""

LINKED = Fault(
    "the file has another name elsewhere on this disk (a hard link) and is not read, "
    "because it may be a file that was not delivered",
    "Deliver a copy (`cp`, or `rsync` without --link-dest), or set hard_links = true "
    "for the source in district.toml.",
)


@dataclass(frozen=True)
class RemoteFile:
    """A file on another machine.

    Attributes:
        folder: URL of the source's folder.
        path: Its path there, as the store names it.
    """

    folder: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One file, member of a zip archive, or sheet of a workbook, in a source's folder.

    Attributes:
        path: Below the source's folder, with `/`; `archive.zip!member` for a member,
            `report.xlsx!sheet` for a sheet.
        file: Path of the file.
        member: Place in the archive, for a member.
        sheet: Name of the workbook's sheet, for a sheet.
        raw_bytes: Size on disk, compressed or not; for a member, unpacked.
        raw_mtime_ns: Last change, in nanoseconds since 1970.
        raw_ctime_ns: Last change of its entry; 0 if unknown.
        fault: Why it cannot be opened, if its entry shows that.
    """

    source: str
    path: str
    file: Path | RemoteFile
    member: Member | None = None
    sheet: str | None = None
    raw_bytes: int
    raw_mtime_ns: int
    raw_ctime_ns: int = 0
    fault: Fault | None = None

    @property
    def packed_bytes(self) -> int:
        """Its size on disk, which limits its unpacked size."""
        return self.member.packed_bytes if self.member else self.raw_bytes

    @property
    def is_complete(self) -> bool:
        """Whether no bytes follow: it was fetched, or comes from an archive or a workbook."""
        return self.member is not None or self.sheet is not None or self.path.endswith(FETCHED)

    @property
    def where(self) -> str:
        """Its name in messages."""
        return f"{self.source}/{self.path}"


@dataclass(frozen=True)
class LeftOut:
    """Something in the folder that is not read, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """Content of a source's folder.

    Attributes:
        refused: Entries that are not plain files.
        waiting: Files whose name shows that they are unfinished.
    """

    deliveries: list[Delivery]
    refused: list[LeftOut]
    waiting: list[LeftOut]


def deliveries(
    folder: Path, source: str, *, hard_links: bool = False, opens: bool = True
) -> Listing:
    """Return everything delivered to `folder`, oldest first.

    Args:
        folder: The source's folder.
        source: Its name.
        hard_links: Files with several names on the disk are read too.
        opens: False leaves archives shut, for who asks only what is left out.
    """
    found: list[Delivery] = []
    refused: list[LeftOut] = []
    waiting: list[LeftOut] = []
    for path in _files(folder, refused, folder):
        name = readable(path.relative_to(folder).as_posix())
        try:
            state = path.lstat()
        except OSError:
            continue  # taken away since the folder was listed
        if reason := _unfit(state):
            refused.append(LeftOut(name, reason))
        elif reason := waits(name):
            if state.st_size and path.name not in NOT_FOR_US:
                waiting.append(LeftOut(name, reason))
        else:
            plain = Delivery(
                source=source,
                path=name,
                file=path,
                raw_bytes=state.st_size,
                raw_mtime_ns=state.st_mtime_ns,
                raw_ctime_ns=state.st_ctime_ns,
                fault=None if hard_links or state.st_nlink <= 1 else LINKED,
            )
            is_shut = plain.fault or not opens
            found += [plain] if is_shut else opened_up(plain, partial(_open, path))
    found.sort(key=lambda delivery: (delivery.raw_mtime_ns, delivery.path))
    return Listing(found, refused, waiting)


def readable(name: str) -> str:
    r"""Return a file's name as text that is safe to keep and to show anywhere.

    Odd bytes show as `\xff`, and so do control characters and direction marks, with
    which a name could act on a terminal or read as another.
    """
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def waits(name: str) -> str:
    """Return why a file waits because of its name; empty for one that is finished."""
    last = PurePosixPath(name)
    ending = last.suffix.lower()
    if ending not in UNFINISHED and not last.name.startswith("."):
        return ""
    part = f"ends in {ending}" if ending in UNFINISHED else "begins with a dot"
    return f"its name {part}, as of a file still being copied; it is read once renamed"


def _files(folder: Path, refused: list[LeftOut], top: Path) -> Iterator[Path]:
    """Yield everything that is not a folder, below `folder`, in name order."""
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        name = readable(folder.relative_to(top).as_posix())
        refused.append(LeftOut(name, f"cannot be listed: {error.strerror}"))
        return
    for entry in listed:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path), refused, top)
        else:
            yield Path(entry.path)


def _unfit(state: os.stat_result) -> str:
    if stat.S_ISLNK(state.st_mode):
        return "a symbolic link is not followed: deliver the file itself"
    if not stat.S_ISREG(state.st_mode):
        return "not a regular file"
    return ""


def opened_up(plain: Delivery, begin: Callable[[], BinaryIO]) -> list[Delivery]:
    """Return the file itself, or each member or sheet of the archive or workbook that it is.

    Args:
        plain: The file on disk.
        begin: Opens it.
    """
    if plain.path.lower().endswith(ENDINGS):
        return _sheets(plain, begin)
    if not plain.path.lower().endswith(".zip"):
        return [plain]
    try:
        with begin() as raw:
            members = members_of(raw, plain.raw_bytes)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return [plain]  # reading it will say what is wrong
    if isinstance(members, Fault):
        return [replace(plain, fault=members)]
    seen: dict[str, int] = {}
    found = []
    for member in members:
        name = readable(member.name)
        seen[name] = seen.get(name, 0) + 1
        twin = f"#{seen[name]}" if seen[name] > 1 else ""
        found.append(
            replace(
                plain,
                path=f"{plain.path}!{name}{twin}",
                member=member,
                raw_bytes=member.size,
                fault=member.fault,
            )
        )
    return found


def _sheets(plain: Delivery, begin: Callable[[], BinaryIO]) -> list[Delivery]:
    try:
        with begin() as raw:
            found = sheets_of(raw)
    except OSError:
        return [plain]  # reading it will say what is wrong
    if isinstance(found, Fault):
        return [replace(plain, fault=found)]
    return [replace(plain, path=f"{plain.path}!{readable(sheet)}", sheet=sheet) for sheet in found]


def _open(path: Path) -> BinaryIO:
    return path.open("rb")
