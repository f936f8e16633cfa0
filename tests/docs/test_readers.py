"""Each how-to has a reader, and is short enough to be read in one go."""

import runpy

import pytest

from tests.conftest import REPO_ROOT

HOW_TOS = sorted((REPO_ROOT / "docs" / "how-to").glob("*.md"))
MAX_WORDS = 900


@pytest.mark.parametrize("path", HOW_TOS, ids=lambda path: path.stem)
def test_a_page_is_short(path):
    assert len(path.read_text(encoding="utf-8").split()) <= MAX_WORDS


def test_each_how_to_is_listed_for_one_reader():
    readers = runpy.run_path(str(REPO_ROOT / "docs" / "site" / "conf.py"))["READERS"]
    listed = [name for names in readers.values() for name in names]
    assert sorted(listed) == sorted(path.stem for path in HOW_TOS)
