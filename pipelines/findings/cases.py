"""Cases: findings of one person, one clause and one week, reviewed together.

People count and decide cases: report, mail, messages, `status` and the command
line take their numbers from here. The clause is the first that the policy names for the
detection; the use of a site within off-hours use of the same account belongs to that
case. So does one while the account was in use away from its owner, because that case asks
who was there; and one that a heavier finding about the same site covers. A case states
nothing more than its findings: its severity and confidence are those of the one that
has the highest, never more.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, cast

from pipelines.district import Reading
from pipelines.findings.grades import KINDS, LEVELS, SURE
from pipelines.privacy.pseudonyms import about_students
from pipelines.settings.home import DistrictHome
from pipelines.settings.problems import SEVERITIES, Severity
from pipelines.state.connections import Store, Transaction
from pipelines.state.findings import OPEN, WITHDRAWN
from pipelines.state.published_reports import published_weeks
from pipelines.state.reviews import (
    add_case,
    known_cases,
    number_cases,
    put_into_case,
    stored_cases,
)
from pipelines.state.rows import FindingRow, FindingText, texts_in

if TYPE_CHECKING:  # `status` has no frames, and Polars takes long to import
    import polars as pl

STATUSES = ("open", "confirmed", "explained", "withdrawn")
"""A case has the first of these that one of its findings has."""

Standing = Literal[
    "waiting", "site", "trial", "expired", "lead", "confirmed", "explained", "withdrawn"
]
"""The question of a case: *waiting* for a decision about an account's use; *site*, a
decision about a site and not about a person; *trial*, of low weight and only from rules
on trial: a decision is optional; *expired*, of low weight and undecided; *lead*, too weak
for more than a hint for analysts.
"""

LOW: tuple[Severity, ...] = ("informational", "low")
ONE_WEEK = timedelta(days=7)
DAYS_TO_DECIDE = timedelta(days=4)
"""After its first report a case is due: the Friday of the report's Monday, or the next one."""
FRIDAY = 4
EXPIRES_AFTER = timedelta(days=14)
AGED_AFTER = timedelta(days=14)
"""Cases without a decision through two reports escalate to the superintendent."""
SITE_USE = "non_approved_site"
HOLDING = ("shared_account", "off_hours_external")
"""Kinds of findings that include the use of a site, in order of precedence."""

Owner = Callable[[str, date], str | None]
"""The owner of an account on a day; None if it has none."""

LEAD = "C1"
DECIDED: tuple[Standing, ...] = ("confirmed", "explained", "withdrawn")


