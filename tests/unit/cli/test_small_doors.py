"""Odd input of an operator or a neighbor: one clear sentence, and nothing lost."""

import io
import os
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.findings.sigma import read_rules
from pipelines.fleet import work
from pipelines.registry.imports.export_tables import MAX_TIMES
from pipelines.settings import scratch as scratch_folders
from pipelines.settings.scratch import clear_left_behind, scratch
from tests.journey.commands import schoolbell
from tests.journey.small import findings_of

PASSWORD = "hunter2"


def changed(home, text):
    path = home / "district.toml"
    kept = path.read_text(encoding="utf-8")
    for table in ("desk.openid", "desk.proxy", "alerts", "retention"):
        kept = kept.replace(f"\n[{table}]\n", f"\n# [{table}] is below\n")
    path.write_text(kept + text, encoding="utf-8")


WRONG = {
    "recipients": ('[alerts]\nrecipients = ["not a mail"]\n', "is not a mail address"),
    "etc": ('[sources.proxy]\npath = "/etc"\n', "sources cannot deliver there"),
    "keys": ('[sources.proxy]\npath = "keys"\n', "sources cannot deliver there"),
    "openid": (
        '[desk.openid]\nissuer = "https://id.example"\n',
        "desk.openid.client_secret is missing",
    ),
    "domains": (
        (
            '[desk.openid]\nissuer = "https://id.example"\nclient_id = "x"\n'
            'client_secret = { env = "X" }\n'
        ),
        "desk.openid.domains is missing",
    ),
    "proxy": (
        '[desk.proxy]\naddresses = ["127.0.0.1"]\n',
        "desk.proxy.secret is missing",
    ),
    "names": (
        '[desk.proxy]\naddresses = ["nginx"]\nsecret = { env = "X" }\n',
        "is not an address",
    ),
    "days": ("[retention]\nevent_days = 99999999999999999999\n", "event_days"),
}


@pytest.mark.parametrize("name", WRONG)
def test_settings_that_cannot_work_are_told(home, name):
    text, told = WRONG[name]
    changed(home, text)
    done = schoolbell("check", "--home", home)
    assert done.code == 2
    assert told in done.out + done.err


def test_an_unclosed_quote_of_a_header_is_an_error(home):
    (home / "registry" / "devices.csv").write_text(
        'asset_tag,"mac,device_class\nA-1,02:00:00:00:00:17,laptop\n'
    )
    done = schoolbell("check", "--home", home)
    assert done.code == 2
    assert "quote" in done.out


TARGETS = {
    "": "names no folder",
    "s3://": "names no folder",
    f"s3://user:{PASSWORD}@bucket/x": "password",
    f"ftp://user:{PASSWORD}@host.example/x": "password",
    "memory://x": "not a place that keeps files",
    "reference://x": "not a place that keeps files",
    "HOME/landing/proxy": "inside the home",
    "HOME": "inside the home",
    "file://HOME/lake": "inside the home",
}


@pytest.mark.parametrize("target", TARGETS)
def test_an_export_to_an_odd_place_is_refused(district, tmp_path, target):
    home = district.copy(tmp_path)
    before = sorted(home.rglob("*"))
    to = target.replace("HOME", str(home))
    done = schoolbell("export", "--home", home, "--to", to)
    assert done.code == 2
    assert TARGETS[target] in done.err
    assert PASSWORD not in done.err + done.out
    assert sorted(home.rglob("*.parquet")) == [one for one in before if one.suffix == ".parquet"]


def test_findings_are_written_into_no_home(district, tmp_path):
    """A file of the registry could be made so, by a person who may only look."""
    home = district.copy(tmp_path)
    to = home / "registry" / "expected_traffic_2.csv"
    done = schoolbell("findings", "export", "--home", home, "--to", to)
    assert done.code == 2
    assert "inside a district home" in done.err
    assert not to.exists()


def test_an_export_to_a_folder_is_written(district, tmp_path):
    home = district.copy(tmp_path)
    assert schoolbell("export", "--home", home, "--to", tmp_path / "out").code == 0


def test_a_verdict_never_takes_anothers_place_in_silence(district, tmp_path):
    home = district.copy(tmp_path)
    one = next(row for row in findings_of(home) if row["status"] == "open")
    words = ("findings", "verdict", one["finding_id"])
    why = ("--reason", "looked at the leave file", "--home", home)
    assert schoolbell(*words, "benign", *why).code == 0
    done = schoolbell(*words, "violation", *why)
    assert done.code == 2
    assert "decided it at" in done.err
    assert "benign" in done.err
    assert "--again" in done.err
    assert schoolbell(*words, "violation", "--again", *why).code == 0


