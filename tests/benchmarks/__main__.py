"""Prints how fast logs are taken in, and how that compares; fails nothing.

    python -m tests.benchmarks [--lines 100000] [--times 1,4,16] [--kinds squid,...]
        [--ingest-only]

Each stage runs in a separate process, its input in the page cache. CPU time
per line survives a busy machine; of the rest keep the ratios only. GoAccess takes part
where it is installed.
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
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import polars as pl

from tests.benchmarks import judging
from tests.benchmarks.growth import Growth
from tests.benchmarks.inputs import write_squid
from tests.benchmarks.inputs_firewall import write_fortigate
from tests.benchmarks.inputs_logons import write_windows_json
from tests.benchmarks.judge import JUDGE
from tests.benchmarks.stages import STAGES

SPEED = JUDGE / "speed"
"""What somebody else made to measure with; not everybody has it."""


class Kind(NamedTuple):
    """A log to measure with: its format, how it is made, and by whom."""

    format: str
    write: Callable[[Path, int], None]
    made_by: str = "our generator"


def by_judge(name: str, fmt: str) -> Kind:
    """Return a log of the generator that someone else wrote."""

    def write(path: Path, count: int) -> None:
        command = [sys.executable, SPEED / "gen_logs.py", name, str(count), path]
        subprocess.run(command, check=True, capture_output=True)

    return Kind(fmt, write, "somebody else's generator")


KINDS = {
    "squid": Kind("squid_access", write_squid),
    "fortigate": Kind("fortigate", write_fortigate),
    "windows": Kind("windows_security_json", write_windows_json),
}
if (SPEED / "gen_logs.py").is_file():
    KINDS |= {
        "judge-squid": by_judge("squid", "squid_access"),
        "judge-fortigate": by_judge("fortigate", "fortigate"),
        "judge-windows": by_judge("winsec", "windows_security_json"),
        "judge-paloalto": by_judge("paloalto", "paloalto"),
        "judge-pfsense": by_judge("pfsense", "pfsense_filterlog"),
        "judge-sshd": by_judge("sshd", "sshd_pam"),
    }

GOACCESS = [
    "-j 2", "--log-format=%x.%^ %~%L %h %^/%s %b %m %U %^", "--datetime-format=%s",
]  # fmt: skip
"""It reads Squid logs alone, of those measured here."""
HEAD = f"{'stage':<22}{'lines':>12}{'k lines/s':>11}{'MB/s':>8}{'us/line':>9}{'MiB':>7}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--times", default="1,4,16")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--ingest-only", action="store_true", help="without resolving and judging")
    asked = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, Polars {pl.__version__}, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    growth = Growth()
    for factor in map(int, asked.times.split(",")):
        for kind in asked.kinds.split(","):
            with tempfile.TemporaryDirectory() as folder:
                measure(Path(folder), kind, asked.lines * factor, growth)
                if kind == "squid" and not asked.ingest_only:
                    attribution(Path(folder) / "district", asked.lines * factor, growth)
    print(f"\n{'growth':<44}{'measured':>14}{'goal':>14}")
    for one in growth.figures():
        mark = "" if one.is_met else "  not met"
        print(f"{one.what:<44}{one.measured:>14}{one.goal:>14}{mark}")


def measure(folder: Path, kind: str, count: int, growth: Growth) -> None:
    """One size: anchors, each stage, the same from gz, a peer."""
    fmt, write, made_by = KINDS[kind]
    log = folder / "access.log"
    write(log, count)
    size = log.stat().st_size
    print(f"\n{kind}, {made_by}: {count:,} lines, {size / 1e6:,.0f} MB\n{HEAD}")
    base = shell("wc -l", f"wc -l {log}", count, size)
    subprocess.run(["gzip", "-k", "-6", log], check=True)
    zcat = shell("zcat | wc -l", f"zcat {log}.gz | wc -l", count, size)
    is_squid = fmt == "squid_access"
    peers = {
        "GoAccess": goaccess(log, count, size) if is_squid else None,
        "the reference": reference(log, count, size) if is_squid else None,
    }
    anchors = {"": ("wc -l", base), "gz": ("decompress and count", zcat)}
    for pack, (name, anchor) in anchors.items():
        home = folder / f"home{pack}"
        (home / "landing").mkdir(parents=True)
        source = Path(f"{log}.{pack}") if pack else log
        shutil.copy2(source, home / "landing")
        for stage in STAGES:
            told = run_stage(stage, home, fmt)
            line(f"{stage} {pack}".strip(), told, size)
            if stage == "ingest" and told:
                what = f"{kind} {pack}".strip()
                growth.note(what, told)
                for other, theirs in ({name: anchor} | peers).items():
                    if theirs is not None:
                        growth.compared(what, other, compared(other, theirs, told))


def attribution(folder: Path, count: int, growth: Growth) -> None:
    """Taking in and resolving the same requests; their ratio is the figure."""
    judging.make_home(folder, count)
    size = sum(one.stat().st_size for one in folder.rglob("access.log"))
    told = {name: run_stage(name, folder, "squid_access") for name in judging.STAGES}
    for name, one in told.items():
        line(name, one, size)
    if all(told.values()):
        for name in ("resolve", "resolve and judge"):
            ratio = told[name]["cpu"] / told["take in"]["cpu"]
            growth.shares[name] = ratio
            wall = told[name]["wall"] / told["take in"]["wall"]
            print(f"{'':<22}{name}: {ratio:.2f} of the CPU of taking in, {wall:.2f} of the time")


def compared(other: str, theirs: dict[str, float], told: dict[str, float]) -> dict[str, float]:
    """Return how many times as fast as another on the same file in the same run."""
    times = {name: theirs[name] / told[name] for name in ("wall", "cpu")}
    print(f"{'':<22}{times['wall']:.2f} times the speed of {other}, {times['cpu']:.2f} by CPU time")
    return times


def run_stage(stage: str, home: Path, fmt: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.stages", stage, home, fmt],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"{stage}: {done.stderr.strip().splitlines()[-1:]}")
        return {}
    return json.loads(done.stdout)


def shell(name: str, command: str, count: int, size: int) -> dict[str, float]:
    subprocess.run(command, shell=True, capture_output=True, check=False)
    before = os.times()
    begin = time.perf_counter()
    subprocess.run(command, shell=True, capture_output=True, check=False)
    wall = time.perf_counter() - begin
    after = os.times()
    cpu = sum(after[2:4]) - sum(before[2:4])
    told = {"lines": count, "wall": wall, "cpu": cpu, "rss": 0}
    line(name, told, size)
    return told


def goaccess(log: Path, count: int, size: int) -> dict[str, float] | None:
    program = shutil.which("goaccess")
    if program is None:
        print("goaccess is not installed: no comparison with it")
        return None
    options = " ".join(GOACCESS[:1] + [f"'{one}'" for one in GOACCESS[1:]])
    return shell("goaccess", f"{program} {log} {options} -o {log}.html", count, size)


def reference(log: Path, count: int, size: int) -> dict[str, float] | None:
    """Return the fastest sound reader of this format that someone else found: no ledger."""
    program = SPEED / "squid_ref.py"
    if not program.is_file():
        return None
    out = f"{log}.parquet {log}.rejects"
    return shell("reference", f"{sys.executable} {program} {log} {out}", count, size)


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
