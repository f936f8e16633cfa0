"""What a missing log was expected to decide, and what happened once it was there.

A run notes, for each case of the plan, the log or list that would decide it; the first one counts.
What happened is computed from the case as it is now: nothing else is stored. The same is noted of
the requests per week that rules could judge with it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from pipelines.district import District
from pipelines.findings.cases import Case, cases
from pipelines.findings.record import FITS, NOT_TESTABLE
from pipelines.gaps.decision_plan import Plan, Situation, plan
from pipelines.gaps.explanations import lacks, remedy_of
from pipelines.state.connections import Store, fact, now_text, remember
from pipelines.state.findings import CONFIRMED, EXPLAINED, OPEN, WITHDRAWN
from pipelines.state.forecasts import add_forecasts, forecasts
from pipelines.state.rows import FindingRow, ForecastRow

TOGETHER = "\n"
"""Between remedies that help only together."""
Outcome = Literal["ruled out", "fits", "gone", "untested", "without"]
"""Of a case: every explanation was ruled out; the one in question fits; no finding is shown any
more, because of the log or for another reason; it is untested still; a person decided without."""
EXPECTED = "expected_requests"
"""Fact of the state: log or list -> time and requests per week of its first forecast."""
MUCH_LESS = 0.5
"""Part of the requests below which a log counts as there: weeks differ."""
TESTED: tuple[Outcome, ...] = ("ruled out", "fits")
SHOWN: tuple[Outcome, ...] = (*TESTED, "gone")
"""Outcomes that make a log or list worth a row."""


@dataclass(frozen=True)
class Result:
    """Expected cases of a log or list, and their outcomes.

    Attributes:
        since: Time of the first forecast.
        leads: Those that were leads when they were expected.
        confirmed: Tested cases that a person confirmed.
        explained: Tested cases that a person decided to be no violation.
        later: Cases of later days about the same devices, with the explanation in question.
        later_tested: Those of which it could be tested.
    """

    remedies: tuple[str, ...]
    since: str
    cases: int
    leads: int
    outcomes: Mapping[Outcome, int]
    confirmed: int
    explained: int
    later: int
    later_tested: int


class ExpectedRequests(NamedTuple):
    """Requests per week that rules could not judge for lack of a log or list.

    Attributes:
        since: Time of the first forecast.
        expected: Their number then.
        lacking: Their number in the newest week.
    """

    remedies: tuple[str, ...]
    since: str
    expected: int
    lacking: int


def note_forecasts(district: District) -> None:
    """Note what would decide each case of the plan, for cases without a forecast."""
    known = cases(district.store)
    found = plan(district, known, max((case.monday for case in known), default=date.min))
    add_forecasts(
        district.store,
        (
            (case.case_id, TOGETHER.join(step.remedies), standing)
            for step in found.steps
            for standing, some in (("waiting", step.cases), ("lead", step.leads))
            for case in some
        ),
    )
    note_requests(district.store, found)


def note_requests(store: Store, found: Plan) -> None:
    """Note the requests per week that each log or list would add, when it first would."""
    with store.writing() as connection:
        before = json.loads(fact(connection, EXPECTED) or "{}")
        new = {
            TOGETHER.join(step.remedies): [now_text(), step.requests]
            for step in found.steps
            if step.requests
        }
        if new.keys() - before.keys():
            remember(connection, EXPECTED, json.dumps(new | before))


def requests_since(store: Store, found: Plan) -> list[ExpectedRequests]:
    """Return the expected requests of logs and lists that a plan asks for less, or not at all."""
    with store.reading() as connection:
        noted = json.loads(fact(connection, EXPECTED) or "{}")
    now = {TOGETHER.join(step.remedies): step.requests for step in found.steps}
    return [
        ExpectedRequests(tuple(remedy.split(TOGETHER)), since, requests, now.get(remedy, 0))
        for remedy, (since, requests) in noted.items()
        if now.get(remedy, 0) <= MUCH_LESS * requests
    ]


def results(district: District, known: Iterable[Case]) -> list[Result]:
    """Return the logs and lists that decided a case that they were expected to decide.

    Args:
        known: Every case.
    """
    situation, known = Situation.of(district), list(known)
    by_remedy: dict[str, list[ForecastRow]] = {}
    for row in forecasts(district.store):
        by_remedy.setdefault(row["remedy"], []).append(row)
    found = [result_of(situation, known, remedy, rows) for remedy, rows in by_remedy.items()]
    return [one for one in found if one.later_tested or any(map(one.outcomes.get, SHOWN))]


def result_of(
    situation: Situation, known: Sequence[Case], remedy: str, rows: Sequence[ForecastRow]
) -> Result:
    """Return the result of one log or list.

    Args:
        known: Every case.
        rows: The forecasts that name it, the oldest first.
    """
    expected = {row["case_id"]: row["standing"] for row in rows}
    mine = [case for case in known if case.case_id in expected]
    ends = {case.case_id: outcome(situation, case, remedy) for case in mine}
    decided = Counter(case.status for case in mine if ends[case.case_id] in TESTED)
    since = rows[0]["expected_time"]
    devices = {name for case in mine for name in _devices(case)}
    later = [
        results
        for case in known
        if case.case_id not in expected
        and case.first_day.isoformat() > since[:10]
        and devices & _devices(case)
        and (results := _results(situation, case, remedy))
    ]
    leads = sum(expected[case.case_id] == "lead" for case in mine)
    return Result(
        remedies=tuple(remedy.split(TOGETHER)),
        since=since,
        cases=len(mine) - leads,
        leads=leads,
        outcomes=Counter(ends.values()),
        confirmed=decided[CONFIRMED],
        explained=decided[EXPLAINED],
        later=len(later),
        later_tested=sum(NOT_TESTABLE not in results for results in later),
    )


def outcome(situation: Situation, case: Case, remedy: str) -> Outcome:
    """Return what became of a case that a log or list was expected to decide."""
    shown = _shown(case)
    if not shown:
        return "gone"
    if any(lacks(row["rule"], row["record"]["alternatives"]) == frozenset() for row in shown):
        return "ruled out"
    results = _results(situation, case, remedy)
    if FITS in results and NOT_TESTABLE not in results:
        return "fits"
    return "untested" if case.status == OPEN else "without"


def _shown(case: Case) -> list[FindingRow]:
    return [row for row in case.findings if row["status"] != WITHDRAWN]


def _devices(case: Case) -> set[str]:
    return {name for row in case.findings for name in row["record"]["devices"]}


def _results(situation: Situation, case: Case, remedy: str) -> set[str]:
    """Return the results of the explanations of a case that a log or list tests."""
    remedies = frozenset(remedy.split(TOGETHER))
    return {
        one["result"]
        for row in _shown(case)
        for one in row["record"]["alternatives"]
        if (words := remedy_of(row["rule"], one["name"]))
        and situation.logs(words, row["record"]["devices"]) & remedies
    }
