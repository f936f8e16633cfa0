"""Prints how fast logs are taken in, and how that compares; fails nothing.

    python -m tests.benchmarks [--lines 300000] [--times 1,4,16]

Each stage runs in a process of its own, its input in the page cache. CPU time
per line survives a busy machine; of the rest keep the ratios only.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from tests.benchmarks.inputs import write_squid
from tests.benchmarks.stages import STAGES

GOACCESS = ["--log-format=%x.%^ %~%L %h %^/%s %b %m %U %^", "--datetime-format=%s"]
HEAD = f"{'stage':<22}{'lines':>12}{'k lines/s':>11}{'MB/s':>8}{'us/line':>9}{'MiB':>7}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=300_000)
    parser.add_argument("--times", default="1,4,16")
    asked = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, Polars {pl.__version__}, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    for factor in map(int, asked.times.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), asked.lines * factor)


def measure(folder: Path, count: int) -> None:
    """One size: anchors, each stage, the same from gz and zst, a peer."""
    log = folder / "access.log"
    write_squid(log, count)
    size = log.stat().st_size
    print(f"\n{count:,} lines, {size / 1e6:,.0f} MB\n{HEAD}")
    base = shell("wc -l", f"wc -l {log}", count, size)
    subprocess.run(["gzip", "-k", "-6", log], check=True)
    zcat = shell("zcat | wc -l", f"zcat {log}.gz | wc -l", count, size)
    for pack in ("", "gz"):
        home = folder / f"home{pack}"
        (home / "landing").mkdir(parents=True)
        source = Path(f"{log}.{pack}") if pack else log
        shutil.copy2(source, home / "landing")
        for stage in STAGES:
            told = run_stage(stage, home)
            line(f"{stage} {pack}".strip(), told, size)
            anchor = zcat if pack else base
            if stage == "ingest" and told:
                print(f"{'':<22}{anchor / told['wall']:.2f} of the anchor's speed")
    goaccess(log, count, size)


def run_stage(stage: str, home: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.stages", stage, home],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"{stage}: {done.stderr.strip().splitlines()[-1:]}")
        return {}
    return json.loads(done.stdout)


def shell(name: str, command: str, count: int, size: int) -> float:
    subprocess.run(command, shell=True, capture_output=True, check=False)
    before = os.times()
    begin = time.perf_counter()
    subprocess.run(command, shell=True, capture_output=True, check=False)
    wall = time.perf_counter() - begin
    after = os.times()
    cpu = sum(after[2:4]) - sum(before[2:4])
    line(name, {"lines": count, "wall": wall, "cpu": cpu, "rss": 0}, size)
    return wall


def goaccess(log: Path, count: int, size: int) -> None:
    program = shutil.which("goaccess")
    if program is None:
        print("goaccess is not installed: no comparison with it")
        return
    options = " ".join(f"'{one}'" for one in GOACCESS)
    shell("goaccess", f"{program} {log} {options} -o {log}.html", count, size)


def line(name: str, told: dict[str, float], size: int) -> None:
    if not told:
        return
    count, wall = told["lines"], told["wall"]
    print(
        f"{name:<22}{count:>12,}{count / wall / 1e3:>11,.0f}{size / wall / 1e6:>8,.0f}"
        f"{told['cpu'] / max(count, 1) * 1e6:>9.2f}{told['rss']:>7,.0f}"
    )


if __name__ == "__main__":
    main()
