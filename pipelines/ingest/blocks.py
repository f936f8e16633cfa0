"""Reads a stream block by block, each block ending with a whole line.

Memory is bounded by the block, by its number of lines, and by the longest line
that is kept: a longer one is passed over, counted, and described by its length
and hash.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from pipelines.events import PLACE
from pipelines.landing.compression import Reads
from pipelines.landing.streams import DamageError

BLOCK = 8 << 20
"""Parsed it takes many times as much: 24 MiB cost 300 MiB more, and no less time."""

MAX_LINES = 200_000
"""Maximum lines of a block; parsed, a short line takes many times its length."""

MAX_LINE = 4 << 20
INLINE = 12
"""Bytes of a text that Arrow keeps within its view."""

SHOWN = 1_024
STEP = 1 << 20

SCHEMA = pl.Schema([*PLACE.items(), ("line", pl.String)])
BOM = "\ufeff"
_BOM = BOM.encode()


@dataclass(frozen=True)
class Block:
    """Whole lines of a stream.

    Attributes:
        data: The bytes; the last byte is a newline unless `is_tail`.
        first_byte: Offset of `data` in the stream.
        is_tail: The stream ended without a newline; `data` is its last line.
        oversize: Bytes of a line too long to keep, which `data` describes.
    """

    data: bytes
    first_byte: int
    is_tail: bool = False
    oversize: int = 0

    @property
    def size(self) -> int:
        """Bytes of the stream that the block represents."""
        return self.oversize or len(self.data)


def blocks(
    stream: Reads,
    *,
    first_byte: int = 0,
    size: int = BLOCK,
    passed_over: Callable[[bytes], object] = len,
) -> Iterator[Block]:
    """Cut what is left of a stream into blocks of whole lines.

    Args:
        stream: Positioned at `first_byte`, where a line begins.
        first_byte: Offset to count from.
        size: Bytes aimed at for a block.
        passed_over: Given the bytes of oversized lines, which no block holds.

    Raises:
        DamageError: After the last block that could be read; the last block is a
            tail where a line was cut.
    """
    held = b""
    position = first_byte
    damage: DamageError | None = None
    while damage is None:
        parts, damage = _fill(stream, max(size - len(held), 1 << 16))
        if not parts:
            break
        whole, held = _cut([held, *parts])
        for block in _sound(whole, position, passed_over):
            yield block
            position += block.size
        if len(held) > MAX_LINE and damage is None:
            block, held, damage = _pass_over(held, stream, position, passed_over)
            yield block
            position += block.size
    # what followed a line that was passed over may be whole lines
    whole, held = _cut([held])
    for block in _sound(whole, position, passed_over):
        yield block
        position += block.size
    if held:
        yield Block(held, position, is_tail=True)
    if damage:
        raise damage


def _cut(parts: list[bytes]) -> tuple[bytes, bytes]:
    """Return whole lines, and the rest after the last of them; copied once."""
    for number in range(len(parts) - 1, -1, -1):
        last = parts[number]
        if cut := last.rfind(b"\n") + 1:
            whole: list[bytes | memoryview] = [*parts[:number]]
            whole.append(memoryview(last)[:cut])
            return b"".join(whole), b"".join([last[cut:], *parts[number + 1 :]])
    return b"", b"".join(parts)


def _fill(stream: Reads, size: int) -> tuple[list[bytes], DamageError | None]:
    """`size` bytes or what there is, in parts, and the damage that ended it."""
    parts = []
    try:
        while size > 0 and (data := stream.read(min(size, STEP))):
            parts.append(data)
            size -= len(data)
    except DamageError as error:
        return parts, error
    return parts, None


def _sound(data: bytes, position: int, passed_over: Callable[[bytes], object]) -> Iterator[Block]:
    """Yield blocks of the lines that are short enough, and one for each that is not."""
    start = 0
    for first, end in _long_lines(data):
        if first > start:
            yield from _of_few_lines(data[start:first], position + start)
        line = data[first:end]
        passed_over(line)
        digest = hashlib.sha256(line.removesuffix(b"\n"))
        yield _oversize(line[:SHOWN], digest, len(line), position + first)
        start = end
    if start < len(data):
        yield from _of_few_lines(data[start:], position + start)


def _of_few_lines(data: bytes, position: int) -> Iterator[Block]:
    """Yield the lines in blocks of at most `MAX_LINES`: each line costs memory."""
    if newlines(data) <= MAX_LINES:
        yield Block(data, position)
        return
    middle = data.rfind(b"\n", 0, len(data) // 2) + 1 or data.index(b"\n") + 1
    yield from _of_few_lines(data[:middle], position)
    yield from _of_few_lines(data[middle:], position + middle)


def newlines(data: bytes) -> int:
    """Return how many line ends some bytes hold; four times as fast as `bytes.count`."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n")))


