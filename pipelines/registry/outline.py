"""Outline of a registry for `status`, and its validity.

Reading a registry takes longer than everything else in `status`, and it rarely
changes after a run. The run records an outline of it in the state, under a
hash of all its inputs: with the same hash, reading would give
the same.
"""

import hashlib
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pipelines.registry.kept_copies import RefusedFile
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings

PACKAGE = Path(__file__).parents[1]
READ_BY = (
    "clock",
    "privacy",
    "registry",
    "registry/lists",
    "registry/tables",
    "settings",
)
"""The folders whose code makes a registry of files, or an outline of a registry."""
CODE = (".py", ".csv", ".toml")
LARGEST = 1_000_000_000
"""A larger file is not read for its hash: no registry is made from one."""


@dataclass(frozen=True, kw_only=True)
class Outline:
    """Facts about a registry without its frames.

    Attributes:
        version: Hash of the contents of all files.
        problems: Number of problems and notices.
        errors: Those that reject a row.
        layer: Version and digest of the agency's overlay; empty without one.
        refused: Files that shrank too much to be accepted.
        nowhere_fixed: Buildings with devices, but without a stationary one.
        devices: Number of devices of each class, without those of students.
        mail_domains: Domains of the accounts in `users.csv`.
        works: Day of the calendar, in ISO format -> whether a building
            works.
        buildings: Code -> name, of those that have one.
        placeless: Networks of buildings without a building, and all of them.
        is_student: Finding -> whether it is about a student's account; may be
            incomplete.
    """

    version: str
    problems: int
    errors: int
    layer: str
    refused: tuple[RefusedFile, ...]
    nowhere_fixed: tuple[str, ...]
    devices: Mapping[str, int]
    mail_domains: tuple[str, ...]
    works: Mapping[str, bool]
    buildings: Mapping[str, str]
    is_student: Mapping[str, bool] = field(default_factory=dict)
    placeless: tuple[int, int] = (0, 0)


def digest_of(home: DistrictHome, settings: Settings) -> str:
    """Return a value that changes with any input of a registry.

    These are the bytes of its files, the settings, and the code that reads them.
    """
    digest = hashlib.sha256(f"{code_mark()}\n{settings.model_dump_json()}\n".encode())
    folders = (
        home.registry,
        home.registry / "oneroster",
        home.agency,
        home.kept_registry,
        home.lists,
    )
    for folder in folders:
        for path in _listed(folder):
            said = f"{path.relative_to(home.path)}\x1f{_what(path, home)}\n"
            digest.update(said.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _what(path: Path, home: DistrictHome) -> str:
    """Return a hash of the file's bytes, or why it has none."""
    leads = ""
    if path.is_symlink():
        # less is reported about a file from elsewhere
        leads = f"{path.resolve()} of {home.path.resolve()}"
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return f"{leads} {stat.S_IFMT(found.st_mode)}"
        if found.st_size > LARGEST:
            return f"{leads} {found.st_size} {found.st_mtime_ns}"
        with path.open("rb") as stream:
            return f"{leads} {hashlib.file_digest(stream, 'sha256').hexdigest()}"
    except OSError as error:
        return f"{leads} {error.strerror}"


@cache
def code_mark() -> str:
    """Return a value that changes with this package, its dependencies, and Python."""
    digest = hashlib.sha256(sys.version.encode())
    places = [PACKAGE, *(PACKAGE / name for name in READ_BY)]
    for path in (path for place in places for path in _listed(place)):
        if path.suffix in CODE:
            digest.update(f"{path.name}\n".encode() + path.read_bytes())
    installed = {
        path.name
        for folder in map(Path, sys.path)
        if folder.is_dir()
        for path in folder.iterdir()
        if path.name.endswith("-info")
    }
    digest.update("\n".join(sorted(installed)).encode())
    return digest.hexdigest()
