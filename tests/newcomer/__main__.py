"""A newcomer's way without anybody at the keyboard, from a clone to a restored home.

    python -m tests.newcomer [--into FOLDER] [--from REPOSITORY]

Clones the repository, makes the demo, opens its notebooks, then makes a district of
its own from the sample corpora, reads its report, opens the notebooks on it, backs it
up and restores it elsewhere. Ends at the first step that does not work.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import REPO_ROOT
from tests.newcomer.story import MORE, Means, own_district

OURS = ("SCHOOLBELL_", "VIRTUAL_ENV", "DAGSTER_", "PYTHON", "MAKE", "MFLAGS")
"""Variables of this process that a newcomer would not have."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path)
    parser.add_argument("--from", dest="source", default=str(REPO_ROOT))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        folder = (asked.into or Path(spare)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        for what in story(asked.source, folder):
            print(f"{time.monotonic() - began:7.0f} s  {what}", flush=True)


def story(source: str, folder: Path) -> Iterator[str]:
    """Every step; says after each what was done."""
    clone = folder / "schoolbell"
    called(folder, "git", "clone", "-q", source, clone)
    yield "git clone"
    called(clone, "make", "setup")
    yield "make setup"
    said = called(clone, "make", "demo")
    assert (clone / "demo-district" / "reports" / "latest.html").is_file()
    yield "make demo: " + said.strip().splitlines()[-1]
    yield f"{notebooks(clone, clone / 'demo-district')} notebooks on the demo"
    program = clone / ".venv" / "bin" / "schoolbell"
    means = Means(
        command=lambda *words: called(folder, program, *words),
        notebooks=lambda home: notebooks(clone, home),
        folder=folder / "own",
        sources=MORE,
    )
    means.folder.mkdir()
    yield from own_district(means)


def notebooks(clone: Path, home: Path) -> int:
    """Run each as a person would, in a process of its own."""
    paths = sorted((clone / "notebooks").glob("*.ipynb"))
    for path in paths:
        out = home.parent / f"{home.name}-{path.name}"
        command = (
            clone / ".venv" / "bin" / "jupyter",
            "execute",
            path,
            "--output",
            out,
        )
        called(path.parent, *command, SCHOOLBELL_HOME=str(home), PYTHONPATH=str(clone))
    return len(paths)


def called(folder: Path, *words: object, **variables: str) -> str:
    """Run a program; what it printed. Ends the story when it fails."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env=kept | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{words}\nended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
