"""Who opened a snapshot is in the audit log, anyone who may write there."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pipelines.notebook.connection import connect
from pipelines.settings.home import DistrictHome
from tests.journey.commands import schoolbell


def openings(home):
    out = schoolbell("audit", "show", "--last", "500", "--json", "--home", home).out
    rows = [json.loads(line) for line in out.splitlines()]
    return [row for row in rows if row["action"] == "open snapshot"]


def test_each_opening_is_noted_once(district, tmp_path, capsys):
    home = district.copy(tmp_path)
    before = len(openings(home))
    opened = connect(home)
    opened.close()
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert schoolbell("query", "--sql", "select 1 as one", "--home", home).code == 0
    found = openings(home)[before:]
    assert [row["subject"] for row in found] == [opened.snapshot] * 2
    assert found[0]["actor"].endswith(f"({os.getuid()})")
    assert len(openings(home)) == before + 2
    assert not list((home / "openings").iterdir())
    assert schoolbell("audit", "verify", "--home", home).code == 0


def test_snapshots_without_their_home_are_opened_as_they_are(district, tmp_path, capsys):
    alone = tmp_path / "alone"
    shutil.copytree(district.home / "snapshots", alone / "snapshots")
    connect(alone).close()
    assert not (alone / "openings").exists()
    assert "could not be noted" not in capsys.readouterr().out


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root's rights")
def test_an_analyst_leaves_a_note_that_nobody_else_can_write_or_remove(district):
    folder = Path(tempfile.mkdtemp(prefix="schoolbell-openings-"))
    try:
        folder.chmod(0o755)
        home = district.copy(folder)
        before = len(openings(home))
        place = DistrictHome(home).openings
        place.mkdir(exist_ok=True)
        shutil.chown(place, group="games")
        place.chmod(0o3770)
        home.chmod(0o755)
        note = place / "forged.json"
        # a note of another's shows what it likes: its owner counts
        said = {"time": "now", "snapshot": "x", "uid": 0}
        as_user("games", f"open({str(note)!r}, 'w').write({json.dumps(said)!r})")
        gone = as_user("games", f"import os; os.unlink({str(note)!r})", check=False)
        assert gone.returncode == 0  # one's own
        as_user("games", f"open({str(note)!r}, 'w').write({json.dumps(said)!r})")
        other = as_user("daemon", f"import os; os.unlink({str(note)!r})", "games", check=False)
        assert other.returncode != 0
        (found,) = openings(home)[before:]
        assert found["actor"] == "games (5)"
    finally:
        shutil.rmtree(folder)


def as_user(user, code, group=None, *, check=True):
    program = shutil.which("python3", path="/usr/bin") or sys.executable
    return subprocess.run(
        [program, "-c", code],
        user=user,
        group=group or user,
        extra_groups=[],
        check=check,
        cwd="/",
        capture_output=True,
        text=True,
    )


def test_a_note_that_makes_no_sense_is_told_as_such(district, tmp_path):
    home = district.copy(tmp_path)
    before = len(openings(home))
    place = home / "openings"
    place.mkdir(exist_ok=True)
    (place / "a.json").write_text("{")
    (place / "b.json").symlink_to("/etc/hostname")
    (place / "c.json").write_text('{"time": 1, "snapshot": "x", "uid": "y"}')
    found = openings(home)[before:]
    assert len(found) == 3
    assert [row["subject"] for row in found][:2] == ["not known"] * 2
