"""Who held which address: what the warehouse believes, against what was planted.

A request is held against a planted binding of its address and moment. Lines that
the DHCP log lost leave their device unknown, which is right; a wrong device or a
wrong account is not.
"""

from dataclasses import dataclass

import duckdb
import polars as pl
import pytest

from pipelines.district.home import DistrictHome

pytestmark = pytest.mark.slow

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


def planted(home, bindings):
    """Bindings with instants, and with the names that accounts have today."""
    accounts = pl.read_csv(home / "registry" / "accounts.csv", infer_schema=False)
    renamed = accounts.select("username", pl.col("aliases").str.split("|")).explode(
        "aliases"
    )
    earlier = dict(renamed.drop_nulls().select("aliases", "username").iter_rows())
    return bindings.select(
        "ip",
        "mac",
        "device",
        pl.col("account").replace(earlier),
        start_time=pl.col("start_utc").str.to_datetime(STAMP, time_zone="UTC"),
        # the table holds whole seconds
        end_time=pl.col("end_utc").str.to_datetime(STAMP, time_zone="UTC")
        + pl.duration(seconds=1),
    )


@pytest.fixture(scope="module")
def match(district):
    with duckdb.connect(
        DistrictHome(district.home).warehouse, read_only=True
    ) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.register("bound", planted(district.home, district.truth.bindings))
        lake = f"{DistrictHome(district.home).lake}/leases/*/*.parquet"
        connection.register("leases", pl.read_parquet(lake))
        return Match(connection.sql(JUDGED).pl())


def test_the_device_is_the_one_that_held_the_address(match):
    wrong = match.rows.filter(
        pl.col("device").is_not_null(), ~pl.col("is_device_right")
    )
    right = match.count(pl.col("is_device_right"))
    unknown = match.rows.filter(pl.col("device").is_null())
    untold = unknown.filter(~pl.col("is_told").fill_null(value=False)).height
    print(
        f"\n{match.rows.height:,} requests with a binding: {right:,} devices right, "
        f"{unknown.height:,} unknown, {untold:,} of them since the log lost the line "
        f"that tells, {wrong.height} wrong"
    )
    assert match.rows.height > 40_000
    assert wrong.is_empty(), wrong
    assert right >= RIGHT_SHARE * (match.rows.height - untold)
    assert untold <= 0.01 * match.rows.height


def test_a_grade_of_a_or_b_never_names_the_wrong_account(match):
    told = pl.col("is_account_right").is_not_null()
    for grade in "ABC":
        of_grade = pl.col("grade") == grade
        right = match.count(of_grade, pl.col("is_account_right"))
        wrong = match.rows.filter(of_grade, told, ~pl.col("is_account_right"))
        print(f"\ngrade {grade}: {right:,} accounts right, {wrong.height} wrong")
        assert right
        assert wrong.is_empty(), wrong


def test_grade_d_names_nobody(match):
    assert match.count(pl.col("grade") == "D", pl.col("account").is_not_null()) == 0
