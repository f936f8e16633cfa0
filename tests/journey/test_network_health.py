"""Source health of a district that 802.1X and DHCP show of, from raw lines."""

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipelines.district import only_writer, open_district
from pipelines.health.overview import health_of
from pipelines.refresh.steps import build_and_judge, ingest_sources
from pipelines.registry.new_home import create
from pipelines.state.connections import now_text, remember

ZONE = ZoneInfo("America/Chicago")
MONDAY = date(2026, 11, 2)
DAYS = [MONDAY + timedelta(days=day) for day in range(12)]
"""From Monday to the Friday of the next week."""
OPEN = range(7, 17)
AN_HOUR = 60
"""Joins of an hour in which school is open; of a night hour none."""
NOON = datetime.combine(DAYS[-1], time(15), ZONE).astimezone(UTC)
THIN = datetime.combine(DAYS[-1], time(9), ZONE)
HOUR_LATER = (THIN + timedelta(hours=1)).astimezone(UTC)


def joins():
    """Yield when a card joins the network, and which card."""
    for day in DAYS:
        if day.weekday() > 4:
            continue
        for hour in OPEN:
            begin = datetime.combine(day, time(hour), ZONE)
            for number in range(AN_HOUR):
                yield begin + timedelta(seconds=number * 59), number


def radius(when, number):
    stamp = when.strftime("%a %b %e %H:%M:%S %Y")
    card = f"02-00-00-00-00-{number:02X}"
    return (
        f"{stamp} : Auth: ({number}) Login OK: [user{number}] (from client ap-hs-1 "
        f"port {number} cli {card})\n"
    )


def dhcp(when, number):
    stamp = when.strftime("%b %e %H:%M:%S")
    card, address = f"02:00:00:00:00:{number:02x}", f"10.20.0.{number + 1}"
    return f"{stamp} dhcp-1 dhcpd[812]: DHCPACK on {address} to {card} via eth0\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A district whose 802.1X loses most of an hour, and whose DHCP is 40 s fast."""
    home = tmp_path_factory.mktemp("network") / "home"
    create(home, name="Network District", account_domains=())
    lost = range(4, AN_HOUR)
    lines = {
        "wifi/radius.log": [
            radius(when, number)
            for when, number in joins()
            if not (THIN <= when < THIN + timedelta(hours=1) and number in lost)
        ],
        "dhcp/dhcpd.log": [dhcp(when + timedelta(seconds=41), number) for when, number in joins()],
    }
    for name, text in lines.items():
        path = home / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(text))
    with open_district(home) as district, only_writer(district.home):
        ingest_sources(district, settle_seconds=0)
        build_and_judge(district)
        with district.store.writing() as connection:
            lags = json.dumps({"5 minutes": 1_000})
            connection.exec_driver_sql("update source_days set lags = ?", (lags,))
            remember(connection, "landing_looked", now_text(NOON))
    return home


@pytest.fixture(scope="module")
def issues(home):
    with open_district(home) as district:
        return health_of(district, NOON).issues


def test_a_thin_hour_is_told_of_the_source_that_lost_it(issues):
    thin = [(one.source, one.start, one.end) for one in issues if one.kind == "thin"]
    assert thin == [("wifi", THIN.astimezone(UTC), HOUR_LATER)]


def test_a_clock_that_is_forty_seconds_fast_is_told(issues):
    off = {one.source: one.detail for one in issues if one.kind == "off_clock"}
    assert set(off) == {"dhcp", "wifi"}
    assert off["dhcp"].startswith("41 seconds ahead of wifi, from ")


def test_quiet_nights_and_the_weekend_are_not_missing(issues):
    assert [one for one in issues if one.kind == "silent"] == []
