"""Members of zip archives, listed and opened as streams, within limits.

An archive is a folder of deliveries; nothing is unpacked to disk. Its directory is
read once, when the folder is listed, and each entry contains its offset: opening
one costs the same in any archive. Members are unpacked by zlib a little at
a time, up to the size in the directory. Methods whose libraries return
everything in one piece (LZMA, bzip2) are named, with what to do instead.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

from pipelines.landing.compression import (
    CHUNK,
    OFFICE,
    STEP,
    WORKBOOK,
    CorruptError,
    Fault,
    Reads,
)

MAX_MEMBERS = 50_000
"""A year of files every ten minutes has a few more; it is delivered by months."""

MAX_DIRECTORY_BYTES = 16 << 20
"""Maximum size of the list of members, which takes about ten times as much memory."""

MAX_UNPACKED_BYTES = 64 << 30
ALLOWED_BYTES = 4 << 30
ALLOWED_RATIO = 1_200
"""Deflate reaches 1,032 to 1; what unpacks to more, and to more than
`ALLOWED_BYTES`, is a bomb."""

STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "zstandard", 95: "xz"}
LOCAL = struct.Struct("<4s22xHH")
LOCAL_MAGIC = b"PK\x03\x04"
HAS_PASSWORD = 0x1 | 0x40

IN_PARTS = "Deliver it in parts, or unpack it and deliver the files in it."
PASSWORD = Fault("the member has a password", "Deliver the archive without one.")


@dataclass(frozen=True)
class Member:
    """One file of an archive, from the archive's directory.

    Attributes:
        name: As it is written there, with `/`.
        size: Unpacked bytes.
        packed_bytes: Bytes in the archive.
        offset: Where it begins in the archive.
        checksum: CRC-32 of its bytes.
        fault: Why it cannot be opened, if it cannot.
    """

    name: str
    size: int
    packed_bytes: int
    offset: int
    checksum: int
    is_deflated: bool
    fault: Fault | None


def members_of(raw: BinaryIO, archive_bytes: int) -> list[Member] | Fault:
    """Return the files in a zip archive, or what is wrong with it as a whole.

    Args:
        raw: The archive.
        archive_bytes: Its size.

    Raises:
        zipfile.BadZipFile: It has no directory that can be read; so does `OSError`,
            `ValueError` and `NotImplementedError`.
    """
    try:
        with zipfile.ZipFile(_Directory(raw)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except _TooLongError:
        many = f"the archive's list of members exceeds {MAX_DIRECTORY_BYTES:,} bytes"
        return Fault(many, IN_PARTS)
    if any(entry.filename.encode() == OFFICE for entry in entries):
        return WORKBOOK
    return _out_of_bounds(entries, archive_bytes) or [_member(entry) for entry in entries]


def _out_of_bounds(entries: Sequence[zipfile.ZipInfo], archive_bytes: int) -> Fault | None:
    packed = sum(entry.compress_size for entry in entries)
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_MEMBERS:
        many = f"the archive has {len(entries):,} members, more than {MAX_MEMBERS:,}"
        return Fault(many, IN_PARTS)
    if packed > archive_bytes or (
        unpacked > ALLOWED_BYTES and unpacked > ALLOWED_RATIO * archive_bytes
    ):
        bomb = f"an archive of {archive_bytes:,} bytes would unpack to {unpacked:,}"
        return Fault(bomb, "Deliver it unpacked if it really holds logs.")
    if unpacked > MAX_UNPACKED_BYTES:
        large = f"{unpacked:,} bytes, more than {MAX_UNPACKED_BYTES:,}"
        return Fault(f"the archive unpacks to {large}", IN_PARTS)
    return None


def _member(entry: zipfile.ZipInfo) -> Member:
    return Member(
        name=entry.filename,
        size=entry.file_size,
        packed_bytes=entry.compress_size,
        offset=entry.header_offset,
        checksum=entry.CRC,
        is_deflated=entry.compress_type == DEFLATED,
        fault=_unreadable(entry),
    )


def _unreadable(entry: zipfile.ZipInfo) -> Fault | None:
    if entry.flag_bits & HAS_PASSWORD:
        return PASSWORD
    if entry.compress_type in (STORED, DEFLATED):
        return None
    name = METHODS.get(entry.compress_type, f"method {entry.compress_type}")
    return Fault(
        f"the member is packed with {name}, which is not read",
        "Pack the archive with deflate, as most programs do by themselves, "
        "or deliver the files unpacked.",
    )


class _TooLongError(ValueError):
    """A read of more bytes than a directory may have."""


class _Directory(io.RawIOBase):
    """An archive whose list of members alone is read, within limits."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def read(self, size: int = -1, /) -> bytes:
        if size > MAX_DIRECTORY_BYTES:
            raise _TooLongError
        return self._raw.read(MAX_DIRECTORY_BYTES if size < 0 else size)


class MemberStream:
    """The bytes of one member, up to the size in the directory.

    Args:
        raw: The archive; it is read from where the member begins.
        member: The member.

    Raises:
        CorruptError: The bytes are not the member; also while reading.
        EOFError: While reading: the archive ends within it.
    """

    def __init__(self, raw: BinaryIO, member: Member) -> None:
        raw.seek(member.offset)
        head = raw.read(LOCAL.size)
        if len(head) < LOCAL.size or not head.startswith(LOCAL_MAGIC):
            self._corrupt("the archive changed since its members were listed")
        _, name_bytes, extra_bytes = LOCAL.unpack(head)
        raw.seek(name_bytes + extra_bytes, io.SEEK_CUR)
        self._packed = _Part(raw, member.packed_bytes)
        self._inner = _Inflated(self._packed) if member.is_deflated else self._packed
        self._left = member.size
        self._checksum = 0
        self._member = member

    def read(self, size: int, /) -> bytes:
        data = self._inner.read(max(1, min(size, STEP)))
        self._left -= len(data)
        self._checksum = zlib.crc32(data, self._checksum)
        if self._left < 0:
            self._corrupt("it unpacks to more than the archive says")
        if not data and (self._left or self._checksum != self._member.checksum):
            self._corrupt("its length or checksum is not what the archive says")
        return data

    def _corrupt(self, what: str) -> NoReturn:
        raise CorruptError(what, trusted=False)


class _Part:
    """A limited part of a stream from its current position."""

    def __init__(self, raw: BinaryIO, size: int) -> None:
        self._raw = raw
        self._left = size

    def read(self, size: int, /) -> bytes:
        data = self._raw.read(min(size, self._left))
        if not data and size and self._left:
            message = "the archive ends within the member"
            raise EOFError(message)
        self._left -= len(data)
        return data


class _Inflated:
    """A deflated stream, a little at a time."""

    def __init__(self, packed: Reads) -> None:
        self._packed = packed
        self._inner = zlib.decompressobj(wbits=-zlib.MAX_WBITS)

    def read(self, size: int, /) -> bytes:
        while not self._inner.eof:
            data = self._inner.unconsumed_tail or self._packed.read(CHUNK)
            if out := self._inner.decompress(data, size):
                return out
            if not data and not self._inner.eof:
                message = "it ends before its end-of-stream marker"
                raise CorruptError(message, trusted=False)
        return b""
