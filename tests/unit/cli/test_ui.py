"""`schoolbell ui` opens the newest snapshot in Harlequin, read-only."""

import json
import os
import pty
import select
import shlex
import subprocess
import sys
import time
from importlib.util import find_spec

import duckdb
import pytest

from pipelines.cli import ui
from pipelines.registry.new_home import create
from tests.journey.commands import schoolbell


@pytest.fixture
def opened(tmp_path):
    home = create(tmp_path / "home")
    home.snapshots.mkdir(exist_ok=True)
    path = home.snapshots / "schoolbell-1.duckdb"
    with duckdb.connect(path) as database:
        database.sql("create schema core")
        database.sql("create table core.site_use as select 'a.example' as site")
    (home.snapshots / "CURRENT").write_text(path.name)
    return home, path


def test_it_names_the_file_and_the_command(opened):
    home, path = opened
    said = json.loads(schoolbell("ui", "--home", home.path, "--json").out)
    assert said["snapshot"] == str(path)
    words = shlex.split(said["command"])
    assert words[:3] == [sys.executable, "-m", "harlequin"]
    assert "--read-only" in words


def test_without_harlequin_it_says_how_to_install_it(opened, monkeypatch):
    home, _ = opened
    monkeypatch.setattr(ui, "find_spec", lambda name: None if name == "harlequin" else find_spec)
    done = schoolbell("ui", "--home", home.path)
    assert done.code == 2
    assert "pip install 'schoolbell[ui]'" in done.err
    assert not list(home.openings.glob("*"))


def test_without_a_snapshot_it_says_what_to_run(tmp_path):
    home = create(tmp_path / "home")
    done = schoolbell("ui", "--home", home.path)
    assert "there is no snapshot yet" in done.err
    assert "schoolbell run" in done.err


def test_harlequin_opens_and_ends(opened):
    home, _ = opened
    words = json.loads(schoolbell("ui", "--home", home.path, "--json").out)["command"]
    seen, status = _in_a_terminal(shlex.split(words), home.path)
    assert status == 0
    assert b"Query" in seen


def test_the_opening_is_noted(opened, monkeypatch):
    home, _ = opened
    ran = []
    monkeypatch.setattr(subprocess, "run", lambda words, check: ran.append(words) or _Done())
    assert schoolbell("ui", "--home", home.path).code == 0
    assert len(ran) == 1
    assert len(list(home.openings.glob("*.json"))) == 1


class _Done:
    returncode = 0


def _in_a_terminal(words, folder):
    """Run a program in a terminal, press Ctrl+Q when it has drawn, return what it drew."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS="120", LINES="40", HOME=str(folder))
        os.execv(words[0], words)
    seen, began, is_asked = b"", time.monotonic(), False
    while time.monotonic() - began < 60:
        ready, _, _ = select.select([terminal], [], [], 0.5)
        if ready:
            try:
                seen += os.read(terminal, 65_536)
            except OSError:
                break
        elif len(seen) > 10_000 and not is_asked:
            os.write(terminal, b"\x11")
            is_asked = True
    _, status = os.waitpid(child, 0)
    return seen, os.waitstatus_to_exitcode(status)
