"""Bytes in, whole lines out: any size, any encoding, in bounded memory."""

import gzip
import io
import random
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ingest import blocks as blocks_module
from pipelines.ingest.blocks import MAX_LINE, batch, blocks
from pipelines.ingest.parser import ahead
from pipelines.landing.delivery import deliveries
from pipelines.landing.remote import remote_deliveries
from pipelines.landing.streams import DamageError, opened
from tests.conftest import LONG
from tests.faults.home import Home, lines, once

ODD = st.sampled_from(
    [
        b"\n",
        b"\r\n",
        b"\r",
        b"\x00",
        b"\xff",
        b"\xe9",
        b"\xed\xa0\x80",
        b"\xc2\x85",
        "é".encode(),
        "\ufeff".encode(),
        b"\xe2\x82",
        b"plain",
        b" ",
        b"\xfe\xff",
    ]
)


@given(st.lists(ODD, max_size=40).map(b"".join), st.integers(1, 9))
def test_every_byte_is_in_one_line_and_can_be_found_again(data, size):
    found = list(blocks(io.BytesIO(data), size=size))
    assert b"".join(block.data for block in found) == data
    frame = batch(data)
    offsets = [*frame["byte_offset"].to_list(), len(data)]
    assert frame.height == data.count(b"\n") + (data[-1:] not in (b"", b"\n"))
    for number, text in enumerate(frame["line"].to_list()):
        raw = data[offsets[number] : offsets[number + 1]]
        told = raw.decode(errors="replace").removesuffix("\n").removesuffix("\r")
        assert text == told.removeprefix("\ufeff")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_encodings_become_one(tmp_path, encoding):
    home = Home(tmp_path)
    home.put("a.log", lines(0, 30).decode().encode(encoding))
    home.gz("b.gz", lines(30, 60).decode().replace("\n", "\r\n").encode(encoding))
    home.run()
    assert home.numbers() == once(0, 60)
    assert home.rejects() == []


def test_a_file_of_mixed_encodings_loses_no_line(tmp_path):
    chance = random.Random(3)
    odd = [b"caf\xe9", b"\x00\x00", b"\xff\xfe", "naïve".encode(), b"\xed\xa0\x80"]
    home = Home(tmp_path)
    count = 20_000 if LONG else 2_000
    parts = [
        line + (chance.choice(odd) + b"\r\n" if number % 3 == 0 else b"")
        for number, line in enumerate(lines(0, count).splitlines(keepends=True))
    ]
    home.put("a.log", b"".join(parts))
    record = home.run()["a.log"].record
    assert home.numbers() == once(0, count)
    assert record.rejects == len(range(0, count, 3)) - record.blanks


@pytest.mark.parametrize("extra", [1, 3 << 20, 25 << 20])
def test_a_line_too_long_is_one_reject_whatever_lies_beside_it(tmp_path, extra):
    home = Home(tmp_path)
    giant = b"x" * (MAX_LINE + extra) + b"\n"
    path = home.put("a.log", lines(0, 5) + giant + lines(5, 9) + giant + lines(9, 12))
    record = home.run()["a.log"].record
    assert home.numbers() == once(0, 12)
    assert record.tail_bytes == 0
    assert (record.rejects, record.consumed_bytes) == (
        2,
        len(lines(0, 12)) + 2 * len(giant),
    )
    told = home.rejects()[0]
    assert f"[{len(giant)} bytes, sha256 " in told
    with path.open("ab") as file:
        file.write(lines(12, 14))
    record = home.run()["a.log"].record
    assert home.numbers() == once(0, 14)
    assert record.lines == 16


def test_the_place_of_a_long_line_does_not_depend_on_blocks(monkeypatch):
    monkeypatch.setattr(blocks_module, "MAX_LINE", 10)
    data = b"a" * 10 + b"\n" + b"b" * 9 + b"\n" + b"c" * 30 + b"\n" + b"d\n"
    for size in (1, 1 << 16):
        told = [
            (block.first_byte, block.size, bool(block.oversize))
            for block in blocks(io.BytesIO(data), size=size)
        ]
        long = [one[:2] for one in told if one[2]]
        assert long == [(21, 31)]
        assert sum(one[1] for one in told) == len(data)


