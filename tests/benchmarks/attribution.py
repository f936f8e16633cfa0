"""Prints how well a demo district's resolution meets the planted truth.

    python -m tests.benchmarks.attribution [--home demo-district] [--people 60]
        [--weeks 1] [--seed 2026] [--suggest]

Without a home a district is made. Each request is held against the planted binding
of its address and moment. With `--suggest` a copy whose registry has forgotten whose
its devices are is run again, and each proposal is held against what was forgotten.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipelines.district import open_district
from pipelines.proposals.registry_proposals import proposed
from pipelines.registry.new_home import create
from pipelines.run.run import run
from pipelines.settings.home import DistrictHome
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, generate
from tests.benchmarks.figures import Figure, least, most

STAMP = "%Y-%m-%dT%H:%M:%SZ"
RIGHT_SHARE = 0.999
JUDGED = """
select
    requests.event_id,
    any_value(requests.attribution_grade) as grade,
    any_value(requests.device) as device,
    any_value(requests.account) as account,
    coalesce(
        bool_or(requests.device in (bound.device, 'mac:' || bound.mac)), false
    ) as is_device_right,
    bool_or(requests.account = bound.account) as is_account_right,
    -- the newest line about the address names this card, and still holds
    bool_or(
        (
            select
                max_by(
                    leases.mac = bound.mac
                    and leases.action in ('assign', 'renew')
                    and coalesce(leases.lease_end_time > requests.start_time, true),
                    leases.time
                )
            from leases
            where
                leases.ip = requests.src_ip
                and leases.time <= requests.start_time
        )
    ) as is_told
from core.http_requests as requests
inner join bound
    on
        requests.src_ip = bound.ip
        and requests.start_time >= bound.start_time
        and requests.start_time < bound.end_time
group by requests.event_id
"""


@dataclass(frozen=True)
class Match:
    """Requests for which a binding was planted, and how each was resolved."""

    rows: pl.DataFrame

    def count(self, *conditions: pl.Expr) -> int:
        return self.rows.filter(*conditions).height

    @property
    def wrong_devices(self) -> pl.DataFrame:
        return self.rows.filter(pl.col("device").is_not_null(), ~pl.col("is_device_right"))

    @property
    def untold(self) -> int:
        """Requests whose device is unknown since the log lost the line that shows."""
        unknown = pl.col("device").is_null()
        return self.count(unknown, ~pl.col("is_told").fill_null(value=False))

    @property
    def right_share(self) -> float:
        """Of the requests whose device a line shows, those with the right one."""
        told = self.rows.height - self.untold
        return self.count(pl.col("is_device_right")) / max(told, 1)

    def accounts(self, grade: str) -> tuple[int, pl.DataFrame]:
        """Return accounts right and wrong of a grade, where the truth knows them."""
        mine = self.rows.filter(pl.col("is_account_right").is_not_null(), grade=grade)
        return mine.filter("is_account_right").height, mine.filter(~pl.col("is_account_right"))


def planted(home: Path, bindings: pl.DataFrame) -> pl.DataFrame:
    """Bindings with instants, and with the names that accounts have today."""
    accounts = pl.read_csv(home / "registry" / "accounts.csv", infer_schema=False)
    renamed = accounts.select("username", pl.col("aliases").str.split("|")).explode("aliases")
    earlier = dict(renamed.drop_nulls().select("aliases", "username").iter_rows())
    return bindings.select(
        "ip",
        "mac",
        "device",
        pl.col("account").replace(earlier),
        start_time=pl.col("start_utc").str.to_datetime(STAMP, time_zone="UTC"),
        # the table holds whole seconds
        end_time=pl.col("end_utc").str.to_datetime(STAMP, time_zone="UTC") + pl.duration(seconds=1),
    )


def matched(home: Path) -> Match:
    """Return each request of a demo home that was run, against `truth/bindings.csv`."""
    bindings = pl.read_csv(home / "truth" / "bindings.csv", infer_schema=False)
    place = DistrictHome(home)
    with duckdb.connect(place.warehouse, read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.register("bound", planted(home, bindings))
        lake = f"{place.lake}/leases/*/*.parquet"
        connection.register("leases", pl.read_parquet(lake))
        return Match(connection.sql(JUDGED).pl())


def figures(match: Match) -> Iterator[Figure]:
    """Yield who held which address, and the grades."""
    among = f"of {match.rows.height:,} requests with a planted binding"
    yield Figure(
        f"devices right, {among}",
        f"{match.right_share:.4%}",
        f">= {RIGHT_SHARE:.1%}",
        match.right_share >= RIGHT_SHARE,
    )
    yield most("devices wrong", match.wrong_devices.height, 0)
    lost = match.untold / match.rows.height
    yield Figure("whose lease line the log lost", f"{lost:.4%}", "<= 1 %", lost <= 0.01)
    for grade in "ABC":
        right, wrong = match.accounts(grade)
        said = f"accounts wrong at grade {grade} ({right:,} right)"
        yield most(said, wrong.height, 0 if grade != "C" else right // 1_000)
    named = match.count(pl.col("grade") == "D", pl.col("account").is_not_null())
    yield most("accounts named at grade D", named, 0)


def suggested(home: Path) -> Iterator[Figure]:
    """Yield proposals about devices, of a registry that forgot whose they are."""
    path = DistrictHome(home).registry / "devices.csv"
    known = pl.read_csv(path, infer_schema=False)
    nobody = pl.lit(None, pl.String)
    known.with_columns(assigned_to=nobody, pool=nobody).write_csv(path)
    run(home, settle_seconds=0)
    with open_district(home) as district:
        rows = [dict(one.cells) for one in proposed(district).get("devices.csv", ())]
    truth = {row["hostname"]: row for row in known.iter_rows(named=True)}
    owned = [one for one in rows if one.get("assigned_to")]
    shared = [one for one in rows if one.get("pool")]
    wrong = [one for one in owned if truth[one["hostname"]]["assigned_to"] != one["assigned_to"]]
    taken = [one for one in shared if truth[one["hostname"]]["assigned_to"]]
    yield least("devices proposed as one person's", len(owned), 1)
    yield most("of them another's", len(wrong), 0)
    yield least("devices proposed as shared", len(shared), 1)
    yield most("of them one person's", len(taken), 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--weeks", type=int, default=1)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--suggest", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = asked.home
        if home is None:
            home = Path(folder) / "home"
            create(home, account_domains=ACCOUNT_DOMAINS)
            generate(home, asked.seed, people=asked.people, weeks=asked.weeks)
            run(home, settle_seconds=0)
        found = list(figures(matched(home)))
        if asked.suggest:
            copy = Path(folder) / "copy"
            shutil.copytree(home, copy)
            found += suggested(copy)
    for one in found:
        mark = "met" if one.is_met else "NOT MET"
        print(f"{one.what:<74}{one.measured:>10}  {one.goal:<10} {mark}")
    sys.exit(not all(one.is_met for one in found))


if __name__ == "__main__":
    main()
