"""Whatever way files are delivered, each line is in the lake once."""

import bz2
import gzip
import io
import json
import lzma
import os
import stat
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import partial
from types import SimpleNamespace

import pytest
import zstandard

from pipelines.formats import formats
from pipelines.ingest import reader, staged_rows
from pipelines.ingest.blocks import blocks
from pipelines.lake.files import MAX_DELETED, LakeError, sweep, unlisted_files
from pipelines.operations.record_deletion import delete_set_aside
from pipelines.state import ledger
from pipelines.state.ledger import Change
from tests.conftest import LONG
from tests.faults.home import Home, line, lines, once


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def zst(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


PACKERS = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress, "zst": zst}


@pytest.mark.parametrize("pack", PACKERS)
def test_compressed_files_are_read_whatever_they_are_called(home, pack):
    home.put("a.log", PACKERS[pack](lines(0, 50)))
    home.put(f"b.{pack}", PACKERS[pack](lines(50, 60)) + PACKERS[pack](lines(60, 90)))
    home.run()
    assert home.numbers() == once(0, 90)


def test_members_of_an_archive_are_deliveries(home):
    home.put("x.zip", zipped(a=lines(0, 30), b=gzip.compress(lines(30, 60))))
    assert set(home.run()) == {"x.zip!a", "x.zip!b"}
    assert home.numbers() == once(0, 60)
    home.run()
    assert home.numbers() == once(0, 60)


@pytest.mark.parametrize("settle", [0, 3_600])
def test_an_archive_still_being_copied_is_damaged_until_it_is_whole(home, settle):
    whole = zipped(a=lines(0, 30), b=lines(30, 60))
    home.put("x.zip", whole[:-9])
    home.put("inner.zip", zipped(**{"in.zip": whole}))
    told = home.run(settle=settle)
    assert "cut" in told["x.zip"].record.message
    assert "inside an archive" in told["inner.zip!in.zip"].record.message
    assert home.total("lines") == 0
    home.put("x.zip", whole)
    home.run(settle=settle)
    assert home.numbers() == once(0, 60)
    assert home.rejects() == []
    states = {one.path: one.state for one in ledger.source_files(home.store)}
    assert states["x.zip"] == "finished"


def test_the_same_content_is_taken_once_under_any_name(home):
    home.put("access.log", lines(0, 100))
    home.put("twin.log", lines(0, 100))
    home.run()
    home.gz("access.log-20260225.gz", lines(0, 100))
    home.put("again.zip", zipped(m=lines(0, 100)))
    home.run()
    assert home.numbers() == once(0, 100)
    assert home.total("duplicates") == 300


def test_two_copies_in_one_drop_are_a_file_and_its_copy(home):
    home.put("a.log", lines(0, 40))
    home.put("b.log", lines(0, 40))
    first = home.run()
    assert sorted(one.record.duplicates for one in first.values()) == [0, 40]
    assert len(ledger.source_files(home.store)) == 2
    home.run()
    assert sorted(one.duplicates for one in ledger.source_files(home.store)) == [0, 40]


def test_a_file_grows_by_parts_of_lines(home):
    whole = lines(0, 40)
    path = home.put("access.log", b"")
    for cut in (0, 1, 77, 500, 501, 2_000, len(whole)):
        path.write_bytes(whole[:cut])
        home.run(settle=3_600)
    assert home.numbers() == once(0, 40)
    assert home.rejects() == []
    home.run()
    assert [one.state for one in ledger.source_files(home.store)] == ["finished"]


def test_a_line_taken_without_its_end_is_read_again_when_it_ends(home):
    whole = lines(0, 10)
    step = 1 if LONG else 7
    for cut in (*range(len(whole) - 130, len(whole), step), len(whole)):
        home.put("access.log", whole[:cut])
        home.run()
    assert home.numbers() == once(0, 10)
    assert home.rejects() == []
    assert home.total("lines") == 10


def test_a_truncated_copy_brings_nothing(home):
    home.put("access.log", lines(0, 100))
    home.run()
    home.put("part.log", lines(0, 37))
    home.gz("part.gz", lines(0, 64) + line(64)[:50])
    home.run(settle=3_600)
    assert home.numbers() == once(0, 100)
    assert home.rejects() == []


