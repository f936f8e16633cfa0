"""Who is reported of what and when: one row a rule."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from pipelines.alerts.decisions import (
    BUDGET,
    LEAD,
    NO_ROUTE,
    QUIET,
    REPORTED,
    SEEN,
    SNOOZED,
    TOLD_BEFORE,
    Answer,
    LastMessage,
    Memory,
    Receiver,
    decide,
)
from pipelines.alerts.decisions import (
    PHONE as NO_PHONE,
)
from pipelines.alerts.message import notice
from pipelines.alerts.rounds import compose, due, is_quiet, last_due
from pipelines.settings.alert_settings import Alerts, Route, routes_of
from tests.unit.alerts.facts import (
    ALERTS,
    DESK,
    NOW,
    PHONE,
    SETTING,
    ZONE,
    conduct,
    finding,
    is_school_day,
    moment,
    news,
    waiting_of,
)

DAY = timedelta(days=1)
NOTHING = frozenset({"at_once"})


def decided(one, reader=DESK, memory=None, when=None, alerts=ALERTS):
    (found,) = decide(
        [one],
        reader,
        memory or Memory(),
        when or moment(),
        routes=routes_of(alerts),
        alerts=alerts,
    )
    return found.what, found.rule


def announced(one, ago=timedelta(hours=1), step=None):
    found = LastMessage(NOW - ago, one.step if step is None else step)
    return Memory(announced={(one.key, "desk"): found})


SPRAY = news(about="security", severity="medium")
SILENT = news(severity="high")
THIN = news(severity="low")


@pytest.mark.parametrize(
    ("one", "when", "what"),
    [
        (SPRAY, moment(is_quiet=True, due=NOTHING), ("tell", "due")),
        (SILENT, moment(is_quiet=True, due=NOTHING), ("tell", "due")),
        (THIN, moment(due=NOTHING), ("hold", "waits for the daily list")),
        (THIN, moment(), ("tell", "due")),
        (conduct(), moment(due=NOTHING), ("hold", "waits for the weekly list")),
        (conduct(severity="critical"), moment(due=NOTHING | {"daily"}),
         ("hold", "waits for the weekly list")),
        (conduct(), moment(), ("tell", "due")),
        (conduct(confidence="C1"), moment(), ("suppress", LEAD)),
        (news(about="security", confidence="C1"), moment(),
         ("suppress", LEAD)),
    ],
)  # fmt: skip
def test_the_built_in_routes(one, when, what):
    assert decided(one, when=when) == what


def test_what_people_did_rings_no_phone():
    assert decided(conduct(), PHONE) == ("suppress", NO_PHONE)
    assert decided(SPRAY, PHONE)[0] == "tell"


def test_readers_get_what_is_for_them():
    operator = Receiver("desk", ("operator",))
    assert decided(conduct(), operator) == ("suppress", NO_ROUTE)
    director = Receiver("desk", ("director",))
    assert decided(SILENT, director) == ("suppress", NO_ROUTE)
    assert decided(SPRAY, director)[0] == "tell"


def test_a_route_of_the_district_takes_the_built_in_ones_place():
    only_sure = Route(about="security", confidence="C3", when="at_once", audience=("director",))
    alerts = Alerts(routes={"mine": only_sure})
    quiet = moment(is_quiet=True)
    assert decided(SPRAY, when=quiet, alerts=alerts) == ("hold", QUIET)
    unsure = news(about="security", confidence="C2")
    assert decided(unsure, alerts=alerts) == ("suppress", NO_ROUTE)
    assert decided(SILENT, alerts=alerts)[0] == "tell"


def test_told_once_and_again_only_when_worse_or_after_a_week():
    assert decided(SILENT, memory=announced(SILENT)) == (
        "suppress",
        TOLD_BEFORE,
    )
    assert decided(SILENT, memory=announced(SILENT, step=SILENT.step - 1))[0] == "tell"
    assert decided(SILENT, memory=announced(SILENT, 6 * DAY))[0] == "suppress"
    assert decided(SILENT, memory=announced(SILENT, 7 * DAY))[0] == "tell"
    item = conduct()
    assert decided(item, memory=announced(item, 70 * DAY))[0] == "suppress"


def test_an_answer_silences_until_its_end_or_until_it_is_worse():
    def said(kind, step=SILENT.step, until=None):
        return Memory(answers={"k": Answer(kind, step, until)})

    assert decided(SILENT, memory=said("ack")) == ("suppress", SEEN)
    assert decided(SILENT, memory=said("ack", SILENT.step - 1))[0] == "tell"
    later, before = NOW + DAY, NOW - DAY
    snoozed = said("snooze", 0, later)
    assert decided(SILENT, memory=snoozed) == ("suppress", SNOOZED)
    assert decided(SILENT, memory=said("snooze", 0, before))[0] == "tell"


@pytest.mark.parametrize(
    ("at", "quiet"),
    [
        ("2026-11-03 10:00", False),
        ("2026-11-03 06:29", True),
        ("2026-11-03 06:30", False),
        ("2026-11-03 18:00", True),
        ("2026-11-07 10:00", True),
    ],
)
def test_quiet_hours_follow_the_school_calendar(at, quiet):
    assert is_quiet(local(at), ALERTS, is_school_day) is quiet


def test_quiet_hours_within_one_day():
    alerts = Alerts(quiet_from=time(12), quiet_to=time(13))
    assert is_quiet(local("2026-11-03 12:30"), alerts, is_school_day)
    assert not is_quiet(local("2026-11-03 20:00"), alerts, is_school_day)


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("closed", "now", "listed"),
    [
        ("", "2026-11-04 12:00", "2026-11-02"),
        ("", "2026-11-02 07:29", "2026-10-26"),
        ("2026-11-02", "2026-11-02 12:00", "2026-10-26"),
        ("2026-11-02", "2026-11-03 12:00", "2026-11-03"),
        ("2026-11-02 2026-11-03 2026-11-04 2026-11-05 2026-11-06",
         "2026-11-05 12:00", "2026-11-02"),
    ],
)  # fmt: skip
def test_the_weekly_list_comes_on_its_day_or_the_next_school_day(closed, now, listed):
    def is_open(day):
        return is_school_day(day) and day.isoformat() not in closed

    when = last_due("weekly", local(now), ALERTS, is_open)
    assert f"{when:%Y-%m-%d %H:%M}" == f"{listed} 07:30"


def test_lists_are_due_once_and_a_missed_one_is_made_up_for():
    def ask(now, served):
        return due(local(now), ALERTS, is_school_day, lambda _which: served)

    assert ask("2026-11-03 03:00", None) == {"at_once", "daily", "weekly"}
    monday = local("2026-11-02 07:31")
    assert ask("2026-11-02 12:00", monday) == {"at_once"}
    assert ask("2026-11-03 07:00", monday) == {"at_once"}
    assert ask("2026-11-03 07:30", monday) == {"at_once", "daily"}
    assert ask("2026-11-11 03:00", monday) == {"at_once"}
    assert ask("2026-11-11 08:00", monday) == {"at_once", "daily", "weekly"}


def test_the_last_message_of_a_day_says_how_many_wait():
    storm = [news(f"k{number}", severity="critical") for number in range(3)]
    items = [conduct(f"c{number}") for number in range(4)]
    decisions = decide(
        [*storm, *items, THIN],
        DESK,
        Memory(),
        moment(),
        routes=routes_of(ALERTS),
        alerts=ALERTS,
    )
    four = [finding(size, subject=f"s-{size}") for size in range(4)]
    setting = replace(SETTING, queue=waiting_of(*four))
    subjects = {
        left: [
            one.message.subject
            for one in compose(decisions, setting, left, NOW.date()).announcements
        ]
        for left in (5, 2, 1, 0)
    }
    assert subjects == {
        5: [
            "Schoolbell: 3 notices",
            "Network report: 4 cases to decide",
            "Schoolbell: 1 system notice",
        ],
        2: ["Schoolbell: 3 notices", "Schoolbell: 5 more"],
        1: ["Schoolbell: 8 more"],
        0: [],
    }
    made = compose(decisions, SETTING, 2, NOW.date())
    assert sum(one.rule == BUDGET for one in made.decisions) == 5
    assert made.announcements[-1].facts == ()  # they are reported another day


def test_what_a_message_holds():
    decisions = decide(
        [SPRAY, THIN, conduct()],
        DESK,
        Memory(),
        moment(due=NOTHING),
        routes=routes_of(ALERTS),
        alerts=ALERTS,
    )
    ((made, _),) = [
        (one.message, one.facts)
        for one in compose(decisions[:2], SETTING, 5, NOW.date()).announcements
    ]
    for part in (
        "n-k  medium, well supported, since 03 Nov 15:05: no line came",
        "and 1 more in the next list",
        f"To acknowledge it, give your technology office this number: {made.key}",
        "does not\nshow who",
        "You receive this because",
    ):
        assert part in made.text


def test_only_messages_about_the_system_contain_a_path_and_a_command():
    """A director got "reports/index.html" and a command in the mail about cases."""
    for facts, is_for_operators in ((SILENT, True), (conduct(), False)):
        text = notice([facts], 0, SETTING).text
        assert ("reports/index.html" in text) is is_for_operators
        assert ("schoolbell alerts ack" in text) is is_for_operators
    at_desk = replace(
        SETTING, report="https://desk.example.org/reports", desk="https://desk.example.org"
    )
    text = notice([conduct()], 0, at_desk).text
    assert "The report: https://desk.example.org/reports" in text
    assert "Decide: https://desk.example.org" in text


def test_a_reader_of_the_report_mail_gets_no_second_count_of_the_week():
    reads_report = Receiver("desk", ("director", "operator"), has_report=True)
    assert decided(conduct(), DESK)[0] == "tell"
    assert decided(conduct(), reads_report) == ("suppress", REPORTED)
    assert decided(SPRAY, reads_report)[0] == "tell"
    assert decided(SILENT, reads_report)[0] == "tell"
