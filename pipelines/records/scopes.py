"""Tables for public records: fixed grain, with restricted classes.

Rows are never aggregated again for a request, and no table contains sums of another's
rows: two releases could otherwise reveal by subtraction what neither shows.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from pipelines.district import District
from pipelines.findings.cases import LEAD
from pipelines.privacy.pseudonyms import about_students
from pipelines.privacy.redaction import sensitive_names
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import RecordClass
from pipelines.state.audit import open_chain
from pipelines.state.findings import WITHDRAWN, stored_findings
from pipelines.state.reviews import last_verdicts
from pipelines.state.rows import FindingRow
from pipelines.warehouse.database import Database
from pipelines.warehouse.models import query_text
from pipelines.warehouse.snapshots import attach_warehouse

CLASSES: Mapping[RecordClass, str] = {
    "student_rows": "rows about a student's account",
    "small_counts": "rows that represent few people",
    "undecided": "leads, and findings that no one decided or that were withdrawn",
    "sensitive_sites": "names of sites of a sensitive kind",
    "names": "code names of accounts, and who of the staff acted",
    "free_text": "reasons that people wrote",
}
NEVER_KEPT: tuple[RecordClass, ...] = ("student_rows", "small_counts")
"""Classes that can never be released."""
WHOLE_ROW = "*"


@dataclass(frozen=True)
class Record:
    """One row in the scope of a request.

    Attributes:
        key: Its permanent id, in any scope.
        values: As text, by column.
        marks: Column, or the whole row, -> its class.
        people: Accounts behind a count; they are never shown.
    """

    key: str
    values: Mapping[str, str]
    marks: Mapping[str, RecordClass] = field(default_factory=dict)
    people: int | None = None


Reads = Callable[[District, date, date, int], Iterator[Record]]


@dataclass(frozen=True)
class Relation:
    """A table that can be requested.

    Attributes:
        columns: With their meanings.
        read: Returns the rows of some days; counts of too few people are marked.
        order: Columns by which a release sorts its rows, if it shows them; any
            other order would reveal a hidden cell or join two releases.
        is_weekly: Only whole weeks can be requested.
    """

    title: str
    columns: Mapping[str, str]
    read: Reads
    order: tuple[str, ...]
    is_weekly: bool = False


def _counted(
    home: DistrictHome, query: str, first: date, last: date
) -> tuple[list[dict[str, Any]], frozenset[str]]:
    """Return rows of a built-in query on the warehouse, and the names of sensitive sites."""
    with attach_warehouse(home.warehouse) as database:
        database.rows("use built")
        return _rows(database, query, first, last), sensitive_names(database)


def _rows(database: Database, query: str, first: date, last: date) -> list[dict[str, object]]:
    frame = database.frame(query, {"first": first, "last": last})
    return list(frame.iter_rows(named=True))


def _blocked(district: District, first: date, last: date, least: int) -> Iterator[Record]:
    rows, sensitive = _counted(district.home, query_text("lookups/blocked_requests"), first, last)
    for row in rows:
        marks: dict[str, RecordClass] = {}
        if row["people"] < least:
            marks[WHOLE_ROW] = "small_counts"
        elif row["site"] in sensitive:
            marks["domain"] = "sensitive_sites"
        day, building, site = str(row["event_date"]), row["building"], row["site"]
        values = {
            "day": day,
            "building": building,
            "domain": site,
            "requests": str(row["requests"]),
        }
        yield Record(f"{day} {building} {site}", values, marks, row["people"])


def _use(district: District, first: date, last: date, least: int) -> Iterator[Record]:
    rows, _ = _counted(district.home, query_text("lookups/requests_by_building"), first, last)
    for row in rows:
        marks: dict[str, RecordClass] = {WHOLE_ROW: "small_counts"} if row["people"] < least else {}
        day, building = str(row["event_date"]), row["building"]
        values = {
            "day": day,
            "building": building,
            "requests": str(row["requests"]),
        }
        yield Record(f"{day} {building}", values, marks, row["people"])


def _findings(district: District, first: date, last: date, least: int) -> Iterator[Record]:
    is_student, verdicts = (
        about_students(district.store, district.home, district.reading),
        last_verdicts(district.store),
    )
    titles = {code: one.model.header.title for code, one in district.detections.items()}
    rows = [
        row
        for row in stored_findings(district.store)
        if first.isoformat() <= row["event_date"] <= last.isoformat()
    ]

    def group(row: FindingRow) -> tuple[str, str, bool]:
        """Return the week, the rule, and whether the district decided it."""
        monday = date.fromisoformat(row["event_date"])
        monday -= timedelta(days=monday.weekday())
        is_decided = row["finding_id"] in verdicts and row["status"] != WITHDRAWN
        return str(monday), row["rule"], is_decided and row["confidence"] != LEAD

    accounts: dict[tuple[str, str, bool], set[str]] = defaultdict(set)
    for row in rows:
        if not is_student(row):
            accounts[group(row)].add(row["subject"])
    for row in rows:
        monday, _, is_decided = group(row)
        marks: dict[str, RecordClass] = {"account": "names"}
        people = len(accounts[group(row)])
        if is_student(row):
            marks = {WHOLE_ROW: "student_rows"}
        elif people < least:
            marks = {WHOLE_ROW: "small_counts"}
        elif not is_decided:
            marks[WHOLE_ROW] = "undecided"
        yield Record(
            row["finding_id"],
            {
                "week": monday,
                "rule": row["rule"],
                "what": titles.get(row["rule"], row["rule"]),
                "severity": row["severity"],
                "confidence": row["confidence"],
                "account": row["subject"],
                "decided": verdicts[row["finding_id"]]["verdict"]
                if row["finding_id"] in verdicts
                else "",
            },
            marks,
            people,
        )


def _audit(district: District, first: date, last: date, _least: int) -> Iterator[Record]:
    for entry in open_chain(district.store, district.home).entries():
        day = entry.time[:10]
        if first.isoformat() <= day <= last.isoformat():
            yield Record(
                str(entry.number),
                {
                    "day": day,
                    "act": entry.action,
                    "by": entry.actor,
                    "about": entry.subject,
                    "reason": entry.reason,
                },
                {"by": "names", "about": "names", "reason": "free_text"},
            )


RELATIONS: Mapping[str, Relation] = {
    "blocked_domains": Relation(
        "Domains that were refused, by building and day",
        {
            "day": "local day",
            "building": "code of the building",
            "domain": "registrable domain that was asked for",
            "requests": "requests for it that were refused",
        },
        _blocked,
        order=("day", "building", "domain"),
    ),
    "use_by_building": Relation(
        "Requests by building and day",
        {
            "day": "local day",
            "building": "code of the building",
            "requests": "requests of that day",
        },
        _use,
        order=("day", "building"),
    ),
    "findings": Relation(
        "Findings, by week and rule",
        {
            "week": "Monday of the week",
            "rule": "code of the rule",
            "what": "what the rule looks for",
            "severity": "how bad it is, if true",
            "confidence": "how well it is shown",
            "account": "a code name of this release alone",
            "decided": "what a reviewer decided",
        },
        _findings,
        order=("week",),
        is_weekly=True,
    ),
    "audit": Relation(
        "Acts of the audit log",
        {
            "day": "day, UTC",
            "act": "what was done",
            "by": "who did it",
            "about": "to what",
            "reason": "why, in their words",
        },
        _audit,
        order=("day",),
    ),
}


def columns_of(relation: str, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a table that were asked for, in its own order; all by default."""
    return tuple(name for name in RELATIONS[relation].columns if not wanted or name in wanted)
