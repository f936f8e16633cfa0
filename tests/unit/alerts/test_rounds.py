"""Rounds of alerts over a state database: who gets what, when, and how often."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from pipelines.alerts.memory import Observation, Reply, answer, take_news
from pipelines.alerts.outbox import ONCE, deliver_waiting
from pipelines.alerts.rounds import RoundContext, run_round
from pipelines.errors import DeliveryError
from pipelines.settings.alert_settings import Alerts, Channel
from pipelines.state.alert_records import outbox
from tests.unit.alerts.facts import ZONE, conduct, is_school_day, news

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TEN = datetime(2026, 11, 3, 10, tzinfo=ZONE)  # a Tuesday
SILENT = news("health:silent:proxy::")
CHANNELS = {
    "director": Channel(type="file", audience=("director",)),
    "operator": Channel(type="file", audience=("operator",)),
    "pager": Channel(type="file", audience=("operator",), phone=True),
}
ALERTS = Alerts(channels=CHANNELS)


class Office:
    """Readers, their channels, and a state database that outlives every round."""

    def __init__(self, store, alerts=ALERTS, channels=CHANNELS):
        self.store, self.alerts, self.channels = store, alerts, channels
        self.away = set()
        self.broken = set()

    def round(self, now, *facts):
        """Return what each channel is given, as subject lines."""
        desk = RoundContext(self.store, self.alerts, ZONE, is_school_day, "the report")
        noticed = Observation(facts, ("health:", "finding:"))
        ids = take_news(self.store, noticed, now)
        run_round(desk, self.channels, facts, ids, now)
        return {name: got for name in self.channels if (got := self.deliver(name, now))}

    def deliver(self, name, now):
        got = []

        def take(message):
            if name in self.away:
                raise DeliveryError("away", retryable=True)
            if name in self.broken:
                raise DeliveryError("no such place", retryable=False)
            got.append(message)

        deliver_waiting(self.store, name, take, ONCE, now)
        return [one.subject for one in got]

    def last_key(self, channel):
        return [row for row in outbox(self.store) if row["channel"] == channel][-1]["alert_key"]


@pytest.fixture
def office(store):
    return Office(store)


NOTICE = ["Schoolbell: 1 notice"]


def test_told_once_to_those_whom_it_concerns(office):
    assert office.round(TEN, SILENT) == {"operator": NOTICE, "pager": NOTICE}
    assert office.round(TEN + HOUR, SILENT) == {}


def test_what_lasts_is_told_again_after_a_week_though_it_is_no_worse(office):
    """The same facts reported again are another message: once they were mistaken for sent."""
    office.round(TEN, SILENT)
    assert office.round(TEN + 6 * DAY, SILENT) == {}
    assert office.round(TEN + 7 * DAY, SILENT)["operator"] == NOTICE
    assert office.round(TEN + 14 * DAY, SILENT)["operator"] == NOTICE


def test_what_ended_and_begins_anew_is_told_anew(office):
    office.round(TEN, SILENT)
    office.round(TEN + HOUR)
    assert office.round(TEN + 2 * HOUR, SILENT) == {}
    office.round(TEN + 3 * HOUR)
    assert office.round(TEN + 8 * HOUR, SILENT)["operator"] == NOTICE


def test_what_is_over_stands_in_the_next_mornings_list(office):
    office.round(TEN)
    office.round(TEN + HOUR, SILENT)
    office.round(TEN + 2 * HOUR)
    morning = datetime(2026, 11, 4, 7, 30, tzinfo=ZONE)
    assert office.round(morning - HOUR) == {}
    over = ["Schoolbell: 1 notice is over"]
    assert office.round(morning) == {"operator": over, "pager": over}
    text = outbox(office.store)[-1]["message"]
    assert "1 notice is resolved since the last list:" in text
    assert "  no line came" in text
    assert office.round(morning + DAY) == {}


def test_conduct_waits_for_the_week_and_rings_no_phone(office):
    office.round(TEN)  # the first lists come at the same time, and are empty
    item = conduct("finding:a")
    for hours in range(1, 5 * 24):
        assert office.round(TEN + hours * HOUR, item) == {}
    monday = datetime(2026, 11, 9, 7, 30, tzinfo=ZONE)
    told = office.round(monday, item)
    assert told == {"director": ["Network report: 0 cases to decide"]}


def test_lists_of_a_closed_week_wait_for_its_end(store):
    office = Office(store)
    office.round(TEN)
    item = conduct("finding:a")
    closed = {TEN.date() + n * DAY for n in range(1, 20)}

    def is_open(day):
        return is_school_day(day) and day not in closed

    desk = RoundContext(store, ALERTS, ZONE, is_open, "the report")
    for hours in range(24, 19 * 24, 3):
        now = TEN + hours * HOUR
        ids = take_news(store, Observation([item], ("finding:",)), now)
        assert run_round(desk, CHANNELS, [item], ids, now) == 0
    now = datetime(2026, 11, 23, 8, tzinfo=ZONE)
    ids = take_news(store, Observation([item], ("finding:",)), now)
    assert run_round(desk, CHANNELS, [item], ids, now) == 1


def test_a_reader_with_two_channels_has_one_budget(store):
    two = {
        name: Channel(type="smtp", audience=("operator",), settings=settings)
        for name, settings in (
            ("mail", {"recipients": ["it@school.example"]}),
            ("other", {"recipients": ["it@school.example"]}),
        )
    }
    office = Office(store, replace_most(3), two)
    count = 0
    for hours in range(8):
        one = news(f"health:silent:s{hours}::")
        got = office.round(TEN + hours * HOUR, one)
        count += sum(len(subjects) for subjects in got.values())
    assert count == 3
    tomorrow = office.round(TEN + DAY, news("health:silent:s9::"))
    assert sum(len(one) for one in tomorrow.values()) >= 1


def replace_most(most):
    return ALERTS.model_copy(update={"most_a_day": most})


def test_a_storm_is_one_message(office):
    storm = [news(f"health:silent:s{number}::") for number in range(30)]
    told = office.round(TEN, *storm)
    assert told["operator"] == ["Schoolbell: 30 notices"]


def escalating(**changes):
    channels = {
        **CHANNELS,
        "superintendent": Channel(type="file", audience=("director",)),
    }
    values = {"channels": channels, "escalate_to": "superintendent"} | changes
    return Alerts(**values), channels


def test_what_nobody_acknowledges_goes_to_somebody_else_once(store):
    office = Office(store, *escalating(acknowledge_hours=4))
    office.round(TEN, SILENT)
    assert office.round(TEN + 3 * HOUR, SILENT) == {}
    later = office.round(TEN + 4 * HOUR, SILENT)
    assert later == {"superintendent": ["Schoolbell: a message was not acknowledged"]}
    assert office.round(TEN + 5 * HOUR, SILENT) == {}


def test_what_somebody_acknowledged_goes_no_further(store):
    office = Office(store, *escalating(acknowledge_hours=4))
    office.round(TEN, SILENT)
    answer(store, Reply(office.last_key("operator"), "ack", "it"))
    assert office.round(TEN + 5 * HOUR, SILENT) == {}


def test_what_can_not_be_delivered_goes_to_somebody_else(store):
    office = Office(store, *escalating())
    office.broken = {"operator"}
    assert office.round(TEN, SILENT) == {"pager": NOTICE}
    later = office.round(TEN + HOUR, SILENT)
    assert later == {"superintendent": ["Schoolbell: a message could not be delivered"]}


def test_without_somebody_else_the_other_channels_are_told(office):
    office.broken = {"operator"}
    office.round(TEN, SILENT)
    later = office.round(TEN + HOUR, SILENT)
    assert later["director"] == ["Schoolbell: a message could not be delivered"]


def test_an_escalation_waits_for_the_end_of_quiet_hours(store):
    office = Office(store, *escalating(acknowledge_hours=2))
    evening = TEN + 7 * HOUR
    office.round(evening, SILENT)
    for hours in range(1, 14):
        assert office.round(evening + hours * HOUR, SILENT) == {}
    assert "superintendent" in office.round(evening + 14 * HOUR, SILENT)


def test_a_test_of_the_week_has_to_be_acknowledged(store):
    office = Office(store, *escalating(monday_test=True))
    monday = datetime(2026, 11, 9, 7, 0, tzinfo=ZONE)
    assert office.round(monday) == {}
    tests = office.round(monday + HOUR)
    assert tests == {key: ["Schoolbell: test of alerts"] for key in CHANNELS}
    answer(store, Reply(office.last_key("operator"), "ack", "it"))
    answer(store, Reply(office.last_key("pager"), "ack", "it"))
    assert office.round(monday + 2 * HOUR) == {}
    unseen = office.round(monday + 26 * HOUR)
    assert unseen == {"superintendent": ["Schoolbell: a message was not acknowledged"]}


def test_a_snooze_ends(office, store):
    office.round(TEN, SILENT)
    until = TEN + 5 * HOUR
    answer(store, Reply(office.last_key("operator"), "snooze", "it", until=until))
    worse = replace(SILENT, lasting=3)
    assert office.round(TEN + 4 * HOUR, worse) == {}
    assert office.round(TEN + 6 * HOUR, worse)["operator"] == NOTICE


def test_an_old_silence_of_readers_is_not_told_for_ever(store):
    """Switching escalation on does not send everything of the past year."""
    office = Office(store)
    office.round(TEN, SILENT)
    late = Office(store, *escalating())
    assert "superintendent" not in late.round(TEN + 30 * DAY)
