"""Cuts of a stream into records that are not lines, one window of bytes at a time.

Memory contains a window and the record that is open at its end, so it does
not grow with the file. A record longer than `LONGEST` is skipped, and
described by its beginning, length and hash.
"""

import hashlib
import io
import re
import struct
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from pipelines.ingest.blocks import MAX_LINE, SHOWN, described
from pipelines.landing.compression import Reads, read_up_to

WINDOW = 4 << 20
LONGEST = MAX_LINE
NEAR = 4_096
"""Bytes at the end of a window in which the end of a long record may only begin."""
HEAD, CHUNK = 4_096, 65_536
CHUNK_HEAD = 512
CHUNKS = 64
"""Chunks looked at together: 4 MiB, which as text are several times as many."""
FREE_SPACE_AT = 48
CHUNK_MAGIC, RECORD_MAGIC = b"ElfChnk\x00", b"**\x00\x00"
SMALLEST_RECORD = 28
NUMBERED = re.compile(r".*?record number ([0-9]+)")


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
        """Return the records that are the same whatever follows.

        What is not done with comes again, with more behind it. Of the last
        window only a record that is longer than `LONGEST` may be left.
        """
        ...

    def passed(self, data: bytes) -> tuple[int, bool]:
        """Return how many bytes belong to a long record, and whether it ends with them.

        None, or all of the data, where more must be seen.
        """
        ...


class Finds(Protocol):
    """`Cutter.cut` as a function."""

    def __call__(self, data: bytes, *, is_last: bool) -> Cuts:
        """Cut records; see `Cutter.cut`."""
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
        """Cut records; see `Cutter`."""
        return self.find(data, is_last=is_last)

    def passed(self, data: bytes) -> tuple[int, bool]:
        """Skip a long record; see `Cutter`. Its own beginning does not end it."""
        found = self.resume.search(data, 1)
        return (found.end(), True) if found else (max(0, len(data) - NEAR), False)


def pieces(stream: Reads, cutter: Cutter, *, window: int = WINDOW) -> Iterator[Piece]:
    """Yield the records of a stream, in order; every byte with content is in one."""
    held = _Held(stream, window)
    while held.data or not held.is_last:
        used = yield from _pieces(cutter, held)
        held.drop(used)
        if held.data and (held.is_last or len(held.data) > LONGEST):
            yield _passed_over(cutter, held)
        else:
            held.more()


class _Held:
    """A window of a stream, and its place."""

    def __init__(self, stream: Reads, window: int) -> None:
        self._stream = stream
        self._window = window
        self.data = b""
        self.position = 0
        self.is_last = False
        self.more()

    def more(self) -> None:
        """Read another window behind the current one."""
        read = b"" if self.is_last else read_up_to(self._stream, self._window)
        self.is_last = len(read) < self._window
        self.data += read

    def drop(self, size: int) -> None:
        """Drop the first bytes."""
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


# Cuts a Windows event log file (EVTX) into its records, each as JSON on one line.
#
# A file is a head of 4,096 bytes and chunks of 65,536, each with its own strings,
# so damage costs a chunk at most. A record that its chunk announces and that cannot
# be read becomes a line `damaged: ...`, which the format rejects: nothing is lost
# silently.


def evtx_pieces(stream: Reads) -> Iterator[Piece]:
    """Yield each record of a stream, in order; for damage, what failed."""
    head = read_up_to(stream, HEAD)
    position = 0
    chunks = read_up_to(stream, CHUNKS * CHUNK)
    while chunks or not position:
        for place, text in _cut(head + chunks):
            yield Piece(position + place, text)
        position += len(chunks) or 1
        chunks = read_up_to(stream, CHUNKS * CHUNK)


def _cut(data: bytes) -> Iterator[tuple[int, str]]:
    """Cut a file's head and some chunks, which are complete by themselves."""
    if not data:
        return
    # a chunk that was cut off is readable up to the cut once it is filled up
    missing = -(len(data) - HEAD) % CHUNK
    places = _places(data)
    read, failures = _read(data + bytes(missing))
    if missing:
        failures.append("the file ends inside a chunk")
    for order, (record_id, text) in enumerate(read):
        yield places.pop(record_id, order), text
    why = {int(found[1]): text for text in failures if (found := NUMBERED.match(text))}
    for record_id, place in places.items():
        text = why.pop(record_id, f"record number {record_id} cannot be read")
        yield place, f"damaged: {text}"
    rest = [text for text in failures if not NUMBERED.match(text)] + [*why.values()]
    if rest:
        yield len(data), f"damaged: {'; '.join(rest[:3])}"


def _read(data: bytes) -> tuple[list[tuple[int, str]], list[str]]:
    """Return number and JSON text of the readable records, and what failed."""
    from evtx import PyEvtxParser

    found: list[tuple[int, str]] = []
    failures: list[str] = []
    try:
        parser = PyEvtxParser(io.BytesIO(data), number_of_threads=1, separate_json_attributes=True)
        rows = iter(parser.records_json())
    except (OSError, RuntimeError, ValueError) as error:
        return found, [_first_line(error)]
    # each failure belongs to a record or a chunk: there cannot be more of them
    while len(failures) <= len(data) // SMALLEST_RECORD:
        try:
            row = next(rows)
        except StopIteration:
            break
        except (OSError, RuntimeError, ValueError) as error:
            failures.append(_first_line(error))
            continue
        if row is None:
            continue
        text = row["data"].replace("\r", " ").replace("\n", " ")
        found.append((row["event_record_id"], text))
    return found, failures


def _places(data: bytes) -> dict[int, int]:
    """Return the byte at which each record begins, by record number."""
    found: dict[int, int] = {}
    for chunk in range(HEAD, len(data) - CHUNK_HEAD, CHUNK):
        if data[chunk : chunk + len(CHUNK_MAGIC)] != CHUNK_MAGIC:
            continue
        (free,) = struct.unpack_from("<I", data, chunk + FREE_SPACE_AT)
        end = min(chunk + min(free, CHUNK), len(data) - SMALLEST_RECORD)
        place = chunk + CHUNK_HEAD
        while place < end and data[place : place + 4] == RECORD_MAGIC:
            size, record_id = struct.unpack_from("<IQ", data, place + 4)
            found[record_id] = place
            place += max(size, SMALLEST_RECORD)
    return found


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
