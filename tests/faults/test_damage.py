"""A damaged file of a home: every command shows what, where and what to do.

Each file is damaged in six ways and every command is asked: none ends in a traceback,
and none shows that all is well where the file mattered to it.
"""

import os
import re
import stat
from itertools import product
from pathlib import Path

import pytest

from pipelines.settings.home import DistrictHome
from tests.conftest import LONG
from tests.faults.damaged import COMMANDS, DAMAGES, FILES, copied, damage, made, words
from tests.faults.home import lines
from tests.journey.commands import schoolbell
from tests.journey.small import shared

CODES = {0, 1, 2, 75, 77}
QUICK = ("status", "ingest", "query", "audit verify", "backup", "doctor")
"""Commands of the short test; `run` is asked where it has something to repair."""


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    folder, _ = shared(tmp_path_factory.getbasetemp(), "damaged", made)
    return folder


def asked(home: DistrictHome, command: str):
    done = schoolbell(*words(home, command))
    assert done.code in CODES
    if done.code in (1, 2) and command not in ("doctor", "status", "check"):
        told = done.err.strip().splitlines()
        if command in ("identify", "run") and not told:
            told = [*done.out.strip().splitlines(), ""]  # its answer, not a refusal
        assert any(told), (command, done)
        # what and where, and what to do
        assert len(told) > 1 or command == "audit verify", (command, done.err)
    return done


def test_a_home_is_for_its_own_user_and_group_alone(base):
    """It was made and run without any umask."""
    for part in ("home", "backups"):
        opened = [
            path
            for path in (base / part).rglob("*")
            if "landing" not in path.parts and path.lstat().st_mode & stat.S_IRWXO
        ]
        assert not opened
    shared_with_group = {"reports", "snapshots", "district.toml", "registry"}
    groups = [
        path.relative_to(base / "home").parts[0]
        for path in (base / "home").rglob("*")
        if "landing" not in path.parts and path.lstat().st_mode & stat.S_IRWXG
    ]
    assert set(groups) <= shared_with_group


PAIRS = [(name, how) for name, how in product(FILES, DAMAGES) if LONG or how == "header"]


@pytest.mark.parametrize(("name", "how"), PAIRS)
def test_no_traceback_reaches_an_operator(base, tmp_path, name, how):
    home = copied(base, tmp_path / "copy")
    damage(home, name, how)
    for command in COMMANDS if LONG else QUICK[:2]:
        asked(home, command)


SAID: dict[str, tuple[str, int, str]] = {
    "settings": ("status", 2, r"district\.toml: "),
    "mark of the lake": ("ingest", 2, r"home\.mark: .*\n.*Delete this file"),
    "mark of the home": ("ingest", 2, r"home\.mark: .*\n.*Delete this file"),
    "head of the chain": ("audit verify", 1, r"audit\.head"),
    "key of the chain": ("audit verify", 1, r"audit\.(head|key)"),
    "key of the pseudonyms": ("report", 2, r"pseudonyms\.key: .*\n.*copy of the keys"),
    "policy": ("check", 1, r"policy\.toml: .*not taken"),
    "events": ("recover", 1, r"\.parquet: .*\n.*last backup"),
    "state": ("status", 2, r"state\.db: the state database .*\n.*schoolbell restore"),
    "pointer to the snapshot": ("query", 1, r"snapshots.*\n.*schoolbell run"),
    "snapshot": ("query", 1, r"schoolbell-.*duckdb: .*\n.*run again"),
}


@pytest.mark.parametrize("how", ["header", "emptied", "a folder"][:: 1 if LONG else 2])
@pytest.mark.parametrize("name", SAID)
def test_what_is_said_names_the_file_and_what_to_do(base, tmp_path, name, how):
    command, code, said = SAID[name]
    home = copied(base, tmp_path / "copy")
    damage(home, name, how)
    done = asked(home, command)
    # a folder in a file's place is wrong next to what is in for it
    assert done.code == (2 if (name, how) == ("policy", "a folder") else code), done
    assert re.search(said, done.err + done.out), done


"""For each file: a command, its exit code, and what it says."""

DERIVED = ("warehouse", "pointer to the snapshot", "snapshot")


@pytest.mark.parametrize("how", DAMAGES if LONG else ["header"])
@pytest.mark.parametrize("name", DERIVED)
def test_what_is_derived_is_made_again_by_a_run_and_said(base, tmp_path, name, how):
    home = copied(base, tmp_path / "copy")
    path = damage(home, name, how)
    (home.landing / "proxy" / "b.log").write_bytes(lines(300, 400))
    done = schoolbell(*words(home, "run"), "--settle-seconds", "0")
    assert done.code == 0, done
    # what is not there is made without a word; blocks that no step reads are not seen,
    # and are found by the run that reads them
    if how not in ("gone", "middle") or name == "pointer to the snapshot":
        assert re.search("was rebuilt|Another snapshot was published", done.out), done
        assert str(path.parent) in done.out
    assert schoolbell(*words(home, "query")).code == 0
    again = schoolbell(*words(home, "run"))
    assert "was rebuilt" not in again.out
    assert "Another snapshot" not in again.out


@pytest.mark.parametrize("where", [0.1, 0.3, 0.5, 0.7, 0.9] if LONG else [0.5])
def test_damaged_blocks_of_the_warehouse_are_found_when_they_are_read(base, tmp_path, where):
    home = copied(base, tmp_path / "copy")
    data = bytearray(home.warehouse.read_bytes())
    first = int(len(data) * where)
    data[first : first + 50_000] = os.urandom(50_000)
    home.warehouse.write_bytes(data)
    (home.landing / "proxy" / "b.log").write_bytes(lines(300, 400))
    done = schoolbell(*words(home, "run"), "--settle-seconds", "0")
    assert done.code == 0, done
    assert schoolbell(*words(home, "query")).code == 0


def test_an_audit_entry_is_never_written_with_another_key(base, tmp_path):
    home = copied(base, tmp_path / "copy")
    key = home.keys / "audit.key"
    held = key.read_bytes()
    for content in (b"", b"x" * 31, b"x" * 32):
        key.write_bytes(content)
        hold = ("--from", "2026-02-25", "--to", "2026-02-25", "--reason", "suit")
        done = schoolbell("hold", "add", "--home", home.path, *hold)
        assert done.code == 1, done
        assert "copy of keys/" in done.err
    key.write_bytes(held)
    assert schoolbell(*words(home, "audit verify")).code == 0


def test_a_damaged_state_is_not_backed_up(base, tmp_path):
    home = copied(base, tmp_path / "copy")
    data = bytearray(home.state_db.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40_000] = b"\xa5" * 40_000
    home.state_db.write_bytes(data)
    done = schoolbell(*words(home, "backup"))
    assert done.code == 2, done
    assert "state database is damaged" in done.err
    aside = Path(home.path.parent / "again")
    assert not list(aside.glob("backup-*"))
