"""Opens a delivery as a stream of its decompressed bytes, in bounded memory.

A byte-order mark is taken off, UTF-16 becomes UTF-8, and a journal's export JSON lines,
so that everything behind sees one encoding. An entry of a journal's export is several
lines, and becomes the line of `journalctl -o json`, which the envelopes know:

    __CURSOR=s=...                      {"__CURSOR":"s=...","__REALTIME_TIMESTAMP":
    __REALTIME_TIMESTAMP=1793628900123456    "1793628900123456","MESSAGE":"..."}
    MESSAGE=...

Entries end with an empty line. A value that holds line ends follows its name and its
length, eight bytes, the lowest first. Of a field that comes twice the first counts.
"""

import codecs
import hashlib
import json
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pipelines.errors import SourceError
from pipelines.landing.archives import ALLOWED_BYTES, ALLOWED_RATIO, MemberStream
from pipelines.landing.compression import (
    CorruptError,
    Peeked,
    Reads,
    UnfitError,
    decompressed,
    read_up_to,
)
from pipelines.landing.delivery import Delivery, RemoteFile
from pipelines.landing.remote import open_remote
from pipelines.landing.workbooks import SheetStream, sheet_of
from pipelines.settings.home import READ_NO_LINK

BEGINS = b"__CURSOR="
STEP = 1 << 16
LARGEST = 4 << 20
LENGTH = 8

HEAD = 1_024
FIRST_RUNG = 64
SHORT = 16


class FromJournal:
    """The same entries as JSON lines."""

    def __init__(self, stream: Reads) -> None:
        self._stream = stream
        self._held = b""
        self._entry: dict[str, str] = {}
        self._ready = b""
        self._is_over = False

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end.

        Raises:
            CorruptError: A field is too long.
        """
        while not self._ready and not self._is_over:
            self._ready = self._next_line()
        given, self._ready = self._ready[:size], self._ready[size:]
        return given

    def _next_line(self) -> bytes:
        """Read one line of the export; return the JSON of an entry that it ends."""
        line = self._up_to_newline()
        if line is None or line == b"":
            entry, self._entry = self._entry, {}
            # an entry that is not ended may go on, as a last line may
            end = "\n" if line is not None else ""
            return (json.dumps(entry) + end).encode() if entry else b""
        name, is_text, value = line.partition(b"=")
        if not is_text:
            value = self._binary()
        self._entry.setdefault(_text(name), _text(value))
        return b""

    def _up_to_newline(self) -> bytes | None:
        while b"\n" not in self._held and self._more():
            if len(self._held) > LARGEST:
                self._too_long(len(self._held))
        line, newline, self._held = self._held.partition(b"\n")
        self._is_over = not newline and not line
        return line if newline or line else None

    def _binary(self) -> bytes:
        head = self._exactly(LENGTH)
        size = int.from_bytes(head, "little")
        if size > LARGEST:
            self._too_long(size)
        return self._exactly(size + 1)[:size]

    def _exactly(self, size: int) -> bytes:
        while len(self._held) < size and self._more():
            pass
        data, self._held = self._held[:size], self._held[size:]
        return data

    def _more(self) -> bool:
        data = self._stream.read(STEP)
        self._held += data
        return bool(data)

    def _too_long(self, size: int) -> None:
        message = f"a field of the journal has {size:,} bytes"
        raise CorruptError(message, trusted=True)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


__all__ = ["DamageError", "GoneError", "Reads", "SalvagedStream", "opened", "read_up_to"]


class DamageError(SourceError):
    """A stream that ends early or does not match its first bytes.

    Args:
        what: One sentence: what happened.
        trusted: The bytes before that are correct: the stream is truncated, not corrupt.
    """

    def __init__(
        self, what: str, *, where: str = "", remedy: str = "", trusted: bool = True
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.trusted = trusted


class GoneError(SourceError):
    """The file was taken away since the folder was listed."""


class SalvagedStream:
    """A stream that ends where it is damaged; the fault is available afterwards."""

    def __init__(self, stream: Reads) -> None:
        self._stream = stream
        self._damage: DamageError | None = None

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none where it ends or is damaged."""
        if self._damage is None:
            try:
                return self._stream.read(size)
            except DamageError as error:
                self._damage = error
        return b""

    def settle(self) -> None:
        """Check the end of the stream; call it last.

        Raises:
            DamageError: It was not the end.
        """
        if self._damage is not None:
            raise self._damage


