"""Errors that people read: one message, the right exit code, no traceback."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.errors import SchoolbellError
from pipelines.journey.console import safe


@contextmanager
def told() -> Iterator[None]:
    """Print a Schoolbell error and leave with its exit code.

    `SCHOOLBELL_DEBUG=1` lets the traceback through.
    """
    try:
        yield
    except SchoolbellError as error:
        if os.environ.get("SCHOOLBELL_DEBUG"):
            raise
        for line in str(error).splitlines():
            sys.stderr.write(safe(line) + "\n")
        raise SystemExit(error.exit_code) from None
