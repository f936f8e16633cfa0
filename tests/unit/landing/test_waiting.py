"""Each file that waits is reported: which, why, and until when. Nothing else is."""

import gzip
import os
import time
from datetime import UTC, date, datetime

import polars as pl
import pyarrow as pa
import pytest
import zstandard

from pipelines.landing.compression import NO_CHECKSUM
from pipelines.registry.new_home import create
from pipelines.reports.snapshot_inputs import source_days
from tests.benchmarks.inputs_exports import write_okta
from tests.faults.home import Home, lines, once
from tests.journey.commands import schoolbell


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path, fmt=None)


def waits(told):
    return {path: one.waits for path, one in told.items() if one.waits}


def test_an_export_that_settles_says_until_when(home):
    write_okta(home.landing / "a.json", 20)
    stamp = 1_793_800_000
    os.utime(home.landing / "a.json", (stamp, stamp))
    settle = time.time() - stamp + 3_600
    told = waits(home.run(settle=settle))
    assert told.keys() == {"a.json"}
    assert "20 records wait until the file is whole" in told["a.json"]
    assert "by the first run after 20" in told["a.json"]
    assert waits(home.run()) == {}
    assert home.total("pending_lines") == 0


def test_a_last_line_without_its_end_says_until_when(home):
    home.put("a.log", lines(0, 20) + b"17720")
    told = waits(home.run(settle=600))
    assert "no end yet" in told["a.log"]
    assert "10 minutes after its last change" in told["a.log"]
    home.put("a.log", lines(0, 21))
    assert waits(home.run(settle=600)) == {}


