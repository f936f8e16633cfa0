"""Commands of a week on Windows, or as near to it as another system comes.

The names that Python lacks on Windows are taken away (`windows_like`). What this cannot
show, locks and renames of open files, is in the tests that are marked `windows`.
"""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.conftest import REPO_ROOT

LIKE = [sys.executable, "-m", "tests.unit.windows_like"]
REAL = [sys.executable, "-c", "from pipelines.cli import main; main()"]


def run(*words, program=LIKE, **env):
    done = subprocess.run(
        [*program, *map(str, words)],
        cwd=REPO_ROOT, env=os.environ | env, capture_output=True, check=False,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr
    assert b"unexpected" not in done.stderr, done.stderr
    return done


@pytest.fixture(scope="module")
def home(two_days, tmp_path_factory):
    copied = tmp_path_factory.mktemp("windows") / "home"
    shutil.copytree(two_days.delivered, copied)
    return copied


def test_a_home_is_run_and_read(home):
    done = run("run", "--quiet", "--wait", 5, "--home", home)
    assert done.returncode in (0, 1), done.stderr  # 1: little can be judged on two days
    assert (home / "reports" / "latest.html").is_file()
    found = run("findings", "list", "--json", "--home", home).stdout.splitlines()
    assert found
    assert all(json.loads(line)["finding_id"] for line in found)
    rows = run("query", "top_sites", "--set", "first=2026-10-19", "--json", "--home", home).stdout
    assert len(rows.splitlines()) > 10
    # the note of the reader goes into the audit log with the next run
    run("run", "--quiet", "--home", home)
    assert b"holds" in run("audit", "verify", "--home", home).stdout
    assert run("check", "--home", home).returncode == 0
    doctor = run("doctor", "--json", "--home", home).stdout.splitlines()
    assert "act" not in {json.loads(line)["grade"] for line in doctor}


def test_no_command_has_a_parenthesis_that_powershell_would_run():
    """`icacls ... NAME:(OI)(CI)F` without quotes is "OI: the term is not recognized"."""
    text = (REPO_ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```powershell\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 3
    bare = [re.sub(r'"[^"]*"', "", line) for block in blocks for line in block.splitlines()]
    assert [line for line in bare if "(" in line or "$" in line] == []


@pytest.mark.parametrize("name", ["protect", "fleet"])
def test_what_needs_linux_is_named(name, tmp_path):
    done = run(name, "--home", tmp_path)
    assert done.returncode == 2
    assert f"{name}: this command needs Linux" in done.stderr.decode()
    assert b"docs/how-to/install.md" in done.stderr


def test_a_console_without_a_character_shows_its_code():
    done = run("describe", "core.site_use", PYTHONIOENCODING="cp1252")
    assert done.returncode == 0
    assert rb"\u251c\u2500 identity.accounts" in done.stdout


@pytest.mark.windows
def test_a_second_run_waits_for_the_first_on_windows(home):
    from filelock import FileLock

    with FileLock(home / ".lock"):
        done = run("run", "--quiet", "--home", home, program=REAL)
    assert done.returncode == 75


@pytest.mark.windows
def test_the_week_s_commands_on_windows(home):
    assert run("run", "--quiet", "--home", home, program=REAL).returncode in (0, 1)
    assert run("status", "--home", home, program=REAL).returncode in (0, 1)
    assert (home / "reports" / "latest.html").is_file()
