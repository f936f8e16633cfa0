"""A backup that someone changed is refused, whatever was changed, and nothing is made.

Anyone who can write where backups lie may change a file and the manifest with it. What
they lack is the key of the home; what was printed at backup time is kept elsewhere.
"""

import hashlib
import json
import os
import shutil
import time

import pytest

from pipelines.registry.new_home import create
from tests.faults.home import lines
from tests.journey.commands import schoolbell

GIB = 1 << 30


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A home with a backup, its keys apart, and the fingerprint as it was printed."""
    folder = tmp_path_factory.mktemp("hostile")
    home = create(folder / "home", zone="America/Chicago")
    (home.landing / "proxy").mkdir()
    (home.landing / "proxy" / "a.log").write_bytes(lines(0, 50))
    ingest = ("ingest", "--home", home.path, "--settle-seconds", "0")
    assert schoolbell(*ingest).code == 0
    copies = ("--to", folder / "backups", "--keys", folder / "keys")
    done = schoolbell("backup", "--home", home.path, *copies)
    assert done.code == 0, done.err
    (line,) = [one for one in done.out.splitlines() if "Fingerprint" in one]
    (folder / "printed").write_text(line.split()[-1])
    return folder


@pytest.fixture
def copy(made, tmp_path):
    (backup,) = (made / "backups").iterdir()
    shutil.copytree(backup, tmp_path / "backup")
    shutil.copytree(made / "keys", tmp_path / "keys")
    shutil.copyfile(made / "printed", tmp_path / "printed")
    return tmp_path


def restored(copy, *more):
    new = copy / "new"
    keys = ("--keys", copy / "keys")
    done = schoolbell("restore", copy / "backup", "--to", new, *keys, *more)
    if done.code:
        assert not new.exists() or not any(new.iterdir())
        told = done.err.strip().splitlines()
        assert len(told) > 1 or "outside the backup" in done.err, done.err
    return done


def told(copy):
    return json.loads((copy / "backup" / "manifest.json").read_text())


def write(copy, said):
    (copy / "backup" / "manifest.json").write_text(json.dumps(said))


def changed_with_its_hash(copy, name="district.toml"):
    """What an attacker without the key can do: the file and its hash are in accord."""
    path = copy / "backup" / name
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"\n")
    said = told(copy)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    said["files"][name] = {"bytes": path.stat().st_size, "sha256": digest}
    write(copy, said)


def entry(copy, name, content=None):
    """Another file in the manifest, and in the folder where it can are there."""
    said = told(copy)
    data = content or b"x"
    digest = hashlib.sha256(data).hexdigest()
    said["files"][name] = {"bytes": len(data), "sha256": digest}
    write(copy, said)


def as_link(copy, name="district.toml"):
    path = copy / "backup" / name
    path.rename(copy / "elsewhere")
    path.symlink_to(copy / "elsewhere")


def folder_as_link(copy):
    path = copy / "backup" / "lake"
    path.rename(copy / "elsewhere")
    path.symlink_to(copy / "elsewhere")


def as_pipe(copy):
    path = copy / "backup" / "district.toml"
    path.unlink()
    os.mkfifo(path)


def huge(copy):
    """A sparse file: anyone who read it would be at it for long."""
    os.truncate(copy / "backup" / "district.toml", 64 * GIB)


def head_set(copy):
    said = told(copy)
    said["audit_head"] = "1:" + "ab" * 32
    write(copy, said)


def set_in(copy, **values):
    write(copy, told(copy) | values)


def text(copy, content):
    (copy / "backup" / "manifest.json").write_text(content)


def manifest_as(copy, make):
    path = copy / "backup" / "manifest.json"
    path.rename(copy / "manifest.json")
    make(path)


HOSTILE = {
    "a changed file with its hash": (changed_with_its_hash, "was changed after"),
    "a changed state with its hash": (
        lambda copy: changed_with_its_hash(copy, "state.db"), "was changed after",
    ),
    "another head of the chain": (head_set, "was changed after"),
    "other counts": (lambda copy: set_in(copy, lines=7), "was changed after"),
    "no signature": (lambda copy: set_in(copy, signature=""), "is not signed"),
    "a guessed signature": (
        lambda copy: set_in(copy, signature="ab" * 32), "was changed after",
    ),
    "a link": (as_link, "are links"),
    "a folder that is a link": (folder_as_link, "are links"),
    "a pipe": (as_pipe, "are links"),
    "a huge file": (huge, "were changed"),
    "a path upwards": (lambda copy: entry(copy, "lake/../../x"), "outside the backup"),
    "an absolute path": (lambda copy: entry(copy, "/etc/cron.d/x"), "outside the backup"),
    "a path with a dot": (lambda copy: entry(copy, "./lake/x"), "outside the backup"),
    "a path with a backslash": (lambda copy: entry(copy, "lake\\..\\x"), "outside the backup"),
    "a path with NUL": (lambda copy: entry(copy, "lake/x\0y"), "outside the backup"),
    "an empty path": (lambda copy: entry(copy, ""), "outside the backup"),
    "a key": (lambda copy: entry(copy, "keys/audit.key"), "not belong in a backup"),
    "a pointer": (lambda copy: entry(copy, "state.toml"), "not belong in a backup"),
    "a folder's own name": (lambda copy: entry(copy, "lake"), "not belong in a backup"),
    "a negative size": (
        lambda copy: set_in(
            copy, files={"state.db": {"bytes": -1, "sha256": "0" * 64}}
        ), "is not a backup",
    ),
    "no state": (lambda copy: set_in(copy, files={}), "is not a backup"),
    "a list": (lambda copy: text(copy, "[1, 2]"), "is not a backup"),
    "deep brackets": (lambda copy: text(copy, "[" * 100_000), "is not a backup"),
    "half a manifest": (lambda copy: text(copy, '{"files": {'), "is not a backup"),
    "no text": (
        lambda copy: (copy / "backup" / "manifest.json").write_bytes(b"\xff\xfe\x00"),
        "is not a backup",
    ),
    "a manifest that is a pipe": (
        lambda copy: manifest_as(copy, os.mkfifo), "is not a backup",
    ),
    "a manifest that is a link": (
        lambda copy: manifest_as(
            copy, lambda path: path.symlink_to(copy / "manifest.json")
        ), "is not a backup",
    ),
    "a manifest that is a folder": (
        lambda copy: manifest_as(copy, lambda path: path.mkdir()), "is not a backup",
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", HOSTILE)
def test_a_backup_that_was_changed_is_refused_and_nothing_is_made(copy, way):
    change, what = HOSTILE[way]
    change(copy)
    done = restored(copy)
    assert done.code == 1, done
    assert what in done.err
    assert not (copy / "x").exists()


def test_the_fingerprint_that_was_printed_tells_a_whole_forgery(copy):
    """Backup and keys were both in someone's hands: paper is what is left."""
    printed = (copy / "printed").read_text()
    assert restored(copy, "--fingerprint", printed).code == 0
    shutil.rmtree(copy / "new")
    key = (copy / "keys" / "pseudonyms.key").read_bytes()
    other = create(copy / "other", zone="America/Chicago")
    other.key_file.write_bytes(key)
    assert schoolbell("ingest", "--home", other.path).code == 0
    forged = schoolbell("backup", "--home", other.path, "--to", copy / "forged")
    assert forged.code == 0
    shutil.rmtree(copy / "backup")
    next((copy / "forged").iterdir()).rename(copy / "backup")
    done = restored(copy, "--fingerprint", printed)
    assert (done.code, "not have that fingerprint" in done.err) == (1, True)
    assert restored(copy).code == 0  # by its signature alone it is one of this key


