"""`identify`, `ingest --dry-run`, `replay-rejects`: reported, with nothing lost."""

import json
import zipfile

import polars as pl
from filelock import FileLock

from pipelines.district import only_writer
from pipelines.events import EVENT_CLASSES
from pipelines.ingest.identification import SAMPLE_BYTES
from pipelines.warehouse.detections import disabled
from pipelines.warehouse.models import rules
from tests.benchmarks.inputs_exports import write_evtx, write_okta
from tests.faults.home import lines
from tests.journey.commands import schoolbell


def put(home, name, data):
    path = home / "landing" / "proxy" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


def test_every_detection_needs_some_field():
    nothing = {name: pl.DataFrame() for name in EVENT_CLASSES}
    named = {name for found in disabled(nothing).values() for name in found}
    assert named == set(rules())


def test_identify_tells_columns_rejects_and_gaps(tmp_path, home):
    log, short = tmp_path / "a.log", tmp_path / "b.log"
    log.write_bytes(lines(0, 20) + b"1767340800.123 broken\x1b[2J\n")
    short.write_bytes(b"1767340800.123 45 192.0.2.7 TCP_MISS/200 51 GET error:x - - -\n" * 3)
    done = schoolbell("identify", log, short)
    assert done.code == 0
    assert "20 http_requests: file_id, line_no, byte_offset, time" in done.out
    assert "1 rejected: not the columns of this log" in done.out
    assert "\x1b" not in done.out
    assert "no http_requests.url_hostname: this log cannot feed" in done.out
    told = json.loads(schoolbell("identify", log, "--json").out)
    assert told["format"] == "squid_access"
    assert told["events"]["http_requests"]["count"] == 20
    assert told["rejects"] == {"not the columns of this log": 1}
    (story,) = told["stories"]
    assert f"  {story}" in done.out
    assert story.startswith("Squid, Web filters and proxies: shows ")
    shown = schoolbell("check", "--home", home).out
    assert "Squid" not in shown
    put(home, "a.log", lines(0, 20))
    assert schoolbell("ingest", "--home", home, "--settle-seconds", 0).code == 0
    assert f"{story}." in schoolbell("check", "--home", home).out
    assert f"{story}." in schoolbell("setup", "--home", home).out


def test_the_end_of_the_sample_is_no_damage(tmp_path):
    export, log = tmp_path / "a.json", tmp_path / "a.evtx"
    write_okta(export, 500)
    write_evtx(log, 500)
    assert min(one.stat().st_size for one in (export, log)) > SAMPLE_BYTES
    done = schoolbell("identify", export, log, "--json")
    for told in map(json.loads, done.out.splitlines()):
        assert (told["rejects"], told["events"]["logons"]["count"]) == ({}, 400)


def test_a_dry_run_tells_and_writes_nothing(home):
    put(home, "good.log", lines(0, 50))
    asked = ("ingest", "--home", home, "--settle-seconds", 0)
    for _ in range(2):
        done = schoolbell(*asked, "--dry-run", "--json")
        assert done.code == 0
        assert json.loads(done.out)["kind"] == "new"
    assert not list((home / "lake").rglob("*.parquet"))
    schoolbell(*asked)
    done = schoolbell(*asked, "--dry-run")
    assert done.out == "proxy/good.log: unchanged\n"


def test_what_is_refused_is_told_by_every_run_and_by_a_dry_one(home):
    put(home, "good.log", lines(0, 50))
    (home / "landing" / "proxy" / "link.log").symlink_to(home / "district.toml")
    words = "proxy/link.log: a symbolic link is not followed"
    asked = ("ingest", "--home", home, "--settle-seconds", 0)
    for more in (("--dry-run",), (), ()):
        done = schoolbell(*asked, *more)
        assert done.code == 0
        assert words in done.err
    told = [json.loads(one) for one in schoolbell(*asked, "--json").out.splitlines()]
    (refused,) = (one for one in told if one["path"] == "link.log")
    assert (refused["kind"], refused["lines"], refused["pending"]) == ("refused", 0, 0)
    assert "symbolic link" in refused["message"]


def test_rejects_are_read_again(home):
    put(home, "good.log", b"1767340800.123 broken\n" + lines(0, 50))
    schoolbell("ingest", "--home", home, "--settle-seconds", 0)
    done = schoolbell("replay-rejects", "--home", home, "--json")
    assert done.code == 0
    told = json.loads(done.out)
    assert (told["format"], told["lines"]) == ("squid_access", 1)
    assert (told["events"], told["rejects"]) == (0, 1)
    other = schoolbell("replay-rejects", "--home", home, "--format", "okta")
    assert (other.code, other.out) == (0, "")


def test_rejects_of_no_format(home):
    done = schoolbell("replay-rejects", "--home", home, "--format", "nonsense")
    assert done.code != 0
    assert "squid_access" in done.err


def test_a_replay_waits_for_other_runs(home, monkeypatch):
    monkeypatch.setattr(only_writer.__wrapped__, "__defaults__", (0.1,))
    with FileLock(home / ".lock"):
        done = schoolbell("replay-rejects", "--home", home)
    assert done.code == 75


def test_identify_looks_at_the_members_of_an_archive(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(12):
            archive.writestr(f"{number}.log", lines(number * 20, number * 20 + 20))
    done = schoolbell("identify", path)
    assert (done.code, done.err) == (0, "")
    assert f"{path}!0.log: squid_access (100% of its lines)" in done.out
    assert "2 more members were not read" in done.out
    done = schoolbell("identify", path, "--json")
    told = [json.loads(one)["path"] for one in done.out.splitlines()]
    assert told == [f"{path}!{number}.log" for number in range(10)]
    path.with_suffix(".tar").write_bytes(b"7z\xbc\xaf\x27\x1c")
    done = schoolbell("identify", path.with_suffix(".tar"))
    assert done.code == 1
    assert "7-Zip archive" in done.err
