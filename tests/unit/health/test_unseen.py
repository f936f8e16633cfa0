"""Silences that source health does not report, and the fewest logs that show every way."""

from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.health.source_hours import day_kinds, judged_hours
from pipelines.health.unseen import Silence, days_of, fewest, instead, silences

FIRST = date(2026, 3, 2)
WAYS = st.sets(st.frozensets(st.integers(0, 6), min_size=1), max_size=7)


@given(WAYS)
def test_every_way_is_hit_by_as_few_logs_as_a_search_of_all_choices_needs(ways):
    order = list(range(7))
    chosen = fewest(ways, order)
    assert all(way & {*chosen} for way in ways)
    smaller = combinations(order, len(chosen) - 1) if chosen else ()
    assert not any(all(way & {*few} for way in ways) for few in smaller)


def test_one_log_that_shows_two_ways_is_chosen_once():
    ways = [frozenset("k"), frozenset("kn"), frozenset("nd")]
    assert fewest(ways, "knd") == ["k", "n"]
    assert instead("n", ["k", "n"], ways, "knd") == ["d"]
    assert instead("k", ["k", "n"], ways, "knd") == []


def test_without_a_way_no_log_is_needed():
    assert fewest([], "knd") == []


def hourly(lines, silent_hours=(), days=8, building=""):
    """Return lines by hour of a source that writes from 8 to 16 on each day."""
    return pl.DataFrame(
        [
            {
                "source": "proxy",
                "building": building,
                "event_date": FIRST + timedelta(days=offset),
                "hour": hour,
                "hour_start": at(offset, hour),
                "line_count": lines,
            }
            for offset in range(days)
            for hour in range(8, 16)
            if (offset, hour) not in silent_hours
        ]
    )


def at(offset, hour, minute=0):
    day = FIRST + timedelta(days=offset)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def judged(hours):
    days = {"event_date": [], "building": [], "day_type": []}
    schema = {"event_date": pl.Date, "building": pl.String, "day_type": pl.String}
    kinds = day_kinds(pl.DataFrame(days, schema), FIRST, FIRST + timedelta(days=7))
    closed = pl.DataFrame(
        {"source": ["proxy"], "closed_time": [at(8, 0)]},
        {"source": pl.String, "closed_time": pl.Datetime("us", "UTC")},
    )
    return judged_hours(hours, kinds, closed, "UTC")


def pauses(*spans):
    return pl.DataFrame(
        [{"source": "proxy", "start_time": start, "end_time": end} for start, end in spans],
        {
            "source": pl.String,
            "start_time": pl.Datetime("us", "UTC"),
            "end_time": pl.Datetime("us", "UTC"),
        },
    )


@pytest.mark.parametrize(
    ("lines", "counts"),
    [(60, True), (59, False)],
    ids=["ten lines were due", "nine lines were due"],
)
def test_a_pause_counts_if_ten_lines_usually_come_in_it(lines, counts):
    pause = (at(7, 10), at(7, 10, 10))
    quiet = silences(judged(hourly(lines)), pauses(pause), at(7, 8), at(7, 16))
    assert quiet == ([Silence("proxy", "", *pause)] if counts else [])


def test_any_pause_counts_of_a_source_whose_usual_hours_are_not_known():
    pause = (at(1, 10), at(1, 10, 12))
    quiet = silences(judged(hourly(2, days=2)), pauses(pause), at(1, 8), at(1, 16))
    assert quiet == [Silence("proxy", "", *pause)]


def test_a_silence_is_cut_to_the_hours_and_joined_with_its_pause():
    hours = hourly(600, {(7, 10), (7, 11)})
    pause = (at(7, 9, 58), at(7, 12, 1))
    quiet = silences(judged(hours), pauses(pause), at(7, 11), at(7, 16))
    assert quiet == [Silence("proxy", "", at(7, 11), at(7, 12, 1))]
    assert silences(judged(hours), pauses(pause), at(7, 13), at(7, 16)) == []


def test_a_building_that_fell_silent_is_a_silence_of_its_building():
    hours = pl.concat([hourly(600), hourly(500, {(7, 10), (7, 11)}, building="HS")])
    quiet = silences(judged(hours), pauses(), at(7, 8), at(7, 16))
    assert quiet == [Silence("proxy", "HS", at(7, 10), at(7, 12))]


def test_the_days_of_hours_that_end_at_midnight():
    assert days_of(at(0, 8), at(1, 0)) == [FIRST]
    assert days_of(at(0, 8), at(1, 1)) == [FIRST, FIRST + timedelta(days=1)]
