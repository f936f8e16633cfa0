"""A lease that comes late changes whose the lines were, and the change is listed."""

from datetime import date

import duckdb
import polars as pl
import pytest

from pipelines.district import open_district
from pipelines.privacy.attribution_changes import CHANGES
from pipelines.run.run import result_lines, run
from pipelines.settings.home import DistrictHome
from pipelines.state.privacy_records import attribution_changes
from tests.journey.small import judged, rows_of

LATE = "dhcpd-2026-10-20.log"
DAY = date(2026, 10, 20)


@pytest.fixture(scope="module")
def district(two_days):
    return two_days


def changes_of(home):
    with open_district(home) as opened:
        return attribution_changes(opened.store)


def attributed(home):
    rows = rows_of(home)["core.http_requests"]
    return rows.select("event_id", "event_date", "device", "account", grade="attribution_grade")


def test_a_late_lease_changes_attribution_and_the_change_is_listed(district, tmp_path):
    home = district.copy(tmp_path, of="delivered")
    leases = DistrictHome(home).landing / "dhcp" / LATE
    late = leases.rename(tmp_path / LATE)
    judged(home)
    assert changes_of(home) == [], "what is built for the first time has not changed"
    before = attributed(home)

    late.rename(leases)
    result = run(home)

    both = before.join(attributed(home), on="event_id", suffix="_now")
    changed = both.filter(
        ~pl.all_horizontal(
            pl.col(name).eq_missing(pl.col(f"{name}_now"))
            for name in ("device", "account", "grade")
        )
    )
    listed = changes_of(home)
    assert sum(row["request_count"] for row in listed) == changed.height > 0
    said = f"{changed.height} requests of earlier days are attributed differently; "
    assert any(one.startswith(said) for one in result_lines(result))
    assert {date.fromisoformat(row["event_date"]) for row in listed} == set(changed["event_date"])
    assert DAY in set(changed["event_date"])
    assert all(row["device_now"] for row in listed), "a lease came; none went"
    assert not any(
        row["grade_before"] == row["grade_now"] == "A"
        and row["account_before"] != row["account_now"]
        for row in listed
    ), "a login says who it was, whatever the lease"

    with duckdb.connect(result.snapshot, read_only=True) as connection:
        shown = connection.sql(f"select * from {CHANGES}").pl()
    assert shown.height == len(listed)
    names = {row[name] for row in listed for name in ("device_now", "account_now")}
    assert not set(shown["device_now"]) & names
    assert not set(shown["account_now"].drop_nulls()) & names

    judged(home)
    assert changes_of(home) == listed, "nothing is listed twice"