@dataclass(frozen=True, kw_only=True)
class Case:
    """Findings that are reviewed together, oldest first.

    Attributes:
        person: Person id; `nobody:` and the account or device if it has no owner.
        week: ISO week, such as 2026-W47.
        assignee: Person in charge, if any.
        number: Number that people can say, as "46-03"; empty in an earlier snapshot or
            before the first run after an upgrade.
    """

    case_id: str
    person: str
    clause: str
    week: str
    findings: tuple[FindingRow, ...]
    assignee: str | None = None
    number: str = ""

    @property
    def label(self) -> str:
        """The case in sentences: its number, or its id without one."""
        return self.number or self.case_id

    @property
    def full_label(self) -> str:
        """The number with its year, as 2026-W46-03, under which the desk shows the case."""
        return f"{self.week}-{self.number.rpartition('-')[2]}" if self.number else self.case_id

    @property
    def status(self) -> str:
        """Open as long as one finding that counts is."""
        held = {str(finding["status"]) for finding in self.counted}
        return next(status for status in STATUSES if status in held)

    @cached_property
    def heaviest(self) -> FindingRow:
        """The finding that speaks for the case: it weighs most, then is surest."""
        return max(
            (finding for finding, _ in self.parts()),
            key=lambda row: (
                _severity(row["severity"]),
                _confidence(row["confidence"]),
            ),
        )

    @property
    def severity(self) -> str:
        """The highest of the findings that still count."""
        return max((str(one["severity"]) for one in self.counted), key=_severity)

    @property
    def first_day(self) -> date:
        """The day of the oldest finding that counts; a snapshot has dates, the state text."""
        return min(date.fromisoformat(str(finding["event_date"])) for finding in self.counted)

    @property
    def weight(self) -> tuple[int, int, str]:
        """Orders cases: highest weight first, then the surest, then the oldest."""
        return -_severity(self.severity), -_confidence(self.confidence), self.first_day.isoformat()

    @property
    def confidence(self) -> str:
        """The highest of the findings that still count; together they prove no more."""
        return max((str(finding["confidence"]) for finding in self.counted), key=_confidence)

    @cached_property
    def counted(self) -> Sequence[FindingRow]:
        """Findings but those withdrawn, and leads; where none is left, the rest."""
        left = [one for one in self.findings if one["status"] != WITHDRAWN]
        shown = [one for one in left or self.findings if one["confidence"] != LEAD]
        return shown or left or self.findings

    @property
    def undecided(self) -> Sequence[FindingRow]:
        """The findings that count and have no decision."""
        return [one for one in self.counted if one["status"] == OPEN]

    @property
    def monday(self) -> date:
        """The Monday of its week."""
        return monday_of(self.week)

    @cached_property
    def reported(self) -> date:
        """The day of its first report: after its week, or later if its logs came later."""
        after_week = self.monday + ONE_WEEK
        made = [str(one.get("created_time") or "")[:10] for one in self.counted]
        return max(after_week, min(map(date.fromisoformat, filter(None, made)), default=after_week))

    @property
    def expires(self) -> date:
        """The Monday of the first week in which a case of low weight is expired."""
        return self.monday + EXPIRES_AFTER

    @property
    def due(self) -> date:
        """The due date of a decision, a Friday; after it the case is overdue."""
        earliest = self.reported + DAYS_TO_DECIDE
        return earliest + timedelta(days=(FRIDAY - earliest.weekday()) % 7)

    @property
    def is_site_question(self) -> bool:
        """One day's use of sites at low weight: the site is to be decided on first."""
        days = {finding["event_date"] for finding in self.counted}
        return len(days) == 1 and all(map(is_first_use, self.counted))

    def standing(self, week: date) -> Standing:
        """Return the question of a case in the report of a week, given by its Monday."""
        if self.confidence == LEAD:
            return "lead"
        if self.status != OPEN:
            return next(one for one in DECIDED if one == self.status)
        if self.severity not in LOW:
            return "waiting"
        if week >= self.expires:
            return "expired"
        if self.is_site_question:
            return "site"
        return "trial" if all(map(is_on_trial, self.counted)) else "waiting"

    def parts(self) -> Iterator[tuple[FindingRow, list[FindingRow]]]:
        """Yield each finding that counts, with the uses of sites within it."""
        absorbed: dict[str, list[FindingRow]] = {}
        for finding in self.counted:
            if block := block_of(finding, self.counted):
                absorbed.setdefault(block["finding_id"], []).append(finding)
        inside = {one["finding_id"] for part in absorbed.values() for one in part}
        for finding in self.counted:
            if finding["finding_id"] not in inside:
                yield finding, absorbed.get(finding["finding_id"], [])


def is_first_use(finding: FindingRow) -> bool:
    """Use of sites at low weight, on the first day that the account is seen there."""
    days = finding["record"].get("details", {}).get("days")
    return finding["kind"] == SITE_USE and finding["severity"] in LOW and days == 1


def is_on_trial(finding: FindingRow) -> bool:
    """Return whether its rule is on trial."""
    return bool(finding["record"].get("stage") == "trial")


def block_of(finding: FindingRow, others: Collection[FindingRow]) -> FindingRow | None:
    """Return the finding of the same account that contains a use of sites.

    That is use off hours or away from the owner; otherwise a heavier finding about the same
    sites, such as a way around the filter. The container may be within another.
    """
    if finding["kind"] != SITE_USE:
        return None
    start, end = span_of(finding)
    around = [
        other
        for other in others
        if other["subject"] == finding["subject"]
        and (other["kind"] in HOLDING or is_told_by(finding, other))
        and span_of(other)[0] < end
        and start < span_of(other)[1]
    ]
    block = min(around, key=_holds_first, default=None)
    return block and (block_of(block, others) or block)