def test_a_block_is_of_few_lines_too(monkeypatch):
    """A disk full of line ends is as many lines as bytes."""
    monkeypatch.setattr(blocks_module, "MAX_LINES", 100)
    data = b"x" * 5_000 + b"\n" * 1_000 + lines(0, 150) + b"\n" * 77 + b"tail"
    found = list(blocks(io.BytesIO(data)))
    assert b"".join(block.data for block in found) == data
    assert max(block.data.count(b"\n") for block in found) <= 100
    ends = [block.first_byte + block.size for block in found]
    assert [block.first_byte for block in found] == [0, *ends[:-1]]


HUGE = """
import sys, gzip
from pathlib import Path
from tests.faults.home import Home, lines
home = Home(Path(sys.argv[1]))
size = int(sys.argv[2]) << 20
with gzip.open(home.landing / "a.gz", "wb", compresslevel=1) as file:
    file.write(lines(0, 5))
    for _ in range(size >> 20):
        file.write(bytes(1 << 20))
    file.write(b"\\n" + lines(5, 9))
home.run()
print(sorted(home.numbers()), home.total("rejects"))
# not ru_maxrss: a child begins with the peak of the process that started it
status = dict(row.split(":") for row in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) >> 10)
"""


def test_a_giant_line_stays_out_of_memory(tmp_path):
    size = 1_024 if LONG else 160
    done = subprocess.run(
        [sys.executable, "-c", HUGE, tmp_path, str(size)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    told, memory = done.stdout.splitlines()
    assert told == "[0, 1, 2, 3, 4, 5, 6, 7, 8] 1"
    print(f"\none line of {size} MiB: {memory} MiB of memory")
    assert int(memory) < 512


def test_damage_comes_after_all_that_could_be_read(tmp_path):
    whole = gzip.compress(lines(0, 500))
    (tmp_path / "a.gz").write_bytes(whole[: len(whole) // 2])
    (delivery,) = deliveries(tmp_path, "proxy").deliveries
    seen = b""
    told = ""
    try:
        with opened(delivery) as stream:
            for block in blocks(stream):
                seen += block.data
    except DamageError as error:
        told = str(error)
    assert "cut" in told
    assert lines(0, 500).startswith(seen)
    assert len(seen) > 10_000


def test_items_made_ahead_are_the_same_and_errors_come_through():
    assert list(ahead(iter(range(50)))) == list(range(50))

    def breaks():
        yield 1
        raise ValueError("here")

    rest = ahead(breaks())
    assert next(rest) == 1
    with pytest.raises(ValueError, match="here"):
        next(rest)
    stopped = ahead(iter(range(10**9)))
    assert next(stopped) == 0
    stopped.close()


def test_deliveries_on_another_machine_are_read_like_others(tmp_path):
    import fsspec

    from pipelines.ingest.ingestion import ingest_source
    from pipelines.ingest.source import IngestOptions, Source

    store = fsspec.filesystem("memory")
    store.pipe("/drop/a.log", lines(0, 20))
    store.pipe("/drop/deep/b.gz", gzip.compress(lines(20, 40)))
    store.pipe("/drop/c.part", lines(90, 99))
    listing = remote_deliveries("memory://drop", "proxy")
    assert {one.path for one in listing.deliveries} == {"a.log", "deep/b.gz"}
    home = Home(tmp_path)
    source = Source(name="proxy", folder="memory://drop", format="squid_access", zone="UTC")
    options = IngestOptions(store=home.store, lake=home.lake, zone="UTC", settle_seconds=0)
    for _ in range(2):
        ingest_source(options, source)
    assert home.numbers() == once(0, 40)


def test_many_small_files_in_one_drop(tmp_path):
    count = 10_000 if LONG else 600
    home = Home(tmp_path)
    for number in range(count):
        home.put(f"{number % 97}/{number}.log", lines(number, number + 1))
    home.run()
    assert home.numbers() == once(0, count)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"\n{count} files in one drop: {memory} MiB of memory")
