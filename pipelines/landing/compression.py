"""Decompression of gzip, xz, bzip2 and zstandard streams in bounded memory.

The type is recognized by the first bytes. Members may follow one another, with
zero padding between and after them. A stream that ends early raises `EOFError`:
the bytes before that are correct. Any other error means that the output
of the current member cannot be trusted.
"""

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol, cast

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

try:  # the extra `gz`: a third of the CPU of zlib
    from isal import igzip_lib
except ImportError:
    HAS_ISAL = False
    ISAL_ERROR: type[Exception] = zlib.error
else:
    HAS_ISAL = True
    ISAL_ERROR = cast("type[Exception]", igzip_lib.IsalError)

DAMAGE = (OSError, ValueError, zlib.error, ISAL_ERROR, lzma.LZMAError, zstd.ZstdError)
CHUNK = 1 << 18
STEP = 1 << 15
"""Maximum bytes returned per read, so that little is lost in front of a fault."""

MAX_DICTIONARY = 256 << 20
ZSTANDARD = b"\x28\xb5\x2f\xfd"
HEADER_BYTES = 5
"""Length of the magic number and the descriptor of a zstandard frame."""
CHECKSUM_FLAG = 4
MAGICS = {
    b"\x1f\x8b": (".gz", ".tgz"),
    ZSTANDARD: (".zst", ".zstd"),
    b"\xfd7zXZ\x00": (".xz",),
    b"BZh": (".bz2",),
}

TAR_BYTES = 512
TAR_CHECKSUM = slice(148, 156)
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
OFFICE = b"[Content_Types].xml"
"""Member of workbooks and documents of Office, which are zip archives."""

UNPACK = "Unpack it and deliver the files in it, or a zip archive of them."
TARRED = (".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst")
CUT_ZIP = "a zip archive that is cut: the list of its members, at its end, is missing"
NO_CHECKSUM = "no checksum: damage in transit cannot be noticed"
"""Note for zstandard frames without a checksum; gzip, xz and bzip2 have one."""


class Fault(NamedTuple):
    """Why something that was delivered cannot be opened, and what to do about it."""

    what: str
    remedy: str


WORKBOOK = Fault(
    "it is an Office document, such as an Excel workbook",
    "Deliver it as a workbook that ends in .xlsx and is in no archive, or save the "
    "sheet as CSV and deliver that.",
)
NESTED = Fault(
    "it is an archive inside an archive",
    "Unpack the outer one and deliver the inner one by itself.",
)
TWICE = Fault("it is compressed twice", "Unpack it once, then deliver it.")
MISNAMED = Fault(
    "it is a zip archive, and its name does not end in .zip",
    "Rename it so that it does.",
)
TAR = Fault("it is a tar archive, which is not read", UNPACK)
OTHERS = {
    b"7z\xbc\xaf\x27\x1c": Fault("it is a 7-Zip archive, which is not read", UNPACK),
    b"Rar!\x1a\x07": Fault("it is a RAR archive, which is not read", UNPACK),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": WORKBOOK,
}


class Reads(Protocol):
    """Anything to read bytes from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""
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


class UnfitError(ValueError):
    """The stream is sound and no log: something else to be opened first."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.what)
        self.fault = fault


def read_up_to(stream: Reads, size: int) -> bytes:
    """`size` bytes, or all that is left; a single `read` may give fewer."""
    parts = []
    while size > 0 and (data := stream.read(size)):
        parts.append(data)
        size -= len(data)
    return b"".join(parts)


class Peeked:
    """A stream whose first bytes were looked at; `rest` is the stream below.

    Where it breaks off within them, they come all the same, and then the error.
    """

    def __init__(self, stream: Reads, size: int) -> None:
        self.head = b""
        self._error: Exception | None = None
        try:
            while size > len(self.head) and (data := stream.read(size - len(self.head))):
                self.head += data
        except (CorruptError, EOFError, zlib.error) as error:
            self._error = error
        self._left = self.head
        self.rest = stream

    def read(self, size: int, /) -> bytes:
        if self._left:
            taken, self._left = self._left[:size], self._left[size:]
            return taken
        if self._error is not None:
            raise self._error
        return self.rest.read(size)


def decompressed(raw: Reads, name: str, notes: set[str], *, is_member: bool = False) -> Reads:
    """Return the stream itself, or what it holds in compressed form.

    Args:
        raw: The bytes as delivered.
        name: The file's name; it only decides what a few bytes may become.
        notes: Takes `NO_CHECKSUM`, while the stream is read.
        is_member: It comes out of an archive.

    Raises:
        UnfitError: It holds another archive, or a document.
    """
    stream = Peeked(raw, TAR_BYTES)
    unpacked = _unpacked(stream, name, notes)
    if unpacked is not stream:
        stream = Peeked(unpacked, TAR_BYTES)
        is_member = True
        if kind_of(stream.head):
            raise UnfitError(TWICE)
    if fault := _unfit(stream.head, name, is_member=is_member):
        raise UnfitError(fault)
    if stream.head.startswith(ZIP_MAGICS):
        raise CorruptError(CUT_ZIP, trusted=False)
    return stream


