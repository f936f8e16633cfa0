"""Appends a line to a file so that it is there after a power cut."""

import os
from pathlib import Path

from pipelines.errors import DeliveryError


def append_line(path: Path, line: str) -> None:
    """Append a line of ASCII and force it to disk.

    Raises:
        DeliveryError: The file can not be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="ascii") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DeliveryError(f"{path}: {error.strerror}", retryable=True) from error
