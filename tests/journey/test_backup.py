"""A backup, with the keys next to it, is enough to bring all of a home back."""

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.district import open_district
from pipelines.operations import restore as restoring
from pipelines.operations.backup import BackupError, back_up, copy_keys, read_manifest
from pipelines.operations.restore import restore
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.connections import fact
from tests.journey.commands import schoolbell
from tests.journey.small import judged, rows_of, told_of

MONDAY = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def district(two_days):
    return two_days


@pytest.fixture(scope="module")
def home(district, tmp_path_factory):
    return district.copy(tmp_path_factory.mktemp("backup"))


@pytest.fixture(scope="module")
def made(home, tmp_path_factory):
    """A backup, and the folder of the keys."""
    folder = tmp_path_factory.mktemp("copies")
    with open_district(home) as district:
        backup = back_up(district, folder / "backups", MONDAY)
        copy_keys(district.home, folder / "keys")
    return backup.folder, folder / "keys"


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "home.mark"  # a restore raises it
    }


def test_a_restored_home_is_the_same_home_and_goes_on(district, home, made, tmp_path):
    folder, keys = made
    new = tmp_path / "new"
    assert restore(folder, new, keys).wrong == []
    for name in ("registry", "lake", "reports", "keys"):
        assert content(new / name) == content(home / name), name
    # the raw files come from elsewhere, under other times: all of it is known
    shutil.copytree(district.home / "landing", new / "landing", dirs_exist_ok=True)
    before = account_of(new)
    judged(new)
    assert account_of(new) == before
    assert told_of(new) == told_of(home)
    was, now = rows_of(home), rows_of(new)
    assert was.keys() == now.keys()
    assert all(was[name].equals(now[name]) for name in was)


def account_of(home):
    with open_district(home) as district:
        return [dict(row) for row in ledger.account(district.store)]


def test_no_key_and_nothing_derived_is_in_a_backup(home, made):
    names = set(read_manifest(made[0]).files)
    assert {one.split("/")[0] for one in names} == {
        "district.toml",
        "registry",
        "registry-kept",
        "reports",
        "state.db",
        "lake",
    }
    key = DistrictHome(home).key_file.read_bytes()
    assert not any(key in data for data in content(made[0]).values())


def test_the_next_backup_shares_what_did_not_change(home, made):
    folder, _ = made
    with open_district(home) as district:
        later = back_up(district, folder.parent, MONDAY + timedelta(days=1))
    lake = [name for name in later.manifest.files if name.startswith("lake/")]
    assert later.linked == len(lake) > 0
    shared = later.folder / lake[0]
    assert shared.stat().st_ino == (folder / lake[0]).stat().st_ino
    shutil.rmtree(later.folder)
    assert (folder / lake[0]).is_file()


