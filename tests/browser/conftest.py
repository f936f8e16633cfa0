"""One Chromium and one archive for every test in a browser."""

import pytest

from tests.browser.looking import write_all


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    weeks = ("busy", "hostile", "empty", "quiet")
    return write_all(tmp_path_factory.mktemp("archive"), weeks)