def is_told_by(finding: FindingRow, other: FindingRow) -> bool:
    """Return whether both are about sites, and the other is heavier and names all of these."""
    return (
        other["kind"] == SITE_USE
        and _severity(other["severity"]) > _severity(finding["severity"])
        and bool(_sites(finding))
        and _sites(finding) <= _sites(other)
    )


def _sites(finding: FindingRow) -> set[str]:
    return set(texts_in(finding["record"].get("details", {}), "sites"))


def _holds_first(other: FindingRow) -> int:
    return [*HOLDING, SITE_USE].index(other["kind"])


def span_of(finding: FindingRow) -> tuple[datetime, datetime]:
    """Return when it began and ended."""
    record = finding["record"]
    start, end = (record[name] for name in ("start_time", "end_time"))
    return datetime.fromisoformat(start), datetime.fromisoformat(end)


def _severity(word: str) -> int:
    return SEVERITIES.index(word)


def _confidence(word: str) -> int:
    return [str(level) for level in LEVELS].index(word)


def case_id(person: str, clause: str, week: str) -> str:
    """Return an id that is the same in every rebuild, for the same person, clause and week."""
    text = f"{person}\x1f{clause}\x1f{week}"
    return "c-" + hashlib.sha256(text.encode()).hexdigest()[:12]


def week_of(day: date) -> str:
    """Return the ISO week of a day."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def monday_of(week: str) -> date:
    """Return the Monday of an ISO week, such as 2026-W47."""
    year, number = week.split("-W")
    return date.fromisocalendar(int(year), int(number), 1)


def owner_of(accounts: "pl.DataFrame") -> Owner:
    """Build a lookup of owners from the registry's frame of accounts."""
    rows: dict[str, list[tuple[date, date, str]]] = {}
    names = ("account", "owner_person_id", "approved_shared", "valid_from", "valid_to")
    for account, person, is_shared, first, last in accounts.select(names).iter_rows():
        if person is None or is_shared:
            continue
        span = (first or date.min, last or date.max, person)
        rows.setdefault(account, []).append(span)

    def owner(account: str, day: date) -> str | None:
        spans = rows.get(account, ())
        return next((who for first, last, who in spans if first <= day <= last), None)

    return owner


def nobody(_account: str, _day: date) -> None:
    """Return None: no registry knows owners."""
    return


def places(
    findings: Iterable[FindingRow], owner: Owner
) -> Iterator[tuple[FindingRow, Mapping[str, str]]]:
    """Yield each finding with its case: id, person, clause and week.

    Args:
        findings: Rows of the state, each record as a mapping.
    """
    rows = list(findings)
    blocks: dict[tuple[str, str], list[FindingRow]] = {}
    for row in rows:
        if row["kind"] in (*HOLDING, SITE_USE) and row["status"] != WITHDRAWN:
            blocks.setdefault((row["subject"], row["event_date"]), []).append(row)
    for row in rows:
        day = date.fromisoformat(row["event_date"])
        person = owner(row["subject"], day) or f"nobody:{row['subject']}"
        block = block_of(row, blocks.get((row["subject"], row["event_date"]), ()))
        clause, week = _clause(block or row), week_of(day)
        case = {"person": person, "clause": clause, "week": week}
        yield row, {"case_id": case_id(person, clause, week), **case}


def put_into_cases(transaction: Transaction, findings: Iterable[FindingText], owner: Owner) -> None:
    """Give each finding that has no case its case; one that has keeps it."""
    placed, known = known_cases(transaction)
    rows = [cast("FindingRow", {**row, "record": json.loads(row["record"])}) for row in findings]
    for row, case in places(rows, owner):
        if row["finding_id"] in placed:
            continue
        if case["case_id"] not in known:
            known.add(case["case_id"])
            add_case(transaction, case)
        placed.add(row["finding_id"])
        put_into_case(transaction, row["finding_id"], case["case_id"])
    number_cases(transaction)


