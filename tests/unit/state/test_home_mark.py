"""A home whose state is lost, older or another's refuses, and its lake stays whole."""

import re
import shutil
import sqlite3
from contextlib import closing

import pytest

from pipelines.registry.new_home import create
from pipelines.state import ledger
from pipelines.state.home_mark import NAME, ForeignStateError, Mark, noted
from pipelines.state.opened_state import examine, open_state
from tests.conftest import LONG
from tests.faults.home import lines
from tests.journey.commands import schoolbell

COMMANDS = {
    "ingest": (),
    "run": ("--quiet",),
    "status": (),
    "purge": ("--yes", "--reason", "monthly"),
    "backup": ("--to", "{aside}/backups"),
    "audit verify": (),
}
if LONG:
    COMMANDS |= dict.fromkeys(("check", "report", "recover", "findings list"), ())


def ingested(home, name, first, last):
    folder = home.landing / "proxy"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(lines(first, last))
    done = schoolbell("ingest", "--home", home.path, "--settle-seconds", "0")
    assert done.code == 0, done.err
    # as the shipper's rotation does after some weeks: the lake alone has them now
    (folder / name).unlink()


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """A home with two ingested files, a copy of its state between them, a backup."""
    folder = tmp_path_factory.mktemp("used")
    home = create(folder / "home", zone="America/Chicago")
    ingested(home, "a.log", 0, 50)
    copies = ("--to", folder / "backups", "--keys", folder / "keys")
    assert schoolbell("backup", "--home", home.path, *copies).code == 0
    shutil.copyfile(home.state_db, folder / "older.db")
    ingested(home, "b.log", 50, 100)
    other = create(folder / "other", zone="America/Chicago")
    ingested(other, "a.log", 0, 50)
    return folder


