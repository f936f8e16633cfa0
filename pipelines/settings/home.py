"""A district home: the one directory in which everything of a district lives."""

import os
import secrets
import stat
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pipelines.errors import SettingsError

READ_NO_LINK = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)
"""Open a file as bytes, but no link and without waiting for a pipe, where the system can."""
LARGEST_RULE = 200_000
"""Bytes of the largest SQL file of a rule."""
PRIVATE = 0o700
SHARED = 0o750  # readers of reports and snapshots come by their group
SECRET_FILE = 0o600
PLAIN_FILE = 0o640

OWNED = ("district.toml", "state.db", "state.toml", "keys", "registry", "detections")
"""Parts of a home that belong to the account that owns its folder."""


@dataclass(frozen=True)
class DistrictHome:
    """Paths of a district; asking creates nothing.

    Attributes:
        path: The directory.
    """

    path: Path

    @property
    def settings_file(self) -> Path:
        """`district.toml`, the one settings file."""
        return self.path / "district.toml"

    @property
    def registry(self) -> Path:
        """The district's registry: CSV, ICS and TOML files."""
        return self.path / "registry"

    @property
    def agency(self) -> Path:
        """The settings of the district's service agency, below the district's own."""
        return self.registry / "agency"

    @property
    def agency_rules(self) -> Path:
        """The agency's rule settings."""
        return self.agency / "rules.toml"

    @property
    def kept_registry(self) -> Path:
        """Copies of the registry files that were last believed."""
        return self.path / "registry-kept"

    @property
    def kept_exports(self) -> Path:
        """Columns of imported exports that are read, to complete them by later lists."""
        return self.path / "exports-kept"

    @property
    def fetched_lists(self) -> Path:
        """The newest complete list that each service gave, a folder per service."""
        return self.path / "lists-fetched"

    @property
    def landing(self) -> Path:
        """Folder in which log files arrive, one subfolder per source."""
        return self.path / "landing"

    @property
    def lake(self) -> Path:
        """Parsed events and rejects as Parquet."""
        return self.path / "lake"

    @property
    def state_db(self) -> Path:
        """Data that cannot be recomputed, in SQLite."""
        return self.path / "state.db"

    @property
    def state_pointer(self) -> Path:
        """Pointer to the state, if it is not in `state_db`."""
        return self.path / "state.toml"

    @property
    def warehouse(self) -> Path:
        """Everything derived, in DuckDB; may be deleted and rebuilt."""
        return self.path / "warehouse.duckdb"

    @property
    def old_warehouse(self) -> Path:
        """The warehouse before a rebuild in progress; deleted afterwards."""
        return self.path / "warehouse.old.duckdb"

    @property
    def parts(self) -> Path:
        """Rows of the warehouse that other processes made, until it has taken them."""
        return self.path / "warehouse.parts.tmp"

    @property
    def snapshots(self) -> Path:
        """Read-only copies of the warehouse."""
        return self.path / "snapshots"

    @property
    def openings(self) -> Path:
        """Folder in which readers without write access to the state record opened snapshots."""
        return self.path / "openings"

    @property
    def queries(self) -> Path:
        """The district's own saved queries, one SQL file each."""
        return self.path / "queries"

    @property
    def own_rules(self) -> Path:
        """The district's own rules, one SQL file each."""
        return self.path / "detections"

    @property
    def lists(self) -> Path:
        """Lists of domains that `schoolbell lists update` took."""
        return self.path / "lists"

    @property
    def reports(self) -> Path:
        """Published reports, the director's edition."""
        return self.path / "reports"

    @property
    def editions(self) -> Path:
        """The other editions, a folder each, to be shared one by one."""
        return self.path / "editions"

    @property
    def certificates(self) -> Path:
        """Certificates of deletion, one file each."""
        return self.path / "certificates"

    @property
    def seals(self) -> Path:
        """Time stamps of the audit chain, two files each, and the authority's certificates."""
        return self.path / "seals"

    @property
    def keys(self) -> Path:
        """Keys; for the pipeline's own user only."""
        return self.path / "keys"

    @property
    def key_file(self) -> Path:
        """The key behind pseudonyms: 32 random bytes."""
        return self.keys / "pseudonyms.key"


