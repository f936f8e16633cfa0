"""Files of fetched events: written under a hidden name, and named once the state counts them.

A process may end at any moment. Before the state records a draft, it is as if it had never been
written: the next run deletes it and asks again. After that, the next run gives it its name. So
no event is lost or delivered twice.
"""

import gzip
import os
import re
import secrets
from collections.abc import Container
from datetime import datetime
from pathlib import Path
from typing import IO

from pipelines.fetch.windows import Span
from pipelines.landing.delivery import FETCHED
from pipelines.settings.home import SHARED, make_folder, sync

LEVEL = 3
"""Compression: higher ones take twice the time for a tenth less."""
UNNAMED = ".fetched-"
PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


class Draft:
    """A file that is being written, which has no entry in the landing folder yet."""

    def __init__(self, folder: Path, name: str, stream: str, span: Span) -> None:
        make_folder(folder, SHARED)
        words = (name, stream, _stamp(span.start), _stamp(span.end), secrets.token_hex(4))
        self.file = "-".join(PLAIN.sub("_", word) for word in words) + FETCHED
        self.draft = UNNAMED + self.file
        self.events: dict[str, str] = {}
        self._folder = folder
        self._raw: IO[bytes] | None = None
        self._packed: gzip.GzipFile | None = None

    def add(self, raw: str, key: str, time: str) -> None:
        """Add an event."""
        if self._packed is None:
            self._raw = (self._folder / self.draft).open("xb")
            self._packed = gzip.GzipFile("", "wb", LEVEL, self._raw, mtime=0)
        self._packed.write(raw.encode() + b"\n")
        self.events[key] = time

    def close(self) -> bool:
        """Force it to the disk; return whether it has events."""
        if self._packed is None or self._raw is None:
            return False
        self._packed.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        sync(self._folder)
        return True


def name_draft(folder: Path, draft: str | None, file: str | None) -> None:
    """Give a draft that counts its name, if it does not have it yet."""
    if draft and file and (folder / draft).is_file():
        (folder / draft).replace(folder / file)
        sync(folder)


def drop_drafts(folder: Path, name: str, counted: Container[str | None]) -> None:
    """Delete the drafts of a service that a run left behind when it was cut off.

    Args:
        counted: Drafts that the state counts, of every service: the name of one service may
            begin with that of another, and both may have this folder.
    """
    for path in folder.glob(f"{UNNAMED}{PLAIN.sub('_', name)}-*{FETCHED}"):
        if path.name not in counted:
            path.unlink(missing_ok=True)


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"
