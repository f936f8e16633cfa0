"""Decisions by week: how many, how soon, how many changed later, what waited."""

from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipelines.findings.cases import cases as stored
from pipelines.findings.judgment import judge
from pipelines.findings.lifecycle import keep
from pipelines.findings.own_work import weeks_of_work
from pipelines.state.connections import open_store
from tests.unit.findings.given import candidate, detection, known

CHICAGO = ZoneInfo("America/Chicago")
TODAY = date(2026, 11, 25)
REPORTED = date(2026, 11, 9)  # a Monday, the week after the day of the findings


def at(day, hour=12):
    """Return an instant as the state has it."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=CHICAGO).isoformat()


@pytest.fixture
def cases(tmp_path):
    """Return three cases of one week, reported on the Monday after it."""
    with closing(open_store(tmp_path / "state.db")) as store:
        findings = [
            judge(detection("SA-1"), [candidate(subject=name)], known())[0]
            for name in ("ada", "bo", "cy")
        ]
        keep(store, findings, {}, {"SA-1": []}, owner=lambda account, _day: account)
        return [
            replace(
                one, findings=tuple(row | {"created_time": at(REPORTED)} for row in one.findings)
            )
            for one in stored(store)
        ]


def review(case, verdict, day, hour=12):
    """Return a verdict on the first finding of a case."""
    ident = case.findings[0]["finding_id"]
    return {"finding_id": ident, "verdict": verdict, "time": at(day, hour)}


def statement(case, day):
    """Return a statement about a case."""
    return {"case_id": case.case_id, "received_time": at(day)}


def weeks(cases, reviews, statements=(), today=TODAY):
    rows = sorted(reviews, key=lambda row: row["time"])
    return weeks_of_work(cases, rows, statements, CHICAGO, today)


def test_a_week_has_its_decisions_and_what_waited(cases):
    one, two, three = cases
    rows = [
        review(one, "violation", REPORTED + timedelta(days=1)),
        review(two, "benign", REPORTED + timedelta(days=4)),
    ]
    newest, before, first = weeks(cases, rows)
    assert (first.monday, first.decided, first.days, first.late) == (REPORTED, 2, 2.5, 0)
    assert (first.waiting, first.oldest) == (1, 7)
    assert (newest.decided, newest.days, newest.waiting) == (0, None, 1)
    assert newest.oldest == (TODAY - REPORTED).days + 1
    assert before.waiting == 1
    late = [*rows, review(three, "violation", TODAY)]
    newest, before, _ = weeks(cases, late)
    assert (newest.decided, newest.late, newest.waiting, before.waiting) == (1, 1, 0, 1)


def test_a_confirmed_case_that_got_another_decision_is_reversed(cases):
    one, two, three = cases
    monday = REPORTED + timedelta(weeks=1)
    rows = [review(each, "violation", REPORTED) for each in (one, two)]
    rows += [review(three, "benign", REPORTED), review(three, "violation", monday)]
    rows += [review(one, "misattributed", monday), review(two, "authorized", monday)]
    _, after, first = weeks(cases, rows, [statement(one, REPORTED + timedelta(days=2))])
    assert (first.reversed, first.after_statement) == (0, 0)
    assert (after.decided, after.reversed, after.after_statement) == (0, 2, 1)


def test_a_decision_late_in_the_evening_belongs_to_its_local_day(cases):
    sunday = REPORTED + timedelta(days=6)
    newest, _, first = weeks(cases, [review(cases[0], "violation", sunday, hour=23)])
    assert (first.decided, newest.decided) == (1, 0)


def test_without_a_decision_there_is_no_week(cases):
    assert weeks(cases, []) == []