@pytest.mark.parametrize("data", [b"", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_no_fault_and_read_when_it_has_grown(home, data):
    home.put("access.log", data)
    for settle in (600, 0, 0):
        one = home.run(settle=settle)["access.log"]
        assert (one.record.message, one.waits, one.is_told) == (None, "", False)
        assert one.record.state == ("growing" if settle else "finished")
    home.put("access.log", lines(0, 20))
    home.run()
    assert home.numbers() == once(0, 20)
    assert len(home.records()) == 1


def test_names_that_wait_are_told_and_those_of_no_delivery_are_not(home):
    for name in ("..log", ".access.log.Xy12", "b.log.part"):
        home.put(name, lines(0, 3))
    for name in (".gitkeep", ".DS_Store", ".nfs0001"):
        home.put(name, b"")
    home.put(".DS_Store", b"\0\0\0\1Bud1")
    told = home.run()
    assert {path: one.kind for path, one in told.items()} == dict.fromkeys(
        ("..log", ".access.log.Xy12", "b.log.part"), "waiting"
    )
    assert "begins with a dot" in told["..log"].record.message
    assert "ends in .part" in told["b.log.part"].record.message
    assert all("once renamed" in one.record.message for one in told.values())
    (home.landing / "..log").rename(home.landing / "a.log")
    home.run()
    assert home.numbers() == once(0, 3)


def test_a_hard_link_is_named_and_not_read(home):
    secret = home.folder / "secret"
    secret.write_bytes(lines(50, 60))
    os.link(secret, home.landing / "a.log")
    home.put("good.log", lines(0, 20))
    for _ in range(2):
        one = home.run()["a.log"]
        assert one.record.state == "failed"
        assert "hard link" in one.record.message
        assert "hard_links = true" in one.record.message
        assert home.numbers() == once(0, 20)
    secret.unlink()
    home.run()
    assert home.numbers() == once(0, 20) + once(50, 60)
    assert home.total("pending_lines") == 0


def test_a_source_may_allow_hard_links(home):
    (home.folder / "source.json").write_text('{"format": null, "hard_links": true}')
    home.put("a.log", lines(0, 20))
    os.link(home.landing / "a.log", home.folder / "backup")
    home.run()
    assert home.numbers() == once(0, 20)


def test_a_backup_that_links_files_that_were_read_is_no_fault(home):
    home.put("a.log", lines(0, 20))
    home.put("b.log", lines(30, 40) + b"half")
    home.run(settle=600)
    home.run()
    for name in ("a.log", "b.log"):
        os.link(home.landing / name, home.folder / f"backup of {name}")
    told = home.run()
    assert [one.kind for one in told.values()] == ["unchanged", "unchanged"]
    home.put("b.log", lines(30, 50))
    one = home.run()["b.log"]
    assert "hard link" in one.record.message
    (home.folder / "backup of b.log").unlink()
    one = home.run()["b.log"]
    assert (one.record.message, one.record.state) == (None, "finished")
    assert home.numbers() == once(0, 20) + once(30, 50)


WITHOUT = {
    "small": pa.compress(lines(0, 50), codec="zstd", asbytes=True),
    "large": pa.compress(lines(0, 3_000), codec="zstd", asbytes=True),
    "second frame": zstandard.ZstdCompressor(write_checksum=True).compress(lines(0, 50))
    + zstandard.ZstdCompressor(write_checksum=False).compress(lines(50, 90)),
}
WITH = {
    "small": zstandard.ZstdCompressor(write_checksum=True).compress(lines(0, 50)),
    "incompressible": zstandard.ZstdCompressor(write_checksum=True).compress(
        os.urandom(400_000) + b"\n" + lines(0, 50)
    ),
    "gz": gzip.compress(lines(0, 50)),
    "not packed": lines(0, 50),
}


@pytest.mark.parametrize("name", WITHOUT)
def test_a_stream_without_a_checksum_is_told_once(tmp_path, name):
    home = Home(tmp_path)
    home.put("a.zst", WITHOUT[name])
    one = home.run()["a.zst"]
    assert (one.record.message, one.record.state, one.is_told) == (
        NO_CHECKSUM,
        "finished",
        True,
    )
    one = home.run()["a.zst"]
    assert (one.record.message, one.is_told) == (NO_CHECKSUM, False)
    (home.landing / "a.zst").rename(home.landing / "b.zst")
    assert home.run()["b.zst"].record.message == NO_CHECKSUM


@pytest.mark.parametrize("name", WITH)
def test_a_stream_with_a_checksum_is_not_told(tmp_path, name):
    home = Home(tmp_path)
    home.put("a.log", WITH[name])
    assert home.run()["a.log"].record.message is None


def test_status_names_each_file_that_waits_and_why(tmp_path):
    home = create(tmp_path / "home").path
    drop = home / "landing" / "proxy"
    drop.mkdir(parents=True)
    (drop / "good.log").write_bytes(lines(0, 20))
    (drop / "half.log").write_bytes(lines(30, 40) + b"half")
    (drop / "empty.log").write_bytes(b"")
    (drop / "prose.txt").write_bytes(b"nobody reads this\n" * 7)
    (drop / "..log").write_bytes(b"x\n")
    (drop / "n.zst").write_bytes(WITHOUT["small"])
    old = time.time() - 2 * 86_400
    os.utime(drop / "..log", (old, old))
    (drop / "evil\x1b[2J\u202ex.rar").write_bytes(b"Rar!\x1a\x07\x01\x00" + bytes(9))
    done = schoolbell("ingest", "--home", home)
    told = schoolbell("status", "--home", home)
    for text in (done.err, told.err):
        for words in (
            "proxy/half.log: its last line has no end yet",
            "proxy/prose.txt: no known format",
            "proxy/..log: its name begins with a dot",
            "evil\\x1b[2J\\u202ex.rar: it is a RAR archive",
            NO_CHECKSUM,
        ):
            assert words in text
        assert "empty.log" not in text
        assert "\x1b[2J" not in text
        assert "\u202e" not in text
    assert "1 file has waited for more than a day" in told.err


def test_events_without_a_checksum_count_on_each_day_and_add_no_line():
    days = [date(2026, 3, 2), date(2026, 3, 3)]
    places = {"source": "proxy", "rejects": 1, "blanks": 0, "duplicates": 0}
    files = pl.DataFrame(
        [
            {"file_id": number, "has_checksum": number == 1, "pending": 0, **places}
            for number in (1, 2)
        ]
    ).with_columns(first_seen_time=datetime(2026, 3, 4, tzinfo=UTC))
    file_days = pl.DataFrame(
        [
            {"file_id": number, "source": "proxy", "event_date": day, "events": 10}
            for number in (1, 2)
            for day in days
        ]
    )
    told = source_days(files, file_days).sort("event_date")
    assert told["unchecked"].to_list() == [10, 10]
    assert told["lines"].to_list() == [20, 22]
