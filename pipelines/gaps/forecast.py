"""What a missing log was expected to decide, and what happened once it was there.

A run notes, for each case of the plan, the log or list that would decide it; the first one counts.
What happened is computed from the case as it is now: nothing else is stored. The same is noted of
the requests per week that rules could judge with it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
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
from pipelines.state.rows import FindingRow

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


@dataclass(frozen=True)
class Result:
    """Expected cases of a log or list, and their outcomes.

    Attributes:
        since: Time of the first forecast.
        leads: Those that were leads when they were expected.
        confirmed: Tested cases that a person confirmed.
        explained: Tested cases that a person decided to be no violation.
    """

    remedies: tuple[str, ...]
    since: str
    cases: int
    leads: int
    outcomes: Mapping[Outcome, int]
    confirmed: int = 0
    explained: int = 0


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
    situation, by_id = Situation(district), {case.case_id: case for case in known}
    rows = [row for row in forecasts(district.store) if row["case_id"] in by_id]
    found = []
    for remedy in dict.fromkeys(row["remedy"] for row in rows):
        mine = [row for row in rows if row["remedy"] == remedy]
        ends = [
            (by_id[row["case_id"]], outcome(situation, by_id[row["case_id"]], remedy))
            for row in mine
        ]
        decided = Counter(case.status for case, end in ends if end in TESTED)
        leads = sum(row["standing"] == "lead" for row in mine)
        outcomes = Counter(end for _, end in ends)
        if not any(outcomes[end] for end in (*TESTED, "gone")):
            continue
        result = Result(
            remedies=tuple(remedy.split(TOGETHER)),
            since=mine[0]["expected_time"],
            cases=len(mine) - leads,
            leads=leads,
            outcomes=outcomes,
            confirmed=decided[CONFIRMED],
            explained=decided[EXPLAINED],
        )
        found.append(result)
    return found


def outcome(situation: Situation, case: Case, remedy: str) -> Outcome:
    """Return what became of a case that a log or list was expected to decide."""
    remedies = frozenset(remedy.split(TOGETHER))
    shown = [row for row in case.findings if row["status"] != WITHDRAWN]
    if not shown:
        return "gone"
    if any(lacks(row["rule"], row["record"]["alternatives"]) == frozenset() for row in shown):
        return "ruled out"
    results = {result for row in shown for result in _results(situation, row, remedies)}
    if FITS in results and NOT_TESTABLE not in results:
        return "fits"
    return "untested" if case.status == OPEN else "without"


def _results(situation: Situation, row: FindingRow, remedies: frozenset[str]) -> Iterator[str]:
    """Yield the results of the explanations of a finding that some remedies test."""
    record = row["record"]
    for one in record["alternatives"]:
        words = remedy_of(row["rule"], one["name"])
        if words and situation.logs(words, record["devices"]) & remedies:
            yield one["result"]
