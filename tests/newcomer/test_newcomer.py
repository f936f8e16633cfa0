"""Someone new gets from nothing to a restored district without asking anybody."""

import subprocess
import sys

import pytest

from tests.conftest import LONG, REPO_ROOT
from tests.journey.commands import schoolbell
from tests.newcomer.story import (
    SQUID,
    Means,
    from_corpora,
    is_there,
    own_district,
    people_of_corpora,
)
from tests.notebooks.running import NOTEBOOKS, kernel, shown

pytestmark = [
    pytest.mark.skipif(not is_there(), reason="no sample corpora here"),
]


def command(*words):
    done = schoolbell(*words)
    assert done.code == 0, (words, done.out, done.err)
    return done.out


def notebooks(home):
    """On a district without findings, which is what a new one is."""
    with kernel() as manager:
        for path in NOTEBOOKS:
            assert shown(path, manager, home), path
    return len(NOTEBOOKS)


def test_a_district_of_their_own(tmp_path):
    bring, names = from_corpora(SQUID), people_of_corpora
    means = Means(command, notebooks, tmp_path, bring, names)
    done = list(own_district(means))
    assert done[-1] == "the restored home knows every line"
    assert "122 lines, each in one place" in done


@pytest.mark.skipif(not LONG, reason="installs, makes the demo: minutes")
@pytest.mark.parametrize("way", [(), ("--wheel",)], ids=["clone", "wheel"])
def test_from_nothing_to_a_restore(tmp_path, way):
    words = [sys.executable, "-m", "tests.newcomer", "--into", tmp_path / "new", *way]
    done = subprocess.run(words, cwd=REPO_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)
    assert "the restored home knows every line" in done.stdout.splitlines()[-1]
