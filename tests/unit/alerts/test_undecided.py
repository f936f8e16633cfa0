"""What no one decided through two reports comes up to the superintendent, weekly."""

from datetime import UTC, date, datetime, timedelta

import pytest

from pipelines.alerts.memory import Observation, take_news
from pipelines.alerts.news import UNDECIDED, of_cases, of_undecided
from pipelines.alerts.outbox import ONCE, deliver_waiting
from pipelines.alerts.rounds import RoundContext, run_round
from pipelines.findings.cases import queue_of
from pipelines.settings.alert_settings import Alerts, Channel
from tests.unit.alerts.facts import ZONE, finding, is_school_day, waiting_of

WEEK = timedelta(days=7)
MONDAY = date(2026, 11, 2)
EIGHT = datetime(2026, 11, 9, 8, tzinfo=ZONE)
CHANNELS = {
    "director": Channel(type="file", audience=("director",)),
    "superintendent": Channel(type="file", audience=("superintendent",)),
    "phone": Channel(type="file", audience=("superintendent",), phone=True),
}


def queue_as_of(weeks, *findings):
    return queue_of(waiting_of(*findings).cases, MONDAY + weeks * WEEK)


@pytest.fixture
def told(store):
    """What each channel is given in the morning after a week, as texts."""

    def morning(queue):
        now = EIGHT + (queue.week - MONDAY)
        facts = [*of_cases(queue, Alerts()), *of_undecided(queue, now)]
        looked = Observation(facts, ("case:", UNDECIDED))
        ids = take_news(store, looked, now.astimezone(UTC))
        alerts = Alerts(channels=CHANNELS)
        context = RoundContext(store, alerts, ZONE, is_school_day, "here", queue)
        run_round(context, CHANNELS, facts, ids, now)
        return {name: got for name in CHANNELS if (got := delivered(store, name, now))}

    return morning


def delivered(store, name, now):
    got = []
    deliver_waiting(store, name, got.append, ONCE, now)
    return [one.text for one in got]


def test_two_weeks_pass_before_anybody_else_is_told(told):
    assert set(told(queue_as_of(0, finding(1)))) == {"director"}
    assert told(queue_as_of(1, finding(1))) == {}
    (text,) = told(queue_as_of(2, finding(1)))["superintendent"]
    assert "1 case waits for a decision." in text
    since = "two weeks or more, the oldest since week 2026-W45"
    assert f"1 case of these has waited for {since}." in text
    assert "for the first time" not in text
    assert "ada" not in text


def test_it_is_told_each_week_that_it_lasts_and_no_more_once_decided(told):
    for weeks in (2, 3, 4):
        assert set(told(queue_as_of(weeks, finding(1)))) - {"director"} == {"superintendent"}
    assert told(queue_as_of(5, finding(1, status="explained"))) == {}


def test_it_is_told_once_a_week(told):
    assert "superintendent" in told(queue_as_of(2, finding(1)))
    assert "superintendent" not in told(queue_as_of(2, finding(1)))


def test_what_expires_does_not_come_up(told):
    assert queue_as_of(2, finding(1, severity="low")).aged == ()


def test_one_number_for_all_that_are_old():
    later = finding(2, event_date="2026-11-17")
    queue = queue_as_of(2, finding(1), finding(3, subject="bob"), later)
    assert len(queue.cases) == 3
    assert len(queue.aged) == 2
    (fact,) = of_undecided(queue, EIGHT)
    assert fact.line.startswith("2 cases wait for two weeks or more")
