"""Analysts' questions about a snapshot, each answered with a Polars frame.

Accounts, devices and people are pseudonyms, stable for a school year. Every
`_time` is in the district's own zone. None of these answers is a finding:
only findings have had their other explanations tested.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import polars as pl

from pipelines.errors import ModelError
from pipelines.notebook.connection import Connection
from pipelines.warehouse.models import query_text
from pipelines.weeks import monday


def best_shown(con: Connection) -> Mapping[str, object]:
    """Return what to look at first: the best supported open finding about an account.

    Without one, it is the account and day with use of the most devices; its
    `finding_id`, `rule`, `confidence`, `status` and `claim` are then None. If no
    account is known either, `subject` is None as well, `devices` is empty and
    `event_date` the newest day.

    Args:
        con: From `connect()`.
    """
    days = con.coverage.days
    newest = days[-1] if days else datetime.now(UTC).date()
    return con.frame(query_text("questions/best_shown"), newest=newest).row(0, named=True)


def account_week(con: Connection, account: str | None, day: date) -> pl.DataFrame:
    """Return an account's use of sites in the week of a day, one row per day and site.

    Args:
        con: From `connect()`.
        account: Its pseudonym, such as `falcon-27`.
        day: Any day of the week, which begins on Monday.
    """
    first = monday(day)
    return con.frame(
        query_text("questions/account_week"),
        account=account,
        monday=first,
        sunday=first + timedelta(days=6),
    )


def presence(
    con: Connection, account: str | None, first: date, last: date | None = None
) -> pl.DataFrame:
    """Return when an account was in use, and on which device: one row per interval.

    An interval is unbroken active use with pauses under ten minutes. It estimates
    a duration; it is never a proof of sharing.

    Args:
        con: From `connect()`.
        account: Its pseudonym.
        first: A local day.
        last: The last day of a range; without it `first` alone.
    """
    return con.frame(
        query_text("questions/presence"), account=account, first=first, last=last or first
    )


def site_first_seen(con: Connection, since: date | None = None) -> pl.DataFrame:
    """Return sites by the day on which anyone first used them, newest first.

    Args:
        con: From `connect()`.
        since: Leaves out sites that were known before that day.
    """
    return con.frame(query_text("questions/site_first_seen"), since=since)


def finding_evidence(con: Connection, finding_id: str | None) -> pl.DataFrame:
    """Return the log lines that a finding cites, oldest first; without a finding none.

    File, line and byte lead to the raw line, whose hash is in the last column.

    Raises:
        ModelError: The snapshot has no such finding.
    """
    known = con.sql(
        "select 1 from findings.findings where finding_id = $finding_id", finding_id=finding_id
    ).fetchall()
    if finding_id is not None and not known:
        raise ModelError(
            f"the snapshot has no finding {finding_id!r}",
            where=con.snapshot,
            remedy="List them with: con.sql('select * from findings.findings').pl()",
        )
    return con.frame(query_text("questions/finding_evidence"), finding_id=finding_id)