@pytest.fixture
def copy(used, tmp_path):
    shutil.copytree(used, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def home(copy):
    return create(copy / "home")


def parquet(home):
    """Return every file with its bytes, wherever in the lake it lies."""
    found = home.lake.rglob("*.parquet")
    return {path.name: path.read_bytes() for path in found}


def without_state(home):
    for path in home.path.glob("state.db*"):
        path.unlink()


def put_back(home, name):
    without_state(home)
    shutil.copyfile(home.path.parent / name, home.state_db)


def with_tables_alone(home):
    without_state(home)
    with closing(sqlite3.connect(home.state_db)) as made:
        made.execute("create table strange (x)")


def without_pointer(home):
    """As when the state is on a server, and the file that states it was lost."""
    home.state_db.rename(home.path / "state.db.moved-20261101T000000Z")


LOSSES = {
    "missing": (without_state, "is missing"),
    "empty": (lambda home: home.state_db.write_bytes(b""), "is empty"),
    "older": (lambda home: put_back(home, "older.db"), "older copy"),
    "another home's": (
        lambda home: put_back(home, "other/state.db"),
        "not of the home",
    ),
    "new": (with_tables_alone, "not of the home"),
    "on a server": (without_pointer, "put state.toml back"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_every_command_refuses_and_names_restore(home, loss):
    lose, what = LOSSES[loss]
    before = parquet(home)
    lose(home)
    for command, more in COMMANDS.items():
        words = [one.format(aside=home.path.parent) for one in more]
        done = schoolbell(*command.split(), "--home", home.path, *words)
        assert done.code == 2, (command, done)
        assert re.search(what, done.err), (command, done.err)
        assert "schoolbell restore" in done.err
        assert "schoolbell init" in done.err
        assert parquet(home) == before
    done = schoolbell("doctor", "--home", home.path)
    assert done.code == 2
    assert "schoolbell restore" in done.out
    assert parquet(home) == before


@pytest.mark.parametrize("loss", LOSSES)
def test_a_restore_in_place_brings_the_state_back_and_loses_no_file(home, loss):
    lose, _ = LOSSES[loss]
    before = parquet(home)
    lose(home)
    (backup,) = (home.path.parent / "backups").iterdir()
    done = schoolbell("restore", backup, "--to", home.path, "--in-place")
    assert done.code == 0, done.err
    assert "1 file not in the backup" in done.out
    assert parquet(home) == before
    status = schoolbell("ingest", "--home", home.path)
    assert status.code == 0
    assert "1 file in lake/.unlisted" in status.err
    assert parquet(home) == before
    asked = schoolbell("doctor", "--home", home.path)
    assert "1 file that the ledger does not list" in asked.out
    # the newest state, put back after all, is older than the restored one now
    without_state(home)
    shutil.copyfile(home.path.parent / "older.db", home.state_db)
    with pytest.raises(ForeignStateError, match="older copy"):
        open_state(home)


def test_a_backup_of_another_home_is_not_restored_in_place(home):
    (backup,) = (home.path.parent / "backups").iterdir()
    other = create(home.path.parent / "other")
    done = schoolbell("restore", backup, "--to", other.path, "--in-place")
    assert (done.code, "with different keys" in done.err) == (1, True)
    shutil.copyfile(home.key_file, other.key_file)
    done = schoolbell("restore", backup, "--to", other.path, "--in-place")
    assert (done.code, "backup of a different home" in done.err) == (1, True)
    open_state(other).close()


def test_a_state_on_a_server_is_not_restored_into_a_file_unasked(home):
    (backup,) = (home.path.parent / "backups").iterdir()
    home.state_pointer.write_text('database = { env = "SCHOOLBELL_STATE_URL" }\n')
    before = home.state_db.read_bytes()
    done = schoolbell("restore", backup, "--to", home.path, "--in-place")
    assert (done.code, "database server" in done.err) == (1, True)
    assert home.state_db.read_bytes() == before


def test_another_homes_lake_is_refused(home):
    shutil.rmtree(home.lake)
    shutil.copytree(home.path.parent / "other" / "lake", home.lake)
    before = parquet(home)
    done = schoolbell("ingest", "--home", home.path)
    assert done.code == 2
    assert "not of the home" in done.err
    assert parquet(home) == before


def test_an_emptied_lake_is_refused_by_name(home):
    shutil.rmtree(home.lake)
    home.lake.mkdir()
    done = schoolbell("ingest", "--home", home.path)
    assert done.code == 2
    assert "2 of 2 files that the ledger lists are not in the lake" in done.err


def test_a_home_of_before_is_given_an_identity_where_ledger_and_lake_agree(home):
    for path in home.path.rglob(NAME):
        path.unlink()
    with closing(sqlite3.connect(home.state_db)) as state, state:
        state.execute("delete from facts where name = 'home'")
    open_state(home).close()
    (mark,) = set(noted(home).values())
    assert (len(mark.home), mark.generation) == (32, 0)


def test_an_empty_state_does_not_adopt_a_lake_of_before(home):
    for path in home.path.rglob(NAME):
        path.unlink()
    without_state(home)
    with closing(sqlite3.connect(home.state_db)) as made:
        made.execute("create table strange (x)")
    with pytest.raises(ForeignStateError, match="but the home holds lake/"):
        open_state(home)


def test_a_fresh_home_opens_and_all_three_places_agree(tmp_path):
    home = create(tmp_path / "home")
    examine(home)  # nothing was run yet
    open_state(home).close()
    examine(home)
    assert len(noted(home)) == 2
    assert len(set(noted(home).values())) == 1


def test_files_that_lag_behind_a_killed_commit_follow(home):
    """The database is written first; a kill behind it is not a roll-back."""
    before = noted(home)[home.lake / NAME]
    (home.lake / NAME).write_text(f"{Mark(before.home, before.generation - 1)}\n")
    (home.path / NAME).unlink()
    open_state(home).close()
    assert set(noted(home).values()) == {before}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"x" * 100_000, b"0:1\n"])
def test_a_garbled_mark_says_what_to_do(home, content):
    (home.lake / NAME).write_bytes(content)
    done = schoolbell("ingest", "--home", home.path)
    assert done.code == 2
    assert "Delete this file" in done.err
    (home.lake / NAME).unlink()
    assert schoolbell("ingest", "--home", home.path).code == 0


def test_every_commit_raises_the_generation(home):
    before = noted(home)[home.lake / NAME].generation
    ingested(home, "c.log", 100, 120)
    assert noted(home)[home.lake / NAME].generation == before + 1
    store = open_state(home)
    assert ledger.runs_begun(store)
    store.close()
