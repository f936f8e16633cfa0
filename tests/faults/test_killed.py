"""Killed, or refused by its disk, at any point: nothing lost, nothing twice."""

import errno
import random
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.lake.files import sweep, unlisted_files
from tests.conftest import LONG
from tests.faults.conftest import Zygote
from tests.faults.home import Home, once
from tests.faults.stories import LAST, STORIES
from tests.faults.zygote import DONE, REFUSED, SURVIVED

KILLED = -9
STEP = 1 if LONG else 15
"""In the short run, points that lie so far apart are tried."""


@pytest.fixture(scope="module", params=["second drop", "exports"] if LONG else ["second drop"])
def prepared(tmp_path_factory, request) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "home"
    STORIES[request.param](folder).store.close()
    return folder


def copied(prepared: Path, folder: Path) -> Home:
    shutil.copytree(prepared, folder, copy_function=shutil.copy2)
    return Home(folder)


def check_half(home: Home) -> None:
    """After a fault: only whole batches, nothing twice."""
    home.check_books()
    numbers = home.numbers()
    assert not numbers or max(numbers.values()) == 1, numbers
    assert set(numbers) <= set(range(LAST))


def check_end(home: Home) -> None:
    """After a run without faults: everything, once, and no stray file is left."""
    home.check_books()
    assert home.numbers() == once(0, LAST)
    assert home.rejects() == ["no such line"]
    sweep(home.store, home.lake, grace=timedelta(days=-1))
    listed = sorted(home.lake.glob("*/*/*"))
    assert len(listed) == len(home.frame_paths())
    assert not unlisted_files(home.lake)
    home.store.close()


def test_killed_at_every_point(prepared, tmp_path, zygote):
    kills = 0
    for number, at in enumerate(range(1, 2_000, STEP)):
        home = copied(prepared, tmp_path / f"k{at}")
        housekeeping = number % 2 == 1
        code = zygote.run(home.folder, "kill", at=at, housekeeping=housekeeping)
        assert code in (KILLED, DONE), zygote.said()
        if code == DONE:
            break
        kills += 1
        check_half(home)
        assert zygote.run(home.folder) == DONE
        check_end(home)
        shutil.rmtree(home.folder)
    print(f"\nkilled at {kills} points: 0 lost, 0 duplicate, 0 half-published")
    assert kills > 45 // STEP


def test_killed_again_and_again_in_one_home(prepared, tmp_path, zygote):
    chance = random.Random(7)
    kills = 0
    for number in range(60 if LONG else 2):
        home = copied(prepared, tmp_path / f"r{number}")
        for _ in range(12):
            code = zygote.run(home.folder, "time", after_seconds=chance.uniform(0.001, 0.25))
            if code == DONE:
                break
            kills += 1
            check_half(home)
        assert zygote.run(home.folder) == DONE
        check_end(home)
    print(f"\nkilled at {kills} random instants: 0 lost, 0 duplicate")


@pytest.mark.parametrize(
    ("number", "first"), [(errno.ENOSPC, 1), (errno.EIO, 4), (errno.EACCES, 7)]
)
def test_every_call_to_the_disk_fails_once(prepared, tmp_path, zygote, number, first):
    """In the short run the three errors take turns at the calls."""
    fired = survived = 0
    for at in range(1 if LONG else first, 2_000, STEP):
        home = copied(prepared, tmp_path / f"f{number}-{at}")
        code = zygote.run(home.folder, "fail", at=at, errno=number)
        assert code in (REFUSED, SURVIVED, DONE), zygote.said()
        if code == DONE:
            break
        fired += 1
        survived += code == SURVIVED
        check_half(home)
        assert zygote.run(home.folder) == DONE
        check_end(home)
        shutil.rmtree(home.folder)
    name = errno.errorcode[number]
    print(f"\n{name} at {fired} calls: {survived} told in the ledger, the rest refused")
    assert fired > 25 // STEP


def test_files_may_not_grow_beyond_any_size(prepared, tmp_path, zygote):
    """RLIMIT_FSIZE is in for a quota: the kernel itself refuses the write."""
    refused = 0
    sizes = [512 << n for n in range(0, 9, 2)] if not LONG else range(500, 60_000, 600)
    for size in sizes:
        home = copied(prepared, tmp_path / f"q{size}")
        code = zygote.run(home.folder, "limit", most_bytes=size)
        assert code in (REFUSED, DONE), zygote.said()
        refused += code == REFUSED
        check_half(home)
        assert zygote.run(home.folder) == DONE
        check_end(home)
    print(f"\nrefused at {refused} of {len(list(sizes))} quotas: nothing lost")
    assert refused


def test_the_disk_fills_up(prepared, tmp_path, zygote):
    levels = range(0, 400, 8 if LONG else 100)
    full = 0
    for level in levels:
        place = tmp_path / f"disk{level}"
        place.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "none", place],
            capture_output=True,
            check=False,
        )
        if mounted.returncode:
            pytest.skip("a small disk cannot be mounted here")
        try:
            home = copied(prepared, place / "home")
            filler = place / "filler"
            free = shutil.disk_usage(place).free
            filler.write_bytes(b"\0" * max(0, free - (level << 10)))
            code = zygote.run(home.folder)
            assert code in (REFUSED, DONE), zygote.said()
            full += code != DONE
            filler.unlink()
            check_half(home)
            assert zygote.run(home.folder) == DONE
            check_end(home)
        finally:
            subprocess.run(["umount", "-l", place], check=True)
    print(f"\nfull at {full} of {len(levels)} levels: all that was acknowledged is kept")


@pytest.mark.parametrize("wait_seconds", [0.01, 20.0])
def test_two_runs_at_once(prepared, tmp_path, zygote, wait_seconds):
    """One writes; the other waits, or says at the same time that it is busy."""
    other = Zygote(tmp_path / "log")
    seen: list[list[int]] = []
    for number in range(25 if LONG else 1):
        home = copied(prepared, tmp_path / str(number))
        with ThreadPoolExecutor(2) as pool:
            codes = pool.map(
                lambda one, where=home.folder: one.run(where, wait_seconds=wait_seconds),
                [zygote, other],
            )
        seen.append(sorted(codes))
        check_end(home)
    assert all(codes in ([DONE, DONE], [DONE, REFUSED]) for codes in seen)
    other.close()
    print(f"\n{len(seen)} pairs at once: exit codes {seen}")
