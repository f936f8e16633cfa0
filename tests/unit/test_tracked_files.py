"""What is checked in is meant to be."""

import shutil
import subprocess

import pytest

from tests.conftest import REPO_ROOT


@pytest.fixture(scope="module")
def tracked():
    if not (REPO_ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("no checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPO_ROOT, capture_output=True, check=True
    )
    return [REPO_ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_no_tracked_file_is_empty(tracked):
    assert [one.name for one in tracked if one.exists() and not one.stat().st_size] == []


def test_no_database_is_tracked(tracked):
    kinds = (".db", ".duckdb", ".sqlite", ".wal")
    assert [one.name for one in tracked if one.suffix in kinds] == []
