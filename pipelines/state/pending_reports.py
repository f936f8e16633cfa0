"""The weeks whose reports are older than what was judged.

They are noted before the days count as clean, and struck off when their pages
are written: a run that is killed in between leaves them to the next.
"""

import json
from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection

from pipelines.clock import monday
from pipelines.state.purged import kept_from
from pipelines.state.store import Store, fact, remember

OWED = "reports_owed"


def owe(store: Store, days: Iterable[date]) -> None:
    """The weeks of some days need their reports written again.

    Weeks that lost events or findings to retention are not: they stay as published.
    """
    first = kept_from(store) or date.min
    weeks = {monday(day) for day in days if day >= first}
    with store.writing() as connection:
        _note(connection, weeks | _noted(connection))


def owed(store: Store) -> list[date]:
    """Mondays of the weeks that wait for their reports, oldest first."""
    with store.reading() as connection:
        return sorted(_noted(connection))


def settle(store: Store, weeks: Iterable[date]) -> None:
    """The reports of some weeks are written."""
    with store.writing() as connection:
        _note(connection, _noted(connection) - set(weeks))


def _noted(connection: Connection) -> set[date]:
    return {
        date.fromisoformat(one) for one in json.loads(fact(connection, OWED) or "[]")
    }


def _note(connection: Connection, weeks: Iterable[date]) -> None:
    text = json.dumps(sorted(week.isoformat() for week in weeks))
    remember(connection, OWED, text)
