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

from pipelines.registry.new_home import create
from pipelines.run.run import run
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, generate
from tests.conftest import LONG
from tests.engines.cluster import (
    MASTER,
    executors,
    killing,
    needs_spark,
    surroundings,
)
from tests.engines.test_spark import check_same
from tests.unit.fleet.test_fleet import ME

pytestmark = [
    pytest.mark.slow,
    needs_spark,
    pytest.mark.skipif(not LONG, reason="a quarter of an hour of Spark"),
]
SEEDS, DISTRICTS, PEOPLE = (11, 12, 13), 4, 60


def districts(folder: Path, seed: int) -> dict[str, Path]:
    """Homes with a week's logs; nothing of them was read."""
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
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, **surroundings(folder)},
    )  # fmt: skip


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
    codes = {
        one["home"]: one["exit_code"] for one in map(json.loads, told.splitlines())
    }
    assert set(codes) == set(away)
    assert set(codes.values()) <= {0, 1}
    for name, home in away.items():
        check_same(home, alone[name])


def is_visited(home: Path) -> bool:
    """A run that an executor of the killed driver had started is still ending."""
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if str(home).encode() in line.read_bytes():
                return True
    return False
