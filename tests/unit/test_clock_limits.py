"""The ends of what a stamp can say: impossible dates, any unit, 1970 to 9999."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import clock
from pipelines.clock import Reading
from tests.faults.home import Home

CHICAGO = Reading(zone="America/Chicago")
SHORT = "%m/%d/%y %H:%M"
SECONDS = st.integers(0, 253_402_300_799)
CIVIL = st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30))  # noqa: DTZ001


def one(text: str, make) -> datetime | None:
    frame = pl.DataFrame({"text": [text]})
    (time,) = frame.select(make(pl.col("text")).time).to_series()
    return time


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30 10:00:00", "2026-13-01 10:00:00", "2026-00-10 10:00:00",
        "2023-02-29 10:00:00", "2026-04-31 00:00:00", "2026-02-28 24:00:00",
        "2026-02-28 23:60:00", "2026-02-28 23:59:61", "0000-01-01 00:00:00",
        "1969-12-31 23:59:59", "10000-01-01 00:00:00",
    ],
)  # fmt: skip
@pytest.mark.parametrize("beside", ["2026-03-01T00:00:00Z", "2026-03-01 00:00:00"])
def test_a_date_that_can_not_be_is_null_and_costs_no_neighbour(text, beside):
    frame = pl.DataFrame({"text": [text, beside]})
    stamp = clock.iso(pl.col("text"), CHICAGO)
    bad, good = frame.select(time=stamp.time, quality=stamp.quality).rows()
    assert bad == (None, None)
    assert good[0].year == 2026


@pytest.mark.parametrize("text", ["02/30/26 10:00", "13/01/26 10:00", "02/28/26 25:00"])
def test_a_date_of_two_digit_years_that_can_not_be_is_null(text):
    assert one(text, lambda t: clock.civil(t, SHORT, CHICAGO)) is None


@pytest.mark.parametrize(("text", "year"), [("26", 2026), ("00", 2000), ("70", 1970)])
def test_two_digit_years(text, year):
    found = one(f"06/15/{text} 12:00", lambda t: clock.civil(t, SHORT, CHICAGO))
    assert found.year == year


@pytest.mark.parametrize("text", ["Feb 30 10:00:00", "Apr 31 10:00:00"])
def test_a_day_that_no_year_has_is_null(text):
    assert one(text, lambda t: clock.bsd(t, CHICAGO)) is None


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31 23:59:59",
        "9999-12-31T23:59:59-06:00",
        "9999-12-31T23:59:60Z",
        "Dec 31 9999 23:59:59",
    ],
)
def test_no_zone_carries_a_time_beyond_the_year_9999(text):
    """Python cannot write such an instant down."""
    read = clock.worded if text.startswith("Dec") else clock.iso
    assert one(text, lambda t: read(t, CHICAGO)) is None


def test_a_line_from_the_last_day_of_all_stops_no_run(tmp_path):
    home = Home(tmp_path, fmt="suricata_eve")
    home.zone = "America/Chicago"
    event = (
        '{"timestamp":"%s","event_type":"http","src_ip":"10.1.2.3","src_port":5,'
        '"dest_ip":"192.0.2.1","dest_port":80,"proto":"TCP",'
        '"http":{"hostname":"example.org","url":"/"}}\n'
    )
    stamps = ("9999-12-31T23:59:59-0600", "2026-03-02T10:00:00-0600")
    home.put("eve.json", "".join(event % one for one in stamps).encode())
    home.run()
    assert (home.total("events"), home.total("rejects")) == (1, 1)


@given(SECONDS, st.integers(0, 999_999))
def test_any_instant_to_9999_in_any_unit(second, micro):
    """Seconds, milli-, micro- and nanoseconds say the same instant."""
    exact = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(0, second, micro)
    whole = second * 1_000_000 + micro
    assert one(f"{second}.{micro:06d}", clock.epoch) == exact
    assert one(str(whole), lambda t: clock.epoch(t, "us")) == exact
    cut = exact.replace(microsecond=micro // 1_000 * 1_000)
    assert one(str(whole // 1_000), lambda t: clock.epoch(t, "ms")) == cut
    found = one(str(whole * 1_000), lambda t: clock.epoch(t, "ns"))
    assert found == (exact if whole * 1_000 < 1 << 64 else None)


@given(CIVIL)
def test_any_civil_time_to_9999_is_read_in_every_spelling(naive):
    exact = naive.replace(tzinfo=UTC)
    spelt = naive.isoformat(timespec="microseconds")
    assert one(f"{spelt}Z", lambda t: clock.iso(t, CHICAGO)) == exact
    assert one(spelt.replace("T", " "), lambda t: clock.iso(t, Reading())) == exact
    for offset, hours in (("+0530", 5.5), ("-09:00", -9)):
        moved = exact - timedelta(hours=hours)
        assert one(spelt + offset, lambda t: clock.iso(t, CHICAGO)) == moved
