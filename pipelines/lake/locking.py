"""One writer at a time for a district home.

The operating system holds the lock, so a killed run leaves none behind.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines.errors import BusyError

WAIT_SECONDS = 5.0


@contextmanager
def locked(home: Path, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold a district home alone while the block runs.

    Raises:
        BusyError: Another run holds it for longer than `wait_seconds`.
    """
    lock = FileLock(home / ".lock")
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout as error:
        raise BusyError(
            "another run works on this district home",
            where=str(home),
            remedy="Wait until it is done, then run again.",
        ) from error
    try:
        yield
    finally:
        lock.release()
