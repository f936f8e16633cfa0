"""Runs districts of two generators written apart from the product; prints the figures.

    python -m tests.benchmarks.judge [--seed N] [--only NAME] [--no-ladder]

The generators and scorers are in a folder next to the checkout. For each of them a
district with violations and one without are made, laid into homes with a complete
registry, and run through the command line; then the first once more by what an
administrator exports in an hour, and rung by rung with what `propose` offers. Prints
cases found by kind and by strength, what was missed, and the look-alike of each false
finding. Fails nothing. A seed that was looked into is spent: without one a fresh seed
is taken and printed.
"""

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import REPO_ROOT

SHARED = REPO_ROOT.parent / "shared"
JUDGE = SHARED / "judge"
SCORER = JUDGE / "score.py"
RUNGS = ("computers", "networks", "sites", "usual-hours", "holders")
"""Groups of proposals, in the order in which the ladder accepts them."""


@dataclass(frozen=True)
class Generator:
    """A generator of districts, and the scripts next to it.

    Attributes:
        script: Makes a district in a folder, from a seed.
        sizes: Arguments of its usual size.
        turns_back: Turns code names of an export back into the district's names.
        names_file: Its exports call devices otherwise; a file keeps which is which.
    """

    name: str
    zone: str
    folder: Path
    script: str
    sizes: tuple[str, ...]
    turns_back: str
    names_file: bool = False


PRAIRIE = Generator(
    "Prairie Bend",
    "America/Chicago",
    JUDGE,
    "prairie_bend.py",
    ("--people", "200", "--weeks", "3"),
    "named_findings.py",
)
JUNIPER = Generator(
    "Juniper Basin",
    "America/Denver",
    SHARED / "judge2",
    "juniper_basin.py",
    (),
    "named.py",
    names_file=True,
)
GENERATORS = (PRAIRIE, JUNIPER)


@dataclass(frozen=True)
class Stranger:
    """A district of a generator, and the home that it was laid into."""

    made: Path
    home: Path


def generated(
    folder: Path, *, seed: int, people: int, weeks: int, more: Sequence[str] = ()
) -> Path:
    """Return the folder of a district that the first generator made."""
    sizes = ("--people", str(people), "--weeks", str(weeks), *more)
    return made(PRAIRIE, folder, seed, sizes)


def lay(made: Path, home: Path, generator: Generator = PRAIRIE) -> None:
    """Copy a district's registry and logs into a home that `init` made."""
    subprocess.run(["bash", generator.folder / "lay_home.sh", made, home], check=True)


def schoolbell(*words: object) -> str:
    """Run one command as a process and return its standard output."""
    return _python("-c", "from pipelines.cli import main; main()", *words)


def score(generator: Generator, one: Stranger, names: Path | None) -> dict[str, Any]:
    """Return what the scorer counts in the findings of a home, as its JSON."""
    with tempfile.TemporaryDirectory() as name:
        export, named, out = (
            Path(name) / part for part in ("export.csv", "named.csv", "score.json")
        )
        export.write_text(schoolbell("findings", "export", "--home", one.home, "--csv"))
        environment = {"NAMES": str(names)} if names else {}
        back = generator.folder / generator.turns_back
        _python(back, one.home, export, named, environment=environment)
        _python(SCORER, "--sim", one.made, "--findings", named, "--json", out)
        return json.loads(out.read_text())


def told(score: dict[str, Any]) -> str:
    """Return a score in words: cases by kind and strength, and what went wrong."""
    kinds = {
        kind: (round((row["case_recall"] or 0) * row["cases"]), row["cases"])
        for kind, row in score["by_kind"].items()
    }
    found, cases = (sum(pair[n] for pair in kinds.values()) for n in (0, 1))
    overall = score["overall"]
    counts = (
        f"{overall['findings']} findings, {overall['false']} false, "
        f"{overall['people_falsely_named']} people falsely named"
    )
    lines = [
        f"{counts}; {found} of {cases} cases",
        "by kind: " + ", ".join(f"{kind} {n}/{of}" for kind, (n, of) in kinds.items()),
    ]
    for title, table in (("by strength", "by_intensity"), ("missed", "by_family")):
        rows = score[table].items()
        parts = [
            f"{name} {row['cases_found']}/{row['cases']}"
            for name, row in rows
            if title != "missed" or row["cases_found"] < row["cases"]
        ]
        lines.append(f"{title}: {', '.join(parts) or 'none'}")
    lines.append(f"false, by look-alike: {score['false_by_confuser_family']}")
    return "\n".join(lines)