def _long_lines(data: bytes) -> list[tuple[int, int]]:
    """Start and end of each line that is too long, found by long strides."""
    found = []
    start = 0
    while len(data) - start > MAX_LINE:
        # the last line end within reach; where there is none the line is too long
        cut = data.rfind(b"\n", start, start + MAX_LINE + 1)
        if cut < 0:
            end = data.index(b"\n", start + MAX_LINE) + 1
            found.append((start, end))
            start = end
        else:
            start = cut + 1
    return found


def _pass_over(
    held: bytes, stream: Reads, position: int, passed_over: Callable[[bytes], object]
) -> tuple[Block, bytes, DamageError | None]:
    """Skip to the end of an oversized line; what follows it comes back."""
    digest = hashlib.sha256()
    length = 0
    rest = b""
    damage = None
    data = held
    while data:
        line, newline, rest = data.partition(b"\n")
        digest.update(line)
        passed_over(line + newline)
        length += len(line) + len(newline)
        data = b""
        if not newline and damage is None:
            parts, damage = _fill(stream, STEP)
            data = b"".join(parts)
    return _oversize(held[:SHOWN], digest, length, position), rest, damage


def _oversize(begin: bytes, digest: "hashlib._Hash", length: int, position: int) -> Block:
    told = described(begin, digest, length)
    return Block(f"{told}\n".encode(), position, oversize=length)


def described(begin: bytes, digest: "hashlib._Hash", length: int) -> str:
    """Return a one-line description of a record that is too long to keep."""
    shown = begin.decode(errors="replace").replace("\r", " ").replace("\n", " ")
    return f"{shown} ... [{length} bytes, sha256 {digest.hexdigest()}]"


def batch(
    data: bytes, *, file_id: int = 0, first_line: int = 1, first_byte: int = 0
) -> pl.DataFrame:
    """Return every line of `data`, the last one whether or not it is ended.

    Line ends (LF, CRLF) are not part of `line`. Bytes that are not UTF-8 become
    U+FFFD in `line`; offsets always count the original bytes.
    """
    if not data:
        return pl.DataFrame(schema=SCHEMA)
    starts, texts = _lines(data)
    return pl.DataFrame(
        {
            "line_no": np.arange(first_line, first_line + len(starts), dtype=np.int64),
            "byte_offset": starts + first_byte,
        }
    ).select(
        pl.lit(file_id, pl.Int64).alias("file_id"), "line_no", "byte_offset", texts.alias("line")
    )


def batch_of_files(files: Sequence[tuple[int, bytes]]) -> pl.DataFrame:
    """Return the lines of several whole files, numbered and placed within their own.

    Args:
        files: Id and bytes of each; no file is empty.
    """
    ended = [data if data.endswith(b"\n") else data + b"\n" for _, data in files]
    starts, texts = _lines(b"".join(ended))
    first_bytes = np.cumsum([0, *map(len, ended)])
    first_lines = np.searchsorted(starts, first_bytes)
    counts = np.diff(first_lines)
    numbers = np.arange(1, len(starts) + 1) - np.repeat(first_lines[:-1], counts)
    return pl.DataFrame(
        {
            "file_id": np.repeat([file_id for file_id, _ in files], counts),
            "line_no": numbers,
            "byte_offset": starts - np.repeat(first_bytes[:-1], counts),
            "line": texts,
        },
        schema=SCHEMA,
    )


