"""Reads a stream block by block, each block ending with a whole line.

Memory is bounded by the block and by the longest line that is kept: a longer
one is passed over, counted, and described by its length and hash.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipelines.sources.streams import Reads, read_up_to

BLOCK = 24 << 20
LONGEST_LINE = 4 << 20
SHOWN = 1_024


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
        """Bytes of the stream that the block stands for."""
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
    """
    held = b""
    position = first_byte
    while chunk := read_up_to(stream, max(size - len(held), 1 << 16)):
        held += chunk
        cut = held.rfind(b"\n") + 1
        if cut:
            yield Block(held[:cut], position)
            position += cut
            held = held[cut:]
        elif len(held) > LONGEST_LINE:
            block, held = _pass_over(held, stream, position, passed_over)
            position += block.size
            yield block
    if held:
        yield Block(held, position, is_tail=True)


def _pass_over(
    held: bytes, stream: Reads, position: int, passed_over: Callable[[bytes], object]
) -> tuple[Block, bytes]:
    """Skip to the end of an oversized line; what follows it comes back."""
    digest = hashlib.sha256()
    length = 0
    rest = b""
    shown = held[:SHOWN].decode(errors="replace").replace("\r", " ")
    data = held
    while data:
        line, newline, rest = data.partition(b"\n")
        digest.update(line)
        passed_over(line + newline)
        length += len(line) + len(newline)
        data = b"" if newline else stream.read(1 << 20)
    told = f"{shown} ... [{length} bytes, sha256 {digest.hexdigest()}]\n"
    return Block(told.encode(), position, oversize=length), rest
