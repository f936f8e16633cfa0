"""Sources whose clocks differ are reported with the one that they differ from."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from pipelines.health.arrival import off_clocks
from pipelines.warehouse.clock_pairs import MIN_PAIRS, wrong_hours

FIRST = date(2026, 3, 2)


def days(*rows: tuple, basis: str = "moment") -> pl.DataFrame:
    """Return rows of day, source, other, offset and, if need be, spread and pairs."""
    columns = (
        "event_date", "source", "other_source", "offset_seconds", "spread_seconds",
        "pair_count", "basis",
    )  # fmt: skip
    filled = [(*row, *(2.0, 50)[len(row) - 4 :], basis) for row in rows]
    listed = [(FIRST + timedelta(days=row[0]), *row[1:]) for row in filled]
    return pl.DataFrame(listed, columns, orient="row")


def test_of_two_sources_either_may_be_wrong():
    one, two = off_clocks(days((0, "dns", "proxy", 0.4), (1, "dns", "proxy", -301.0)))
    assert (one.source, one.what, one.kind) == ("dns", "proxy", "off_clock")
    assert one.detail == "301 seconds ahead of proxy, from 50 pairs of one day"
    assert two.detail == "301 seconds behind dns, from 50 pairs of one day"
    assert one.start == datetime(2026, 3, 3, tzinfo=UTC)


def test_of_three_the_one_that_agrees_with_none_is_told():
    found = off_clocks(
        days(
            (0, "dns", "proxy", 21_600.0),
            (0, "firewall", "proxy", 21_599.0),
            (0, "dns", "firewall", 1.0),
        )
    )
    assert [(one.source, one.what) for one in found] == [
        ("proxy", "dns"),
        ("proxy", "firewall"),
    ]


def test_it_began_with_the_first_of_the_days_in_a_row():
    rows = [(day, "dns", "proxy", 90.0) for day in (0, 2, 3)]
    found = [*off_clocks(days(*rows, (1, "dns", "proxy", 0.0)))]
    assert {one.start.date() for one in found} == {FIRST + timedelta(days=2)}


@pytest.mark.parametrize(
    "row",
    [
        (0, "dns", "proxy", 30.0),
        (0, "dns", "proxy", 300.0, 2.0, MIN_PAIRS - 1),
        (0, "dns", "proxy", 300.0, 76.0),
    ],
)
def test_little_few_or_scattered_is_no_offset(row):
    assert list(off_clocks(days(row))) == []
    assert list(off_clocks(days())) == []


def test_forty_seconds_are_told_of_one_moment_and_not_of_two_logons():
    row = (0, "dhcp", "wifi", 40.0)
    assert {one.source for one in off_clocks(days(row))} == {"dhcp", "wifi"}
    assert list(off_clocks(days(row, basis="logon"))) == []
    late = (0, "dhcp", "wifi", 61.0)
    assert len(list(off_clocks(days(late, basis="logon")))) == 2
    both = pl.concat([days(late, basis="logon"), days((0, "dhcp", "wifi", 2.0))])
    assert list(off_clocks(both)) == []


@pytest.mark.parametrize(
    ("zone", "ahead", "named"),
    [
        ("America/Chicago", 21_600, "UTC"),
        ("America/Chicago", -3_600, "America/Denver"),
        ("UTC", -21_600, "America/Chicago"),
        ("America/Chicago", 5_400, None),
        ("America/Chicago", 301, ""),
    ],
)
def test_whole_hours_name_the_zone_that_mends_them(zone, ahead, named):
    row = (0, "dns", "zscaler", float(ahead), 2.0, 50)
    agreed = (0, "dns", "windows", 0.0)
    (one,) = off_clocks(days(row, agreed), {"zscaler": zone, "dns": "UTC"})
    assert one.source == "zscaler"
    if named:
        assert f'set zone = "{named}" for this source' in one.detail
    else:
        assert ("set zone" in one.detail) == (named is None)


def test_what_begins_in_both_tells_a_wrong_zone():
    row = (0, "windows", "zscaler", 25_200.0, 3.0, 40)
    assert len(list(off_clocks(days(row, basis="zone")))) == 2
    same = (0, "windows", "zscaler", 0.0, 3.0, 40)
    assert list(off_clocks(days(same, basis="zone"))) == []


def test_a_clock_that_is_hours_off_is_wrong_on_its_days_and_the_others_are_right():
    measured = wrong_hours(
        days(
            (0, "entra", "proxy", 28_800.0, 40.0),
            (0, "entra", "windows", 0.0),
            (0, "proxy", "windows", -28_800.0, 27.0),
            (1, "entra", "proxy", 0.0),
            (1, "entra", "windows", 0.0),
            basis="zone",
        )
    )
    assert measured["entra"] == {FIRST: "", FIRST + timedelta(days=1): ""}
    assert measured["windows"] == {FIRST: "", FIRST + timedelta(days=1): ""}
    assert measured["proxy"][FIRST].startswith("8.0 hours ahead of ")
    assert measured["proxy"][FIRST + timedelta(days=1)] == ""


def test_a_minute_moves_no_one_into_another_lesson():
    assert wrong_hours(days((0, "dhcp", "wifi", 300.0))) == {
        "dhcp": {FIRST: ""},
        "wifi": {FIRST: ""},
    }
