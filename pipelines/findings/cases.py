"""Cases: findings of one person, one clause and one week, looked at together.

The clause is the first that the policy names for the detection. A case says
nothing more than its findings: its severity and confidence are those of the one
that has the highest, never more.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from pipelines.district import District
from pipelines.findings.grading import LEVELS
from pipelines.settings.parts import SEVERITIES
from pipelines.state.database import Store, Transaction
from pipelines.state.reviews import (
    add_case,
    findings_without_case,
    known_cases,
    put_into_case,
    stored_cases,
)

STATUSES = ("open", "confirmed", "explained", "withdrawn")
"""A case has the first of these that one of its findings has."""

Owner = Callable[[str, date], str | None]
"""The person to whom an account belonged on a day; None where nobody owns it."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """Findings that are looked at together, oldest first.

    Attributes:
        person: Person id; `nobody:` and the account or device where nobody owns it.
        week: ISO week, such as 2026-W47.
        assignee: Who looks after it, if anybody.
    """

    case_id: str
    person: str
    clause: str
    week: str
    findings: tuple[Mapping[str, Any], ...]
    assignee: str | None = None

    @property
    def status(self) -> str:
        """Open as long as one finding is."""
        held = {str(finding["status"]) for finding in self.findings}
        return next(status for status in STATUSES if status in held)

    @property
    def severity(self) -> str:
        """The highest of the findings that still count."""
        return max(
            (str(finding["severity"]) for finding in self.counted), key=_severity
        )

    @property
    def confidence(self) -> str:
        """The highest of the findings that still count; together they prove no more."""
        return max(
            (str(finding["confidence"]) for finding in self.counted), key=_confidence
        )

    @property
    def counted(self) -> Sequence[Mapping[str, Any]]:
        """Findings that were not withdrawn; all, where every one was."""
        left = [
            finding for finding in self.findings if finding["status"] != "withdrawn"
        ]
        return left or self.findings


def _severity(word: str) -> int:
    return SEVERITIES.index(word)


def _confidence(word: str) -> int:
    return [str(level) for level in LEVELS].index(word)


def case_id(person: str, clause: str, week: str) -> str:
    """The same in every rebuild, for the same person, clause and week."""
    text = f"{person}\x1f{clause}\x1f{week}"
    return "c-" + hashlib.sha256(text.encode()).hexdigest()[:12]


def week_of(day: date) -> str:
    """The ISO week that a day lies in."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def owner_of(accounts: pl.DataFrame) -> Owner:
    """Looks owners up in the registry's frame of accounts."""
    rows: dict[str, list[tuple[date, date, str]]] = {}
    owned = accounts.filter(
        pl.col("owner_person_id").is_not_null()
        & ~pl.col("approved_shared").fill_null(value=False)
    ).select("account", "owner_person_id", "valid_from", "valid_to")
    for account, person, first, last in owned.iter_rows():
        span = (first or date.min, last or date.max, person)
        rows.setdefault(account, []).append(span)

    def owner(account: str, day: date) -> str | None:
        spans = rows.get(account, ())
        return next((who for first, last, who in spans if first <= day <= last), None)

    return owner


def nobody(_account: str, _day: date) -> None:
    """Where no registry tells owners."""
    return


def put_into_cases(
    transaction: Transaction, findings: Iterable[Mapping[str, Any]], owner: Owner
) -> None:
    """Give each finding that has no case its case; one that has keeps it."""
    placed, known = known_cases(transaction)
    for row in findings:
        if row["finding_id"] in placed:
            continue
        day = date.fromisoformat(row["event_date"])
        person = owner(row["subject"], day) or f"nobody:{row['subject']}"
        clause, week = _clause(row), week_of(day)
        one = case_id(person, clause, week)
        if one not in known:
            known.add(one)
            case = {"case_id": one, "person": person, "clause": clause, "week": week}
            add_case(transaction, case)
        placed.add(row["finding_id"])
        put_into_case(transaction, row["finding_id"], one)


def place_all(store: Store, owner: Owner) -> None:
    """Give a case to every finding that an older version kept without one."""
    if rows := findings_without_case(store):
        with store.writing() as transaction:
            put_into_cases(transaction, rows, owner)


def _clause(row: Mapping[str, Any]) -> str:
    clauses = json.loads(row["record"])["clauses"]
    return str(clauses[0]["id"]) if clauses else f"rule {row['rule']}"


def cases(store: Store) -> list[Case]:
    """Every case with its findings, the newest week first."""
    found = [
        Case(
            case_id=row["case_id"],
            person=row["person"],
            clause=row["clause"],
            week=row["week"],
            findings=tuple(row["findings"]),
            assignee=row["assignee"],
        )
        for row in stored_cases(store)
    ]
    return sorted(found, key=lambda case: (case.week, case.case_id), reverse=True)


def owners(district: District) -> Owner:
    """Whose an account was on a day, as the registry says."""
    return owner_of(district.registry.frames["accounts"])
