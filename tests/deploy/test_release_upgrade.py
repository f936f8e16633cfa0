"""A home of a release is upgraded by the next one, and goes back, with the wheels of both."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from functools import partial

import pytest

from tests.conftest import REPO_ROOT
from tests.deploy.releases import NEXT_VERSION, Installed, killed, next_wheel, wheel_of

LINE = (
    "1793606400.120     80 192.0.2.44 TCP_MISS/200 1234 GET http://www.example.org/{} mbell "
    "HIER_DIRECT/203.0.113.5 text/html\n"
)
GOES_ON = {"facts", "audit", "lake_runs"}
"""Tables whose rows any command may change: the mark of the state, the chain, runs that ended."""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """This release, and the next one, whose layout of the state is one step newer."""
    folder = tmp_path_factory.mktemp("wheels")
    return wheel_of(REPO_ROOT, folder / "this"), next_wheel(folder / "next")


@pytest.fixture(scope="module")
def environment(wheels, tmp_path_factory):
    return Installed.new(tmp_path_factory.mktemp("installed") / "venv", wheels[0])


@pytest.fixture
def this(environment, wheels):
    environment.install(wheels[0], "--no-deps", "--reinstall")
    return environment


@pytest.fixture
def later(environment, wheels):
    """Install the next release, as the documents describe it, over this one."""
    return partial(environment.install, wheels[1], "--no-deps")


@pytest.fixture(scope="module")
def homes(environment, wheels, tmp_path_factory):
    """A small home and a large one, as this release left them."""
    folder = tmp_path_factory.mktemp("homes")
    environment.install(wheels[0], "--no-deps", "--reinstall")
    small, large = folder / "small", folder / "large"
    environment.schoolbell("init", small, "--yes", "--zone", "America/Chicago")
    (small / "landing" / "proxy").mkdir(exist_ok=True)
    log = "".join(map(LINE.format, range(50)))
    (small / "landing" / "proxy" / "access.log").write_text(log)
    environment.schoolbell("run", "--home", small, "--quiet", "--settle-seconds", 0)
    environment.schoolbell("demo", "--home", large, "--people", 60, "--weeks", 1)
    return {"small": small, "large": large}


@pytest.fixture
def small(homes, tmp_path):
    return shutil.copytree(homes["small"], tmp_path / "home")


def rows(home):
    """Return every row of the state by table, without columns that only the next release has."""
    with closing(sqlite3.connect(home / "state.db")) as state:
        tables = [
            name
            for (name,) in state.execute("select name from sqlite_master where type = 'table'")
            if not name.startswith("sqlite_") and name not in GOES_ON
        ]
        return {
            table: sorted(
                map(repr, state.execute(f"select {columns(state, table)} from {table}").fetchall())
            )
            for table in tables
        }


def columns(state, table):
    names = [row[1] for row in state.execute(f"pragma table_info({table})")]
    return ", ".join(f'"{name}"' for name in names if name != "codec")


def findings(program, home):
    listed = program.schoolbell("findings", "list", "--home", home, "--leads", "--json").stdout
    return sorted(listed.splitlines())


def reads_nothing_twice(program, home):
    before = accounted(home)
    program.schoolbell("run", "--home", home, "--quiet", "--settle-seconds", 0)
    return accounted(home) == before


def accounted(home):
    with closing(sqlite3.connect(home / "state.db")) as state:
        return state.execute("select path, lines from source_files order by path").fetchall()


def pages(home):
    found = (home / "reports").rglob("*.html")
    return {path.relative_to(home): path.read_bytes() for path in found}


@pytest.mark.parametrize("size", ["small", "large"])
def test_a_home_is_upgraded_and_goes_back(size, homes, this, later, wheels, tmp_path):
    home = shutil.copytree(homes[size], tmp_path / "home")
    copies, keys = tmp_path / "copies", tmp_path / "keys"
    this.schoolbell("backup", "--home", home, "--to", copies, "--keys", keys)
    (copy,) = copies.glob("backup-*")
    before, was, told = rows(home), pages(home), findings(this, home)
    assert len(told) > (10 if size == "large" else -1)

    later()
    assert this.version() == NEXT_VERSION
    refused = this.schoolbell("run", "--home", home, "--quiet", code=1)
    assert f"schoolbell upgrade --home {home}" in refused.stderr
    planned = this.schoolbell("upgrade", "--home", home, "--check").stdout
    assert "lake_files lacks codec" in planned
    assert rows(home) == before
    upgraded = this.schoolbell("upgrade", "--home", home).stdout
    assert "all unchanged" in upgraded
    assert rows(home) == before
    with closing(sqlite3.connect(home / "state.db")) as state:
        assert set(state.execute("select codec from lake_files")) == {("unknown",)}
    assert findings(this, home) == told
    assert reads_nothing_twice(this, home)
    assert this.schoolbell("audit", "verify", "--home", home)
    assert was.items() <= pages(home).items()
    # a line that only the next release reads
    (home / "landing" / "proxy" / "later.log").write_text(LINE.format("later"))
    this.schoolbell("run", "--home", home, "--quiet", "--settle-seconds", 0)
    back = this.schoolbell("upgrade", "--home", home, "--back").stdout
    assert "Next: install the previous version" in back

    this.install(wheels[0], "--no-deps")
    assert this.version() != NEXT_VERSION
    assert rows(home) == before
    this.schoolbell("recover", "--home", home)
    assert findings(this, home) == told
    this.schoolbell("run", "--home", home, "--quiet", "--settle-seconds", 0)
    with closing(sqlite3.connect(home / "state.db")) as state:
        read = state.execute("select lines from source_files where path = 'later.log'").fetchall()
    assert read == [(1,)], "the line that the next release had read is read again"
    assert this.schoolbell("audit", "verify", "--home", home)

    # or: the copy from before the upgrade, into a new folder
    new = tmp_path / "restored"
    this.schoolbell("restore", copy, "--to", new, "--keys", keys, "--verify")
    assert rows(new) == before
    assert findings(this, new) == told


def test_the_previous_release_names_the_version_that_a_state_needs(small, this, later, wheels):
    later()
    this.schoolbell("upgrade", "--home", small)
    this.install(wheels[0], "--no-deps")
    present, before = this.version(), rows(small)
    for words in (("run", "--quiet"), ("status",), ("upgrade",), ("upgrade", "--check"),
                  ("findings", "list"), ("recover",)):  # fmt: skip
        refused = this.schoolbell(*words, "--home", small, code=1).stderr
        assert f"written by Schoolbell {NEXT_VERSION}" in refused, words
        assert f"this is {present}" in refused, words
        assert "schoolbell upgrade --back" in refused, words
    doctor = this.schoolbell("doctor", "--home", small, code=2)
    assert f"written by Schoolbell {NEXT_VERSION}" in doctor.stdout
    assert rows(small) == before
    later()
    assert "already has this version" in this.schoolbell("upgrade", "--home", small).stdout


@pytest.mark.parametrize("call", ["sqlite3.connect .upgrading", "os.link state.db",
                                  "os.rename state.db.upgrading"])  # fmt: skip
def test_an_upgrade_that_is_killed_is_done_by_the_next_one(call, small, this, later, tmp_path):
    before = rows(small)
    later()
    code = killed(this, tmp_path / "watch", call, "upgrade", "--home", small)
    assert code == -9
    assert rows(small) == before
    refused = this.schoolbell("run", "--home", small, "--quiet", code=1)
    assert "schoolbell upgrade" in refused.stderr
    this.schoolbell("upgrade", "--home", small)
    assert rows(small) == before
    assert not [*small.glob("*.upgrading")]
    assert reads_nothing_twice(this, small)


def test_a_return_that_is_killed_is_done_by_the_next_one(small, this, later, wheels, tmp_path):
    before = rows(small)
    later()
    this.schoolbell("upgrade", "--home", small)
    call = "os.rename state.db.upgrading"
    assert killed(this, tmp_path / "watch", call, "upgrade", "--back", "--home", small) == -9
    this.schoolbell("upgrade", "--back", "--home", small)
    this.install(wheels[0], "--no-deps")
    assert rows(small) == before
    this.schoolbell("run", "--home", small, "--quiet", "--settle-seconds", 0)


def test_a_full_disk_leaves_the_home_as_it_was(small, this, later, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", str(disk))
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        home = shutil.copytree(small, disk / "home")
        later()
        before = rows(home)
        size = (home / "state.db").stat().st_size
        filler = disk / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(disk).free - size // 2))
        for words in (("upgrade",), ("upgrade", "--back")):
            refused = this.schoolbell(*words, "--home", home, code=1)
            assert "disk" in refused.stderr.lower(), refused.stderr
            assert "bug" not in refused.stderr
            assert rows(home) == before
            assert not [*home.glob("*.upgrading")]
            filler.unlink()
            assert this.schoolbell("upgrade", "--home", home)
            assert rows(home) == before
            filler.write_bytes(bytes(shutil.disk_usage(disk).free - size // 2))
        filler.unlink()
        this.schoolbell("upgrade", "--back", "--home", home)
        assert rows(home) == before
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
