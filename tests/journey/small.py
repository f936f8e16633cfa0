"""One school week of a small synthetic district, made once for all tests.

Workers of one test session share it. A test that changes something works on a
copy of its own.
"""

import os
import pickle
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
from filelock import FileLock

from pipelines.demo.generate import ACCOUNT_DOMAINS, Truth, generate
from pipelines.district.home import DistrictHome, create
from pipelines.findings.keeping import stored_findings
from pipelines.journey.district import open_district
from pipelines.journey.run import Result, run

SEED, WEEKS, PEOPLE = 2026, 1, 60
ZONE = "America/Chicago"
MODELS = ("identity", "core", "detections", "marts")


@dataclass(frozen=True)
class Small:
    """A home that was run once, and what is known of it.

    Attributes:
        delivered: The home before its first run.
        home: The home after it.
    """

    delivered: Path
    home: Path
    truth: Truth
    result: Result

    def copy(self, folder: Path, *, of: str = "home") -> Path:
        """A home to change: as it is after its run, or `of="delivered"`."""
        target = folder / "district"
        shutil.copytree(getattr(self, of), target)
        return target


def shared_folder(base: Path) -> Path:
    """A folder that all workers of this session, and no other session, see."""
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def small(base: Path) -> Small:
    """Make the district, or take the one that another worker made."""
    folder = shared_folder(base) / "small"
    folder.mkdir(exist_ok=True)
    known = folder / "small.pickle"
    with FileLock(folder / "lock"):
        if not known.is_file():
            known.write_bytes(pickle.dumps(_made(folder)))
    return pickle.loads(known.read_bytes())


def _made(folder: Path) -> Small:
    delivered, home = folder / "delivered", folder / "home"
    create(delivered, account_domains=ACCOUNT_DOMAINS)
    truth = generate(delivered, SEED, weeks=WEEKS, people=PEOPLE)
    shutil.copytree(delivered, home)
    return Small(delivered, home, truth, run(home))


def local_days(cases: pl.DataFrame) -> pl.DataFrame:
    """Planted cases with the local day on which each begins, as `day`."""
    start = pl.col("start_utc").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC")
    return cases.with_columns(day=start.dt.convert_time_zone(ZONE).dt.date())


def findings_of(home: Path) -> list[dict]:
    with open_district(home) as district:
        return stored_findings(district.store)


def told_of(home: Path) -> dict[str, tuple]:
    """What matters of each finding: all but when it was written."""
    return {
        row["finding_id"]: (row["status"], row["confidence"], row["record"])
        for row in findings_of(home)
    }


def rows_of(home: Path) -> dict[str, pl.DataFrame]:
    """Every model's rows in an order of their own."""
    with duckdb.connect(DistrictHome(home).warehouse, read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        names = connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_type = 'BASE TABLE' order by all"
        ).fetchall()
        return {
            f"{schema}.{name}": connection.sql(
                f"select * from {schema}.{name} order by all"
            ).pl()
            for schema, name in names
            if schema in MODELS
        }


def now() -> datetime:
    return datetime.now(UTC)
