"""Reports: those that were published and what they said, and those still to be made.

Weeks whose reports are older than what was judged are pending. They are noted before
the days count as clean, and struck off when their pages are written: a run that is
killed in between leaves them to the next.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import Connection, delete, func, insert, select

from pipelines.state.connections import Store, fact, now_text, remember
from pipelines.state.retention import kept_from
from pipelines.state.rows import ReportRow
from pipelines.state.tables import REPORT_FACTS, REPORTS
from pipelines.weeks import monday

PENDING = "reports_owed"
IN_SNAPSHOT = "reports_owed_in_snapshot"
"""Pending weeks whose days were judged before the newest snapshot was made."""


def add_pending_reports(store: Store, days: Iterable[date]) -> None:
    """Mark weeks of some days whose reports need to be rewritten.

    Weeks that lost events or findings to retention are not: they remain as published.
    """
    first = kept_from(store) or date.min
    weeks = {monday(day) for day in days if day >= first}
    with store.writing() as connection:
        _note(connection, weeks | _noted(connection))
        _note(connection, _noted(connection, IN_SNAPSHOT) - weeks, IN_SNAPSHOT)


def note_snapshot(store: Store) -> None:
    """Record that a new snapshot contains what the pending weeks will show."""
    with store.writing() as connection:
        _note(connection, _noted(connection), IN_SNAPSHOT)


def is_snapshot_due(store: Store) -> bool:
    """Return whether a pending week was judged after the newest snapshot."""
    with store.reading() as connection:
        return bool(_noted(connection) - _noted(connection, IN_SNAPSHOT))


def pending_reports(store: Store) -> list[date]:
    """Return Mondays of the weeks that wait for their reports, oldest first."""
    with store.reading() as connection:
        return sorted(_noted(connection))


def mark_reports_written(store: Store, weeks: Iterable[date]) -> None:
    """Mark the reports of some weeks as written."""
    with store.writing() as connection:
        _note(connection, _noted(connection) - set(weeks))


def _noted(connection: Connection, name: str = PENDING) -> set[date]:
    return {date.fromisoformat(week) for week in json.loads(fact(connection, name) or "[]")}


def _note(connection: Connection, weeks: Iterable[date], name: str = PENDING) -> None:
    text = json.dumps(sorted(week.isoformat() for week in weeks))
    remember(connection, name, text)


def put_report(
    connection: Connection, week: date, revision: int, report: Mapping[str, str]
) -> None:
    """Store a published revision and its facts, once.

    Args:
        report: report_id, path, sha256 and snapshot, and its `facts` as JSON.
    """
    key = {"week": week.isoformat(), "revision": revision}
    values = dict(report)
    for table in (REPORTS, REPORT_FACTS):
        connection.execute(delete(table).filter_by(**key))
    connection.execute(insert(REPORT_FACTS).values(**key, facts=values.pop("facts")))
    connection.execute(insert(REPORTS).values(**key, **values, published_time=now_text()))


def remove_reports(connection: Connection, week: str) -> None:
    """Forget a week's reports and what they said."""
    for table in (REPORTS, REPORT_FACTS):
        connection.execute(delete(table).filter_by(week=week))


def report_facts(store: Store, week: date | None = None) -> list[ReportRow]:
    """Return each revision, its facts as a mapping, oldest first."""
    query = select(REPORT_FACTS).order_by(REPORT_FACTS.c.week, REPORT_FACTS.c.revision)
    if week is not None:
        query = query.where(REPORT_FACTS.c.week == week.isoformat())
    with store.reading() as connection:
        rows = connection.execute(query).all()
    return [
        ReportRow(week=week, revision=revision, facts=json.loads(facts))
        for week, revision, facts in rows
    ]


def published_weeks(store: Store) -> Sequence[str]:
    """Return Mondays of the weeks that have a report, as ISO text, oldest first."""
    query = select(REPORTS.c.week).distinct().order_by(REPORTS.c.week)
    with store.reading() as connection:
        return list(connection.execute(query).scalars())


def report_paths(store: Store) -> Sequence[str]:
    """Return the paths of reports' pages, below the home."""
    with store.reading() as connection:
        return list(connection.execute(select(REPORTS.c.path).distinct()).scalars())


def first_publication(store: Store) -> str | None:
    """Return when the first report of the home was published; None before it."""
    with store.reading() as connection:
        return connection.execute(select(func.min(REPORTS.c.published_time))).scalar()


def newest_publication(store: Store) -> str | None:
    """Return when a report was last published; None before the first."""
    with store.reading() as connection:
        return connection.execute(select(func.max(REPORTS.c.published_time))).scalar()


STOPPED = "report_readers_stopped"


def stopped_readers(store: Store) -> frozenset[str]:
    """Return the names of readers whose emails are stopped."""
    with store.reading() as connection:
        return frozenset(json.loads(fact(connection, STOPPED) or "[]"))


def put_stopped(connection: Connection, names: Iterable[str]) -> None:
    """Store the names of readers whose emails are stopped."""
    remember(connection, STOPPED, json.dumps(sorted(names)))
