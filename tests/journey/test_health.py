"""Source health of a district whose lines stop, from the warehouse to the message."""

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest

from pipelines.alerts.dispatch import send_alerts
from pipelines.district import open_district
from pipelines.events import EVENT_CLASSES
from pipelines.health.arrival import usual_lags
from pipelines.health.overview import health_of
from pipelines.health.source_hours import closed_times, expected_hours
from pipelines.operations.status import ACT, status_of
from pipelines.settings.home import DistrictHome
from pipelines.state.connections import now_text, remember
from pipelines.state.source_records import source_days, stored_issues
from pipelines.warehouse import inputs
from pipelines.warehouse.database import writing
from pipelines.warehouse.snapshots import reading
from tests.journey.commands import schoolbell
from tests.journey.small import small

ZONE = ZoneInfo("America/Chicago")
FRIDAY = date(2026, 10, 23)
NINE = datetime.combine(FRIDAY, time(9), ZONE).astimezone(UTC)
NOON = NINE + timedelta(hours=3)
LIVE = json.dumps({"5 minutes": 1_000})


@pytest.fixture(scope="module")
def district(tmp_path_factory):
    return small(tmp_path_factory.getbasetemp())


@pytest.fixture
def home(district, tmp_path):
    """The district at noon of a school day, its lines taken in as they came."""
    copy = district.copy(tmp_path)
    with open_district(copy) as opened, opened.store.writing() as connection:
        connection.exec_driver_sql("update source_days set lags = ?", (LIVE,))
        remember(connection, "landing_looked", now_text(NOON))
    forget(copy, "hour_start >= ?", [NOON])
    return copy


def forget(home, where, values):
    """Take hours out of what was counted, as if their lines had never come."""
    with duckdb.connect(DistrictHome(home).warehouse) as connection:
        for table in ("source_hours", "building_hours"):
            query = f"delete from marts.{table} where {where}"
            if "building" not in where or table == "building_hours":
                connection.execute(query, values)


def lasting(home, kind="silent"):
    with open_district(home) as opened:
        found = health_of(opened, NOON).lasting
    return [(one.source, one.building, one.start) for one in found if one.kind == kind]


def test_a_week_that_arrives_is_well(home):
    assert lasting(home) == []
    assert lasting(home, "thin") == []


def test_a_source_that_stops_at_nine_is_told_by_noon_and_kept(home):
    forget(home, "source = 'proxy' and hour_start >= ?", [NINE])
    assert lasting(home) == [("proxy", "", NINE)]
    with open_district(home) as opened:
        send_alerts(opened, NOON)
        (row,) = stored_issues(opened.store)
        shown = status_of(opened, NOON)
    assert (row["source"], row["kind"]) == ("proxy", "silent")
    sent = map(json.loads, (home / "alerts.jsonl").read_text().splitlines())
    (notice,) = [one for one in sent if "proxy: no lines, although" in one["text"]]
    assert notice["severity"] == "high"
    assert shown.exit_code == ACT
    (proxy,) = [one for one in shown.sources if one.name == "proxy"]
    assert (proxy.state, proxy.lag_minutes) == ("silent", 5)
    done = schoolbell("alerts", "history", "--home", home, "--days", 3650, "--json")
    assert json.loads(done.out.splitlines()[-1])["source"] == "proxy"


def test_the_report_shows_the_hours_that_the_alert_told_of(home):
    forget(home, "source = 'proxy' and hour_start >= ?", [NINE])
    ((_, _, told),) = lasting(home)
    with open_district(home) as opened, reading(opened.home.warehouse) as database:
        shown = expected_hours(
            database.table("marts.source_hours"),
            database.table("marts.school_days"),
            closed_times(usual_lags(source_days(opened.store)), NOON, is_history_closed=True),
            opened.zone,
        )
    missing = shown.filter(source="proxy", line_count=0)["hour_start"].sort()
    # the lines of eleven are due five minutes after noon
    assert missing.to_list() == [told, told + timedelta(hours=1)]


def test_one_building_that_stops_is_told_alone(home):
    with duckdb.connect(DistrictHome(home).warehouse, read_only=True) as connection:
        building, _ = connection.execute(
            "select building, sum(line_count) from marts.building_hours"
            " where source = 'proxy' group by building order by 2 desc"
        ).fetchone()
    where = "source = 'proxy' and building = ? and hour_start >= ?"
    forget(home, where, [building, NINE])
    assert lasting(home) == [("proxy", building, NINE)]


def test_a_snow_day_in_the_calendar_is_quiet_and_fine(home):
    since = datetime.combine(FRIDAY, time(0), ZONE).astimezone(UTC)
    forget(home, "source = 'proxy' and hour_start >= ?", [since])
    assert lasting(home) != []
    with duckdb.connect(DistrictHome(home).warehouse) as connection:
        connection.execute(
            "update marts.school_days set day_type = 'closure' where event_date = ?",
            [FRIDAY],
        )
    assert lasting(home) == []


def test_what_nobody_looked_for_is_not_missing(home):
    forget(home, "source = 'proxy' and hour_start >= ?", [NINE])
    with open_district(home) as opened, opened.store.writing() as connection:
        remember(connection, "landing_looked", now_text(NINE))
    assert lasting(home) == []


EXPECTED = """
[alerts.expected.canary]
source = "proxy"
kind = "refused_request"
to = "canary.school.example"
every_hours = 24

[alerts.expected.copy]
source = "{source}"
kind = "flow"
to = "{ip}"
bytes_at_least = {count}
every_hours = 48
"""


def test_a_canary_that_never_came_and_a_copy_that_did(home):
    with open_district(home) as opened, writing(opened.home.warehouse) as database:
        files = inputs.lake_files(opened.store, opened.home.lake)
        days = (date(2026, 10, 24), date(2026, 10, 25))
        inputs.show_raw(database, files, EVENT_CLASSES, days)
        source, ip, count = database.rows(
            "select source, dst_ip, sum(bytes_out)::bigint from raw.connections"
            " where dst_ip is not null and coalesce(disposition, 'allowed') ="
            " 'allowed' group by all having sum(bytes_out) > 1000 order by 3 desc"
        )[0]
    settings = home / "district.toml"
    before = settings.read_text()
    for least, told in ((1_000, {"canary"}), (count * 1_000, {"canary", "copy"})):
        more = EXPECTED.format(source=source, ip=ip, count=least)
        settings.write_text(before + more)
        with open_district(home) as opened:
            found = health_of(opened, datetime.now(UTC))
        assert {one.what for one in found.lasting if one.kind == "not_come"} == told
