"""Appends lines to a file so that each is there once, and after a power cut."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipelines.errors import DeliveryError

IsSame = Callable[[Mapping[str, Any]], bool]


def append_line(
    path: Path, line: str, *, may_repeat: bool = False, is_same: IsSame
) -> None:
    """Append a JSON object as a line of ASCII and force it to disk.

    A line that a crash cut off is ended first, so that it spoils no other.

    Args:
        may_repeat: The line may be there already: then it is looked for.
        is_same: Whether an object of the file is this one.

    Raises:
        DeliveryError: The file cannot be written.
    """
    try:
        if may_repeat and _is_there(path, is_same):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            file.write(_end_of_torn(file) + line.encode("ascii") + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        # a line that was half written is none; one that was written is looked for
        raise DeliveryError(
            f"{path}: {error.strerror}", retryable=True, may_have_arrived=True
        ) from error


def _end_of_torn(file: Any) -> bytes:
    if not file.seek(0, os.SEEK_END):
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"


def _is_there(path: Path, is_same: IsSame) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return any(is_same(one) for line in file if (one := _object(line)) is not None)


def _object(line: bytes) -> Mapping[str, Any] | None:
    """What a line holds; None for one that was cut off."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if line.endswith(b"\n") and isinstance(found, dict) else None