@pytest.mark.parametrize("style", ["rename", "copytruncate", "gz", "dated"])
def test_rotation(home, style):
    log = home.put("access.log", lines(0, 20))
    home.run(settle=3_600)
    log.write_bytes(lines(0, 30))  # ten more, not yet read
    if style == "rename":
        log.rename(home.landing / "access.log.1")
        home.put("access.log", lines(30, 40))
    elif style == "copytruncate":
        home.put("access.log.1", log.read_bytes())
        log.write_bytes(lines(30, 40))
    elif style == "gz":
        home.gz("access.log.1.gz", log.read_bytes())
        log.write_bytes(lines(30, 40))
    else:
        log.rename(home.landing / "access.log-20260225")
        home.put("access.log", lines(30, 40))
    home.run(settle=3_600)
    home.run()
    assert home.numbers() == once(0, 40)
    assert home.total("duplicates") == 0


def test_numbered_rotation_over_many_turns(home):
    for turn in range(8):
        for number in range(turn, 0, -1):
            old = home.landing / (f"a.log.{number}" if number > 1 else "a.log.1")
            if old.exists():
                old.rename(home.landing / f"a.log.{number + 1}")
        log = home.landing / "a.log"
        if log.exists():
            log.rename(home.landing / "a.log.1")
        home.put("a.log", lines(turn * 10, turn * 10 + 10))
        home.run(settle=3_600)
    assert home.numbers() == once(0, 80)
    assert home.total("duplicates") == 0


def test_overlapping_exports_are_taken_once(home):
    home.put("monday.log", lines(0, 100))
    home.run()
    home.put("tuesday.log", lines(60, 160))
    home.run()
    home.put("week.log", lines(0, 200))
    home.put("slice.log", lines(120, 180))
    home.run()
    assert home.numbers() == once(0, 200)


def test_overlapping_exports_in_one_drop_are_taken_once(home):
    home.put("b.log", lines(60, 160))
    home.put("a.log", lines(0, 100))
    home.put("c.log", lines(90, 130))
    home.run()
    assert home.numbers() == once(0, 160)


def test_rotated_files_that_share_a_second_lose_nothing(home):
    same = line(7, at=10)
    home.put("a.log", lines(0, 10) + same)
    home.put("b.log", same + lines(11, 20))
    home.run()
    assert home.numbers() == once(0, 10) + once(11, 20) + Counter({7: 2})


def test_a_commit_in_the_middle_of_a_second_loses_and_doubles_nothing(home, monkeypatch):
    """The border of a commit, and of two files, lies among lines of one second."""
    monkeypatch.setattr(staged_rows, "ROWS_PER_COMMIT", 1)
    monkeypatch.setattr(reader, "blocks", partial(blocks, size=1))  # 64 KiB at least
    before, border = lines(0, 10), lines(10, 1_000, at=10) + line(10, at=10) * 900
    home.put("a.log", before + border)
    home.run()
    assert len({one.path for one in ledger.lake_files(home.store)}) > 2
    home.put("b.log", lines(2_000, 2_020, at=10) + lines(2_020, 2_030))
    home.gz("a.log.1.gz", before + border)
    home.run()
    expected = once(0, 1_000) + Counter({10: 900}) + once(2_000, 2_030)
    assert home.numbers() == expected


def test_a_finished_file_that_grew_is_read_on_after_a_kill(home, monkeypatch):
    home.put("a.log", lines(0, 10))
    home.run()
    home.put("a.log", lines(0, 3_000))

    class KilledError(BaseException):
        pass

    real, commits = ledger.commit, []

    def commit(*args):
        if commits:
            raise KilledError
        commits.append(args)
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(staged_rows, "ROWS_PER_COMMIT", 1)
        patch.setattr(reader, "blocks", partial(blocks, size=1))
        patch.setattr(ledger, "commit", commit)
        with pytest.raises(KilledError):
            home.run()
    assert 10 < home.total("lines") < 3_000
    home.run()
    assert home.numbers() == once(0, 3_000)


def test_of_a_file_that_fails_midway_each_line_is_pending_once(home, monkeypatch):
    """Also the last one, which has no end yet."""
    whole = lines(0, 1_000) + b"177"
    home.put("a.log", whole)
    parse = formats()["squid_access"].parse

    def fails(_format, batch, context=None):
        if batch["line_no"][-1] > 900:
            raise RuntimeError("broken on purpose")
        return parse(batch, context)

    with monkeypatch.context() as patch:
        patch.setattr(reader, "blocks", partial(blocks, size=1))
        patch.setattr("pipelines.formats.Format.parse", fails)
        (failed,) = home.run(settle=3_600).values()
    record = failed.record
    assert (record.state, record.lines) == ("failed", 1_001)
    assert record.pending_lines == 1_001 - record.events > 100
    home.run(settle=3_600)
    assert home.numbers() == once(0, 1_000)
    assert (home.total("lines"), home.total("pending_lines")) == (1_001, 1)


