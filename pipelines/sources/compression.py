"""Decompresses gzip, xz, bzip2 and zstandard streams in bounded memory.

The kind is recognised by the first bytes. Members may follow one another, with
zero padding between and after them. A stream that breaks off raises `EOFError`:
what was read before is right as far as it goes. Any other error means that what
came out of the current member can not be trusted.
"""

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol, cast

import pyarrow as pa

CHUNK = 1 << 18
STEP = 1 << 15
"""Most bytes put out at once, so that little is lost in front of a fault."""

LARGEST_DICTIONARY = 256 << 20
MAGICS = {
    b"\x1f\x8b": (".gz", ".tgz"),
    b"\x28\xb5\x2f\xfd": (".zst", ".zstd"),
    b"\xfd7zXZ\x00": (".xz",),
    b"BZh": (".bz2",),
}


ZIP_MAGIC = b"PK\x03\x04"
NO_ZIP = (
    "a zip archive that can not be opened: it is cut, lies inside another archive, "
    "or has a name that does not end in .zip"
)
"""Archives are listed by their members; what comes here could not be."""


class Reads(Protocol):
    """Anything to read bytes from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        ...


class CorruptError(ValueError):
    """The stream is not what it promised.

    Args:
        what: What is wrong.
        trusted: Everything that was put out belongs to members that were verified.
    """

    def __init__(self, what: str, *, trusted: bool) -> None:
        super().__init__(what)
        self.trusted = trusted


def read_up_to(stream: Reads, size: int) -> bytes:
    """`size` bytes, or all that is left; a single `read` may give fewer."""
    parts = []
    while size > 0 and (data := stream.read(size)):
        parts.append(data)
        size -= len(data)
    return b"".join(parts)


class Peeked:
    """A stream whose first bytes were looked at."""

    def __init__(self, stream: Reads, size: int) -> None:
        self.head = read_up_to(stream, size)
        self._left = self.head
        self._rest = stream

    def read(self, size: int, /) -> bytes:
        if self._left:
            taken, self._left = self._left[:size], self._left[size:]
            return taken
        return self._rest.read(size)


def decompressed(raw: Reads, name: str) -> Reads:
    """The stream itself, or what it holds in compressed form.

    Args:
        raw: The bytes as delivered.
        name: The file's name; it only decides what a few bytes may become.
    """
    stream = Peeked(raw, 6)
    if stream.head.startswith(b"\x1f\x8b"):
        return _Members(stream, _Inflate)
    if stream.head.startswith(b"\xfd7zXZ\x00"):
        return _Members(stream, _Unxz)
    if stream.head.startswith(b"BZh"):
        return _Members(stream, _Buffered)
    if stream.head.startswith(b"\x28\xb5\x2f\xfd"):
        return _Zstandard(stream)
    if _only_begun(stream.head, name):
        return _Cut()
    if stream.head.startswith(ZIP_MAGIC):
        raise CorruptError(NO_ZIP, trusted=False)
    return stream


def _only_begun(head: bytes, name: str) -> bool:
    """Too short to show what the name promises."""
    return any(
        head and len(head) < len(magic) and magic.startswith(head)
        for magic, suffixes in MAGICS.items()
        if name.lower().endswith(suffixes)
    )


class _Cut:
    """A stream of which only the first bytes of its header are there."""

    def read(self, _size: int, /) -> bytes:
        message = "it ends in its header"
        raise EOFError(message)


class _Engine(Protocol):
    """One member's decompressor."""

    is_over: bool
    wants_input: bool

    def step(self, data: bytes, most: int) -> tuple[bytes, bytes]:
        """What came out, and the input that was not used."""
        ...


class _Inflate:
    """zlib skips a header name of any length without keeping it."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self.is_over = False
        self.wants_input = True

    def step(self, data: bytes, most: int) -> tuple[bytes, bytes]:
        out = self._inner.decompress(data, most)
        self.is_over = self._inner.eof
        left = self._inner.unused_data if self.is_over else self._inner.unconsumed_tail
        return out, left


class _Buffered:
    """bzip2; xz works the same way."""

    def __init__(
        self, inner: bz2.BZ2Decompressor | lzma.LZMADecompressor | None = None
    ) -> None:
        self._inner = inner or bz2.BZ2Decompressor()
        self.is_over = False
        self.wants_input = True

    def step(self, data: bytes, most: int) -> tuple[bytes, bytes]:
        out = self._inner.decompress(data, most)
        self.is_over = self._inner.eof
        self.wants_input = not self.is_over and self._inner.needs_input
        return out, self._inner.unused_data if self.is_over else b""


class _Unxz(_Buffered):
    def __init__(self) -> None:
        super().__init__(lzma.LZMADecompressor(memlimit=LARGEST_DICTIONARY))


class _Members:
    """Members one after another; zero padding between and after them."""

    def __init__(self, raw: Reads, engine: Callable[[], _Engine]) -> None:
        self._raw = raw
        self._make = engine
        self._engine: _Engine | None = None
        self._waiting = b""
        self._given = 0

    def read(self, size: int, /) -> bytes:
        while True:
            data = self._input()
            if self._engine is None:
                data = self._begin(data)
                if self._engine is None:
                    return b""
            out = self._step(data, min(size, STEP))
            if out:
                return out

    def _input(self) -> bytes:
        if self._waiting or (self._engine and not self._engine.wants_input):
            data, self._waiting = self._waiting, b""
            return data
        data = self._raw.read(CHUNK)
        if not data and self._engine:
            message = "it ends before its end-of-stream marker"
            raise EOFError(message)
        return data

    def _begin(self, data: bytes) -> bytes:
        """The first bytes of the next member; none where there is none."""
        while data and not (data := data.lstrip(b"\x00")):
            data = self._raw.read(CHUNK)
        if data:
            self._engine = self._make()
            self._given = 0
        return data

    def _step(self, data: bytes, most: int) -> bytes:
        assert self._engine is not None
        try:
            out, self._waiting = self._engine.step(data, most)
        except (OSError, ValueError, zlib.error, lzma.LZMAError) as error:
            raise CorruptError(str(error), trusted=not self._given) from error
        self._given += len(out)
        if self._engine.is_over:
            self._engine = None
        return out


class _Zstandard:
    """Arrow's reader: unlike others it says so when a frame is cut."""

    def __init__(self, raw: Reads) -> None:
        source = pa.PythonFile(io.BufferedReader(_Raw(raw)), mode="r")
        self._stream = pa.CompressedInputStream(source, "zstd")

    def read(self, size: int, /) -> bytes:
        try:
            return cast("bytes", self._stream.read(min(size, STEP)))
        except OSError as error:
            if "Truncated" in str(error):
                raise EOFError(str(error)) from error
            garbage_behind = "Unknown frame descriptor" in str(error)
            raise CorruptError(str(error), trusted=garbage_behind) from error


class _Raw(io.RawIOBase):
    """A stream for the readers that insist on a file."""

    def __init__(self, stream: Reads) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
