"""One school of real programs: their logs lead to the planned findings, and nothing is left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import REPO_ROOT
from tests.lab.__main__ import obstacle

SMALL = [sys.executable, "-m", "tests.lab", "--small"]
PATIENCE = 120


@pytest.fixture(autouse=True, scope="module")
def _possible():
    if reason := obstacle(is_small=True):
        pytest.skip(reason)


def namespaces(kind: str) -> dict[str, list[int]]:
    """Return the processes of each namespace of a kind."""
    found: dict[str, list[int]] = {}
    for link in Path("/proc").glob(f"[0-9]*/ns/{kind}"):
        try:
            found.setdefault(str(link.readlink()), []).append(int(link.parts[2]))
        except OSError:
            continue  # it ended meanwhile
    return found


def assert_nothing_is_left(folder: Path) -> None:
    assert list(folder.iterdir()) == []
    assert str(folder) not in Path("/proc/self/mountinfo").read_text(encoding="utf-8")


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], set[str]]]:
    """Run the small lab until its programs run; the process, and its process namespace."""
    process = subprocess.Popen(
        SMALL,
        cwd=REPO_ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    for line in process.stderr:
        if "programs run" in line:
            break
    opened = {
        name
        for name, pids in namespaces("pid").items()
        if any(str(folder).encode() in command_of(pid) for pid in pids)
    } - {str(Path("/proc/self/ns/pid").readlink())}
    assert len(opened) == 1
    try:
        yield process, opened
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""  # it ended meanwhile


def assert_gone(opened: set[str]) -> None:
    """Check that every process of the lab is gone, and with it interfaces and mounts."""
    until = time.monotonic() + PATIENCE
    while opened & set(namespaces("pid")) and time.monotonic() < until:
        time.sleep(0.2)
    assert not opened & set(namespaces("pid"))


@pytest.mark.first
def test_the_plan_is_found_in_the_logs(disk_path):
    done = subprocess.run(
        SMALL,
        cwd=REPO_ROOT,
        env={**os.environ, "TMPDIR": str(disk_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_nothing_is_left(disk_path)


@pytest.mark.parametrize(("ending", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_nothing_is_left_when_it_is_stopped(ending, code, disk_path):
    with running(disk_path) as (process, opened):
        process.send_signal(ending)
        assert process.wait(PATIENCE) == code
        assert_gone(opened)
    assert_nothing_is_left(disk_path)


def test_only_an_empty_folder_is_left_when_it_is_killed(disk_path):
    with running(disk_path) as (process, opened):
        process.kill()
        process.wait()
        assert_gone(opened)
    (folder,) = disk_path.iterdir()
    assert_nothing_is_left(folder)
