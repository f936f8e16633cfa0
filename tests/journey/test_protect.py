"""`protect` runs as root on a home that another account may have prepared."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from pipelines.operations import units
from pipelines.operations.units import GROUPS, RIGHTS, SINGLE, UnsafeError, protect
from pipelines.registry.new_home import create
from pipelines.settings.home import DistrictHome

pytestmark = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="takes root's rights"
)
HOSTILE, OTHER = 61_000, 61_500
IDS = {"": HOSTILE} | {name: 61_001 + n for n, name in enumerate(GROUPS)}
WALKED = sorted(name for name, right in RIGHTS.items() if right.file is not None)
PLACES = [
    *("district.toml", *SINGLE, "state.db-wal", "warehouse.duckdb.tmp"),
    *(f"{name}/file" for name in WALKED),
    *(f"{name}/below/file" for name in WALKED),
]
"""A file in every row of what `protect` sets."""
FOLDERS = [*RIGHTS, *(f"{name}/below" for name in WALKED)]


@pytest.fixture
def home(tmp_path):
    """A home that the hostile account owns, and a folder of the machine next to it."""
    tmp_path.chmod(0o755)
    made = create(tmp_path / "home")
    for name in PLACES:
        path = made.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    for name in RIGHTS:
        (made.path / name).mkdir(exist_ok=True)
    for path in (made.path, *made.path.rglob("*")):
        os.chown(path, HOSTILE, HOSTILE)
    return made


@pytest.fixture
def machine(tmp_path):
    """Files of root: what must stay unchanged."""
    folder = tmp_path / "etc"
    (folder / "below").mkdir(parents=True)
    (folder / "shadow").write_text("root:x")
    (folder / "below" / "shadow").write_text("root:x")
    return folder


def held(folder):
    return {
        str(path): (one.st_uid, one.st_gid, stat.S_IMODE(one.st_mode))
        for path in (folder, *sorted(folder.rglob("*")))
        if (one := path.lstat())
    }


def given(home, **more):
    done = protect(home, HOSTILE, IDS, **more)
    return {error.where: error.what for error in done.refused}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("kind", ["link", "hard link", "pipe"])
def test_what_stands_in_the_place_of_a_file_is_not_given_away(home, machine, name, kind):
    path, target = home.path / name, machine / "shadow"
    if name == "district.toml" and kind == "pipe":
        pytest.skip("without settings it is not a home")
    path.unlink()
    if kind == "link":
        path.symlink_to(target)
    elif kind == "hard link":
        path.hardlink_to(target)
    else:
        os.mkfifo(path)
    before = held(machine)
    refused = given(home)
    assert held(machine) == before
    assert list(refused) == [str(path)]
    told = {"link": "is a link", "hard link": "2 names", "pipe": "neither a file"}
    assert told[kind] in refused[str(path)]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_link_to_a_folder_is_not_given_away(home, machine, name):
    path = home.path / name
    shutil.rmtree(path)
    path.symlink_to(machine)
    before = held(machine)
    assert given(home) == {str(path): "is a link"}
    assert held(machine) == before


@pytest.mark.parametrize("name", [*PLACES, *FOLDERS])
def test_what_another_account_owns_below_is_not_given_away(home, name):
    path = home.path / name
    os.chown(path, OTHER, OTHER)
    refused = given(home)
    assert f"belongs to user {OTHER}" in refused[str(path)]
    assert path.stat().st_uid == OTHER
    assert given(home, take_from=[OTHER]) == {}
    assert path.stat().st_uid == HOSTILE


def test_another_device_is_not_given_away(home, tmp_path):
    mount = home.lake / "below"
    if subprocess.run(["mount", "-t", "tmpfs", "none", mount], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        (mount / "file").write_text("")
        os.chown(mount, HOSTILE, HOSTILE)
        assert "another device" in given(home)[str(mount)]
        assert (mount / "file").stat().st_uid == 0
    finally:
        subprocess.run(["umount", mount], check=True)


def test_a_folder_put_in_place_between_look_and_opening_is_not_followed(home, machine, monkeypatch):
    """The second look is at what was opened."""
    real, path = os.open, home.lists / "below"

    def swapping(name, flags, *more, **at):
        folder = str(Path(f"/proc/self/fd/{at['dir_fd']}").readlink()) if at else ""
        if name == "below" and folder == str(home.lists) and not path.is_symlink():
            shutil.rmtree(path)
            path.symlink_to(machine)
        return real(name, flags, *more, **at)

    before = held(machine)
    monkeypatch.setattr(units.os, "open", swapping)
    refused = given(home)
    assert held(machine) == before
    assert "changed in the meantime" in refused[str(path)]


def test_a_home_of_root_is_given_whole(home):
    for path in (home.path, *home.path.rglob("*")):
        os.chown(path, 0, 0)
    assert given(home) == {}
    for name in PLACES:
        assert (home.path / name).stat().st_uid == HOSTILE


def test_a_link_to_a_home_is_not_a_home(home, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(home.path)
    with pytest.raises(UnsafeError, match="is a link"):
        protect(DistrictHome(link), HOSTILE, IDS)


def test_a_deep_nest_of_folders_ends(home):
    path = home.lists
    for _ in range(60):
        path = path / "a"
        path.mkdir()
        os.chown(path, HOSTILE, HOSTILE)
    assert any("deeper" in why for why in given(home).values())
