"""Which hours of a source are expected, and when each of them began."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.health.source_hours import closed_times, expected_hours

ZONE = "America/Chicago"
MONDAY = date(2026, 11, 2)


def spoke(days, hours=range(7, 17), source="proxy", lines=5):
    """Return one row per day and local hour in which a source wrote lines."""
    rows = [
        {
            "source": source,
            "event_date": day,
            "hour": hour,
            "hour_start": datetime(
                day.year, day.month, day.day, hour, tzinfo=ZoneInfo(ZONE)
            ).astimezone(UTC),
            "line_count": lines,
        }
        for day in days
        for hour in hours
    ]
    schema = {"hour_start": pl.Datetime("us", "UTC")}
    return pl.DataFrame(rows, schema_overrides=schema)


def of_kind(days, kind="school"):
    count = len(days)
    return pl.DataFrame(
        {"event_date": days, "building": ["hs"] * count, "day_type": [kind] * count}
    )


def covered(hours, days, now=datetime(2027, 7, 1, tzinfo=UTC), lag=None):
    """As a report of that moment; without a lag the source is history."""
    closed = closed_times({"proxy": lag}, now, is_history_closed=True)
    return expected_hours(hours, days, closed, ZONE)


def week(first=MONDAY, count=5):
    return [first + timedelta(days=n) for n in range(count)]


def test_a_silent_hour_is_expected_and_has_a_beginning():
    days = week()
    hours = spoke(days).filter(~((pl.col("event_date") == days[2]) & (pl.col("hour") == 9)))
    found = covered(hours, of_kind(days))
    silent = found.filter(pl.col("line_count") == 0)
    assert silent.select("event_date", "hour", "is_expected").rows() == [(days[2], 9, True)]
    assert silent["hour_start"].to_list() == [datetime(2026, 11, 4, 15, tzinfo=UTC)]
    assert found["hour_start"].null_count() == 0


def test_an_hour_that_is_seldom_used_is_not_expected():
    days = week()
    late = spoke(days[:2], hours=[21])
    found = covered(pl.concat([spoke(days), late]), of_kind(days))
    assert found.filter(pl.col("line_count") == 0).is_empty()
    assert not found.filter(pl.col("hour") == 21)["is_expected"].any()


def test_a_quiet_evening_or_sunday_is_not_missing():
    """Hours with a line or two per day were called missing: 23 of 24 in three weeks."""
    days = [*week(), *week(MONDAY + timedelta(days=7))]
    evening = spoke(days, hours=[20], lines=2)
    evening = evening.filter(pl.col("event_date") != days[3])
    morning = spoke(days, hours=[6, 7], lines=60)
    found = covered(pl.concat([evening, morning]), of_kind(days))
    assert not found.filter(pl.col("line_count") == 0)["is_expected"].any()
    # a silence that lasts is one, however few lines each of its hours has
    hours = spoke(days, hours=range(8, 20), lines=2)
    found = covered(hours.filter(pl.col("event_date") != days[3]), of_kind(days))
    silent = found.filter(pl.col("line_count") == 0, pl.col("is_expected"))
    assert silent["event_date"].unique().to_list() == [days[3]]
    assert silent.height == 12
    # and so is a single busy hour
    gone = (pl.col("event_date") == days[3]) & (pl.col("hour") == 7)
    found = covered(morning.filter(~gone), of_kind(days))
    silent = found.filter(pl.col("line_count") == 0, pl.col("is_expected"))
    assert silent["hour"].to_list() == [7]


def test_two_days_of_a_kind_say_nothing_of_a_third():
    days = week(count=3)
    found = covered(spoke(days[:2]), of_kind(days))
    assert not found["is_expected"].any()


def test_the_hour_that_spring_takes_away_is_not_missed():
    sunday = date(2027, 3, 14)
    days = [sunday - timedelta(days=7 * n) for n in range(5)]
    hours = pl.concat([spoke(days[1:], hours=[1, 2, 3]), spoke([sunday], hours=[1, 3])])
    found = covered(hours, of_kind(days, "weekend"))
    assert found.filter(pl.col("event_date") == sunday)["hour"].to_list() == [1, 3]
    assert found.filter(pl.col("line_count") == 0).is_empty()


def test_what_has_not_arrived_by_its_time_is_not_missed_before():
    days = week()
    hours = spoke(days[:4])
    noon = datetime(2026, 11, 6, 18, tzinfo=UTC)
    seen = pl.concat([hours, spoke(days[4:], hours=[7])])
    missed = {
        lag: covered(seen, of_kind(days), noon, timedelta(hours=lag))
        .filter(pl.col("line_count") == 0)["hour"]
        .to_list()
        for lag in (0, 2, 24)
    }
    assert missed == {0: [8, 9, 10, 11], 2: [8, 9], 24: []}
