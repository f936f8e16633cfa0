"""The README's commands are entry points, each named for what it does."""

import re
import subprocess

import pytest

from tests.conftest import REPO_ROOT
from tests.docs.documents import blocks
from tests.newcomer.story import readme_commands

README = (REPO_ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (REPO_ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_first_block_is_two_commands_that_say_what_they_do():
    lines = blocks(README)[0].commands.strip().splitlines()
    assert [line.split("  # ")[0] for line in lines] == ["make demo", "make test"]
    assert ["set up" in line for line in lines] == [True, True]
    assert "main job" in lines[0]
    assert "pass the tests" in lines[1]
    assert readme_commands() == [["make", "demo"], ["make", "test"]]


@pytest.mark.parametrize("words", readme_commands(), ids=" ".join)
def test_each_command_is_a_target_that_sets_up_first(words):
    (target,) = words[1:]
    assert re.search(rf"^{target}:.*\bsetup\b.*## ", MAKEFILE, re.MULTILINE)
    done = subprocess.run(
        [*words, "--dry-run", "--always-make"],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    steps = done.stdout
    own = {"demo": "schoolbell demo", "test": "python -m pytest"}[target]
    assert steps.index(" sync ") < steps.index(own)


def test_no_block_chains_two_ways_with_an_unsaid_or():
    for block in blocks(README):
        assert "&&" not in block.commands
