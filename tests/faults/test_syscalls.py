"""Any call that changes the disk fails, or is the last: SQLite's own included."""

import errno
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.faults.conftest import Zygote
from tests.faults.home import Home
from tests.faults.stories import STORIES
from tests.faults.test_killed import (
    KILLED,
    check_end,
    check_half,
    copied,
)
from tests.faults.zygote import DONE, GOT_OVER, REFUSED, SURVIVED

SOURCE = Path(__file__).with_name("disk.c")
NONE, KILL_BEFORE, KILL_AFTER, TEAR, FAIL = range(5)
KILLS = {"in front of": KILL_BEFORE, "behind": KILL_AFTER, "in the middle of": TEAR}
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EDQUOT)
HARMLESS = {"mkdir */lake", "fdatasync *"}
"""The lake's folder is there; SQLite passes over a failing sync of its own folder."""

STEP = 110
"""In the short run, calls that lie so far apart are tried."""


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A process that starts others whose disk does what it is reported."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler here")
    folder = tmp_path_factory.mktemp("disk")
    library = folder / "disk.so"
    made = [compiler, "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"]
    subprocess.run(made, check=True)
    zygote = Zygote(folder / "log", preload=library)
    yield zygote
    zygote.close()


@pytest.fixture(scope="module", params=STORIES if LONG else ["exports"])
def prepared(tmp_path_factory, request) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "home"
    STORIES[request.param](folder).store.close()
    return folder


def points(first: int) -> range:
    return range(1, 5_000) if LONG else range(first, 5_000, STEP)


def repaired(home: Home, disk: Zygote) -> None:
    """The next run brings everything in, once."""
    check_half(home)
    assert disk.run(home.folder) == DONE, disk.said()
    check_end(home)
    shutil.rmtree(home.folder)


@pytest.mark.parametrize("place", KILLS)
def test_killed_at_any_call(prepared, tmp_path, disk, place):
    kills = 0
    for at in points(4 * KILLS[place]):
        home = copied(prepared, tmp_path / f"k{at}")
        effect = KILLS[place]
        code = disk.run(home.folder, "disk", effect=effect, at=at, housekeeping=True)
        if code == DONE:
            break
        assert code == KILLED, disk.said()
        kills += 1
        repaired(home, disk)
    print(f"\nkilled {place} {kills} calls: 0 lost, 0 duplicate, 0 half-published")
    assert kills > 1


@pytest.mark.parametrize("number", ERRORS, ids=errno.errorcode.get)
def test_any_call_is_refused(prepared, tmp_path, disk, number):
    refused = survived = 0
    for at in points(3 + ERRORS.index(number)):
        home = copied(prepared, tmp_path / f"f{at}")
        order = {"effect": FAIL, "at": at, "errno": number, "housekeeping": True}
        code = disk.run(home.folder, "disk", **order)
        if code == DONE:
            break
        assert code in (REFUSED, SURVIVED), (at, code, disk.said())
        refused += code == REFUSED
        survived += code == SURVIVED
        repaired(home, disk)
    name = errno.errorcode[number]
    said = gotten_over(disk.said(), tmp_path)
    print(f"\n{name}: {refused} calls stopped the run, {survived} were got over {said}")
    assert refused + survived > 1
    assert set(said) <= HARMLESS


def gotten_over(told: str, folder: Path) -> Counter[str]:
    """Return the calls that failed and stopped nothing, without a run's random names."""
    mine = [row for row in told.splitlines() if GOT_OVER in row and str(folder) in row]
    calls = (row.split(GOT_OVER)[1].replace(str(folder), "") for row in mine)
    return Counter(re.sub(r"[0-9a-f]{12}|/f[0-9]+(?=/|$)", "*", call) for call in calls)
