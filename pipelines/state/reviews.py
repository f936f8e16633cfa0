"""Reviews of findings: verdicts, cases, assignments, approvals, referrals."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import Connection, Select, Table, delete, func, insert, select, update

from pipelines.state.connections import Store, now_text
from pipelines.state.rows import (
    CaseRow,
    CommentRow,
    FindingRow,
    FindingText,
    GrantRow,
    InquiryRow,
    ReferralRow,
    RequestRow,
    ReviewRow,
    StatementRow,
)
from pipelines.state.tables import (
    ASSIGNMENTS,
    CASE_FINDINGS,
    CASE_NUMBERS,
    CASE_TICKETS,
    CASES,
    COMMENTS,
    FINDINGS,
    INQUIRIES,
    REFERRAL_GRANTS,
    REFERRALS,
    REQUESTS,
    REVIEWS,
    STATEMENTS,
    UNDONE,
)

MARKS = ("finding_id", "status", "revision", "updated_time")
"""Columns that show whether a finding changed."""
AT_ONCE = 500
Row = Mapping[str, object]


def add_review(connection: Connection, review: Mapping[str, str]) -> None:
    """Keep a verdict: finding_id, verdict, reason and reviewer."""
    connection.execute(insert(REVIEWS).values(time=now_text(), **review))


def reviews(store: Store) -> list[ReviewRow]:
    """Return every verdict that was not undone, oldest first."""
    query = _counting().order_by(REVIEWS.c.review_id)
    with store.reading() as connection:
        return [cast("ReviewRow", dict(row)) for row in connection.execute(query).mappings()]


def _counting() -> Select[object]:
    """Return the query of verdicts that count."""
    return select(REVIEWS).where(REVIEWS.c.review_id.not_in(select(UNDONE.c.review_id)))


def undo_review(connection: Connection, review: ReviewRow, actor: str) -> None:
    """Mark a verdict as undone; its row stays."""
    values = {"review_id": review["review_id"], "finding_id": review["finding_id"]}
    connection.execute(insert(UNDONE).values(**values, actor=actor, time=now_text()))


def last_verdicts(store: Store) -> dict[str, ReviewRow]:
    """Return the verdict that counts for each decided finding: the last one given."""
    return {row["finding_id"]: row for row in reviews(store)}


def last_review(connection: Connection, finding_id: str) -> ReviewRow | None:
    """Return the last verdict on a finding; None without one."""
    query = _counting().where(REVIEWS.c.finding_id == finding_id)
    row = connection.execute(query.order_by(REVIEWS.c.review_id.desc()).limit(1))
    found = row.mappings().first()
    return cast("ReviewRow", dict(found)) if found else None


def reviewed_findings(connection: Connection) -> frozenset[str]:
    """Return findings that a reviewer decided, whatever the verdict was."""
    return frozenset(row["finding_id"] for row in connection.execute(_counting()).mappings())


def assign_to(connection: Connection, subject_id: str, assignee: str, assigned_by: str) -> None:
    """Assign a finding or a case, replacing the earlier assignee."""
    connection.execute(delete(ASSIGNMENTS).where(ASSIGNMENTS.c.subject_id == subject_id))
    values = {"assignee": assignee, "assigned_by": assigned_by}
    connection.execute(
        insert(ASSIGNMENTS).values(subject_id=subject_id, assigned_time=now_text(), **values)
    )


def finding_row(store: Store, finding_id: str) -> FindingText | None:
    """Return one finding's row; None where there is no such finding."""
    query = select(FINDINGS).where(FINDINGS.c.finding_id == finding_id)
    with store.reading() as connection:
        row = connection.execute(query).mappings().first()
    return cast("FindingText", dict(row)) if row is not None else None


def has_case(store: Store, case_id: str) -> bool:
    """Return whether there is such a case."""
    query = select(CASES.c.case_id).where(CASES.c.case_id == case_id)
    with store.reading() as connection:
        return connection.execute(query).first() is not None


def case_of(store: Store, finding_id: str) -> str:
    """Return the case that a finding is in; empty where it has none yet."""
    here = CASE_FINDINGS.c.finding_id == finding_id
    with store.reading() as connection:
        query = select(CASE_FINDINGS.c.case_id).where(here)
        return connection.execute(query).scalar_one_or_none() or ""


def cases_by_finding(store: Store) -> dict[str, str]:
    """Return the case of each finding that has one."""
    query = select(CASE_FINDINGS.c.finding_id, CASE_FINDINGS.c.case_id)
    with store.reading() as connection:
        return {row.finding_id: row.case_id for row in connection.execute(query)}


