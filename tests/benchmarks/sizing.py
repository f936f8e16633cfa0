"""Prints what districts of several sizes take: disk, memory, time of a run.

    python -m tests.benchmarks.sizing [--people 60,240,600] [--weeks 1]

Each size is made and run in a separate process. CPU seconds survive a busy
machine; a run takes about that long on one core.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipelines.registry.new_home import create
from pipelines.run.run import run
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, generate

MB = 1_000_000
PARTS = ("landing", "lake", "state.db", "warehouse.duckdb", "snapshots", "reports")
HEAD = ("people", "lines", *PARTS, "CPU s", "wall s", "peak MB")


def measured(folder: Path, people: int, weeks: int) -> dict[str, float]:
    """Return what one district takes; run alone in a process, whose peak counts."""
    home = create(folder / "home", account_domains=ACCOUNT_DOMAINS)
    truth = generate(home.path, 2026, weeks=weeks, people=people)
    before, begun = cpu_seconds(), time.monotonic()
    run(home.path)
    return {
        "people": people,
        "lines": sum(truth.lines.values()),
        **{name: size_mb(home.path / name) for name in PARTS},
        "CPU s": round(cpu_seconds() - before),
        "wall s": round(time.monotonic() - begun),
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


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
    parser.add_argument("--one", type=int, help="in this process, as JSON")
    asked = parser.parse_args()
    if asked.one:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measured(Path(folder), asked.one, asked.weeks)))
        return
    print("| " + " | ".join(HEAD) + " |\n" + "|---" * len(HEAD) + "|")
    for people in asked.people.split(","):
        words = ["--one", people, "--weeks", str(asked.weeks)]
        command = [sys.executable, "-m", "tests.benchmarks.sizing", *words]
        said = json.loads(subprocess.check_output(command, text=True).splitlines()[-1])
        print("| " + " | ".join(f"{said[name]:,}" for name in HEAD) + " |", flush=True)


if __name__ == "__main__":
    main()
