"""A newcomer's way without anybody at the keyboard, from nothing to a restored home.

    python -m tests.newcomer [--wheel] [--tests] [--into FOLDER] [--from REPOSITORY]
        [--seed N]

Clones the repository, or makes a wheel of it and installs that into an environment of
its own; sets up a district of 200 people and three weeks by its exports alone, which
may take ten minutes from the clone to a report with findings; makes the demo and asks
it; then takes a district that someone else made (the sample corpora, where that
generator is not there), reads its report, asks again, backs it up and restores it
elsewhere. Ends at the first step that does not work, or takes too long.
"""

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.benchmarks import judge
from tests.conftest import REPO_ROOT
from tests.newcomer.story import (
    MORE,
    Means,
    by_exports,
    from_corpora,
    from_stranger,
    own_district,
    people_of,
    people_of_corpora,
    readme_commands,
)

OURS = ("SCHOOLBELL_", "VIRTUAL_ENV", "DAGSTER_", "PYTHON", "MAKE", "MFLAGS")
"""Variables of this process that a newcomer would not have."""
DEMO = ("--people", 60, "--weeks", 1)
"""The size of the demo of a wheel; that of a clone is the whole one."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", action="store_true")
    parser.add_argument("--tests", action="store_true", help="run make test as well")
    parser.add_argument("--into", type=Path)
    parser.add_argument("--from", dest="source", default=str(REPO_ROOT))
    parser.add_argument("--seed", type=int, default=secrets.randbelow(90_000) + 10_000)
    asked = parser.parse_args()
    way = wheel if asked.wheel else clone
    with tempfile.TemporaryDirectory() as spare:
        folder = (asked.into or Path(spare)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        for what in story(way, asked.source, folder, asked.seed):
            print(f"{time.monotonic() - began:7.0f} s  {what}", flush=True)


Way = Callable[[str, Path], Sequence[Callable[[], Iterator[str]]]]
"""From a source to a program, then to one that made a demo: steps that say what was
done."""
SIZE = {"people": 200, "weeks": 3}
MAX_SECONDS = 600
"""From the clone to a report with findings, by exports alone."""


def exported(folder: Path, seed: int, began: float) -> Iterator[str]:
    """Set a district up by its exports; making it does not count."""
    place = folder / "exported"
    place.mkdir()
    start = time.monotonic()
    made = judge.generated(place, seed=seed, **SIZE)
    began += time.monotonic() - start
    yield f"a district of another author, seed {seed}, {SIZE}"
    program = folder / "schoolbell" / ".venv" / "bin" / "schoolbell"
    yield from by_exports(lambda *words: called(place, program, *words, codes=(0, 1)), place, made)
    seconds = time.monotonic() - began
    yield f"by exports, from the install to findings: {seconds:.0f} s"
    if seconds > MAX_SECONDS:
        sys.exit(f"it may take {MAX_SECONDS} s")


def story(way: Way, source: str, folder: Path, seed: int) -> Iterator[str]:
    """Yield every step; says after each what was done."""
    began = time.monotonic()
    first, *others = way(source, folder)
    is_there = judge.JUDGE.is_dir()
    yield from first()
    if is_there:
        yield from exported(folder, seed, began)
    for steps in others:
        yield from steps()
    own = folder / "own"
    own.mkdir()
    program = folder / "schoolbell" / ".venv" / "bin" / "schoolbell"
    means = Means(
        command=lambda *words: called(folder, program, *words),
        notebooks=lambda home: asked_of(folder, home),
        folder=own,
        bring=from_stranger(own, seed) if is_there else from_corpora(MORE),
        names=people_of if is_there else people_of_corpora,
    )
    yield f"a district of another author, seed {seed}" if is_there else "corpora"
    yield from own_district(means)


def clone(source: str, folder: Path) -> Sequence[Callable[[], Iterator[str]]]:
    """By the book: clone, set up, then the commands of the README as it prints them."""
    place = folder / "schoolbell"

    def installed() -> Iterator[str]:
        called(folder, "git", "clone", "-q", source, place)
        yield "git clone"
        called(place, "make", "setup")
        yield "make setup"

    def demo() -> Iterator[str]:
        for words in readme_commands():
            if words != ["make", "test"] or "--tests" in sys.argv:
                said = called(place, *words)
                yield f"{' '.join(words)}: {said.strip().splitlines()[-1]}"
        yield f"{asked_of(folder, place / 'demo-district')} notebooks on the demo"

    return installed, demo


def wheel(source: str, folder: Path) -> Sequence[Callable[[], Iterator[str]]]:
    """As `pipx` and `uv tool` do: a wheel in a separate environment."""
    place = folder / "schoolbell" / ".venv"

    def installed() -> Iterator[str]:
        build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d")
        called(Path(source), *build, folder)
        (made,) = folder.glob("schoolbell-*.whl")
        yield f"{made.name}, {made.stat().st_size / 1e6:.1f} MB"
        uv = REPO_ROOT / ".uv" / "bin" / "uv"
        called(folder, uv, "venv", "-q", "--python", sys.executable, place)
        python = place / "bin" / "python"
        called(folder, uv, "pip", "install", "-q", "--python", python, made)
        yield "installed"
        uvx = (uv, "tool", "run", "--from", made, "schoolbell", "--version")
        yield f"uvx: schoolbell {called(folder, *uvx).strip()}"

    def demo() -> Iterator[str]:
        said = called(folder, place / "bin" / "schoolbell", "demo", *DEMO)
        yield "schoolbell demo: " + said.strip().splitlines()[-1]
        asked_of(folder, folder / "demo-district")
        yield "a question to the demo"

    return installed, demo


QUESTION = """
import sys
from pipelines import connect
con = connect(sys.argv[1])
assert con.sql("select count(*) from core.http_requests").fetchall()[0][0] > 0
con.close()
"""


def asked_of(folder: Path, home: Path) -> int:
    """Run each notebook as a person would; without any, ask one question."""
    place = folder / "schoolbell"
    paths = sorted((place / "notebooks").glob("*.ipynb"))
    for path in paths:
        out = home.parent / f"{home.name}-{path.name}"
        words = ("execute", path, "--output", out)
        run = place / ".venv" / "bin" / "jupyter"
        variables = {"SCHOOLBELL_HOME": str(home), "PYTHONPATH": str(place)}
        called(path.parent, run, *words, **variables)
    if not paths:
        called(folder, place / ".venv" / "bin" / "python", "-c", QUESTION, home)
    return len(paths)


def called(folder: Path, *words: object, codes: Sequence[int] = (0,), **variables: str) -> str:
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
    if done.returncode not in codes:
        sys.exit(f"{words}\nended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
