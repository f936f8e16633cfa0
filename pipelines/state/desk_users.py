"""State of the desk: accounts, saved views, and whether a case has changed since it was shown."""

import hashlib
import json

from sqlalchemy import Connection, delete, func, insert, select, update

from pipelines.state.connections import Store, fact, now_text, remember
from pipelines.state.rows import AccountRow, SavedViewRow
from pipelines.state.tables import (
    ASSIGNMENTS,
    CASE_FINDINGS,
    COMMENTS,
    DESK_ACCOUNTS,
    FINDINGS,
    QUESTIONS,
    RECORD_DECISIONS,
    RECORD_REQUESTS,
    REFERRALS,
    REQUESTS,
    SAVED_VIEWS,
    STATEMENTS,
)


def case_revision(connection: Connection, case_id: str) -> str:
    """Return changes whenever anything that a case's page shows for a decision does."""
    found = (
        select(
            FINDINGS.c.finding_id, FINDINGS.c.revision, FINDINGS.c.status, FINDINGS.c.updated_time
        )
        .join(CASE_FINDINGS, CASE_FINDINGS.c.finding_id == FINDINGS.c.finding_id)
        .where(CASE_FINDINGS.c.case_id == case_id)
        .order_by(FINDINGS.c.finding_id)
    )
    given = select(ASSIGNMENTS.c.assignee).where(ASSIGNMENTS.c.subject_id == case_id)
    gone = select(
        REFERRALS.c.referral_id, REFERRALS.c.acknowledged_time, REFERRALS.c.outcome
    ).where(REFERRALS.c.case_id == case_id)
    asked = select(QUESTIONS.c.question_id, QUESTIONS.c.ended_time).where(
        QUESTIONS.c.case_id == case_id
    )
    said = select(STATEMENTS.c.statement_id).where(STATEMENTS.c.case_id == case_id)
    notes = select(COMMENTS.c.comment_id).where(COMMENTS.c.case_id == case_id)
    queries = (found, given, gone, asked, said, notes)
    rows = [[tuple(row) for row in connection.execute(query)] for query in queries]
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]


def request_revision(connection: Connection, request_id: str) -> str:
    """Return changes when a request is answered or used."""
    query = select(REQUESTS).where(REQUESTS.c.request_id == request_id)
    rows = [tuple(row) for row in connection.execute(query)]
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]


def record_revision(connection: Connection, request_id: str) -> str:
    """Return changes with the scope, decisions, approval or end of a records request."""
    queries = (
        select(table).where(table.c.request_id == request_id)
        for table in (RECORD_REQUESTS, RECORD_DECISIONS)
    )
    rows = [sorted(map(repr, connection.execute(query))) for query in queries]
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]


def state_version(store: Store) -> tuple[object, ...]:
    """Return a value that changes with any case: cheap enough for every page."""
    queries = (
        select(func.count(), func.max(FINDINGS.c.updated_time)).select_from(FINDINGS),
        select(func.count()).select_from(CASE_FINDINGS),
        select(func.count(), func.max(ASSIGNMENTS.c.assigned_time)),
    )
    with store.reading() as connection:
        return tuple(value for query in queries for value in connection.execute(query).one())


def put_account(connection: Connection, login: str, password_hash: str, by: str) -> None:
    """Make an account, or give one that is there another password."""
    here = DESK_ACCOUNTS.c.login == login
    values = {"password_hash": password_hash, "created_by": by, "ended_time": None}
    changed = connection.execute(update(DESK_ACCOUNTS).where(here).values(**values))
    if not changed.rowcount:
        connection.execute(
            insert(DESK_ACCOUNTS).values(login=login, created_time=now_text(), **values)
        )


def end_account(connection: Connection, login: str) -> bool:
    """Stop an account from signing in; return whether it existed."""
    here = DESK_ACCOUNTS.c.login == login
    values = {"ended_time": now_text(), "password_hash": ""}
    query = update(DESK_ACCOUNTS).where(here, DESK_ACCOUNTS.c.ended_time.is_(None))
    return bool(connection.execute(query.values(**values)).rowcount)


def accounts(store: Store) -> list[AccountRow]:
    """Return every account, ended ones too, by login."""
    query = select(DESK_ACCOUNTS).order_by(DESK_ACCOUNTS.c.login)
    return store.rows(AccountRow, query)


SUBJECTS = "desk_subjects"
"""Fact with the account at the provider that each address signed in with first."""


def bind_subject(connection: Connection, address: str, subject: str) -> bool:
    """Remember the account behind an address; return False if it was another one."""
    known = json.loads(fact(connection, SUBJECTS) or "{}")
    if address not in known:
        remember(connection, SUBJECTS, json.dumps(known | {address: subject}, sort_keys=True))
    return bool(known.get(address, subject) == subject)


def release_subject(connection: Connection, address: str) -> bool:
    """Let another account of the provider sign in with an address; return whether one had."""
    known = json.loads(fact(connection, SUBJECTS) or "{}")
    is_known = known.pop(address, None) is not None
    remember(connection, SUBJECTS, json.dumps(known, sort_keys=True))
    return is_known


def put_view(connection: Connection, login: str, name: str, query: str) -> None:
    """Save a filter of the queue under a name, in place of an earlier one of that name."""
    remove_view(connection, login, name)
    row = {"login": login, "name": name, "query": query}
    connection.execute(insert(SAVED_VIEWS).values(saved_time=now_text(), **row))


def remove_view(connection: Connection, login: str, name: str) -> bool:
    """Remove a saved filter; return whether it existed."""
    here = (SAVED_VIEWS.c.login == login, SAVED_VIEWS.c.name == name)
    return bool(connection.execute(delete(SAVED_VIEWS).where(*here)).rowcount)


def saved_views(store: Store, login: str) -> list[SavedViewRow]:
    """Return the saved filters of a login, by name."""
    query = select(SAVED_VIEWS).where(SAVED_VIEWS.c.login == login).order_by(SAVED_VIEWS.c.name)
    return store.rows(SavedViewRow, query)
