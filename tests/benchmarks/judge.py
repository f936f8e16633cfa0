"""Runs districts that somebody else made through the product; prints the figures.

    python -m tests.benchmarks.judge [--seed N] [--people 200] [--weeks 3]

Generator and scorer lie beside the checkout and were written apart from the product.
Two districts are made, one with violations and one without any, laid into homes as an
administrator would, and run through the command line. Fails nothing. A seed that was
looked into is spent: without one a fresh seed is taken, and printed.
"""

import argparse
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPO_ROOT

JUDGE = REPO_ROOT.parent / "shared" / "judge"
NAME, ZONE = "Prairie Bend", "America/Chicago"


@dataclass(frozen=True)
class Stranger:
    """A district of the generator, and the home that it was laid into."""

    made: Path
    home: Path


def stranger(
    folder: Path, *, seed: int, people: int, weeks: int, more: Sequence[str] = ()
) -> Stranger:
    """Make a district and lay it into a home of its own; nothing is run.

    Args:
        folder: Holds both in the end.
        more: Further options of the generator, such as `--no-violations`.
    """
    home = folder / "home"
    made = generated(folder, seed=seed, people=people, weeks=weeks, more=more)
    schoolbell("init", home, "--name", NAME, "--zone", ZONE)
    lay(made, home)
    return Stranger(made, home)


def generated(
    folder: Path, *, seed: int, people: int, weeks: int, more: Sequence[str] = ()
) -> Path:
    """The folder of a district that the generator made."""
    made = folder / "made"
    sizes = ["--seed", seed, "--people", people, "--weeks", weeks]
    _python(JUDGE / "prairie_bend.py", "--out", made, *sizes, *more)
    return made


def lay(made: Path, home: Path) -> None:
    """Copy its registry and its logs into a home that `init` made."""
    subprocess.run(["bash", JUDGE / "lay_home.sh", made, home], check=True)


def schoolbell(*words: object) -> str:
    """One command as a process of its own; its standard output."""
    return _python("-c", "from pipelines.cli import main; main()", *words)


def scored(one: Stranger, folder: Path) -> str:
    """What the scorer says of the findings."""
    export, named = folder / "export.csv", folder / "named.csv"
    export.write_text(schoolbell("findings", "export", "--home", one.home, "--csv"))
    _python(JUDGE / "named_findings.py", one.home, export, named)
    return _python(JUDGE / "score.py", "--sim", one.made, "--findings", named)


def _python(*words: object) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(f"{' '.join(map(str, words))}: exit {done.returncode}\n")
        sys.stderr.write(done.stderr)
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(90_000) + 10_000)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--weeks", type=int, default=3)
    asked = parser.parse_args()
    if not JUDGE.is_dir():
        sys.exit(f"there is no district generator in {JUDGE}")
    size = {"seed": asked.seed, "people": asked.people, "weeks": asked.weeks}
    for title, more in (("violations", ()), ("none", ("--no-violations",))):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            one = stranger(folder, **size, more=more)
            began = time.perf_counter()
            said = schoolbell("run", "--home", one.home, "--settle-seconds", 0)
            seconds = time.perf_counter() - began
            sys.stdout.write(f"== {title}: {size}, run in {seconds:.0f} s\n{said}")
            sys.stdout.write(scored(one, folder) + "\n")


if __name__ == "__main__":
    main()