def known_cases(connection: Connection) -> tuple[set[str], set[str]]:
    """Return ids of the findings that have a case, and of the cases."""
    placed = connection.execute(select(CASE_FINDINGS.c.finding_id)).scalars()
    return set(placed), set(connection.execute(select(CASES.c.case_id)).scalars())


def add_case(connection: Connection, case: Mapping[str, str]) -> None:
    """Open a case: case_id, person, clause and week."""
    connection.execute(insert(CASES).values(created_time=now_text(), **case))


def put_into_case(connection: Connection, finding_id: str, case_id: str) -> None:
    """Add a finding to a case permanently."""
    connection.execute(insert(CASE_FINDINGS).values(finding_id=finding_id, case_id=case_id))


def stored_cases(
    store: Store, known: Mapping[str, FindingRow] = MappingProxyType({})
) -> list[CaseRow]:
    """Return every case with findings: its row, `number`, `findings` and `assignee`.

    Findings are rows, oldest day first, each record as a mapping.

    Args:
        known: Findings by id as they were read before; unchanged ones are
            returned as the same objects.
    """
    marks = (
        select(*(FINDINGS.c[name] for name in MARKS), CASE_FINDINGS.c.case_id)
        .join(CASE_FINDINGS, CASE_FINDINGS.c.finding_id == FINDINGS.c.finding_id)
        .order_by(FINDINGS.c.event_date, FINDINGS.c.finding_id)
    )
    held: dict[str, list[FindingRow]] = {}
    with store.reading() as connection:
        found = connection.execute(marks).all()
        others = [row.finding_id for row in found if not _is_known(row, known)]
        read = _findings(connection, others if known else None)
        for row in found:
            finding = read.get(row.finding_id) or known[row.finding_id]
            held.setdefault(row.case_id, []).append(finding)
        rows = connection.execute(select(CASES)).mappings().all()
        assigned = connection.execute(select(ASSIGNMENTS)).mappings().all()
        numbers = {
            row.case_id: f"{row.week[-2:]}-{row.place:02d}"
            for row in connection.execute(select(CASE_NUMBERS))
        }
    assignees = {row["subject_id"]: row["assignee"] for row in assigned}
    return [
        CaseRow(
            case_id=row["case_id"],
            person=row["person"],
            clause=row["clause"],
            week=row["week"],
            number=numbers.get(row["case_id"], ""),
            findings=held[row["case_id"]],
            assignee=assignees.get(row["case_id"]),
        )
        for row in rows
        if row["case_id"] in held
    ]


def number_cases(connection: Connection) -> None:
    """Give each case without a number the next place in its week, permanently."""
    numbered = select(CASE_NUMBERS.c.case_id).where(CASE_NUMBERS.c.case_id.is_not(None))
    query = select(CASES).where(CASES.c.case_id.not_in(numbered))
    rows = connection.execute(query.order_by(CASES.c.created_time, CASES.c.case_id)).all()
    if not rows:
        return
    last = select(CASE_NUMBERS.c.week, func.max(CASE_NUMBERS.c.place))
    held = connection.execute(last.group_by(CASE_NUMBERS.c.week))
    places = Counter({week: place for week, place in held})  # noqa: C416 - rows are no pairs
    for row in rows:
        places[row.week] += 1
        values = {"week": row.week, "place": places[row.week], "case_id": row.case_id}
        connection.execute(insert(CASE_NUMBERS).values(**values))


def _is_known(row: Any, known: Mapping[str, FindingRow]) -> bool:
    before = known.get(row.finding_id)
    return before is not None and all(
        value == marked for value, marked in zip(map(before.get, MARKS), row, strict=False)
    )


def _findings(connection: Connection, ids: Sequence[str] | None) -> dict[str, FindingRow]:
    """Return findings by id, each record as a mapping: some of them, or all."""
    query = select(FINDINGS)
    parts = [query]
    if ids is not None:
        parts = [
            query.where(FINDINGS.c.finding_id.in_(ids[first : first + AT_ONCE]))
            for first in range(0, len(ids), AT_ONCE)
        ]
    return {
        row["finding_id"]: cast("FindingRow", {**row, "record": json.loads(row["record"])})
        for part in parts
        for row in connection.execute(part).mappings()
    }


def add_request(connection: Connection, request: Mapping[str, object]) -> None:
    """Add a request to a second person."""
    connection.execute(insert(REQUESTS).values(asked_time=now_text(), **request))


def change_request(connection: Connection, request_id: str, **values: int | str) -> None:
    """Note who approved a request, or that it was used."""
    here = REQUESTS.c.request_id == request_id
    connection.execute(update(REQUESTS).where(here).values(**values))