def _lines(data: bytes) -> tuple[np.ndarray, pl.Series]:
    """Return where each line of some bytes starts, and its text."""
    starts, ends = _cuts(data)
    if data.isascii() or _is_utf8(data):
        return starts, _texts(data, starts, ends)
    return starts, _texts(*_mended(data, starts, ends))


def _cuts(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return where each line starts, and where its newline is, or the data ends."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    return np.concatenate(([0], ends[:-1] + 1)), ends


def _is_utf8(data: bytes) -> bool:
    whole = [None, pa.py_buffer(np.array([0, len(data)])), pa.py_buffer(data)]
    try:
        pa.Array.from_buffers(pa.large_string(), 1, whole).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _mended(
    data: bytes, starts: np.ndarray, ends: np.ndarray
) -> tuple[bytes, np.ndarray, np.ndarray]:
    """Return the data, followed by the lines that are not UTF-8, repaired with U+FFFD.

    Returns:
        The bytes, and where each line starts and ends in them.
    """
    highest = np.maximum.reduceat(np.frombuffer(data, np.uint8), starts)
    starts, ends, parts, size = starts.copy(), ends.copy(), [data], len(data)
    for row in np.flatnonzero(highest > ord("\x7f")).tolist():
        line = data[starts[row] : ends[row]]
        try:
            line.decode()
        except UnicodeDecodeError:
            text = line.decode(errors="replace").encode()
            starts[row], ends[row] = size, size + len(text)
            parts.append(text)
            size += len(text)
    return b"".join(parts), starts, ends


def _texts(data: bytes, starts: np.ndarray, ends: np.ndarray) -> pl.Series:
    """Return the texts between some places of a block, without copying it.

    They are Arrow's string views: the length, then twelve bytes that are the text, or
    its first four, the number of its buffer, and its place there.
    """
    block = np.frombuffer(data, np.uint8)
    ends = ends - ((ends > starts) & (block[ends - 1] == ord("\r")))
    views = np.zeros((len(starts), 4), np.int32)
    views[:, 0] = ends - starts
    is_long = views[:, 0] > INLINE
    long, short = starts[is_long], starts[~is_long]
    views[is_long, 1] = _bytes_at(block, long, 4)[:, 0]
    views[is_long, 3] = long
    if len(short):
        views[~is_long, 1:] = _bytes_at(block, short, INLINE, views[~is_long, :1])
    buffers = [None, pa.py_buffer(views), pa.py_buffer(data)]
    lines = pl.Series(pa.Array.from_buffers(pa.string_view(), len(starts), buffers))
    has_one = _BOM[:1] in data and _BOM in data
    return lines.str.strip_prefix(BOM) if has_one else lines


def _bytes_at(
    block: np.ndarray, starts: np.ndarray, size: int, lengths: np.ndarray | None = None
) -> np.ndarray:
    """Return the given number of bytes from each place, as 32-bit numbers; zero beyond a length."""
    if lengths is None and (many := len(block) - size + 1) > 0:
        # one look at every place, whatever it divides by
        every = np.ndarray((many,), f"V{size}", block.data, strides=(1,))
        taken: np.ndarray = every[starts].view(np.int32)
        return taken.reshape(-1, size // 4)
    places = np.arange(size)
    found = block[np.minimum(starts[:, None] + places, len(block) - 1)]
    if lengths is not None:
        found = np.where(places < lengths, found, 0).astype(np.uint8)
    return np.ascontiguousarray(found).view(np.int32)