def test_a_backup_of_before_is_restored_only_by_its_fingerprint(copy):
    said = told(copy)
    del said["signature"]
    write(copy, said)
    done = restored(copy)
    assert done.code == 1
    own = done.err.split("--fingerprint ")[1].split()[0]
    assert restored(copy, "--fingerprint", own).code == 0


def test_a_cut_file_of_the_backup_before_is_not_shared_with_the_next(made, tmp_path):
    home = create(shutil.copytree(made / "home", tmp_path / "home"))
    shutil.copytree(made / "backups", tmp_path / "backups")
    (before,) = (tmp_path / "backups").iterdir()
    (file,) = before.glob("lake/*/*/*.parquet")
    os.truncate(file, 10)
    time.sleep(1.1)  # backups are named by the second
    copies = ("--to", tmp_path / "backups", "--json")
    done = schoolbell("backup", "--home", home.path, *copies)
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["shared_with_the_backup_before"] == 0
    new = tmp_path / "new"
    keys = ("--keys", made / "keys")
    assert schoolbell("restore", told["folder"], "--to", new, *keys).code == 0


def test_keys_of_another_home_do_not_open_a_backup(copy):
    other = create(copy / "other")
    shutil.copyfile(other.key_file, copy / "keys" / "pseudonyms.key")
    done = restored(copy)
    assert done.code == 1
    assert "with different keys" in done.err


def test_a_hostile_backup_changes_nothing_in_place(made, copy):
    """In place the home's own keys judge."""
    home = copy / "home"
    shutil.copytree(made / "home", home)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    changed_with_its_hash(copy, "state.db")
    done = schoolbell("restore", copy / "backup", "--to", home, "--in-place")
    assert done.code == 1
    assert "was changed after it was made" in done.err
    after = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert after == before


def test_a_lost_key_can_be_given_up_and_the_chain_says_so(made, tmp_path):
    home = create(shutil.copytree(made / "home", tmp_path / "home"))
    copies = ("--to", tmp_path / "backups")
    assert schoolbell("backup", "--home", home.path, *copies).code == 0
    home.key_file.unlink()
    done = schoolbell("backup", "--home", home.path, *copies)
    assert (done.code, "--accept-key" in done.err) == (2, True)
    assert schoolbell("init", home.path, "--yes").code == 0
    done = schoolbell("backup", "--home", home.path, *copies)
    assert (done.code, "is another one than was used" in done.err) == (2, True)
    done = schoolbell("recover", "--home", home.path, "--accept-key", "--quiet")
    assert done.code == 0, done.err
    assert "accept key" in schoolbell("audit", "show", "--home", home.path).out + (
        schoolbell("audit", "show", "--home", home.path, "--json").out
    )
    assert schoolbell("backup", "--home", home.path, "--to", tmp_path / "b").code == 0
