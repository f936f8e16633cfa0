"""Many districts on Spark, with executors and the driver killed; in the long run alone.

Districts are invented ones of several seeds; what each run alone makes of them, in one
process of this machine, is what the cluster must make of them.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from pipelines.district import open_district
from pipelines.registry.new_home import create
from pipelines.run.run import run
from pipelines.state import ledger
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, generate
from tests.conftest import LONG
from tests.engines import tasks
from tests.engines.cluster import (
    MASTER,
    cluster,
    executors,
    killing,
    needs_spark,
    surroundings,
)
from tests.engines.test_build import check_same
from tests.journey.small import DAYS
from tests.unit.fleet.test_fleet import ME

pytestmark = [
    needs_spark,
    pytest.mark.skipif(not LONG, reason="a quarter of an hour of Spark"),
]
SEEDS, DISTRICTS, PEOPLE = (11, 12, 13), 4, 60
PAGE = os.sysconf("SC_PAGE_SIZE")


def districts(folder: Path, seed: int) -> dict[str, Path]:
    """Return homes with a week's logs; nothing of them was read."""
    homes = {}
    for number in range(DISTRICTS):
        home = create(folder / f"d{number}", account_domains=ACCOUNT_DOMAINS).path
        generate(home, seed * 10 + number, weeks=1, people=PEOPLE + 10 * number)
        homes[home.name] = home
    return homes


def fleet_of(folder: Path, homes: dict[str, Path]) -> Path:
    text = '[agency]\nname = "Example Agency"\n[budget]\nfree_gb = 0\n'
    text += f'[engine]\nkind = "spark"\nmaster = "{MASTER}"\n'
    for name, home in homes.items():
        text += f'[homes.{name}]\npath = "{home}"\naccount = "{ME}"\n'
    file = folder / "fleet.toml"
    file.write_text(text, encoding="utf-8")
    return file


def driver(file: Path, folder: Path) -> "subprocess.Popen[str]":
    program = "from pipelines.cli import main; main()"
    words = ["fleet", "run", "--fleet", str(file), "--json"]
    return subprocess.Popen(
        [sys.executable, "-c", program, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **surroundings(folder)},
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_districts_come_out_alike_whatever_is_killed(tmp_path, seed):
    """An executor that builds, then the driver; then everything is run again."""
    alone = districts(tmp_path / "alone", seed)
    away = {name: tmp_path / "away" / name for name in alone}
    for name, home in alone.items():
        shutil.copytree(home, away[name])
        run(home)
    file = fleet_of(tmp_path, away)
    begun, until = driver(file, tmp_path), time.monotonic() + 600

    def builds() -> list[int]:
        for home in away.values():
            if (home / "warehouse.duckdb.wal").exists():
                return executors(of=begun.pid, running=str(home))
        return []

    with killing(builds) as killed:
        while not any(tmp_path.glob("away/*/snapshots/CURRENT")):
            assert begun.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
    assert killed
    begun.kill()
    begun.wait()
    while any(map(is_visited, away.values())):
        assert time.monotonic() < until
        time.sleep(0.2)
    told, _ = driver(file, tmp_path).communicate(timeout=600)
    codes = {one["home"]: one["exit_code"] for one in map(json.loads, told.splitlines())}
    assert set(codes) == set(away)
    assert set(codes.values()) <= {0, 1}
    for name, home in away.items():
        check_same(home, alone[name])


def is_visited(home: Path) -> bool:
    """Return whether a run that the killed driver's executor started is still ending."""
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if str(home).encode() in line.read_bytes():
                return True
    return False


GROWTH = (1, 2, 4, 8)


def test_more_districts_cost_as_much_a_line(tmp_path):
    """CPU seconds per line of all that runs in a home, and memory of the driver."""
    home = create(tmp_path / "made", account_domains=ACCOUNT_DOMAINS).path
    generate(home, 14, weeks=1, people=PEOPLE)
    for path in (home / "landing").rglob("*.*"):
        if not any(day in path.name for day in DAYS):
            path.unlink()
    told = []
    with cluster(tmp_path) as engine:
        list(engine.map(range(4), tasks.twice))  # executors are there
        for count in GROWTH:
            homes = [tmp_path / f"x{count}-{number}" for number in range(count)]
            for one in homes:
                shutil.copytree(home, one)
            began = time.monotonic()
            spent = list(engine.map(homes, tasks.visited))
            wall = time.monotonic() - began
            lines = sum(map(lines_of, homes))
            told.append((count, 1e6 * sum(spent) / lines, wall, *memory_mib()))
    for count, micros, wall, python, java in told:
        print(
            f"{count} districts: {micros:.0f} us CPU a line, {wall:.0f} s,"
            f" driver {python:.0f} MiB and Java {java:.0f} MiB"
        )
    _, costs, _, python, java = zip(*told, strict=True)
    assert max(costs) <= 1.15 * min(costs)
    assert python[-1] <= 1.15 * python[0]
    assert java[-1] <= 1.15 * java[0]


def lines_of(home: Path) -> int:
    with open_district(home) as district:
        return sum(one.events + one.rejects for one in ledger.source_files(district.store))


def memory_mib() -> tuple[float, float]:
    """Return what this process holds, and the Java process that it started."""
    own = os.getpid()
    children = Path(f"/proc/{own}/task").glob("*/children")
    (java,) = {
        child
        for file in children
        for child in file.read_text().split()
        if b"java" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[0]
    }
    return tuple(
        int(Path(f"/proc/{one}/statm").read_text().split()[1]) * PAGE / (1 << 20)
        for one in (own, java)
    )
