"""What kind of day it was: calendar.csv and .ics, buildings, weekends, snow days."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from pipelines.registry.ical import read_calendar
from tests.conftest import CORPORA

BUILDINGS = "building,org_id\nHS,org-hs\nES,org-es\n"


def calendar(load, rows, **more):
    header = "date,day_type,duty_start,duty_end,building,declared_at\n"
    files = {"buildings.csv": BUILDINGS, "calendar.csv": header + rows, **more}
    return load(files)


def kinds(registry, day):
    frame = registry.frames["calendar_days"].filter(pl.col("date") == day)
    return dict(frame.select("building", "day_type").iter_rows())


def ics(*events):
    body = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{body}END:VCALENDAR\n"


def test_a_row_holds_for_every_building_or_for_its_own(load):
    registry = calendar(
        load,
        "2026-11-10,school,07:30,15:45,,\n2026-11-10,early_out,,,ES,\n",
    )
    assert kinds(registry, date(2026, 11, 10)) == {"HS": "school", "ES": "early_out"}
    row = registry.frames["calendar_days"].filter(
        (pl.col("building") == "HS") & (pl.col("day_type") == "school")
    )
    assert row.select("duty_start", "duty_end").rows() == [(450, 945)]


def test_weekends_are_known_weekdays_are_not(load):
    registry = calendar(load, "2026-11-10,school,,,,\n")
    assert kinds(registry, date(2026, 11, 14)) == {"HS": "weekend", "ES": "weekend"}
    assert kinds(registry, date(2026, 11, 11)) == {}
    assert kinds(registry, date(2027, 6, 26)) == {"HS": "weekend", "ES": "weekend"}
    assert kinds(registry, date(2027, 7, 3)) == {}


def test_a_saturday_of_work_is_no_weekend(load):
    registry = calendar(load, "2026-11-14,pd_day,,,,\n")
    assert set(kinds(registry, date(2026, 11, 14)).values()) == {"pd_day"}


def test_a_snow_day_outweighs_the_plan_from_its_declaration_on(load):
    rows = "2026-11-12,school,,,,\n2026-11-12,closure,,,,2026-11-12 05:40\n"
    registry = calendar(load, rows)
    day = registry.frames["calendar_days"].filter(pl.col("date") == date(2026, 11, 12))
    assert set(day["day_type"]) == {"closure"}
    assert set(day["declared_time"]) == {datetime(2026, 11, 12, 11, 40, tzinfo=UTC)}
    assert not registry.problems


def test_two_plans_for_one_day_are_told(load):
    rows = "2026-11-12,school,,,,\n2026-11-12,holiday,,,,\n"
    registry = calendar(load, rows)
    assert set(kinds(registry, date(2026, 11, 12)).values()) == {"school"}
    assert registry.errors[0].line == 3


def test_without_buildings_the_day_is_known_all_the_same(load):
    registry = load({"calendar.csv": "date,day_type\n2026-11-10,school\n"})
    assert kinds(registry, date(2026, 11, 10)) == {None: "school"}


def test_the_csv_file_outweighs_the_feed(load):
    feed = ics("UID:1\nDTSTART;VALUE=DATE:20261110\nSUMMARY:No School")
    registry = calendar(load, "2026-11-10,school,,,,\n", **{"feed.ics": feed})
    assert set(kinds(registry, date(2026, 11, 10)).values()) == {"school"}


TITLES = [
    ("A Day", "school"),
    ("B Day: Start of 2nd Semester", "school"),
    ("Day 3", "school"),
    ("First Day of School", "school"),
    ("Winter Break", "holiday"),
    ("No School", "holiday"),
    ("Veteran's Day", "holiday"),
    ("Indigenous People's (in-service) Day", "pd_day"),
    ("End of 1st Semester (non-student day)", "pd_day"),
    ("PD Day", "pd_day"),
    ("Early Dismissal 1:15", "early_out"),
    ("2 hour late start", "late_start"),
    ("Snow Day", "closure"),
    ("School closed", "closure"),
    ("E-Learning", "elearning"),
    ("Flex Friday", "elearning"),
    ("Board meeting", None),
    ("Football at home", None),
]


@pytest.mark.parametrize(("title", "kind"), TITLES)
def test_the_words_of_an_event_decide(title, kind):
    data = ics(f"UID:1\nDTSTART;VALUE=DATE:20261110\nSUMMARY:{title}").encode()
    rows = read_calendar(data, "x.ics", {"flex friday": "elearning"}, "America/Chicago")
    assert rows.frame["day_type"].to_list() == ([kind] if kind else [])
    assert len(rows.problems) == (kind is None)


def test_events_over_several_days_repeat_and_change(load):
    feed = ics(
        "UID:1\nDTSTART;VALUE=DATE:20261123\nDTEND;VALUE=DATE:20261126\nSUMMARY:Break",
        "UID:2\nDTSTART;VALUE=DATE:20261102\nRRULE:FREQ=WEEKLY;COUNT=3\nSUMMARY:A Day",
        "UID:3\nDTSTART;TZID=America/Chicago:20261109T123000\nSUMMARY:Early out",
        "UID:4\nDTSTART:20261117T003000Z\nSUMMARY:Early out",
        "UID:5\nDTSTART;TZID=America/Chicago:20261111T090000\nSUMMARY:Veterans Day",
    )
    registry = load({"feed.ics": feed})
    days = registry.frames["calendar_days"].filter(pl.col("day_type") != "weekend")
    every = dict(days.select("date", "day_type").iter_rows())
    # a weekday that the file does not name, between its first and last event
    between = {day for day in every if day.day not in (2, 9, 16, 23, 24, 25)}
    assert {every.pop(day) for day in between} == {"school"}
    assert [*every.items()] == [
        (date(2026, 11, 2), "school"),
        (date(2026, 11, 9), "early_out"),
        (date(2026, 11, 16), "early_out"),
        (date(2026, 11, 23), "holiday"),
        (date(2026, 11, 24), "holiday"),
        (date(2026, 11, 25), "holiday"),
    ]
    assert "calendar.csv" not in registry.missing


def year(*titles):
    """Return a feed of whole-day events, as (day, title)."""
    return ics(*(f"UID:{day}\nDTSTART;VALUE=DATE:{day}\nSUMMARY:{t}" for day, t in titles))


def kind_of(registry, *days):
    frame = registry.frames["calendar_days"]
    known = dict(frame.select("date", "day_type").iter_rows())
    return [known.get(day) for day in days]


def test_a_weekday_that_a_calendar_does_not_name_is_a_school_day(load):
    """Ten ordinary school days of fifteen had no kind, and no evening was judged."""
    feed = year(
        ("20260824", "First Day of School"),
        ("20260907", "Labor Day"),
        ("20270115", "No School"),
        ("20270521", "Last Day of School"),
        ("20270705", "Independence Day observed"),
        ("20270823", "School begins"),
        ("20270906", "Labor Day"),
    )
    registry = load({"feed.ics": feed})
    assert (
        kind_of(
            registry,
            date(2026, 8, 25),
            date(2026, 9, 8),
            date(2027, 1, 14),
            date(2027, 5, 20),
            date(2027, 8, 24),
        )
        == ["school"] * 5
    )
    # before its first event, in summer, after its last
    assert (
        kind_of(
            registry,
            date(2026, 8, 21),
            date(2027, 5, 24),
            date(2027, 7, 6),
            date(2027, 8, 20),
            date(2027, 9, 7),
        )
        == [None] * 5
    )
    assert kind_of(registry, date(2027, 1, 15), date(2027, 1, 16)) == [
        "holiday",
        "weekend",
    ]
    assert not registry.problems


def test_a_summer_without_a_named_end_has_no_school_days(load):
    feed = year(("20270401", "Spring Break"), ("20270930", "No School"))
    found = kind_of(
        load({"x.ics": feed}),
        date(2027, 5, 28),
        date(2027, 6, 1),
        date(2027, 8, 31),
        date(2027, 9, 1),
    )
    assert found == ["school", None, None, "school"]


def test_a_calendar_that_names_its_school_days_names_all_of_them(load):
    days = [(f"202611{day:02}", "A Day") for day in range(2, 7)]
    feed = year(*days, ("20261110", "Veterans Day"))
    assert kind_of(load({"x.ics": feed}), date(2026, 11, 9)) == [None]


def test_a_calendar_of_games_makes_no_school_days(load):
    feed = year(("20261102", "Football"), ("20261120", "Early out"))
    assert kind_of(load({"x.ics": feed}), date(2026, 11, 9)) == [None]


def test_what_one_calendar_names_outweighs_what_another_does_not(load):
    first = year(("20261102", "No School"), ("20261130", "No School"))
    second = year(("20261111", "Veterans Day"))
    files = {"a.ics": first, "b.ics": second,
             "calendar.csv": "date,day_type\n2026-11-12,pd_day\n"}  # fmt: skip
    found = kind_of(load(files), *(date(2026, 11, day) for day in (10, 11, 12)))
    assert found == ["school", "holiday", "pd_day"]


def test_weekdays_without_a_kind_are_counted(load):
    registry = load({"calendar.csv": "date,day_type\n2026-11-02,school\n2026-11-10,holiday\n"})
    (told,) = registry.problems
    assert told.severity == "notice"
    assert told.what.startswith("5 weekdays have no kind")


def test_a_concert_in_the_evening_is_no_problem(load):
    feed = ics(
        "UID:1\nDTSTART:20261105T013000Z\nDTEND:20261105T030000Z\nSUMMARY:Band Concert",
        "UID:2\nDTSTART;VALUE=DATE:20261106\nSUMMARY:Spirit Day",
    )
    assert [one.value for one in load({"x.ics": feed}).problems] == ["Spirit Day"]


ZONES = {
    "a weekly event keeps its local day across a change of clocks": (
        (
            "UID:1\nDTSTART;TZID=America/Chicago:20261028T200000\n"
            "RRULE:FREQ=WEEKLY;COUNT=2\nSUMMARY:Early out"
        ),
        [date(2026, 10, 28), date(2026, 11, 4)],
    ),
    "a weekly event in UTC moves to the day before in winter": (
        "UID:1\nDTSTART:20261028T053000Z\nRRULE:FREQ=WEEKLY;COUNT=2\nSUMMARY:Early out",
        [date(2026, 10, 28), date(2026, 11, 3)],
    ),
    "an event of another zone falls on the district's day": (
        "UID:1\nDTSTART;TZID=America/New_York:20261104T003000\nSUMMARY:Early out",
        [date(2026, 11, 3)],
    ),
    "a day that the rule leaves out is left out": (
        (
            "UID:1\nDTSTART;TZID=America/Chicago:20261102T123000\n"
            "RRULE:FREQ=WEEKLY;COUNT=3\nEXDATE;TZID=America/Chicago:20261109T123000\n"
            "SUMMARY:Early out"
        ),
        [date(2026, 11, 2), date(2026, 11, 16)],
    ),
    "a rule that ends in UTC ends on the local day": (
        (
            "UID:1\nDTSTART;TZID=America/Chicago:20261102T200000\n"
            "RRULE:FREQ=DAILY;UNTIL=20261105T020000Z\nSUMMARY:Early out"
        ),
        [date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)],
    ),
    "every second Wednesday of a month": (
        (
            "UID:1\nDTSTART;VALUE=DATE:20261014\nRRULE:FREQ=MONTHLY;BYDAY=2WE;COUNT=3\n"
            "SUMMARY:Early out"
        ),
        [date(2026, 10, 14), date(2026, 11, 11), date(2026, 12, 9)],
    ),
}


@pytest.mark.parametrize("case", ZONES)
def test_events_that_repeat_fall_on_local_days(case):
    event, expected = ZONES[case]
    rows = read_calendar(ics(event).encode(), "x.ics", {}, "America/Chicago")
    assert not rows.problems
    assert rows.frame["date"].to_list() == expected


def test_one_event_of_a_series_that_was_moved_is_on_its_new_day_alone():
    feed = ics(
        "UID:1\nDTSTART;TZID=America/Chicago:20261102T123000\n"
        "RRULE:FREQ=WEEKLY;COUNT=3\nSUMMARY:Early out",
        "UID:1\nRECURRENCE-ID;TZID=America/Chicago:20261109T123000\n"
        "DTSTART;TZID=America/Chicago:20261110T123000\nSUMMARY:Early out",
    )
    rows = read_calendar(feed.encode(), "x.ics", {}, "America/Chicago")
    days = [date(2026, 11, 2), date(2026, 11, 10), date(2026, 11, 16)]
    assert sorted(rows.frame["date"].to_list()) == days


@pytest.mark.parametrize(
    "data", [b"", b"no calendar", b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n", b"\xff\xfe"]
)
def test_what_is_no_calendar_is_told_or_empty(data):
    rows = read_calendar(data, "x.ics", {}, "UTC")
    assert rows.frame.is_empty()


def test_one_broken_event_costs_no_other():
    text = ics(
        "UID:1\nDTSTART;VALUE=DATE:20261399\nSUMMARY:A Day",
        "UID:2\nDTSTART;VALUE=DATE:20261110\nSUMMARY:A\n  Day\nDURATION:P1H",
        "UID:3\nSUMMARY:A Day",
        "UID:4\nDTSTART;VALUE=DATE:20261111\nSUMMARY:A Day\nX-ODD;;=:\n"
        "BEGIN:VALARM\nTRIGGER:never\nEND:VALARM",
        "UID:5\nDTSTART;VALUE=DATE:20261112\nSUMMARY:A Day\nSTATUS:CANCELLED",
    )
    rows = read_calendar(text.encode(), "x.ics", {}, "UTC")
    assert rows.frame["date"].to_list() == [date(2026, 11, 11)]
    assert [problem.line for problem in rows.problems] == [4, 9, 16]


def test_a_published_feed_is_read():
    found = list((CORPORA / "ical_school").glob("*/skdays.ics"))
    if not found:
        pytest.skip("no sample corpora here")
    rows = read_calendar(found[0].read_bytes(), "x.ics", {}, "America/Los_Angeles")
    kinds = dict(rows.frame["day_type"].value_counts().iter_rows())
    assert kinds == {"school": 181, "pd_day": 2, "holiday": 25}
    assert not rows.problems
