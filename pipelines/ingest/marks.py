"""Hashes a stream so that it can be known again: whole, by its head, by prefixes.

The hashes of the first 64, 128, 256, … bytes tell a shorter copy from other
content without keeping the content.
"""

import hashlib
import json
from typing import NamedTuple

from pipelines.ingest.compression import Reads

HEAD = 1_024
FIRST_RUNG = 64
SHORT = 16


class Mark(NamedTuple):
    """What the ledger keeps of a stream up to a position."""

    consumed_sha256: str
    head_bytes: int
    head_sha256: str
    prefix_hashes: str


class Digest:
    """The running hash of a stream, with its head and its rungs."""

    def __init__(self) -> None:
        self._whole = hashlib.sha256()
        self._head = b""
        self._length = 0
        self._next = FIRST_RUNG
        self.rungs: dict[int, str] = {}

    def update(self, data: bytes) -> None:
        """Take in the next bytes."""
        if len(self._head) < HEAD:
            self._head += data[: HEAD - len(self._head)]
        view = memoryview(data)
        while self._length + len(view) >= self._next:
            step = self._next - self._length
            self._whole.update(view[:step])
            view = view[step:]
            self._length = self._next
            self.rungs[self._next] = self._whole.hexdigest()[:SHORT]
            self._next *= 2
        self._whole.update(view)
        self._length += len(view)

    @property
    def length(self) -> int:
        """Bytes taken in."""
        return self._length

    @property
    def whole(self) -> str:
        """SHA-256 of all bytes."""
        return self._whole.hexdigest()

    def mark(self) -> Mark:
        """Where it stands."""
        return Mark(
            consumed_sha256=self.whole,
            head_bytes=len(self._head),
            head_sha256=hashlib.sha256(self._head).hexdigest(),
            prefix_hashes=json.dumps(list(self.rungs.values()), separators=(",", ":")),
        )


class Hashed:
    """A stream whose bytes are hashed as they are read."""

    def __init__(self, stream: Reads, digest: Digest) -> None:
        self._stream = stream
        self._digest = digest

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        data = self._stream.read(size)
        self._digest.update(data)
        return data


def rungs(prefixes: str) -> dict[int, str]:
    """The rungs of a ledger row, by length."""
    if not prefixes:
        return {}
    listed = json.loads(prefixes)
    return {FIRST_RUNG << number: text for number, text in enumerate(listed)}
