"""One Chromium and one archive for every test in a browser."""

import os
from pathlib import Path

import pytest

from tests.browser.looking import write_all


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    weeks = ("busy", "hostile", "empty", "quiet")
    return write_all(tmp_path_factory.mktemp("archive"), weeks)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Where the pictures of the run are kept, to be looked at by people."""
    wanted = os.environ.get("SCHOOLBELL_PICTURES")
    folder = Path(wanted) if wanted else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
