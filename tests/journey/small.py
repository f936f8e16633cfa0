"""One school week of a small synthetic district, made once for all tests.

Workers of one test session share it. A test that changes something works on a
copy of its own.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from filelock import FileLock

from pipelines.district import open_district
from pipelines.ingest.source import SETTLE_SECONDS
from pipelines.refresh.steps import Warehouse, build_and_judge, ingest_sources
from pipelines.registry.new_home import create
from pipelines.run.run import run
from pipelines.settings.home import DistrictHome
from pipelines.state.findings import stored_findings
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, DISTRICT_NAME, generate
from pipelines.synthetic.scored_district import set_up

SEED, WEEKS, PEOPLE = 2026, 1, 60
ZONE = "America/Chicago"
DAYS = ("2026-10-19", "2026-10-20")
MODELS = ("identity", "core", "detections", "marts")


def copied(home: Path, target: Path) -> Path:
    """Copy a home that another process may have open: its state's journal comes and goes."""
    for _ in range(5):
        try:
            return Path(shutil.copytree(home, target))
        except shutil.Error:
            shutil.rmtree(target)
            time.sleep(0.3)
    return Path(shutil.copytree(home, target))


@dataclass(frozen=True)
class Planted:
    """The truth behind the logs, as text; see `pipelines.synthetic`."""

    cases: pl.DataFrame
    bindings: pl.DataFrame
    damage: pl.DataFrame
    lines: Mapping[str, int]


@dataclass(frozen=True)
class Small:
    """A home that was run once, and what is known of it.

    Attributes:
        delivered: The home before its first run.
        home: The home after it.
    """

    delivered: Path
    home: Path
    truth: Planted

    def copy(self, folder: Path, *, of: str = "home") -> Path:
        """Return a home to change: as it is after its run, or `of="delivered"`."""
        target = folder / "district"
        copied(getattr(self, of), target)
        return target


def shared(base: Path, name: str, make: Callable[[Path], Any]) -> tuple[Path, Any]:
    """Return a folder that `make` filled once for all workers of this session.

    Args:
        base: pytest's folder of this worker.
        make: Returns what JSON can hold, which every worker gets.
    """
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    folder = (base.parent if is_worker else base) / name
    folder.mkdir(exist_ok=True)
    known = folder / "made.json"
    with FileLock(folder / "lock"):
        if not known.is_file():
            known.write_text(json.dumps(make(folder)))
    return folder, json.loads(known.read_text())


def small(base: Path) -> Small:
    """Make the district, or take the one that another worker made."""
    folder, lines = shared(base, "small", _made)
    home = folder / "home"
    return Small(folder / "delivered", home, _planted(home / "truth", lines))


def _made(folder: Path) -> Mapping[str, int]:
    delivered, home = folder / "delivered", folder / "home"
    create(delivered, account_domains=ACCOUNT_DOMAINS)
    truth = generate(delivered, SEED, weeks=WEEKS, people=PEOPLE)
    shutil.copytree(delivered, home)
    run(home)
    return truth.lines


def two_days(base: Path) -> Small:
    """Return the same district with the logs of two days alone, run once.

    For tests that build it all again, where what they show does not need a week.
    """
    week = small(base)
    folder, lines = shared(base, "two_days", partial(_thinned, week))
    truth = replace(week.truth, lines=lines)
    return Small(folder / "delivered", folder / "home", truth)


def _thinned(week: Small, folder: Path) -> Mapping[str, int]:
    delivered, home = folder / "delivered", folder / "home"
    shutil.copytree(week.delivered, delivered)
    for path in DistrictHome(delivered).landing.rglob("*.*"):
        if not any(day in path.name for day in DAYS):
            path.unlink()
    shutil.copytree(delivered, home)
    run(home)
    kept = {name for name in week.truth.lines if any(day in name for day in DAYS)}
    return {name: week.truth.lines[name] for name in kept}


def _planted(folder: Path, lines: Mapping[str, int]) -> Planted:
    cases, bindings, damage = (
        pl.read_csv(folder / f"{name}.csv", infer_schema=False)
        for name in ("planted", "bindings", "damage")
    )
    damage = damage.with_columns(pl.col("line_no").cast(pl.Int64))
    return Planted(cases, bindings, damage, lines)


def judged(home: Path, *, settle_seconds: float = SETTLE_SECONDS) -> Warehouse:
    """Take in, build and judge what is due; no page is written."""
    with open_district(home) as district:
        ingest_sources(district, settle_seconds=settle_seconds)
        return build_and_judge(district)


def made_and_judged(home: Path, seed: int, *, weeks_before: int = 0, **what: Any) -> None:
    """Make a district of sixty people in an empty folder, take it in and judge it."""
    create(home, name=DISTRICT_NAME, account_domains=ACCOUNT_DOMAINS)
    generate(home, seed, people=PEOPLE, weeks=WEEKS, weeks_before=weeks_before, **what)
    set_up(home)
    judged(home, settle_seconds=0)


def local_days(cases: pl.DataFrame) -> pl.DataFrame:
    """Return planted cases, a row for each local day that one touches, as `day`."""
    first, last = (
        pl.col(name)
        .str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC")
        .dt.convert_time_zone(ZONE)
        .dt.date()
        for name in ("start_utc", "end_utc")
    )
    return cases.with_columns(day=pl.date_ranges(first, last)).explode("day")


def findings_of(home: Path) -> list[dict]:
    with open_district(home) as district:
        return stored_findings(district.store)


def told_of(home: Path) -> dict[str, tuple]:
    """Return what matters of each finding: all except when it was written."""
    return {
        row["finding_id"]: (row["status"], row["confidence"], row["record"])
        for row in findings_of(home)
    }


def rows_of(home: Path) -> dict[str, pl.DataFrame]:
    """Return every model's rows in a separate order."""
    with duckdb.connect(DistrictHome(home).warehouse, read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        names = connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_type = 'BASE TABLE' order by all"
        ).fetchall()
        return {
            f"{schema}.{name}": connection.sql(f"select * from {schema}.{name} order by all").pl()
            for schema, name in names
            if schema in MODELS
        }


def held(path: Path) -> tuple[list[tuple], dict[str, list[tuple]]]:
    """Return everything that a reader of a snapshot can see, in a separate order."""
    with duckdb.connect(path, read_only=True) as connection:
        columns = connection.sql(
            "select c.schema_name || '.' || c.table_name, column_name, data_type,"
            " c.comment, t.comment from duckdb_columns() as c"
            " join duckdb_tables() as t using (table_oid) order by all"
        ).fetchall()
        names = sorted({column[0] for column in columns})
        return columns, {
            name: connection.sql(f"from {name} order by all").fetchall() for name in names
        }


def now() -> datetime:
    return datetime.now(UTC)
