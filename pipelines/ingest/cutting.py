"""Cuts a stream into records that are no lines, a window of its bytes at a time.

What is held is a window and the record that is open at its end, so memory does
not grow with the file. A record longer than `LONGEST` is passed over, and
described by its begin, length and hash.
"""

import hashlib
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from pipelines.ingest.blocks import LONGEST_LINE, SHOWN, described
from pipelines.ingest.compression import Reads, read_up_to

WINDOW = 4 << 20
LONGEST = LONGEST_LINE
NEAR = 4_096
"""Bytes at the end of a window in which the end of a long record may only begin."""


class Piece(NamedTuple):
    """A record: its first byte and its text.

    Attributes:
        is_oversize: It is too long to keep; the text describes it.
    """

    byte_offset: int
    text: str
    is_oversize: bool = False


class Cut(NamedTuple):
    """A record of a window: where it begins and ends there, and its text."""

    begin: int
    end: int
    text: str


Cuts = Generator[Cut, None, int]
"""Records in order; in the end, how many bytes of the window are done with."""


class Cutter(Protocol):
    """Finds the records of consecutive windows."""

    def cut(self, data: bytes, *, is_last: bool) -> Cuts:
        """The records that are the same whatever follows.

        What is not done with comes again, with more behind it. Of the last
        window only a record that is longer than `LONGEST` may be left.
        """
        ...

    def passed(self, data: bytes) -> tuple[int, bool]:
        """How many bytes belong to a long record, and whether it ends with them.

        None, or all of the data, where more must be seen.
        """
        ...


class Finds(Protocol):
    """`Cutter.cut` as a function."""

    def __call__(self, data: bytes, *, is_last: bool) -> Cuts:
        """See `Cutter.cut`."""
        ...


@dataclass(frozen=True)
class Marked:
    """A cutter that needs to remember nothing between two windows.

    Attributes:
        find: The records of a window, as `Cutter.cut`.
        resume: Matches up to where a long record may end.
    """

    find: Finds
    resume: re.Pattern[bytes]

    def cut(self, data: bytes, *, is_last: bool) -> Cuts:
        """See `Cutter`."""
        return self.find(data, is_last=is_last)

    def passed(self, data: bytes) -> tuple[int, bool]:
        """See `Cutter`; its own begin does not end a record."""
        found = self.resume.search(data, 1)
        return (found.end(), True) if found else (max(0, len(data) - NEAR), False)


def pieces(stream: Reads, cutter: Cutter, *, window: int = WINDOW) -> Iterator[Piece]:
    """The records of a stream, in order; every byte that says something is in one."""
    held = _Held(stream, window)
    while held.data or not held.is_last:
        used = yield from _pieces(cutter, held)
        held.drop(used)
        if held.data and (held.is_last or len(held.data) > LONGEST):
            yield _passed_over(cutter, held)
        else:
            held.more()


class _Held:
    """The bytes of a stream that are looked at, and where they stand in it."""

    def __init__(self, stream: Reads, window: int) -> None:
        self._stream = stream
        self._window = window
        self.data = b""
        self.position = 0
        self.is_last = False
        self.more()

    def more(self) -> None:
        """Have another window behind what is held."""
        read = b"" if self.is_last else read_up_to(self._stream, self._window)
        self.is_last = len(read) < self._window
        self.data += read

    def drop(self, size: int) -> None:
        """Be done with the first bytes."""
        self.data = self.data[size:]
        self.position += size


def _pieces(cutter: Cutter, held: _Held) -> Generator[Piece, None, int]:
    cuts = cutter.cut(held.data, is_last=held.is_last)
    while True:
        try:
            begin, end, text = next(cuts)
        except StopIteration as over:
            return int(over.value)
        if is_oversize := end - begin > LONGEST:
            record = held.data[begin:end]
            text = described(record[:SHOWN], hashlib.sha256(record), len(record))
        yield Piece(held.position + begin, text, is_oversize)


def _passed_over(cutter: Cutter, held: _Held) -> Piece:
    """Skip to the end of a long record."""
    begin, shown = held.position, held.data[:SHOWN]
    digest = hashlib.sha256()
    is_over = False
    while not is_over:
        size, is_over = cutter.passed(held.data)
        is_short = not is_over and size in (0, len(held.data))
        if is_short and held.is_last:
            size, is_over = len(held.data), True
        digest.update(held.data[:size])
        held.drop(size)
        if is_short and not is_over:
            held.more()
    told = described(shown, digest, held.position - begin)
    return Piece(begin, told, is_oversize=True)