def _clause(row: FindingRow) -> str:
    clauses = row["record"].get("clauses")
    return str(clauses[0]["id"]) if clauses else f"rule {row['rule']}"


def cases(store: Store, known: Mapping[str, FindingRow] = MappingProxyType({})) -> list[Case]:
    """Return every case with its findings, the newest week first.

    Args:
        known: Findings by id, as they were read before.
    """
    found = [
        Case(
            case_id=row["case_id"],
            person=row["person"],
            clause=row["clause"],
            week=row["week"],
            findings=tuple(row["findings"]),
            assignee=row["assignee"],
            number=row["number"],
        )
        for row in stored_cases(store, known)
    ]
    return sorted(found, key=lambda case: (case.week, case.case_id), reverse=True)


def owners(reading: Reading) -> Owner:
    """Build a lookup of an account's owner on a day; reads the registry on first use."""

    @cache
    def known() -> Owner:
        return owner_of(reading.registry.frames["accounts"])

    def owner(account: str, day: date) -> str | None:
        return known()(account, day)

    return owner


@dataclass(frozen=True)
class Queue:
    """The cases that need a decision, the only source of these counts.

    Attributes:
        week: The Monday of the week of the count.
        cases: About accounts of staff, and devices.
        of_students: About accounts of students, which are counted separately.
        sites: Cases that ask about a site, and not about a person.
    """

    week: date
    cases: tuple[Case, ...]
    of_students: tuple[Case, ...]
    sites: tuple[Case, ...]

    @property
    def aged(self) -> tuple[Case, ...]:
        """The cases, those of students too, that waited through two reports."""
        return aged([*self.cases, *self.of_students], self.week)


def aged(found: Iterable[Case], week: date) -> tuple[Case, ...]:
    """Return the waiting cases that waited through two reports, as of a week."""
    return tuple(case for case in found if week + ONE_WEEK - case.reported >= AGED_AFTER)


NOTHING_WAITS = Queue(date.min, (), (), ())


def queue(store: Store, home: DistrictHome, reading: Reading) -> Queue:
    """Return the cases that need a decision as of the newest week that has a report.

    Without a report, the newest week with a finding counts.
    """
    found, is_student = cases(store), about_students(store, home, reading)
    weeks = [date.fromisoformat(week) for week in published_weeks(store)]
    week = max(weeks or [case.monday for case in found], default=date.min)
    of_students = {case.case_id for case in found if any(map(is_student, case.findings))}
    return queue_of(found, week, of_students)


def standing_cases_of(store: Store, home: DistrictHome, reading: Reading, week: date) -> list[Case]:
    """Return the cases about staff and devices up to the end of a week."""
    is_student = about_students(store, home, reading)
    return [
        case
        for case in cases(store)
        if case.monday <= week and not any(map(is_student, case.findings))
    ]


def queue_of(found: Iterable[Case], week: date, of_students: Collection[str] = ()) -> Queue:
    """Return the waiting cases in the report of a week, given by its Monday.

    Args:
        of_students: Ids of the cases about accounts of students.
    """
    held: dict[tuple[Standing, bool], list[Case]] = {}
    for case in found:
        key = (case.standing(week), case.case_id in of_students)
        held.setdefault(key, []).append(case)
    groups: tuple[tuple[Standing, bool], ...] = (
        ("waiting", False),
        ("waiting", True),
        ("site", False),
    )
    return Queue(week, *(tuple(held.get(key, ())) for key in groups))


def by_kind(found: Iterable[Case]) -> list[tuple[str, int, str]]:
    """Count cases by subject, with their confidence in words."""
    held: dict[str, list[Case]] = {}
    for case in found:
        held.setdefault(str(case.heaviest["kind"]), []).append(case)
    return [
        (label, len(mine), _graded(mine))
        for kind, label in KINDS.items()
        if (mine := held.get(kind))
    ]


def _graded(found: Sequence[Case]) -> str:
    sizes = Counter(case.confidence for case in found)
    return ", ".join(
        f"{sizes[level]:,} {word.lower()}" for level, word in SURE.items() if sizes[level]
    )
