"""One school of real programs: their logs lead to the planned findings, and nothing is left."""

import signal
import subprocess
import sys
import tempfile
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


def folders() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("schoolbell-lab-*"))


def mounts() -> list[str]:
    text = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if "schoolbell-lab-" in line]


@contextmanager
def running() -> Iterator[tuple[subprocess.Popen[str], set[str]]]:
    """Run the small lab until its programs run; the process, and its process namespace."""
    before = set(namespaces("pid"))
    process = subprocess.Popen(
        SMALL, cwd=REPO_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    for line in process.stderr:
        if "programs run" in line:
            break
    opened = {
        name
        for name, pids in namespaces("pid").items()
        if name not in before
        and any(b"tests.lab.inside" in Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids)
    }
    assert len(opened) == 1
    try:
        yield process, opened
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def assert_gone(opened: set[str]) -> None:
    """Check that every process of the lab and every mount is gone."""
    until = time.monotonic() + PATIENCE
    while opened & set(namespaces("pid")) and time.monotonic() < until:
        time.sleep(0.2)
    assert not opened & set(namespaces("pid"))
    assert mounts() == []


def test_the_plan_is_found_in_the_logs():
    before = folders()
    done = subprocess.run(SMALL, cwd=REPO_ROOT, capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folders(), mounts()) == (before, [])


@pytest.mark.parametrize(("ending", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_nothing_is_left_when_it_is_stopped(ending, code):
    before = folders()
    with running() as (process, opened):
        process.send_signal(ending)
        assert process.wait(PATIENCE) == code
        assert_gone(opened)
    assert folders() == before


def test_only_an_empty_folder_is_left_when_it_is_killed():
    before = folders()
    with running() as (process, opened):
        process.kill()
        process.wait()
        assert_gone(opened)
    for folder in folders() - before:
        folder.rmdir()
