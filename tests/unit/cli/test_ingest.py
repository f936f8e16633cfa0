"""`ingest`, `identify`, `run`, `status`: bad files are reported, good ones are read."""

import gzip
import json
import os
import random
import subprocess
import sys
from subprocess import PIPE

import pytest
from filelock import FileLock

from pipelines.district import only_writer
from tests.faults.home import lines
from tests.journey.commands import schoolbell

PLACES = ("events", "rejects", "blanks", "duplicates", "pending")
JUNK = random.Random(3).randbytes(5_000)
PROSE = b"This is no log.\nNobody can read it.\n" * 5
CUT = gzip.compress(lines(2_000, 5_000))[:-500]


def put(home, name, data, source="proxy"):
    path = home / "landing" / source / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def ingest(home, *more):
    done = schoolbell("ingest", "--home", home, "--settle-seconds", 0, *more)
    told = [json.loads(line) for line in done.out.splitlines()]
    return done, {one["path"]: one for one in told}


def test_every_file_is_told_as_json(home):
    put(home, "good.log", lines(0, 50))
    put(home, "other.log", b"no such line\n\n" + lines(50, 80))
    done, told = ingest(home, "--json")
    assert done.code == 0
    for one in told.values():
        assert one["lines"] == sum(one[name] for name in PLACES)
    assert told["good.log"]["events"] == 50
    other = told["other.log"]
    counts = (other["events"], other["rejects"], other["blanks"])
    assert counts == (30, 1, 1)