def made(generator: Generator, folder: Path, seed: int, more: Sequence[str]) -> Path:
    """Make a district of a generator in a folder, and return where it is."""
    where = folder / "made"
    _python(generator.folder / generator.script, "--out", where, "--seed", seed, *more)
    return where


def complete(generator: Generator, folder: Path, district: Path) -> Stranger:
    """Lay a district with its complete registry into a home; run nothing."""
    home = folder / "home"
    schoolbell("init", home, "--name", generator.name, "--zone", generator.zone)
    lay(district, home, generator)
    return Stranger(district, home)


def by_exports(generator: Generator, folder: Path, made: Path) -> Stranger:
    """Lay a district by the exports of an hour into a home; run nothing."""
    home = folder / "by-exports"
    schoolbell("init", home, "--name", generator.name, "--zone", generator.zone)
    command = folder / "schoolbell"
    command.write_text(
        f"#!/bin/sh\ncd {REPO_ROOT}\nexec {sys.executable} -c "
        '"from pipelines.cli import main; main()" "$@"\n'
    )
    command.chmod(0o755)
    environment = os.environ | {"SB": str(command)}
    if generator.names_file:
        environment["NAMES"] = str(folder / "names.csv")
    script = generator.folder / "lay_exports.sh"
    subprocess.run(["bash", script, made, home], check=True, env=environment, capture_output=True)
    return Stranger(made, home)


def _run(one: Stranger) -> float:
    began = time.perf_counter()
    schoolbell("run", "--home", one.home, "--settle-seconds", 0, "--quiet")
    return time.perf_counter() - began


def _python(*words: object, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | (environment or {}),
    )
    if done.returncode:
        sys.stderr.write(f"{' '.join(map(str, words))}: exit {done.returncode}\n")
        sys.stderr.write(done.stderr)
    return done.stdout


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _judge(generator: Generator, seed: int, *, has_ladder: bool) -> None:
    for title, more in (("violations", ()), ("none", ("--no-violations",))):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            district = made(generator, folder, seed, (*generator.sizes, *more))
            one = complete(generator, folder, district)
            seconds = _run(one)
            _say(f"== {generator.name}, seed {seed}, {title}: run in {seconds:.0f} s")
            _say(told(score(generator, one, None)))
            shutil.rmtree(one.home)
            if has_ladder and not more:
                _ladder(generator, folder, district)


def _ladder(generator: Generator, folder: Path, made: Path) -> None:
    names = folder / "names.csv" if generator.names_file else None
    one = by_exports(generator, folder, made)
    seconds = _run(one)
    _say(f"-- by exports of an hour: run in {seconds:.0f} s")
    _say(told(score(generator, one, names)))
    for group in RUNGS:
        reason = "--reason", "read through once"
        schoolbell("propose", "--home", one.home, "--accept", group, *reason)
        _run(one)
        _say(f"-- and {group} accepted")
        _say(told(score(generator, one, names)))


def main() -> None:
    """Print the figures of both generators, or of the one that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(90_000) + 10_000)
    parser.add_argument("--only", choices=[one.name for one in GENERATORS])
    parser.add_argument("--no-ladder", action="store_true")
    asked = parser.parse_args()
    if not JUDGE.is_dir():
        sys.exit(f"there is no district generator in {JUDGE}")
    for generator in GENERATORS:
        if asked.only in (None, generator.name):
            _judge(generator, asked.seed, has_ladder=not asked.no_ladder)


if __name__ == "__main__":
    main()
