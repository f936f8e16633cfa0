"""A clock that was set back, a snapshot that goes, an account without any right.

Each loses nothing, and says in words what is wrong.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from pipelines.ingest import lake_writer
from pipelines.notebook.connection import Connection
from pipelines.registry.new_home import create
from pipelines.settings.home import DistrictHome
from pipelines.state.opened_state import open_state
from pipelines.state.source_records import dirty_days, last_look, set_back
from tests.conftest import LONG, REPO_ROOT
from tests.faults.damaged import COMMANDS, copied, words
from tests.faults.home import BEGIN, Home, lines, once
from tests.faults.test_damage import base
from tests.journey.commands import schoolbell

__all__ = ["base"]
STRANGER = 61_500


@pytest.mark.parametrize("back", [timedelta(minutes=30), timedelta(days=90)])
def test_a_clock_set_back_loses_no_line_and_no_day(tmp_path, monkeypatch, back):
    """What was written before it shows how late it was at least."""
    home = Home(tmp_path)
    first = datetime.fromtimestamp(BEGIN, UTC)

    class Clock(datetime):
        behind = timedelta(0)

        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) - cls.behind

    monkeypatch.setattr(lake_writer, "datetime", Clock)
    home.put("a.log", lines(0, 20))
    home.run()
    for number, behind in enumerate((back, 2 * back, timedelta(0)), start=1):
        Clock.behind = datetime.now(UTC) - first + behind
        home.put(f"{number}.log", lines(number * 20, number * 20 + 20))
        home.run()
    assert home.numbers() == once(0, 80)
    days = dirty_days(home.store)
    assert days == [date(2026, 2, 25)]


def test_a_clock_set_back_is_told_by_run_status_and_ingest(tmp_path, monkeypatch):
    home = create(tmp_path / "home", zone="America/Chicago")
    (home.landing / "proxy").mkdir()
    (home.landing / "proxy" / "a.log").write_bytes(lines(0, 20))
    ingest = ("ingest", "--home", home.path, "--settle-seconds", "0")
    assert "clock" not in schoolbell(*ingest).err
    store = open_state(home)
    last = last_look(store)
    assert set_back(store, last - timedelta(minutes=4)) == ""
    assert "No line is lost" in set_back(store, last - timedelta(minutes=6))
    later = (last + timedelta(days=400)).isoformat()
    with store.writing() as connection:
        connection.exec_driver_sql(
            "update facts set value = ? where name = 'landing_looked'", (later,)
        )
    store.close()
    for command in ("ingest", "status"):
        done = schoolbell(command, "--home", home.path)
        assert "the system clock reads" in done.err, command
    assert schoolbell("status", "--home", home.path).code == 2


def test_a_snapshot_deleted_under_a_reader_is_read_to_the_end(base, tmp_path):
    home = copied(base, tmp_path / "copy")
    reader = Connection(home.path)
    query = "select count(*) as number from core.http_requests"
    before = reader.frame(query)["number"].item()
    for path in home.snapshots.glob("schoolbell-*"):
        path.unlink()
    assert reader.frame(query)["number"].item() == before > 0
    done = schoolbell(*words(home, "query"))
    assert done.code == 1
    assert "run again" in done.err
    told = schoolbell(*words(home, "run"))
    assert "Another snapshot was published" in told.out
    assert schoolbell(*words(home, "query")).code == 0
    reader.close()


PROGRAM = """
import codecs, os, sys
from pipelines.cli import app, main
codecs.lookup("unicode_escape")  # Python itself may be out of reach afterwards
user, group = int(sys.argv[1]), int(sys.argv[2])
os.setgroups([group] if group else [])
os.setgid(user)
os.setuid(user)
for line in sys.stdin.read().splitlines():
    words = line.split("\\t")
    sys.argv = ["schoolbell", *words]
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code
    except BaseException as error:
        code = repr(error)
    sys.stdout.flush()
    print(f"=== {words[0]} {code}", flush=True)
    print(f"=== {words[0]} {code}", file=sys.stderr, flush=True)
"""


@pytest.fixture
def reachable(base):
    """A copy of a home where another account can come near it."""
    folder = Path(tempfile.mkdtemp(prefix="schoolbell-other-"))
    folder.chmod(0o755)
    home = copied(base, folder / "copy")
    (folder / "copy").chmod(0o755)
    yield home
    shutil.rmtree(folder)


def content(home: DistrictHome) -> dict[Path, str]:
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in home.path.rglob("*")
        if path.is_file()
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another account")
@pytest.mark.parametrize("is_reader", [False, True], ids=["stranger", "reader"])
def test_an_account_without_rights_is_told_and_changes_nothing(reachable, is_reader):
    """A reader of reports comes into the home by its group, and no further."""
    group = 61_501 if is_reader else 0
    if is_reader:
        for path in (reachable.path, reachable.reports):
            os.chown(path, 0, group)
    before = content(reachable)
    commands = COMMANDS if LONG else ("status", "ingest", "run", "backup", "doctor")
    asked = ["\t".join(words(reachable, one)) for one in commands if one != "drill"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(STRANGER), str(group)],
        input="\n".join(asked),
        capture_output=True,
        text=True,
        cwd=REPO_ROOT,
        check=False,
    )
    if "ModuleNotFoundError" in done.stderr or "=== " not in done.stdout:
        pytest.skip("another account cannot read the program here")
    assert "Traceback" not in done.stderr
    assert "SCHOOLBELL_DEBUG" not in done.stderr
    for part, end in pairwise(done.stderr.split("=== ")):
        if end.split()[0] in ("status", "ingest", "run"):
            assert str(reachable.path) in part
            # a outsider does not even come into the home
            wanted = "sudo -u root schoolbell" if is_reader else "is not readable"
            assert wanted in part, (end, part)
    codes = [one.split()[1] for one in done.stdout.split("=== ")[1:]]
    assert len(codes) == len(asked)
    assert set(codes) <= {"0", "1", "2", "77"}, codes
    assert content(reachable) == before
