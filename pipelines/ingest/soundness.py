"""Reads the lake's files only as they were written.

Parquet has no checksum of its own here: a bit that a disk or a copy turns over
makes another account or another moment of a row, and no reader notices. So the
hash that the ledger holds is compared before a file is used, once a process.
"""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import polars as pl

from pipelines.ingest.files import LakeError
from pipelines.state.ledger import LakeFile


def damaged(folder: Path, files: Iterable[LakeFile]) -> list[str]:
    """Paths of the files that are missing, cut, or hold other bytes than written."""
    return [one.path for one in files if not _is_sound(folder / one.path, one)]


def require_sound(folder: Path, files: Iterable[LakeFile]) -> None:
    """Use no file that is not as it was written.

    Raises:
        LakeError: One is not.
    """
    for path in damaged(folder, files):
        raise LakeError(
            "is missing, or holds other bytes than were written",
            where=str(folder / path),
            remedy=(
                "Check the disk, bring this file back from the last backup, and run "
                "again: nothing that stands on it is told until then."
            ),
        )


def read_sound(folder: Path, one: LakeFile) -> pl.DataFrame:
    """The rows of a file.

    Raises:
        LakeError: It is not as it was written.
    """
    require_sound(folder, [one])
    return pl.read_parquet(folder / one.path)


def _is_sound(path: Path, one: LakeFile) -> bool:
    try:
        state = path.stat()
    except FileNotFoundError:
        return False
    if state.st_size != one.bytes:
        return False
    return _digest(path, state.st_mtime_ns, state.st_ino) == one.sha256


@lru_cache(maxsize=1 << 16)
def _digest(path: Path, _mtime_ns: int, _inode: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
