"""Prints what districts of several sizes take: disk, memory, time of each step of a run.

    python -m tests.benchmarks.sizing [--people 60,240,600] [--weeks 1]
    python -m tests.benchmarks.sizing --judge [--staff 0.13] [--made FOLDER]

Each size is made and run in a separate process. CPU seconds survive a busy
machine; a run takes about that long on one core. With `--judge` the districts are those of
another author's generator, which logs three times as many lines per person.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from pipelines.district import open_district
from pipelines.refresh.steps import build_and_judge, ingest_sources
from pipelines.registry.new_home import create
from pipelines.run.run import run
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, generate
from tests.benchmarks.judge import PRAIRIE, complete, generated

MB = 1_000_000
PARTS = ("landing", "lake", "state.db", "warehouse.duckdb", "snapshots", "reports")
STEPS = ("ingest", "build and judge", "publish")
HEAD = (
    "people",
    "lines",
    *PARTS,
    *(f"{step}, {unit}" for step in STEPS for unit in ("CPU s", "wall s", "peak MB")),
)
SEED = 9151


def measured(home: Path, people: int) -> dict[str, float]:
    """Return what the run of a district takes; alone in a process, whose peak counts."""
    found: dict[str, float] = {"people": people}

    @contextmanager
    def step(name):
        cpu, began = cpu_seconds(), time.monotonic()
        yield
        found[f"{name}, CPU s"] = round(cpu_seconds() - cpu)
        found[f"{name}, wall s"] = round(time.monotonic() - began)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found[f"{name}, peak MB"] = round(peak * 1024 / MB)

    with open_district(home) as district:
        with step("ingest"):
            outcomes = ingest_sources(district, settle_seconds=0)
        found["lines"] = sum(one.record.lines for one in outcomes)
        with step("build and judge"):
            build_and_judge(district)
    with step("publish"):
        done = run(home)
    for failure in done.failures:
        print(failure, file=sys.stderr)
    return found | {name: size_mb(home / name) for name in PARTS}


def synthetic(folder: Path, people: int, weeks: int) -> Path:
    """Make a district of the demo's kind, with its logs; return its home."""
    home = create(folder / "home", account_domains=ACCOUNT_DOMAINS)
    generate(home.path, 2026, weeks=weeks, people=people)
    return home.path


def of_another_author(folder: Path, people: int, weeks: int, staff: float, made: Path) -> Path:
    """Lay a district of another author's generator into a home; return the home.

    Args:
        made: Where it was made before; the current folder if it is to be made.
    """
    if not made.name:
        more = ("--staff-fraction", str(staff))
        made = generated(folder, seed=SEED, people=people, weeks=weeks, more=more)
    return complete(PRAIRIE, folder, made).home


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def size_mb(path: Path) -> float:
    files = [path] if path.is_file() else path.rglob("*")
    return round(sum(one.stat().st_size for one in files if one.is_file()) / MB, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", default="60,240,600")
    parser.add_argument("--weeks", type=int, default=1)
    parser.add_argument("--judge", action="store_true", help="districts of another author")
    parser.add_argument("--staff", type=float, default=0.6, help="share of staff, with --judge")
    parser.add_argument("--made", type=Path, default=Path(), help="a district made before")
    parser.add_argument("--one", type=int, help="a home, in this process, as JSON")
    parser.add_argument("--home", type=Path, help="with --one")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measured(asked.home, asked.one)))
        return
    print("| " + " | ".join(HEAD) + " |\n" + "|---" * len(HEAD) + "|")
    for people in map(int, asked.people.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            if asked.judge:
                home = of_another_author(Path(folder), people, asked.weeks, asked.staff, asked.made)
            else:
                home = synthetic(Path(folder), people, asked.weeks)
            words = ["--one", str(people), "--home", str(home)]
            command = [sys.executable, "-m", "tests.benchmarks.sizing", *words]
            said = json.loads(subprocess.check_output(command, text=True).splitlines()[-1])
        print("| " + " | ".join(f"{said[name]:,}" for name in HEAD) + " |", flush=True)


if __name__ == "__main__":
    main()
