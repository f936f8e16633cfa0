"""Cuts a Windows event log file (EVTX) into its records, each as JSON on one line.

A file is a head of 4,096 bytes and chunks of 65,536, each with its own strings,
so damage costs a chunk at most. A record that its chunk announces and that can
not be read becomes a line `damaged: ...`, which the format refuses: nothing is
missing in silence.
"""

import io
import re
import struct
from collections.abc import Iterator

from evtx import PyEvtxParser

from pipelines.ingest.compression import Reads, read_up_to
from pipelines.ingest.cutting import Piece

HEAD, CHUNK = 4_096, 65_536
CHUNK_HEAD = 512
CHUNKS = 64
"""Chunks looked at together: 4 MiB, which as text are several times as many."""
FREE_SPACE_AT = 48
FILE_MAGIC, CHUNK_MAGIC, RECORD_MAGIC = b"ElfFile\x00", b"ElfChnk\x00", b"**\x00\x00"
SMALLEST_RECORD = 28
NUMBERED = re.compile(r".*?record number ([0-9]+)")


def pieces(stream: Reads) -> Iterator[Piece]:
    """Each record of a stream, in order; for damage, what failed."""
    head = read_up_to(stream, HEAD)
    position = 0
    chunks = read_up_to(stream, CHUNKS * CHUNK)
    while chunks or not position:
        for place, text in _cut(head + chunks):
            yield Piece(position + place, text)
        position += len(chunks) or 1
        chunks = read_up_to(stream, CHUNKS * CHUNK)


def _cut(data: bytes) -> Iterator[tuple[int, str]]:
    """The same for a file's head and some chunks, which stand on their own."""
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
        text = why.pop(record_id, f"record number {record_id} can not be read")
        yield place, f"damaged: {text}"
    rest = [text for text in failures if not NUMBERED.match(text)] + [*why.values()]
    if rest:
        yield len(data), f"damaged: {'; '.join(rest[:3])}"


def _read(data: bytes) -> tuple[list[tuple[int, str]], list[str]]:
    """Number and JSON text of the readable records, and what failed."""
    found: list[tuple[int, str]] = []
    failures: list[str] = []
    try:
        parser = PyEvtxParser(
            io.BytesIO(data), number_of_threads=1, separate_json_attributes=True
        )
        rows = iter(parser.records_json())
    except (OSError, RuntimeError, ValueError) as error:
        return found, [_first_line(error)]
    # each failure belongs to a record or a chunk: there can not be more of them
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
    """The byte at which each record begins, by record number."""
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
