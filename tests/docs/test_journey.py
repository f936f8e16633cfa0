"""The guide's commands run unchanged, and say what the guide says."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPO_ROOT
from tests.docs.documents import blocks, missing

JOURNEY = REPO_ROOT / "docs" / "journey.md"


def test_the_journey_runs_as_written(tmp_path):
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(REPO_ROOT),
        "LC_ALL": "C.UTF-8",
    }
    folder = tmp_path / "work"
    folder.mkdir()
    for block in blocks(JOURNEY.read_text(encoding="utf-8")):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.commands],
            check=False,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, (block.commands, done.stdout, done.stderr)
        assert not missing(block.output, done.stdout), (block.commands, done.stdout)


def test_a_line_that_was_not_said_is_missing():
    assert missing("a ... c\nd", "a b c\n") == ["d"]
    assert missing("a.c", "abc") == ["a.c"]
