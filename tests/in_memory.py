"""Keeps the files of a run with workers in memory, where there is enough of it.

Homes are written with the care of a product, which waits for the disk at every commit; most of a
run is such waiting, and the removal of homes.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

MEMORY, ON_DISK = Path("/dev/shm"), "SCHOOLBELL_TESTS_ON_DISK"
LOCK = ".schoolbell-tests"
ENOUGH = 10 << 30
"""Bytes that have to be free: the homes of a whole run, and what the tests themselves take."""


def free_memory(meminfo: str) -> int:
    """Return the bytes that programs may still take, of the text of `/proc/meminfo`."""
    rows = dict(line.split(":") for line in meminfo.splitlines())
    return 1024 * int(rows["MemAvailable"].split()[0])


def has_room(memory: Path = MEMORY, needed: int = ENOUGH) -> bool:
    """Return whether a folder in memory can hold the files of a run, and run programs."""
    if not memory.is_dir():
        return False  # another system than Linux
    try:
        if os.statvfs(memory).f_flag & os.ST_NOEXEC:
            return False
        free = shutil.disk_usage(memory).free
        return min(free, free_memory(Path("/proc/meminfo").read_text())) >= needed
    except (OSError, KeyError):
        return False


def sweep(memory: Path = MEMORY) -> None:
    """Delete the folders of runs that were killed: no process holds their lock."""
    for lock in memory.glob(f"sb-*/{LOCK}"):
        try:
            with FileLock(lock, blocking=False):
                shutil.rmtree(lock.parent, ignore_errors=True)
        except (Timeout, OSError):
            continue  # in use, or of another user


class FilesInMemory:
    """A plugin that gives all processes of a run a temporary folder in memory, until its end."""

    def __init__(self, memory: Path = MEMORY) -> None:
        sweep(memory)
        # short, since a socket has a path of 107 bytes at most
        self._folder = Path(tempfile.mkdtemp(prefix="sb-", dir=memory))
        self._lock = FileLock(self._folder / LOCK)
        self._lock.acquire()
        self._folder.chmod(0o711)  # some tests are another user
        self._patch = pytest.MonkeyPatch()
        self._patch.setenv(ON_DISK, tempfile.gettempdir())
        self._patch.setenv("TMPDIR", str(self._folder))
        self._patch.setattr(tempfile, "tempdir", None)

    def pytest_unconfigure(self) -> None:
        self._patch.undo()
        self._lock.release()
        shutil.rmtree(self._folder, ignore_errors=True)


def is_wanted(config: pytest.Config) -> bool:
    """Return whether this process starts workers, and nothing else states where files belong."""
    has_workers = bool(getattr(config.option, "tx", None))
    return has_workers and not config.option.basetemp and "TMPDIR" not in os.environ and has_room()


def folder_on_disk() -> "tempfile.TemporaryDirectory[str]":
    """Return a folder that is not below `/dev`, for programs that refuse or replace that."""
    return tempfile.TemporaryDirectory(dir=os.environ.get(ON_DISK))
