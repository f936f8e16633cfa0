"""Where the files of a run with workers are kept."""

import os
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import in_memory
from tests.in_memory import (
    LOCK,
    FilesInMemory,
    folder_on_disk,
    free_memory,
    has_room,
    is_wanted,
    sweep,
)


def test_a_run_has_a_folder_and_leaves_none(tmp_path):
    before = dict(os.environ), tempfile.gettempdir()
    plugin = FilesInMemory(tmp_path)
    (folder,) = tmp_path.iterdir()
    assert os.environ["TMPDIR"] == tempfile.gettempdir() == str(folder)
    assert folder.stat().st_mode & 0o777 == 0o711
    with folder_on_disk() as other:
        assert Path(other).parent == Path(before[1])
    (folder / "home").mkdir()
    plugin.pytest_unconfigure()
    assert list(tmp_path.iterdir()) == []
    assert (dict(os.environ), tempfile.gettempdir()) == before


def test_the_next_run_deletes_what_a_killed_one_left(tmp_path):
    running = FilesInMemory(tmp_path)
    (own,) = tmp_path.iterdir()
    killed, other = tmp_path / "sb-killed", tmp_path / "sb-of-another-program"
    for folder in (killed, other):
        (folder / "home").mkdir(parents=True)
    (killed / LOCK).touch()
    sweep(tmp_path)
    assert {*tmp_path.iterdir()} == {own, other}
    running.pytest_unconfigure()
    assert {*tmp_path.iterdir()} == {other}


def test_memory_is_used_only_where_there_is_enough():
    assert free_memory("MemTotal: 9 kB\nMemAvailable:       2 kB\n") == 2048
    assert not has_room(Path("/no/such/folder"), 1)
    assert not has_room(needed=1 << 60)


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [({}, True), ({"tx": None}, False), ({"tx": []}, False), ({"basetemp": "here"}, False)],
)
def test_it_is_for_workers_without_another_folder(changed, wanted, monkeypatch):
    monkeypatch.setattr(in_memory, "has_room", lambda: True)
    monkeypatch.delenv("TMPDIR", raising=False)
    option = SimpleNamespace(**{"tx": ["3*popen"], "basetemp": None} | changed)
    assert is_wanted(SimpleNamespace(option=option)) == wanted
    monkeypatch.setenv("TMPDIR", "/elsewhere")
    assert not is_wanted(SimpleNamespace(option=option))
