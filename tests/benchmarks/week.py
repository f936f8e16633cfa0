"""Prints what it costs to judge a district's week, model by model; fails nothing.

    python -m tests.benchmarks.week [--staff 300,600] [--weeks 1] [--slowest 12]

A synthetic district of that many staff, and one and a half times as many students, is
made and taken in; only the judging is measured: identity, core, detections,
findings, marts. CPU time survives a busy machine, wall time does not.
"""

import argparse
import os
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from pipelines.district import open_district
from pipelines.refresh.steps import build_and_judge, ingest_sources
from pipelines.registry.new_home import create
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, DISTRICT_NAME, generate

STAFF_SHARE = 0.4
SEED = 77


class Stopwatch:
    """CPU seconds between one model and the next."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._name = "begin"
        self._since = time.process_time()

    def __call__(self, name: str, _done: int, _all: int) -> None:
        now = time.process_time()
        self.spent[self._name] += now - self._since
        self._name, self._since = name, now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--staff", default="300,600")
    parser.add_argument("--weeks", type=int, default=1)
    parser.add_argument("--slowest", type=int, default=12)
    asked = parser.parse_args()
    for staff in map(int, asked.staff.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder) / "home", staff, asked.weeks, asked.slowest)


def measure(home: Path, staff: int, weeks: int, slowest: int) -> None:
    """One district: totals, then the slowest models."""
    create(home, name=DISTRICT_NAME, account_domains=ACCOUNT_DOMAINS)
    generate(home, SEED, people=round(staff / STAFF_SHARE), weeks=weeks)
    with open_district(home) as district:
        outcomes = ingest_sources(district, settle_seconds=0)
        lines = sum(one.record.lines for one in outcomes)
        watch, begin, cpu = Stopwatch(), time.perf_counter(), time.process_time()
        done = build_and_judge(district, watch)
        wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
        watch("end", 0, 0)
    days = {day for some in done.built.days.values() for day in some}
    print(
        f"\n{staff:,} staff, {weeks} weeks ({len(days)} days), {lines:,} lines: "
        f"{cpu:.1f} s of CPU, {wall:.1f} s on {os.cpu_count()} cores at load "
        f"{os.getloadavg()[0]:.1f}; {cpu / lines * 1e6:.1f} us a line"
    )
    for name, spent in sorted(watch.spent.items(), key=lambda one: -one[1])[:slowest]:
        print(f"  {name:<40}{spent:>8.2f} s{spent / cpu:>7.0%}")


if __name__ == "__main__":
    main()