class OpenedStream:
    """A stream that turns all kinds of damage into one error, and stops bombs.

    Attributes:
        notes: Facts about the stream, up to the current position.
    """

    def __init__(self, raw: BinaryIO | SheetStream, delivery: Delivery) -> None:
        self.notes: set[str] = set()
        self._raw = raw
        self._inner: Reads | None = None
        self._delivery = delivery
        self._given = 0

    def read(self, size: int, /) -> bytes:
        try:
            self._inner = self._inner or self._begin()
            data = self._inner.read(size)
        except UnfitError as error:
            what, remedy = error.fault
            raise SourceError(what, where=self._delivery.where, remedy=remedy) from error
        except CorruptError as error:
            raise self._broken(str(error), trusted=error.trusted) from error
        except EOFError as error:
            raise self._broken(f"cut: {error}", trusted=True) from error
        except zlib.error as error:
            raise self._broken(str(error), trusted=False) from error
        except OSError as error:
            raise SourceError(
                f"cannot be read to its end: {error.strerror or error}",
                where=self._delivery.where,
                remedy="Check the disk or the network; the next run tries again.",
            ) from error
        self._given += len(data)
        if self._given > ALLOWED_BYTES:
            self._stop_bomb()
        return data

    def _begin(self) -> Reads:
        """Return the stream from its first byte on, whatever it is packed in."""
        if isinstance(self._raw, SheetStream):
            return self._raw
        path, member = self._delivery.path, self._delivery.member
        if member is None:
            return _decoded(decompressed(self._raw, path, self.notes))
        # what the archive's own checksum covers needs no other
        unpacked = MemberStream(self._raw, member)
        return _decoded(decompressed(unpacked, path, set(), is_member=True))

    @property
    def offset(self) -> int | None:
        """Offset of its first byte in the file, after the first read.

        None if the bytes are unpacked or decoded, not those of the file.
        """
        stream = inner = self._inner
        while isinstance(inner, Peeked):
            inner = inner.rest
        is_there = inner is self._raw and isinstance(self._delivery.file, Path)
        if not is_there or not isinstance(stream, Peeked):
            return None
        is_marked = stream.head.startswith(codecs.BOM_UTF8)
        return len(codecs.BOM_UTF8) if is_marked else 0

    def _broken(self, why: str, *, trusted: bool) -> DamageError:
        return DamageError(
            f"the stream is damaged: {why}",
            where=self._delivery.where,
            remedy="Deliver the file again; only what can be trusted is kept.",
            trusted=trusted,
        )

    def _stop_bomb(self) -> None:
        if self._given > ALLOWED_RATIO * max(1, self._delivery.packed_bytes):
            raise DamageError(
                f"it unpacks to more than {ALLOWED_RATIO:,} times its size",
                where=self._delivery.where,
                remedy="Deliver it unpacked if it really is a log.",
                trusted=False,
            )


@contextmanager
def opened(delivery: Delivery) -> Iterator[OpenedStream]:
    """Yield the decompressed bytes of a delivery.

    Raises:
        SourceError: It cannot be opened, or is no longer a regular file.
        DamageError: While reading: the compressed stream is cut or corrupt.
    """
    if delivery.fault is not None:
        what, remedy = delivery.fault
        raise SourceError(what, where=delivery.where, remedy=remedy)
    with _raw(delivery) as raw:
        if delivery.sheet is None:
            yield OpenedStream(raw, delivery)
        else:
            with sheet_of(raw, delivery.sheet) as rows:
                yield OpenedStream(rows, delivery)


def _raw(delivery: Delivery) -> BinaryIO:
    try:
        if isinstance(delivery.file, RemoteFile):
            return open_remote(delivery.file)
        handle = os.open(delivery.file, READ_NO_LINK)
    except FileNotFoundError as error:
        raise GoneError("is no longer there", where=delivery.where) from error
    except OSError as error:
        raise SourceError(
            f"cannot be read: {error.strerror or error}",
            where=delivery.where,
            remedy="Make the file readable for the account that runs Schoolbell.",
        ) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise SourceError("is not a regular file", where=delivery.where)
    return os.fdopen(handle, "rb")


def _decoded(stream: Reads) -> Reads:
    whole = Peeked(stream, 64)
    head = whole.head
    if head.startswith(BEGINS):
        return FromJournal(whole)
    if head.startswith(codecs.BOM_UTF8):
        whole.read(3)
        return whole
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _FromUtf16(whole, "utf-16")
    even = len(head) // 2 * 2
    if even >= 8 and not any(head[1:even:2]) and all(head[:even:2]):
        return _FromUtf16(whole, "utf-16-le")
    if even >= 8 and not any(head[:even:2]) and all(head[1:even:2]):
        return _FromUtf16(whole, "utf-16-be")
    return whole


class _FromUtf16:
    """UTF-16 as UTF-8."""

    def __init__(self, stream: Reads, encoding: str) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder(encoding)(errors="replace")

    def read(self, size: int, /) -> bytes:
        while data := self._stream.read(max(2, size // 2)):
            if text := self._decode.decode(data):
                return text.encode("utf-8", errors="replace")
        return self._decode.decode(b"", final=True).encode("utf-8", errors="replace")


# Hashes of a stream, to recognize it again: whole, by its head, by prefixes.
#
# The hashes of the first 64, 128, 256, … bytes distinguish a shorter copy from other content
# without keeping the content.


class Mark(NamedTuple):
    """The ledger's record of a stream up to a position."""

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
        """Read the next bytes."""
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
        """Bytes read."""
        return self._length

    @property
    def whole(self) -> str:
        """SHA-256 of all bytes."""
        return self._whole.hexdigest()

    def mark(self) -> Mark:
        """Return the mark of the current position."""
        return Mark(
            consumed_sha256=self.whole,
            head_bytes=len(self._head),
            head_sha256=hashlib.sha256(self._head).hexdigest(),
            prefix_hashes=json.dumps(list(self.rungs.values()), separators=(",", ":")),
        )


class HashedStream:
    """A stream whose bytes are hashed as they are read."""

    def __init__(self, stream: Reads, digest: Digest) -> None:
        self._stream = stream
        self._digest = digest

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        data = self._stream.read(size)
        self._digest.update(data)
        return data


def rungs(prefixes: str) -> dict[int, str]:
    """Return the rungs of a ledger row, by length."""
    if not prefixes:
        return {}
    listed = json.loads(prefixes)
    return {FIRST_RUNG << number: text for number, text in enumerate(listed)}
