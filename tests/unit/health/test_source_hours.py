"""What a source usually sends, and what of it is missing."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from pipelines.health.issues import EVERYWHERE
from pipelines.health.source_hours import day_kinds, intervals, judged_hours

ZONE = "America/Chicago"
LOCAL = ZoneInfo(ZONE)
FIRST = date(2026, 9, 7)  # a Monday
HOUR = timedelta(hours=1)
BUSY = range(7, 16)


def at(day, hour):
    return datetime(day.year, day.month, day.day, hour, tzinfo=LOCAL).astimezone(UTC)


def calendar(kinds, days=60, buildings=("hs", "ms")):
    """School on weekdays, but for the days that are named."""
    every = [FIRST + timedelta(days=n) for n in range(days)]
    rows = [
        (day, building, kinds.get(day, "weekend" if day.weekday() >= 5 else "school"))
        for day in every
        for building in buildings
    ]
    return pl.DataFrame(rows, ["event_date", "building", "day_type"], orient="row")


def lines(count, *, until, source="proxy", building=EVERYWHERE, closed=(), lost=()):
    """`count(day, hour)` lines per hour, none in lost hours or on closed days."""
    rows, moment = [], at(FIRST, 0)
    while moment < until:
        local = moment.astimezone(LOCAL)
        day, hour = local.date(), local.hour
        many = count(day, hour)
        if day in closed or day.weekday() >= 5:
            many = min(many, 2) if hour in BUSY and day.day % 2 else 0
        if many and not any(start <= moment < end for start, end in lost):
            rows.append((source, building, day, hour, moment, many))
        moment += HOUR
    names = ["source", "building", "event_date", "hour", "hour_start", "line_count"]
    frame = pl.DataFrame(rows, names, orient="row")
    return frame.with_columns(pl.col("hour_start").dt.cast_time_unit("us"))


def school_hours(_day, hour):
    return 500 if hour in BUSY else 0


def judge(frame, now, kinds=None, lag=timedelta()):
    days = calendar(kinds or {})
    closed = pl.DataFrame(
        {
            "source": frame["source"].unique().to_list(),
            "closed_time": now - lag if lag is not None else None,
        },
        schema_overrides={"closed_time": pl.Datetime("us", "UTC")},
    )
    last = now.astimezone(LOCAL).date()
    return judged_hours(frame, day_kinds(days, FIRST, last), closed, ZONE)


def lasting(frame, now, **more):
    found = intervals(judge(frame, now, **more))
    return [(one.kind, one.building, one.start) for one in found if one.end is None]


TUESDAY = date(2026, 10, 6)
TEN = at(TUESDAY, 10)


def test_ten_on_a_school_day_is_told_within_the_hour():
    frame = lines(school_hours, until=TEN)
    assert lasting(frame, TEN + HOUR - timedelta(seconds=1)) == []
    assert lasting(frame, TEN + HOUR) == [("silent", "", TEN)]


def test_an_hour_is_not_missing_before_its_lines_are_due():
    frame = lines(school_hours, until=TEN)
    assert lasting(frame, TEN + 6 * HOUR, lag=6 * HOUR) == []
    assert lasting(frame, TEN + 7 * HOUR, lag=6 * HOUR) == [("silent", "", TEN)]


def test_a_source_of_history_alone_is_never_missed():
    assert lasting(lines(school_hours, until=TEN), TEN + 50 * HOUR, lag=None) == []


@pytest.mark.parametrize("kind", ["closure", "holiday"])
def test_a_quiet_snow_day_is_fine(kind):
    """The first of its kind, too: it is compared with every closed day."""
    frame = lines(school_hours, until=TEN + 9 * HOUR, closed={TUESDAY})
    snow = frame.filter(pl.col("event_date") < TUESDAY)
    assert lasting(snow, TEN + 2 * HOUR, kinds={TUESDAY: kind}) == []
    assert lasting(snow, TEN + 2 * HOUR) == [("silent", "", at(TUESDAY, 7))]


def test_nights_and_weekends_are_fine_and_friday_evening_is_told_on_monday():
    monday = at(date(2026, 10, 5), 8)
    frame = lines(school_hours, until=monday)
    assert lasting(frame, at(date(2026, 10, 4), 23)) == []
    dead = frame.filter(pl.col("event_date") < date(2026, 10, 3)).filter(
        pl.col("hour_start") < at(date(2026, 10, 2), 15)
    )
    assert lasting(dead, monday) == [("silent", "", at(date(2026, 10, 2), 15))]


def test_what_lasts_does_not_become_usual():
    frame = lines(school_hours, until=at(date(2026, 9, 22), 9))
    late = at(date(2026, 11, 3), 10)
    assert lasting(frame, late) == [("silent", "", at(date(2026, 9, 22), 9))]


def test_few_lines_an_hour_need_more_hours():
    def few(day, hour):
        return (day.day + hour) % 6 + 1 if hour in BUSY else 0

    frame = lines(few, until=TEN)
    assert lasting(frame, TEN + 3 * HOUR) == []
    assert lasting(frame, TEN + 5 * HOUR) == [("silent", "", TEN)]


def test_with_three_days_of_its_own_it_is_judged_and_with_two_not():
    def count(day, hour):
        return 500 if hour in BUSY and day >= first else 0

    for begun, told in ((date(2026, 9, 30), True), (date(2026, 10, 2), False)):
        first = begun
        frame = lines(count, until=TEN)
        assert bool(lasting(frame, TEN + 3 * HOUR)) is told


def test_a_building_is_told_alone_and_a_whole_source_once():
    def both(lost_hs, lost_all):
        lost = [(TEN, TEN + 90 * HOUR)]
        parts = [
            lines(school_hours, until=TEN + 3 * HOUR, building=name, lost=lost if hit else ())
            for name, hit in (("hs", lost_hs), ("ms", lost_all), ("", lost_all))
        ]
        return lasting(pl.concat(parts), TEN + 3 * HOUR)

    assert both(True, False) == [("silent", "hs", TEN)]
    assert both(True, True) == [("silent", "", TEN)]


def test_far_less_than_usual_is_thin():
    def thin(day, hour):
        return 60 if (day, hour) >= (TUESDAY, 10) and hour in BUSY else 500

    frame = lines(thin, until=TEN + 3 * HOUR)
    assert lasting(frame, TEN + 2 * HOUR) == []
    assert lasting(frame, TEN + 3 * HOUR) == [("thin", "", TEN)]


def test_an_hour_with_hardly_any_line_is_told_alone():
    def thin(left):
        return lambda day, hour: left if (day, hour) == (TUESDAY, 10) else 250

    def found(left):
        frame = lines(thin(left), until=TEN + 3 * HOUR)
        every = intervals(judge(frame, TEN + 3 * HOUR))
        return [(one.kind, one.start, one.end) for one in every]

    assert found(4) == [("thin", TEN, TEN + HOUR)]
    assert found(24) == [("thin", TEN, TEN + HOUR)]
    assert found(25) == []


def test_a_stretch_ends_with_the_first_hour_that_is_as_it_should_be():
    frame = lines(school_hours, until=TEN + 5 * HOUR, lost=[(TEN, TEN + 2 * HOUR)])
    (one,) = intervals(judge(frame, TEN + 5 * HOUR))
    assert (one.kind, one.start, one.end) == ("silent", TEN, TEN + 2 * HOUR)
    assert one.detail == "2 hours without a line; about 1,000 lines are usual"


def test_a_building_that_the_calendar_does_not_know_follows_the_district():
    frame = lines(school_hours, until=TEN, building="annex")
    assert lasting(frame, TEN + HOUR) == [("silent", "annex", TEN)]


def test_the_hours_of_a_clock_change_are_no_gap():
    spring, autumn = date(2027, 3, 14), date(2026, 11, 1)
    days = pl.DataFrame({"event_date": [autumn], "building": ["hs"], "day_type": ["weekend"]})
    frame = lines(lambda _day, _hour: 500, until=at(spring + timedelta(days=2), 0))
    full = frame.with_columns(line_count=pl.lit(500))
    whole = (
        pl.DataFrame(
            {
                "hour_start": pl.datetime_range(
                    at(FIRST, 0),
                    at(spring + timedelta(days=2), 0),
                    "1h",
                    eager=True,
                    closed="left",
                )
            }
        )
        .with_columns(
            source=pl.lit("proxy"),
            building=pl.lit(""),
            line_count=pl.lit(500),
            local=pl.col("hour_start").dt.convert_time_zone(ZONE),
        )
        .with_columns(event_date=pl.col("local").dt.date(), hour=pl.col("local").dt.hour())
        .select(full.columns)
    )
    kinds = day_kinds(days, FIRST, spring + timedelta(days=1))
    closed = pl.DataFrame(
        {"source": ["proxy"], "closed_time": [at(spring + timedelta(days=2), 0)]}
    ).with_columns(pl.col("closed_time").dt.cast_time_unit("us"))
    judged = judged_hours(whole, kinds, closed, ZONE)
    assert intervals(judged) == []
    assert judged["state"].unique().to_list() == ["fine"]