BAD = {
    "binary_junk": ("junk.bin", JUNK, "no known format"),
    "unknown_format": ("prose.txt", PROSE, "no known format"),
    "not_what_its_name_says": ("no.log.xz", b"no xz at all\n", "no known format"),
    "cut_short": ("cut.log.gz", CUT, "damaged"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_told_and_the_others_are_read(home, name):
    path, data, words = BAD[name]
    put(home, path, data)
    put(home, "good.log", lines(0, 50))
    put(home, "more.log", lines(100, 120), source="other")
    done, told = ingest(home, "--json")
    assert done.code == 0
    assert told["good.log"]["events"] == 50
    assert told["more.log"]["events"] == 20
    assert told[path]["state"] in ("failed", "damaged")
    assert told[path]["lines"] == sum(told[path][name] for name in PLACES)

    plain = schoolbell("ingest", "--home", home, "--settle-seconds", 0)
    where, remedy = plain.err.split(f"proxy/{path}: ")[1].split("\n", 1)
    assert words in where
    assert remedy.startswith("  ")
    assert "\\n" not in plain.err


def test_nothing_could_be_read(home):
    put(home, "junk.bin", JUNK)
    for command in ("ingest", "run"):
        done = schoolbell(command, "--home", home, "--settle-seconds", 0)
        assert done.code == 1
        assert "proxy/junk.bin: no known format" in done.out + done.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(home):
    put(home, "secret.log", lines(0, 5)).chmod(0)
    put(home, "good.log", lines(0, 50))
    done, told = ingest(home, "--json")
    assert (done.code, told["good.log"]["events"]) == (0, 50)
    assert told["secret.log"]["state"] == "failed"


def test_a_folder_that_can_not_be_listed_stops_no_other(home):
    settings = home / "district.toml"
    added = '\n[sources.far]\nformat = "squid_access"\npath = "sftp://127.0.0.1:1/x"\n'
    settings.write_text(settings.read_text() + added)
    put(home, "good.log", lines(0, 50))
    done, told = ingest(home, "--json")
    assert (done.code, told["good.log"]["events"]) == (0, 50)
    far = told["sftp://127.0.0.1:1/x"]
    assert (far["source"], far["state"]) == ("far", "failed")
    assert far["message"]


def test_a_format_that_does_not_exist(home):
    settings = home / "district.toml"
    settings.write_text(settings.read_text() + '\n[sources.proxy]\nformat = "nonsense"\n')
    put(home, "good.log", lines(0, 50))
    done = schoolbell("run", "--home", home, "--settle-seconds", 0)
    assert done.code == 1
    assert "[sources.proxy] format" in done.out
    assert "squid_access" in done.out


def test_only_one_writes(home, monkeypatch):
    monkeypatch.setattr(only_writer.__wrapped__, "__defaults__", (0.1,))
    with FileLock(home / ".lock"):
        done = schoolbell("ingest", "--home", home)
        run = schoolbell("run", "--home", home, "--wait", 0.1)
    assert done.code == run.code == 75
    for one in (done, run):
        assert str(home) in one.err
        assert "schoolbell status" in one.err


def test_a_run_waits_while_dagster_shows_the_catalog(home):
    """Dagster's sensor `catalog` holds the home for longer than a watch, on a slow machine."""
    put(home, "good.log", lines(0, 50))
    program = [sys.executable, "-c", "from pipelines.cli import main; main()"]
    command = [*program, "run", "--settle-seconds", "0", "--home", str(home)]
    with FileLock(home / ".lock") as lock:
        waiting = subprocess.Popen(command, text=True, stdout=PIPE, stderr=PIPE)
        try:
            line = waiting.stderr.readline()
            assert line == "The home is in use. Waiting up to 57 seconds for it.\n"
            assert waiting.poll() is None
            lock.release()
            _, account = waiting.communicate(timeout=60)
        finally:
            waiting.kill()
    assert waiting.returncode == 0
    assert "proxy" in account


def test_a_broken_registry_row_stops_nothing(home):
    with (home / "registry" / "subnets.csv").open("a") as file:
        file.write("not-a-network,HS,wired\n")
    put(home, "good.log", lines(0, 50))
    done = schoolbell("run", "--home", home, "--settle-seconds", 0)
    assert done.code == 0
    assert "subnets.csv:3: cidr" in done.err
    assert "1 of 1 files were new" in done.out
    (page,) = [line for line in done.out.splitlines() if line.startswith("Report: ")]
    assert page.endswith("2026-W09/index.html")


def test_status_says_well_look_or_act(home):
    assert schoolbell("status", "--home", home).code == 2
    put(home, "good.log", lines(0, 50))
    ingest(home)
    shown = schoolbell("status", "--home", home, "--json")
    assert shown.code == 1
    said = json.loads(shown.out)
    assert (said["files"], said["lines"], said["days_to_build"]) == (1, 50, 1)
    schoolbell("run", "--home", home, "--settle-seconds", 0)
    assert schoolbell("status", "--home", home).code == 0
    put(home, "junk.bin", JUNK)
    ingest(home)
    shown = schoolbell("status", "--home", home, "--json")
    assert shown.code == 1
    (trouble,) = json.loads(shown.out)["trouble"]
    assert trouble["path"] == "junk.bin"


def test_the_report_is_as_the_settings_say(home):
    settings = home / "district.toml"
    said = 'title = "How our nets are used"\nsections_off = ["sites"]\n'
    text = settings.read_text().replace("[report]\n", f"[report]\n{said}")
    rule = (
        '\n[detections.SA-1]\nregulation = "713-R1"\napprover = "the board"\n'
        "approved_on = 2026-08-01\n"
    )
    settings.write_text(text + rule)
    put(home, "good.log", lines(0, 50))
    done = schoolbell("run", "--home", home, "--settle-seconds", 0)
    assert done.code == 0
    (page,) = (home / "reports").glob("*-W09/index.html")
    text = page.read_text()
    assert "How our nets are used" in text
    rules, pictures = (page.with_name(f"{name}.html").read_text() for name in ("rules", "pictures"))
    assert "713-R1 (the board, 2026-08-01)" in rules
    assert "trend-part" in pictures
    assert 'id="sites-part"' not in pictures
    assert not (page.parent / "data" / "sites.csv").exists()


def test_a_file_with_too_many_unreadable_lines_is_in_trouble(home):
    put(home, "good.log", lines(0, 50))
    put(home, "mixed.log", lines(50, 140) + b"no such line\n" * 10)
    schoolbell("run", "--home", home, "--settle-seconds", 0)
    shown = schoolbell("status", "--home", home, "--json")
    (trouble,) = json.loads(shown.out)["trouble"]
    assert (shown.code, trouble["path"]) == (1, "mixed.log")
    assert "10 of 100 lines" in trouble["message"]
    assert "reject_share" in trouble["message"]
    assert "proxy/mixed.log" in (home / "alerts.jsonl").read_text()
    settings = home / "district.toml"
    before = "[limits]\n"
    said = settings.read_text().replace(before, f"{before}reject_share = 0.1\n")
    settings.write_text(said)
    assert schoolbell("status", "--home", home).code == 0


def test_a_report_before_anything_is_built(home):
    done = schoolbell("report", "--home", home)
    assert done.code == 1
    assert "nothing has been built yet" in done.err
    assert "schoolbell run" in done.err


def test_a_week_that_is_no_day(home):
    done = schoolbell("report", "--home", home, "--week", "soon")
    assert done.code == 2
    assert "'soon'" in done.err


def test_identify_names_the_format(tmp_path):
    log, junk = tmp_path / "a.log", tmp_path / "junk"
    log.write_bytes(lines(0, 20))
    junk.write_bytes(JUNK)
    done = schoolbell("identify", log, junk)
    assert done.code == 0
    assert f"{log}: squid_access (100% of its lines)" in done.out
    assert f"{junk}: no known format" in done.out
    assert schoolbell("identify", junk).code == 1
    absent = schoolbell("identify", tmp_path / "absent")
    assert absent.code == 1
    assert "no such file" in absent.err


def test_a_name_that_would_steer_the_terminal(home):
    put(home, "\x1b[2J\u202egol.log", JUNK)
    done = schoolbell("ingest", "--home", home, "--settle-seconds", 0)
    assert "\x1b" not in done.err
    assert "\u202e" not in done.err
    assert "\\x1b[2J" in done.err