def owner_of(home: DistrictHome) -> int:
    """Return the user id that owns a home: its folder and every part of `OWNED`.

    A folder of links into another home would otherwise be a home with settings of
    the caller's choice over the other home's state.

    Raises:
        SettingsError: A part is a link, or belongs to another account.
    """
    try:
        owner = home.path.lstat().st_uid
    except OSError:
        return -1  # the home does not exist; opening it reports that
    for path in (home.path, *(home.path / name for name in OWNED)):
        try:
            held = path.lstat()
        except OSError:
            continue
        if stat.S_ISLNK(held.st_mode):
            raise SettingsError(
                "is a link; a home is opened only where its parts are its own",
                where=str(path),
                remedy="Name the folder of the home itself, or put the file or folder "
                "where the link is.",
            )
        if held.st_uid != owner:
            raise SettingsError(
                f"belongs to user {held.st_uid}, and the home to user {owner}",
                where=str(path),
                remedy="If both are right to be here, as root: schoolbell protect "
                f"--home {home.path} --user ACCOUNT",
            )
    return owner


def own_rule_files(home: DistrictHome) -> tuple[tuple[str, str | None], ...]:
    """Return name and text of each of the district's own rules; None for a file without a text."""
    return tuple((path.name, rule_text(path)) for path in sorted(home.own_rules.glob("*.sql")))


def rule_text(path: Path) -> str | None:
    """Return a rule's text; None for a link, and for what is too large or not UTF-8."""
    try:
        descriptor = os.open(path, READ_NO_LINK)
        with os.fdopen(descriptor, "rb") as stream:
            data = stream.read(LARGEST_RULE + 1)
        return None if len(data) > LARGEST_RULE else data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


def private_by_default() -> None:
    """Make new files private to the user, unless set otherwise."""
    os.umask(0o077)


def shared_folder(path: Path) -> None:
    """Make a folder that readers of reports and snapshots may enter, by its group."""
    if not path.parent.is_dir():
        shared_folder(path.parent)
    make_folder(path, SHARED)


def make_folder(path: Path, mode: int) -> None:
    """Make a folder that is not there yet."""
    if path.is_dir():
        return
    path.mkdir(parents=True)
    # mkdir's own mode is cut by the umask; the bit that hands the group on stays
    path.chmod(mode | (path.stat().st_mode & stat.S_ISGID))


def make_file(path: Path, data: bytes, mode: int) -> None:
    """Write a file that is not there yet, whole or not at all."""
    if path.exists():
        return
    put(path, data, mode)


def put(path: Path, data: bytes, mode: int) -> None:
    """Replace a file's bytes, completely or not at all, even during a power failure."""
    put_all({path: data}, mode)


def put_all(files: Mapping[Path, bytes], mode: int) -> None:
    """Replace several files, each completely or not at all, as `put` does.

    They wait for the disk in parallel: sequentially, this is half of the time of a week's
    pages.
    """
    drafts = {path.with_name(f".{path.name}.{secrets.token_hex(4)}"): path for path in files}
    try:
        for draft, path in drafts.items():
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(files[path])
        _force(drafts)
        for draft, path in drafts.items():
            draft.chmod(mode)
            draft.replace(path)
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)
    _force({path.parent for path in files})


def _force(paths: Collection[Path]) -> None:
    """Make files, or the entries of folders, safe against a power cut."""
    if len(paths) == 1:  # to start a thread takes longer than to write a small file
        sync(*paths)
        return
    with ThreadPoolExecutor(min(len(paths), 8) or 1) as pool:
        list(pool.map(sync, paths))


def sync(path: Path) -> None:
    """Make a file or a folder's entries safe against a power cut."""
    if os.name != "posix" and path.is_dir():
        return  # Windows has no entries to force
    # Windows forces for a writer alone; a file's mode may allow none
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_fields(kind: type[Any], noted: Mapping[str, object]) -> dict[str, Any]:
    """Return the values of a kept file's entry that this version knows.

    A later version may have added some; a home that went back keeps its files.
    """
    return {one.name: noted[one.name] for one in fields(kind) if one.name in noted}