CHANGES = {
    "a_changed_byte": lambda path: path.write_bytes(path.read_bytes()[:-1] + b"!"),
    "a_cut_tail": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "a_file_that_is_gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["state.db", "district.toml"])
def test_a_backup_that_was_changed_is_refused(change, name, made, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(made[0], copy)
    path = copy / name
    path.chmod(0o600)
    CHANGES[change](path)
    with pytest.raises(BackupError, match=name):
        restore(copy, tmp_path / "new", made[1])
    assert not (tmp_path / "new").exists()


def test_a_lake_file_that_rotted_is_no_backup(district, made, tmp_path):
    home = DistrictHome(district.copy(tmp_path))
    rotten = next(home.lake.glob("http_requests/**/*.parquet"))
    rotten.write_bytes(rotten.read_bytes()[:-1] + b"!")
    with (
        open_district(home.path) as opened,
        pytest.raises(BackupError, match=rotten.name),
    ):
        back_up(opened, tmp_path / "backups")
    assert not list((tmp_path / "backups").glob("backup-*"))


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b", ""])
def test_a_manifest_can_not_lead_out_of_the_backup(name, made, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    said = json.loads((made[0] / "manifest.json").read_text())
    said["files"][name] = {"bytes": 1, "sha256": "0" * 64}
    (copy / "manifest.json").write_text(json.dumps(said))
    with pytest.raises(BackupError, match="outside the backup"):
        restore(copy, tmp_path / "new", made[1])


def test_what_is_half_copied_is_no_backup(home, made, tmp_path):
    half = tmp_path / "half"
    shutil.copytree(made[0], half)
    (half / "manifest.json").unlink()
    with pytest.raises(BackupError, match="is not a backup, or is incomplete"):
        restore(half, tmp_path / "new", made[1])


def test_nothing_is_restored_over_something(home, made):
    with pytest.raises(BackupError, match="not empty"):
        restore(made[0], home, made[1])


@pytest.mark.parametrize("is_mount", [False, True], ids=["folder", "mounted"])
def test_a_restore_that_was_killed_goes_on_by_the_same_command(
    home, made, tmp_path, monkeypatch, is_mount
):
    target = tmp_path / "new"
    target.mkdir()
    monkeypatch.setattr(os.path, "ismount", lambda path: is_mount and Path(path) == target)
    child = os.fork()
    if not child:  # killed when the backup is copied, and nothing of its own clears up
        monkeypatch.setattr(restoring, "_marked", lambda *_: os._exit(9))
        restore(*made[:1], target, made[1])
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    left = target / ".restoring" if is_mount else tmp_path / ".new.restoring"
    assert (left / "state.db").is_file()
    assert is_mount or not any(target.iterdir())
    words = ("restore", made[0], "--to", target, "--keys", made[1])
    done = schoolbell(*words)
    assert done.code == 0, done.err
    assert "An earlier restore into this folder was stopped" in done.out
    assert told_of(target) == told_of(home)
    assert not left.exists()
    assert schoolbell(*words).code == 1


def test_what_backups_that_were_killed_left_is_cleared_after_a_day(home, tmp_path):
    into = tmp_path / "backups"
    names = {
        ".partial-20261031T060000Z": False,
        ".partial-20261101T055959Z": False,
        ".partial-20261101T070000Z": True,
        ".partial-of-mine": True,
    }
    for name in names:
        (into / name).mkdir(parents=True)
        (into / name / "state.db").write_bytes(b"x")
    with open_district(home) as district:
        made = back_up(district, into, MONDAY)
    assert {name: (into / name).exists() for name in names} == names
    assert {path.name for path in into.glob("backup-*")} == {made.folder.name}


def test_a_run_without_its_key_is_refused_before_anything_is_read(district, tmp_path):
    home = DistrictHome(district.copy(tmp_path, of="delivered"))
    home.key_file.unlink()
    done = schoolbell("run", "--home", home.path)
    assert done.code == 2
    assert "the key behind the pseudonyms is missing" in done.err
    assert not home.warehouse.exists()
    with open_district(home.path) as opened:
        assert ledger.source_files(opened.store) == []


def test_a_home_without_its_key_is_not_restored(made, tmp_path):
    (tmp_path / "keys").mkdir()
    with pytest.raises(BackupError, match="every account gets a different code name"):
        restore(made[0], tmp_path / "new", tmp_path / "keys")


def test_keys_of_two_homes_do_not_mix(home, made, tmp_path):
    other = DistrictHome(tmp_path)
    other.keys.mkdir()
    other.key_file.write_bytes(b"x" * 32)
    with pytest.raises(BackupError, match="contains a different key than the home"):
        copy_keys(other, made[1])


def test_a_backup_inside_the_home_is_refused(home):
    with open_district(home) as district, pytest.raises(BackupError, match="lost with"):
        back_up(district, home / "backups")


def test_the_commands_tell_what_they_did(home, tmp_path):
    copies = ("--to", tmp_path / "backups", "--keys", tmp_path / "keys")
    done = schoolbell("backup", "--home", home, *copies, "--json")
    told = json.loads(done.out)
    assert done.code == 0
    assert told["findings"] == len(told_of(home)) > 0
    keys = ("--keys", tmp_path / "keys")
    drilled = schoolbell("drill", told["folder"], "--home", home, *keys, "--scratch", tmp_path)
    assert drilled.code == 0, drilled.err
    assert "same findings" in drilled.out.replace("same lines, rows and findings", "same findings")
    assert not list(tmp_path.glob("drill-*"))
    with open_district(home) as district, district.store.reading() as connection:
        assert fact(connection, "last_backup_time")
        assert fact(connection, "last_drill_time")