def kind_of(head: bytes) -> bytes:
    """Return which of `MAGICS` some bytes begin with; nothing for another stream."""
    return next((magic for magic in MAGICS if head.startswith(magic)), b"")


def _unpacked(stream: Peeked, name: str, notes: set[str]) -> Reads:
    kind = kind_of(stream.head)
    if kind == ZSTANDARD:
        return _Members(stream, lambda: _Frame(notes))
    if kind:
        return _Members(stream, ENGINES[kind])
    return _Cut() if _only_begun(stream.head, name) else stream


def _unfit(head: bytes, name: str, *, is_member: bool) -> Fault | None:
    """Return what the file is, if it is not a log."""
    if head.startswith(ZIP_MAGICS):
        if OFFICE in head or name.lower().endswith((".xlsx", ".xlsm", ".docx")):
            return WORKBOOK
        if is_member:
            return NESTED
        return None if name.lower().endswith(".zip") else MISNAMED
    if _is_tar(head):
        return NESTED if is_member and not name.lower().endswith(TARRED) else TAR
    return next((OTHERS[magic] for magic in OTHERS if head.startswith(magic)), None)


def _is_tar(head: bytes) -> bool:
    """Return whether the first block contains a name, and the sum of the block's bytes."""
    said = head[TAR_CHECKSUM].strip(b" \x00")
    if len(head) < TAR_BYTES or not said.isdigit() or b"8" in said or b"9" in said:
        return False
    rest = head[: TAR_CHECKSUM.start] + b" " * 8 + head[TAR_CHECKSUM.stop :]
    return sum(rest) == int(said, 8)


def _only_begun(head: bytes, name: str) -> bool:
    """Return whether it is too short to confirm its name."""
    return any(
        head and len(head) < len(magic) and magic.startswith(head)
        for magic, suffixes in {**MAGICS, ZIP_MAGICS[0]: (".zip",)}.items()
        if name.lower().endswith(suffixes)
    )


class _Cut:
    """A stream that has only the first bytes of its header."""

    def read(self, _size: int, /) -> bytes:
        message = "it ends in its header"
        raise EOFError(message)


class _Engine(Protocol):
    """One member's decompressor."""

    is_over: bool
    wants_input: bool

    def step(self, data: bytes, most: int) -> tuple[bytes, bytes]:
        """Return the output, and the unused input."""
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


class _Inner(Protocol):
    """A decompressor that keeps the input it has not used yet."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, _most: int, /) -> bytes: ...


class _Buffered:
    """A member of bzip2, xz, or gzip with ISA-L."""

    def __init__(self, inner: _Inner) -> None:
        self._inner = inner
        self.is_over = False
        self.wants_input = True

    def step(self, data: bytes, most: int) -> tuple[bytes, bytes]:
        out = self._inner.decompress(data, most)
        self.is_over = self._inner.eof
        self.wants_input = not self.is_over and self._inner.needs_input
        return out, self._inner.unused_data if self.is_over else b""


class _Frame(_Buffered):
    """A frame of zstandard; notes whether it has a checksum (RFC 8878, 3.1.1.1)."""

    def __init__(self, notes: set[str]) -> None:
        limits: dict[int, int] = {
            zstd.DecompressionParameter.window_log_max: MAX_DICTIONARY.bit_length() - 1
        }
        super().__init__(zstd.ZstdDecompressor(options=limits))
        self._head = b""
        self._notes = notes

    def step(self, data: bytes, most: int) -> tuple[bytes, bytes]:
        if len(self._head) < HEADER_BYTES:
            self._head += data[: HEADER_BYTES - len(self._head)]
            is_frame = self._head.startswith(ZSTANDARD) and len(self._head) == HEADER_BYTES
            if is_frame and not self._head[-1] & CHECKSUM_FLAG:
                self._notes.add(NO_CHECKSUM)
        return super().step(data, most)


def _isal() -> _Engine:
    return _Buffered(igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP))


ENGINES: Mapping[bytes, Callable[[], _Engine]] = {
    b"\x1f\x8b": _isal if HAS_ISAL else _Inflate,
    b"\xfd7zXZ\x00": lambda: _Buffered(lzma.LZMADecompressor(memlimit=MAX_DICTIONARY)),
    b"BZh": lambda: _Buffered(bz2.BZ2Decompressor()),
}


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
        """Return the first bytes of the next member; none where there is none."""
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
        except DAMAGE as error:
            raise CorruptError(str(error), trusted=not self._given) from error
        self._given += len(out)
        if self._engine.is_over:
            self._engine = None
        return out
