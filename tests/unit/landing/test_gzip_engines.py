"""ISA-L, which the extra `gz` installs, unpacks what zlib unpacks, and refuses what it refuses."""

import gzip
import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.landing import compression
from pipelines.landing.compression import CorruptError, _Inflate, _isal, _Members

pytestmark = pytest.mark.skipif(not compression.HAS_ISAL, reason="isal is not installed")

LONGEST_SYMBOL = 258
"""Bytes that one symbol of DEFLATE can repeat (RFC 1951, 3.2.5)."""

Told = tuple[bytes, str, bool]


def unpacked(engine, packed: bytes) -> Told:
    """Return what comes out, and the error that ends it."""
    stream, found = _Members(io.BytesIO(packed), engine), []
    try:
        while data := stream.read(70_000):
            found.append(data)
    except EOFError:
        return b"".join(found), "cut", True
    except CorruptError as error:
        return b"".join(found), "corrupt", error.trusted
    return b"".join(found), "", True


def log(lines: int, seed: int) -> bytes:
    words = random.Random(seed)
    return b"".join(b"%d GET /%x\n" % (at, words.getrandbits(64)) for at in range(lines))


@given(
    members=st.lists(st.integers(0, 9_000), min_size=1, max_size=3),
    name=st.integers(0, 300),
    padding=st.integers(0, 5),
    cut=st.floats(0, 1),
)
def test_a_stream_that_is_cut_anywhere_gives_the_same_bytes(members, name, padding, cut):
    packed = bytearray()
    for at, lines in enumerate(members):
        whole = io.BytesIO()
        with gzip.GzipFile("n" * name, "wb", fileobj=whole, mtime=0) as file:
            file.write(log(lines, at))
        packed += whole.getvalue() + b"\x00" * padding
    some = bytes(packed[: round(len(packed) * cut)])
    now, was = unpacked(_isal, some), unpacked(_Inflate, some)
    assert now[1:] == was[1:]
    # of a cut stream ISA-L keeps back the last symbol, if it cannot be sure of its length
    assert was[0].startswith(now[0])
    assert len(was[0]) - len(now[0]) <= (LONGEST_SYMBOL if was[1] else 0)


@given(lines=st.integers(1, 5_000), at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_what_either_takes_for_whole_is_whole(lines, at, bit):
    whole = log(lines, 7)
    packed = bytearray(gzip.compress(whole, mtime=0))
    packed[int(len(packed) * at)] ^= 1 << bit
    was, now = unpacked(_Inflate, bytes(packed)), unpacked(_isal, bytes(packed))
    # zlib alone refuses the reserved bits of a header; the checksum covers the rest
    assert now[1] or now[0] == whole
    assert was[1] or (now == was and was[0] == whole)
