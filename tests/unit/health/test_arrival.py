"""How long lines take to arrive, and what of it is reported."""

from datetime import date, timedelta

import pytest

from pipelines.health.arrival import delays, usual_lag
from pipelines.state.source_records import SourceDay

FIRST = date(2026, 10, 5)


def days(*lags):
    """Return a day each, with the classes in which its events arrived."""
    return [
        SourceDay(
            source="proxy",
            event_class="http_requests",
            event_date=FIRST + timedelta(days=number),
            events=sum(one.values()),
            lags=one,
        )
        for number, one in enumerate(lags)
    ]


LIVE = {"5 minutes": 900, "1 hour": 100}
NIGHTLY = {"6 hours": 300, "1 day": 700}
PAST = {"longer": 1000}


@pytest.mark.parametrize(
    ("lags", "usual"),
    [
        ([LIVE] * 5, timedelta(hours=1)),
        ([NIGHTLY] * 5, timedelta(days=1)),
        ([{"ahead": 100}] * 3, timedelta(0)),
        ([PAST] * 30, None),
        ([], None),
        # a first delivery of old files, then the live feed
        ([PAST] * 30 + [LIVE] * 6, timedelta(hours=1)),
        # the machine was off for some days
        ([LIVE] * 8 + [{"1 week": 1000}] * 3, timedelta(hours=1)),
    ],
)
def test_the_usual_lag_is_that_of_the_day_in_the_middle(lags, usual):
    assert usual_lag(days(*lags)) == usual


def told(*lags):
    return [(one.kind, one.start.date()) for one in delays(days(*lags))]


def test_what_arrives_far_later_than_usual_is_late():
    slow = {"5 minutes": 300, "6 hours": 700}
    assert told(*[LIVE] * 5, slow) == []  # one class more is not a lateness
    slow = {"5 minutes": 300, "1 day": 700}
    assert told(*[LIVE] * 5, slow) == [("late", FIRST + timedelta(days=5))]
    assert told(*[NIGHTLY] * 5, slow) == []
    assert told(*[PAST] * 5, slow) == []


def test_lines_from_the_future_are_skewed_when_they_are_new():
    ahead = {"ahead": 600, "5 minutes": 400}
    assert told(*[LIVE] * 5, ahead) == [("skewed", FIRST + timedelta(days=5))]
    assert told(*[ahead] * 6) == []


def test_a_few_lines_tell_nothing():
    assert told(*[LIVE] * 5, {"1 week": 20}) == []
    assert told(*[LIVE] * 2, {"1 week": 2000}) == []