def requests(store: Store, **wanted: int | str) -> Sequence[RequestRow]:
    """Return requests whose columns have these values, the newest first."""
    query = select(REQUESTS).filter_by(**wanted).order_by(REQUESTS.c.asked_time.desc())
    with store.reading() as connection:
        rows = connection.execute(query).mappings()
        return [cast("RequestRow", dict(row)) for row in rows]


def add_referral(connection: Connection, row: Row) -> None:
    """Add a referral of a case to another office."""
    connection.execute(insert(REFERRALS).values(referred_time=now_text(), **row))


def change_referral(connection: Connection, referral_id: str, **values: str) -> None:
    """Note that it was acknowledged, or came back."""
    here = REFERRALS.c.referral_id == referral_id
    connection.execute(update(REFERRALS).where(here).values(**values))


def referrals(store: Store, **wanted: str) -> list[ReferralRow]:
    """Return referrals whose columns have these values, the oldest first."""
    return cast("list[ReferralRow]", _rows(store, REFERRALS, "referred_time", wanted))


def add_grant(connection: Connection, row: Row) -> None:
    """Let a login read a referral."""
    connection.execute(insert(REFERRAL_GRANTS).values(granted_time=now_text(), **row))


def end_grant(connection: Connection, grant_id: str, actor: str) -> None:
    """End a grant before its last day."""
    here = REFERRAL_GRANTS.c.grant_id == grant_id
    values = {"ended_by": actor, "ended_time": now_text()}
    connection.execute(update(REFERRAL_GRANTS).where(here).values(**values))


def grants(store: Store, **wanted: str) -> list[GrantRow]:
    """Return grants of referrals whose columns have these values, the oldest first."""
    return cast("list[GrantRow]", _rows(store, REFERRAL_GRANTS, "granted_time", wanted))


def add_statement(connection: Connection, row: Row) -> None:
    """Add a person's statement on a case."""
    connection.execute(insert(STATEMENTS).values(received_time=now_text(), **row))


def statements(store: Store, case_id: str = "") -> list[StatementRow]:
    """Return the statements on a case, or on all, the oldest first."""
    wanted = {"case_id": case_id} if case_id else {}
    return cast("list[StatementRow]", _rows(store, STATEMENTS, "received_time", wanted))


def statements_by_case(store: Store) -> dict[str, list[str]]:
    """Return the summaries for cards, by case, the oldest first."""
    found: dict[str, list[str]] = {}
    for row in statements(store):
        found.setdefault(row["case_id"], []).append(row["summary"])
    return found


def add_comment(connection: Connection, row: Row) -> None:
    """Add a comment on a case."""
    connection.execute(insert(COMMENTS).values(time=now_text(), **row))


def comments(store: Store, case_id: str) -> list[CommentRow]:
    """Return the comments on a case, the oldest first."""
    return cast("list[CommentRow]", _rows(store, COMMENTS, "time", {"case_id": case_id}))


def put_ticket(connection: Connection, case_id: str, ticket: str, actor: str) -> None:
    """Store the ticket of a case in place of an earlier one; empty removes it."""
    connection.execute(delete(CASE_TICKETS).where(CASE_TICKETS.c.case_id == case_id))
    if ticket:
        row = {"case_id": case_id, "ticket": ticket, "actor": actor, "time": now_text()}
        connection.execute(insert(CASE_TICKETS).values(**row))


def tickets(store: Store) -> dict[str, str]:
    """Return the ticket of each case that has one."""
    query = select(CASE_TICKETS.c.case_id, CASE_TICKETS.c.ticket)
    with store.reading() as connection:
        return {str(row.case_id): str(row.ticket) for row in connection.execute(query)}


def add_inquiry(connection: Connection, row: Row) -> None:
    """Add an inquiry of another office about an account and some days."""
    connection.execute(insert(INQUIRIES).values(opened_time=now_text(), **row))


def change_inquiry(connection: Connection, inquiry_id: str, **values: str) -> None:
    """Note that its answer was released."""
    here = INQUIRIES.c.inquiry_id == inquiry_id
    connection.execute(update(INQUIRIES).where(here).values(**values))


def inquiries(store: Store, **wanted: str) -> list[InquiryRow]:
    """Return inquiries whose columns have these values, the oldest first."""
    return cast("list[InquiryRow]", _rows(store, INQUIRIES, "opened_time", wanted))


def _rows(
    store: Store, table: Table, order: str, wanted: Mapping[str, str]
) -> list[dict[str, object]]:
    query = select(table).filter_by(**wanted).order_by(table.c[order])
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
