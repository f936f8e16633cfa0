"""Errors that people read: one message, the right exit code, no traceback."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.errors import SchoolbellError
from pipelines.journey.console import safe


@contextmanager
def told() -> Iterator[None]:
    """Print an error that people can act on, and leave with its exit code.

    That is every Schoolbell error, and what the system refuses: a full disk, a
    missing permission, a folder that is a file. `SCHOOLBELL_DEBUG=1` lets the
    traceback through.
    """
    try:
        yield
    except (SchoolbellError, OSError) as error:
        if os.environ.get("SCHOOLBELL_DEBUG"):
            raise
        known = error if isinstance(error, SchoolbellError) else _refused(error)
        for line in str(known).splitlines():
            sys.stderr.write(safe(line) + "\n")
        raise SystemExit(known.exit_code) from None


def _refused(error: OSError) -> SchoolbellError:
    return SchoolbellError(
        error.strerror or str(error) or type(error).__name__,
        where=str(error.filename or ""),
        remedy="Check the path, its permissions and the space on the disk.",
    )