def test_identical_lines_of_one_file_are_all_kept(home):
    home.put("a.log", line(1) * 5 + lines(2, 10))
    home.run()
    home.put("b.log", line(1) * 5 + lines(2, 14))
    home.run()
    assert home.numbers() == Counter({1: 5}) + once(2, 14)


def test_files_written_side_by_side_are_both_kept(home):
    for part in range(3):
        home.put(
            f"p{part}.log",
            lines(part * 1_000, part * 1_000 + 100).replace(
                str(part * 1_000 + 1_772_000_000)[:7].encode(), b"1772000"
            ),
        )
    home.put("q.log", b"".join(line(5_000 + n, at=n) for n in range(100)))
    home.put("r.log", b"".join(line(6_000 + n, at=n) for n in range(100)))
    home.run()
    assert sum(home.numbers().values()) == 500


def test_old_archives_come_late_and_out_of_order(home):
    home.put("new.log", lines(5_000, 5_050))
    home.run()
    home.gz("old.gz", lines(-400_000_000, -399_999_950))
    home.gz("older.gz", lines(-900_000_000, -899_999_950))
    home.run()
    assert sum(home.numbers().values()) == 150


@pytest.mark.parametrize("pack", PACKERS)
def test_a_stream_cut_anywhere_is_whole_once_the_whole_file_comes(tmp_path, pack):
    whole = PACKERS[pack](lines(0, 300))
    cuts = sorted({1, 2, 5, 17, len(whole) // 2, len(whole) - 9, len(whole) - 1})
    for cut in cuts:
        home = Home(tmp_path / str(cut))
        home.put(f"a.log.{pack}", whole[:cut])
        one = home.run()[f"a.log.{pack}"].record
        assert one.state != "finished"
        home.put(f"a.log.{pack}", whole)
        home.run()
        assert home.numbers() == once(0, 300)
        assert home.rejects() == []


def test_nothing_of_a_corrupt_stream_counts_until_the_right_one_comes(home):
    whole = gzip.compress(lines(0, 3_000))
    for place in range(60, len(whole) - 8, len(whole) // 7):
        broken = bytearray(whole)
        broken[place] ^= 0x5A
        home.put("a.gz", bytes(broken))
        record = home.run()["a.gz"].record
        assert (record.state, record.events) == ("damaged", 0)
        assert not home.numbers()
    home.put("a.gz", whole)
    home.run()
    assert home.numbers() == once(0, 3_000)


def test_garbage_behind_a_whole_member_is_told_and_the_member_kept(home):
    home.put("a.gz", gzip.compress(lines(0, 50)) + b"garbage")
    record = home.run()["a.gz"].record
    assert record.state == "damaged"
    assert home.numbers() == once(0, 50)


def test_a_file_of_no_known_format_waits_until_it_is_named(tmp_path):
    home = Home(tmp_path, fmt=None)
    home.put("x.log", b"what is this\n" * 7)
    record = home.run()["x.log"].record
    assert (record.state, record.pending_lines) == ("failed", 7)
    home.run()
    (home.landing / "x.log").rename(home.landing / "y.log")
    home.run()
    home.format = "squid_access"
    record = home.run()["y.log"].record
    assert (record.state, record.rejects) == ("finished", 7)
    assert home.total("pending_lines") == 0


def test_a_file_that_can_not_be_read_is_read_when_it_can(home, monkeypatch):
    path = home.put("a.log", lines(0, 10))
    real = os.open

    def refuse(name, *rest, **more):
        if name == path:
            raise PermissionError(13, "Permission denied", str(name))
        return real(name, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    assert home.run()["a.log"].record.state == "failed"
    monkeypatch.undo()
    home.run()
    assert home.numbers() == once(0, 10)


def test_what_is_no_plain_file_is_refused(home):
    home.put("a.log", lines(0, 10))
    outside = home.folder / "secret"
    outside.write_bytes(lines(90, 99))
    (home.landing / "link.log").symlink_to(outside)
    (home.landing / "folder").symlink_to(home.folder)
    os.mkfifo(home.landing / "pipe.log")
    home.put("half.log.part", lines(50, 60))
    home.put(".hidden", lines(50, 60))
    home.run()
    assert home.numbers() == once(0, 10)
    assert {one.path for one in home.source.listing().refused} == {
        "link.log",
        "folder",
        "pipe.log",
    }


def test_a_device_is_refused(home):
    try:
        os.mknod(home.landing / "tape.log", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root makes a device")
    home.put("a.log", lines(0, 10))
    home.run()
    assert home.numbers() == once(0, 10)
    assert [one.path for one in home.source.listing().refused] == ["tape.log"]


def test_a_member_with_a_path_out_of_the_folder_is_read_and_never_extracted(home):
    out = zipped(**{"../../out.log": lines(0, 10), "/tmp/abs.log": lines(10, 20)})
    home.put("x.zip", out)
    before = {*home.folder.rglob("*"), *home.folder.parent.iterdir()}
    home.run()
    assert home.numbers() == once(0, 20)
    made = {*home.folder.rglob("*"), *home.folder.parent.iterdir()} - before
    assert not [one for one in made if one.suffix == ".log"]


def test_nul_bytes_cost_no_line(home):
    """A disk that was full leaves them between lines, in front of one, in one."""
    parts = [lines(0, 5), bytes(4_096) + b"\n", bytes(64), lines(5, 9)]
    torn = line(9).replace(b"GET", b"G\x00T")
    record = [*parts, torn, bytes(100) + b"\n", lines(10, 12)]
    home.put("a.log", b"".join(record))
    home.run()
    assert home.numbers() == once(0, 5) + once(6, 12)
    assert (home.total("rejects"), home.total("blanks")) == (1, 2)


def test_names_of_any_bytes_are_taken_and_kept_as_what_can_be_shown(home):
    home.put(os.fsdecode(b"caf\xe9\n\x1b[2J.log"), lines(0, 10))
    home.put("é \u202egol.log", lines(10, 20))
    home.put("x.zip", zipped(**{"\x1b]0;a\x07\u2028.log": lines(20, 30)}))
    home.run()
    home.run()
    assert home.numbers() == once(0, 30)
    assert sorted(one.path for one in home.records()) == [
        r"caf\xe9\n\x1b[2J.log",
        r"x.zip!\x1b]0;a\x07\u2028.log",
        r"é \u202egol.log",
    ]


def test_a_name_kept_raw_before_is_the_same_file(home):
    home.put("a\x1b.log", lines(0, 10))
    home.run()
    [row] = home.records()
    change = Change(files=[replace(row, path="a\x1b.log")])
    ledger.commit(home.store, change)
    assert home.run()[r"a\x1b.log"].kind == "moved"
    home.put("a\x1b.log", lines(0, 15))
    home.run()
    assert home.numbers() == once(0, 15)
    assert [one.path for one in home.records()] == [r"a\x1b.log"]


def test_empty_and_tiny_files_are_booked_once(home):
    for name, data in {"empty": b"", "one": b"x", "newline": b"\n"}.items():
        home.put(name, data)
    home.run()
    home.run()
    records = ledger.source_files(home.store)
    assert {one.path: one.lines for one in records} == {
        "empty": 0,
        "newline": 1,
        "one": 1,
    }


def test_a_file_taken_away_before_its_last_line_ended_says_so(home):
    path = home.put("a.log", lines(0, 10) + b"17720")
    home.run(settle=3_600)
    path.unlink()
    home.run()
    (record,) = ledger.source_files(home.store)
    assert (record.state, record.pending_lines) == ("gone", 1)
    home.put("b.log", lines(0, 12))
    home.run()
    assert home.numbers() == once(0, 12)
    assert home.total("pending_lines") == 0


def test_two_files_that_grow_as_copies_of_each_other(home):
    for last in (10, 20, 35):
        home.put("a.log", lines(0, last))
        home.run(settle=3_600)
        home.put("b.log", lines(0, last + 3))
        home.run(settle=3_600)
    assert home.numbers() == once(0, 38)


def left_behind(home, count: int, run: str) -> list[str]:
    """Return files as a run leaves them that was killed before its commit."""
    folder = next(home.lake.glob("*/event_date=*/*")).parent
    paths = [folder / f"{run}-{number:05d}.parquet" for number in range(count)]
    for path in paths:
        path.write_bytes(b"x")
    return [path.relative_to(home.lake).as_posix() for path in paths]


def test_a_sweep_deletes_what_an_interrupted_run_left(home):
    home.put("a.log", lines(0, 10))
    home.run()
    ledger.begin_run(home.store, "c0ffee")
    left_behind(home, 3, "c0ffee")
    assert sweep(home.store, home.lake) == []
    assert home.numbers() == once(0, 10)
    assert not unlisted_files(home.lake)


def test_a_sweep_moves_aside_what_no_run_of_this_ledger_wrote(home):
    home.put("a.log", lines(0, 10))
    home.run()
    paths = left_behind(home, 3, "c0ffee")
    assert sweep(home.store, home.lake) == paths
    assert sweep(home.store, home.lake) == []
    left_behind(home, 1, "c0ffee")
    sweep(home.store, home.lake)
    aside = home.lake / ".unlisted"
    held = {one.relative_to(aside).as_posix() for one in unlisted_files(home.lake)}
    assert held == {*paths, paths[0].replace(".parquet", ".2.parquet")}
    assert home.numbers() == once(0, 10)


def test_a_sweep_never_deletes_many_files(home):
    home.put("a.log", lines(0, 10))
    home.run()
    ledger.begin_run(home.store, "c0ffee")
    left_behind(home, MAX_DELETED + 1, "c0ffee")
    swept = sweep(home.store, home.lake)
    assert len(swept) == MAX_DELETED + 1
    assert len(unlisted_files(home.lake)) == MAX_DELETED + 1


def test_a_purge_takes_what_was_set_aside_by_its_day(home):
    days = ("2026-02-01", "2026-02-02", "2026-03-01")
    for day in days:
        path = home.lake / f"http_requests/event_date={day}/c0ffee-00001.parquet"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    assert len(sweep(home.store, home.lake)) == 3
    before = {"event": date(2026, 2, 15)}
    held = {"event": [SimpleNamespace(last_day=date(2026, 2, 2))]}
    delete_set_aside(home.lake, SimpleNamespace(before={}, held=held))
    assert len(unlisted_files(home.lake)) == 3
    delete_set_aside(home.lake, SimpleNamespace(before=before, held=held))
    kept = [path.parent.name for path in unlisted_files(home.lake)]
    assert kept == ["event_date=2026-02-02", "event_date=2026-03-01"]


def test_nothing_is_begun_on_a_full_disk(home):
    home.put("a.log", lines(0, 10))
    with pytest.raises(LakeError, match="are needed"):
        home.run(least_free_bytes=1 << 60)
    assert ledger.source_files(home.store) == []


def test_a_dry_run_says_what_would_be_read_and_writes_nothing(home):
    from pipelines.ingest.ingestion import preview_source
    from pipelines.ingest.source import IngestOptions

    home.put("a.log", lines(0, 10))
    options = IngestOptions(store=home.store, lake=home.lake, zone="UTC")
    found = preview_source(options, home.source)
    assert [(one.record.path, one.kind) for one in found] == [("a.log", "new")]
    assert ledger.source_files(home.store) == []
    assert [one.name for one in home.lake.iterdir()] == ["home.mark"]


@pytest.mark.parametrize("settle", [0, 3_600])
def test_a_small_file_cut_at_any_byte_ends_as_the_whole_file(tmp_path, settle):
    whole = b"\n" + lines(0, 2) + b"no\r\n" + lines(2, 3)
    for cut in range(0, len(whole) + 1, 1 if LONG else 23):
        home = Home(tmp_path / str(cut))
        home.put("a.log", whole[:cut])
        home.run(settle=settle)
        home.put("a.log", whole)
        home.run(settle=settle)
        home.run()
        assert home.numbers() == once(0, 3)
        assert home.rejects() == ["no"]
        assert home.total("blanks") == 1
        home.store.close()


def test_an_event_with_an_id_is_taken_once_from_any_export(tmp_path):
    home = Home(tmp_path, fmt="okta")
    if "okta" not in formats():
        pytest.skip("needs a format with ids")

    def event(number: int) -> bytes:
        return (
            json.dumps(
                {
                    "uuid": f"u-{number}",
                    "published": f"2026-03-02T14:{number:02d}:00.000Z",
                    "eventType": "user.session.start",
                    "actor": {"alternateId": "ada@example.org"},
                    "client": {"ipAddress": "192.0.2.7"},
                    "outcome": {"result": "SUCCESS"},
                }
            ).encode()
            + b"\n"
        )

    home.put("a.json", b"".join(map(event, range(10))))
    home.run()
    home.put("b.json", b"".join(map(event, [9, 9, 10, 3, 11, 10])))
    home.run()
    assert home.total("events") == 12
    assert home.total("duplicates") == 4
