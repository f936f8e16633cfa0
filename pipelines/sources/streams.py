"""Opens a delivery as a stream of its decompressed bytes, in bounded memory.

The compression is recognised by its first bytes, whatever the name says: gzip
(several members, zero padding), zstandard, xz, bzip2. A byte-order mark is taken
off, and UTF-16 becomes UTF-8, so that everything behind sees one encoding.
"""

import bz2
import codecs
import io
import lzma
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, Protocol, cast

import zstandard

from pipelines.errors import SourceError
from pipelines.sources.delivery import Delivery

CHUNK = 1 << 20
FAULTS = (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError)


class Reads(Protocol):
    """Anything to read bytes from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        ...


class DamageError(SourceError):
    """The stream breaks off or is not what its first bytes promised."""


@contextmanager
def opened(delivery: Delivery) -> Iterator[Reads]:
    """The decompressed bytes of a delivery.

    Raises:
        SourceError: It can not be opened, or is no longer a regular file.
        DamageError: While reading: the compressed stream is cut or corrupt.
    """
    with ExitStack() as stack:
        raw = stack.enter_context(_raw(delivery))
        if delivery.member is not None:
            raw = stack.enter_context(_member(raw, delivery))
        yield _guarded(_decoded(_decompressed(raw)), delivery)


def _raw(delivery: Delivery) -> BinaryIO:
    where = f"{delivery.source}/{delivery.path}"
    try:
        handle = os.open(delivery.file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise SourceError(
            f"can not be read: {error.strerror}",
            where=where,
            remedy="Make the file readable for the account that runs Schoolbell.",
        ) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise SourceError("is not a regular file", where=where)
    return os.fdopen(handle, "rb")


def _member(raw: BinaryIO, delivery: Delivery) -> BinaryIO:
    try:
        archive = zipfile.ZipFile(raw)
        return cast("BinaryIO", archive.open(cast("str", delivery.member)))
    except (zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError) as error:
        raise DamageError(
            f"the archive member can not be opened: {error}",
            where=f"{delivery.source}/{delivery.path}",
            remedy="Deliver the archive again, without a password.",
        ) from error


class _Guarded:
    """Turns the many ways to say "broken" into one."""

    def __init__(self, inner: Reads, where: str) -> None:
        self._inner = inner
        self._where = where

    def read(self, size: int, /) -> bytes:
        try:
            return self._inner.read(size)
        except (*FAULTS, zipfile.BadZipFile) as error:
            raise DamageError(
                f"the stream is cut or damaged: {error or type(error).__name__}",
                where=self._where,
                remedy="Deliver the file again; what could be read is kept.",
            ) from error


def _guarded(inner: Reads, delivery: Delivery) -> Reads:
    return _Guarded(inner, f"{delivery.source}/{delivery.path}")


class _Peeked:
    """A stream whose first bytes were looked at."""

    def __init__(self, head: bytes, rest: Reads) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        if self._head:
            taken, self._head = self._head[:size], self._head[size:]
            return taken
        return self._rest.read(size)


def read_up_to(stream: Reads, size: int) -> bytes:
    """`size` bytes, or all that is left; a single `read` may give fewer."""
    parts = []
    while size > 0 and (data := stream.read(size)):
        parts.append(data)
        size -= len(data)
    return b"".join(parts)


def _peek(stream: Reads, size: int) -> tuple[bytes, Reads]:
    head = read_up_to(stream, size)
    return head, _Peeked(head, stream)


class Gunzip:
    """gzip members one after another; zero padding between and after them.

    Python's own reader takes an endless header name into memory; zlib's skips it.
    """

    def __init__(self, raw: Reads) -> None:
        self._raw = raw
        self._inflate = zlib.decompressobj(wbits=31)
        self._waiting = b""
        self._begun = False

    def read(self, size: int, /) -> bytes:
        while True:
            data = self._waiting or self._raw.read(CHUNK)
            if not data:
                if self._begun:
                    raise EOFError("it ends before its end-of-stream marker")
                return b""
            self._waiting = b""
            if not self._begun:
                data = data.lstrip(b"\x00")
                self._begun = bool(data)
            out = self._inflate.decompress(data, size)
            if self._inflate.eof:
                self._waiting = self._inflate.unused_data
                self._inflate = zlib.decompressobj(wbits=31)
                self._begun = False
            else:
                self._waiting = self._inflate.unconsumed_tail
            if out:
                return out


def _decompressed(raw: BinaryIO) -> Reads:
    head, stream = _peek(raw, 6)
    source = cast("BinaryIO", stream)
    if head.startswith(b"\x1f\x8b"):
        return Gunzip(stream)
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        unpack = zstandard.ZstdDecompressor(max_window_size=1 << 27)
        return unpack.stream_reader(source, read_across_frames=True)
    if head.startswith(b"\xfd7zXZ\x00"):
        return cast("Reads", lzma.LZMAFile(io.BufferedReader(_Raw(stream))))
    if head.startswith(b"BZh"):
        return cast("Reads", bz2.BZ2File(io.BufferedReader(_Raw(stream))))
    return stream


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


def _decoded(stream: Reads) -> Reads:
    head, whole = _peek(stream, 3)
    if head.startswith(codecs.BOM_UTF8):
        whole.read(3)
        return whole
    if head.startswith(codecs.BOM_UTF16_LE) or head.startswith(codecs.BOM_UTF16_BE):
        return _FromUtf16(whole)
    return whole


class _FromUtf16:
    """UTF-16 with a byte-order mark, as UTF-8."""

    def __init__(self, stream: Reads) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-16")(errors="replace")

    def read(self, size: int, /) -> bytes:
        while data := self._stream.read(max(2, size // 2)):
            if text := self._decode.decode(data):
                return text.encode("utf-8", errors="replace")
        return self._decode.decode(b"", final=True).encode("utf-8", errors="replace")