def test_two_verdicts_at_the_same_time_are_one(district, tmp_path):
    home = district.copy(tmp_path)
    one = next(row for row in findings_of(home) if row["status"] == "open")
    command = "import sys; from pipelines.cli import main; main()"
    started = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                command,
                "findings",
                "verdict",
                one["finding_id"],
                code,
                "--reason",
                "looked at the leave file",
                "--home",
                home,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for code in ("benign", "violation", "authorized")
    ]
    told = [child.communicate()[1] for child in started]
    codes = sorted(child.returncode for child in started)
    assert codes == [0, 2, 2], told


SIGMA = """
title: Many
logsource: {category: proxy}
detection:
  one: {c-uri: x}
  condition: %s
"""


def test_one_odd_rule_of_sigma_costs_no_other(tmp_path):
    (tmp_path / "a.yml").write_text(SIGMA % ("not " * 5_000 + "one"))
    (tmp_path / "b.yml").write_text(SIGMA % "one")
    os.mkfifo(tmp_path / "c.yml")
    (tmp_path / "d.yml").symlink_to("/dev/zero")
    began = time.monotonic()
    asked, refused = read_rules(tmp_path)
    assert time.monotonic() - began < 10
    assert [one.path for one in asked] == ["b.yml"]
    assert {one.path for one in refused} == {"a.yml", "c.yml", "d.yml"}


@pytest.mark.parametrize(
    "said",
    ['{"sources": ["x"]}', '{"sources": [], "versions": []}', "[]", "null", "{",
     '{"sources": {"a": 1}, "versions": {}}'],
)  # fmt: skip
def test_an_odd_answer_of_a_home_is_that_homes_fault(tmp_path, said):
    from pipelines.fleet.settings import Member

    member = Member("north", tmp_path, "")
    row = work._row(work.Outcome(member, 0, 0.0, "", said, ""))
    assert row.state == work.WORDS[work.NOT_STARTED]
    assert "did not answer" in row.note


def test_what_a_child_writes_is_not_kept_whole():
    program = "import sys\nfor _ in range(200): sys.stdout.write('x' * 1_000_000)\n"
    with subprocess.Popen(
        [sys.executable, "-c", program + "print('end')"],
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        tail = work._Tail(child.stdout)
        child.wait()
        assert len(tail.text()) <= work.MAX_LETTERS
        assert tail.text().endswith("end\n")


def zipped(path, text, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as bundle:
        bundle.writestr("devices.csv", text)
    return path


HEAD = "Asset Tag,Serial Number,MAC Address,Assigned To\n"


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_zip_of_another_method_is_told(home, tmp_path, method):
    path = zipped(tmp_path / "x.zip", HEAD, method)
    done = schoolbell("setup", "--home", home, "--from", path)
    assert "packed by a method that no export uses" in done.out + done.err


def test_a_zip_that_grows_too_much_is_not_read(home, tmp_path):
    text = io.StringIO()
    text.write(HEAD)
    text.write("A-1,,,\n" * 4_000_000)
    path = zipped(tmp_path / "x.zip", text.getvalue())
    began = time.monotonic()
    done = schoolbell("setup", "--home", home, "--from", path)
    assert "times its size" in done.out + done.err
    assert time.monotonic() - began < 10
    assert path.stat().st_size * MAX_TIMES < len(text.getvalue())


def test_folders_of_killed_processes_are_cleared(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch_folders.tempfile, "gettempdir", lambda: str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    gone = tmp_path / f"schoolbell-replay-{ended.pid}-abc"
    alive = tmp_path / f"{scratch('replay')}abc"
    other = tmp_path / "schoolbell-fleet"
    linked = tmp_path / f"schoolbell-replay-{ended.pid}-link"
    for path in (gone, alive, other):
        path.mkdir()
        (path / "state.db").write_text("x")
    linked.symlink_to(other)
    now = datetime.now(UTC)
    assert clear_left_behind(now) == 0
    assert clear_left_behind(now + timedelta(days=2)) == 1
    assert not gone.exists()
    assert (alive / "state.db").exists()
    assert (other / "state.db").exists()
    assert Path(linked).is_symlink()
