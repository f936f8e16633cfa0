"""The pace of reviews by week, and what the thresholds cost, from decisions alone.

A case counts in the week of its findings if it asked for a decision in the report of that week.
Rows contain no reviewer and no account.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pipelines.findings.cases import Case
from pipelines.findings.review import VERDICTS
from pipelines.findings.rule_quality import is_of_version
from pipelines.state.findings import CONFIRMED, EXPLAINED, OPEN
from pipelines.state.rows import ReviewRow, StatementRow

ASKED = ("waiting", CONFIRMED, EXPLAINED)


@dataclass(frozen=True)
class WeekPace:
    """The cases of one week.

    Attributes:
        week: ISO week, such as 2026-W47.
        reported: Cases that asked for a decision.
        decided: Of these, the cases that verdicts decided.
        still_open: Of these, the cases that need a decision now.
        half_within: Days after its first report within which half of the reported cases were
            decided; None until half are.
        oldest: Days since the first report of the oldest open case; None without one.
        reversed: Cases whose violation was confirmed, and which a later verdict cleared.
        after_statement: Of these, the cases with a statement of the person in between.
    """

    week: str
    reported: int
    decided: int
    still_open: int
    half_within: int | None
    oldest: int | None
    reversed: int
    after_statement: int

    @property
    def closed_otherwise(self) -> int:
        """Cases that expired, or that a corrected list settled without a verdict."""
        return self.reported - self.decided - self.still_open


@dataclass(frozen=True)
class RuleCost:
    """Decided cases of a rule with its current thresholds, and those without a violation."""

    rule: str
    decided: int
    cleared: int


@dataclass(frozen=True)
class _Reviewed:
    """A case with the history of its verdicts."""

    case: Case
    decided: datetime | None
    is_reversed: bool
    is_after_statement: bool


def paces(
    cases: Iterable[Case],
    reviews: Sequence[ReviewRow],
    statements: Iterable[StatementRow],
    now: datetime,
    zone: ZoneInfo,
    week: date,
) -> list[WeekPace]:
    """Return a row for each week with cases that asked for a decision, the newest first.

    Args:
        reviews: Verdicts that were not undone, oldest first.
        week: The Monday of the newest week, which decides what still waits.
    """
    verdicts = _by_finding(reviews)
    received: dict[str, list[datetime]] = {}
    for statement in statements:
        time = datetime.fromisoformat(statement["received_time"])
        received.setdefault(statement["case_id"], []).append(time)
    weeks: dict[str, list[_Reviewed]] = {}
    for case in cases:
        if case.standing(case.monday) in ASKED:
            reviewed = _reviewed(case, verdicts, received.get(case.case_id, ()))
            weeks.setdefault(case.week, []).append(reviewed)
    today = now.astimezone(zone).date()
    return [_pace(name, weeks[name], today, zone, week) for name in sorted(weeks, reverse=True)]


def _by_finding(reviews: Iterable[ReviewRow]) -> dict[str, list[ReviewRow]]:
    verdicts: dict[str, list[ReviewRow]] = {}
    for row in reviews:
        verdicts.setdefault(row["finding_id"], []).append(row)
    return verdicts


def _reviewed(
    case: Case, verdicts: Mapping[str, Sequence[ReviewRow]], received: Sequence[datetime]
) -> _Reviewed:
    """Return when the last finding of a case got its first decision, and what changed later."""
    first: list[datetime] = []
    reversals: list[tuple[datetime, datetime]] = []
    for finding in case.counted:
        given = [
            (VERDICTS[row["verdict"]], datetime.fromisoformat(row["time"]))
            for row in verdicts.get(finding["finding_id"], ())
            if VERDICTS[row["verdict"]] != OPEN
        ]
        if not given:
            continue
        first.append(given[0][1])
        confirmed = [time for status, time in given if status == CONFIRMED]
        if confirmed and case.status == EXPLAINED and given[-1][0] == EXPLAINED:
            reversals.append((confirmed[0], given[-1][1]))
    is_decided = case.status in (CONFIRMED, EXPLAINED) and len(first) == len(case.counted)
    return _Reviewed(
        case=case,
        decided=max(first) if is_decided else None,
        is_reversed=bool(reversals),
        is_after_statement=any(
            start < time <= end for start, end in reversals for time in received
        ),
    )


def _pace(
    name: str, rows: Sequence[_Reviewed], today: date, zone: ZoneInfo, week: date
) -> WeekPace:
    days = sorted(
        max(0, (row.decided.astimezone(zone).date() - row.case.reported).days)
        for row in rows
        if row.decided
    )
    waits = [row.case for row in rows if row.case.standing(week) == "waiting"]
    half = math.ceil(len(rows) / 2)
    return WeekPace(
        week=name,
        reported=len(rows),
        decided=len(days),
        still_open=len(waits),
        half_within=days[half - 1] if len(days) >= half else None,
        oldest=max((max(0, (today - case.reported).days) for case in waits), default=None),
        reversed=sum(row.is_reversed for row in rows),
        after_statement=sum(row.is_after_statement for row in rows),
    )


def rule_costs(
    cases: Iterable[Case], reviews: Sequence[ReviewRow], versions: Mapping[str, str]
) -> list[RuleCost]:
    """Return the rules whose cases were decided, the one with the most cleared cases first.

    A case counts for the rule of its heaviest finding, if a verdict decided it and the rule has
    had the same query and thresholds since.
    """
    verdicts = _by_finding(reviews)
    given: dict[str, list[str]] = {}
    for case in cases:
        rule = case.heaviest["rule"]
        if case.status not in (CONFIRMED, EXPLAINED) or rule not in versions:
            continue
        if _reviewed(case, verdicts, ()).decided and is_of_version(case.heaviest, versions[rule]):
            given.setdefault(rule, []).append(case.status)
    costs = [RuleCost(rule, len(all_), all_.count(EXPLAINED)) for rule, all_ in given.items()]
    return sorted(costs, key=lambda cost: (-cost.cleared, -cost.decided, cost.rule))
