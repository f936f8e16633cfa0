"""How a district decides its cases: how many a week, how soon, how many decisions changed.

Counts alone: no reviewer and no account is named.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from pipelines.findings.cases import Case
from pipelines.findings.rule_quality import IS_CONFIRMED
from pipelines.state.findings import OPEN
from pipelines.state.rows import ReviewRow, StatementRow

WEEKS = 12
"""Weeks that are shown."""
ONE_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, kw_only=True)
class WeekOfWork:
    """The decisions of one week, and what waited at its end.

    Attributes:
        decided: Cases whose first decision was in the week.
        days: Days from a case's first report to that decision, the median; None without one.
        late: Of these cases, those that were decided after they were due.
        reversed: Cases in which a confirmed finding got another verdict in the week.
        after_statement: Of these, those with a statement of the person before it.
        waiting: Cases without a decision at the end of the week.
        oldest: Days since the first report of the oldest of them.
    """

    monday: date
    decided: int
    days: float | None
    late: int
    reversed: int
    after_statement: int
    waiting: int
    oldest: int


@dataclass(frozen=True)
class _Decided:
    case: Case
    day: date

    @property
    def days(self) -> int:
        return max((self.day - self.case.reported).days, 0)


def weeks_of_work(
    cases: Iterable[Case],
    reviews: Iterable[ReviewRow],
    statements: Iterable[StatementRow],
    zone: ZoneInfo,
    today: date,
) -> list[WeekOfWork]:
    """Return the last weeks, the newest first, without those before the first decision.

    Args:
        cases: Those that wait for a decision, or got one.
        reviews: Verdicts that count, the oldest first.
        zone: The district's; a decision belongs to its local day.
    """
    of_finding: dict[str, list[ReviewRow]] = {}
    for row in reviews:
        of_finding.setdefault(row["finding_id"], []).append(row)
    given = {one.case_id: one for one in cases}
    decided = [
        _Decided(case, min(_day(row, zone) for row in rows))
        for case in given.values()
        if (rows := [row for one in case.findings for row in of_finding.get(one["finding_id"], ())])
    ]
    done = {one.case.case_id for one in decided}
    waiting = [one for one in given.values() if one.case_id not in done and one.status == OPEN]
    changes = [*_reversals(given.values(), of_finding, [*statements], zone)]
    newest = today - timedelta(days=today.weekday())
    first = min((one.day for one in decided), default=None)
    mondays = [newest - number * ONE_WEEK for number in range(WEEKS)]
    return [
        _week(monday, min(monday + ONE_WEEK, today + timedelta(days=1)), decided, waiting, changes)
        for monday in mondays
        if first is not None and monday + ONE_WEEK > first
    ]


def _week(
    monday: date,
    end: date,
    decided: Sequence[_Decided],
    waiting: Sequence[Case],
    changes: Sequence[tuple[date, bool]],
) -> WeekOfWork:
    """Return a week.

    Args:
        end: The first day after it.
        changes: Day of each reversal, and whether a statement preceded it.
    """
    here = [one for one in decided if monday <= one.day < end]
    open_then = [*waiting, *(one.case for one in decided if one.day >= end)]
    waited = [(end - one.reported).days for one in open_then if one.reported < end]
    reversals = [after for day, after in changes if monday <= day < end]
    return WeekOfWork(
        monday=monday,
        decided=len(here),
        days=median(one.days for one in here) if here else None,
        late=sum(one.day > one.case.due for one in here),
        reversed=len(reversals),
        after_statement=sum(reversals),
        waiting=len(waited),
        oldest=max(waited, default=0),
    )


def _reversals(
    cases: Iterable[Case],
    of_finding: dict[str, list[ReviewRow]],
    statements: Sequence[StatementRow],
    zone: ZoneInfo,
) -> Iterator[tuple[date, bool]]:
    """Yield the day on which a case lost its first confirmed verdict."""
    for case in cases:
        changed = [
            later
            for one in case.findings
            for before, later in pairwise(of_finding.get(one["finding_id"], ()))
            if before["verdict"] in IS_CONFIRMED and later["verdict"] not in IS_CONFIRMED
        ]
        if changed:
            first = min(changed, key=lambda row: row["time"])
            times = [one["received_time"] for one in statements if one["case_id"] == case.case_id]
            yield _day(first, zone), any(time < first["time"] for time in times)


def _day(row: ReviewRow, zone: ZoneInfo) -> date:
    return datetime.fromisoformat(row["time"]).astimezone(zone).date()
