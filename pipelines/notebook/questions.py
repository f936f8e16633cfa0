"""Analysts' questions about a snapshot, each answered with a Polars frame.

Accounts, devices and people are pseudonyms, stable for a school year. Every
`_time` is in the district's own zone. None of these answers is a finding:
only findings have had their other explanations tested.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from pipelines.errors import ModelError
from pipelines.notebook.connection import Connection
from pipelines.weeks import monday


def best_shown(con: Connection) -> Mapping[str, Any]:
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
    return con.frame(
        """
        select * exclude (place) from (
        from (
        select 1 as place, finding_id, rule, subject, devices, event_date, confidence,
          status, claim
        from findings.findings
        where kind <> 'anomaly' and status = 'open'
        order by confidence desc, rule desc, finding_id
        limit 1
        )
        union all by name
        from (
        select 2 as place, account as subject, event_date,
          array_agg(distinct device order by device) as devices
        from core.presence_blocks
        group by account, event_date
        order by len(devices) desc, account, event_date
        limit 1
        )
        union all by name
        select 3 as place, $newest::date as event_date, []::varchar[] as devices
        )
        order by place
        limit 1
        """,
        newest=newest,
    ).row(0, named=True)


def account_week(con: Connection, account: str | None, day: date) -> pl.DataFrame:
    """Return an account's use of sites in the week of a day, one row per day and site.

    Args:
        con: From `connect()`.
        account: Its pseudonym, such as `falcon-27`.
        day: Any day of the week, which begins on Monday.
    """
    first = monday(day)
    return con.frame(
        """
        select
          event_date,
          site,
          string_agg(distinct device, ', ' order by device) as devices,
          string_agg(distinct verdict, ', ' order by verdict) as verdict,
          min(start_time) as first_time,
          max(end_time) as last_time,
          sum(total_seconds) / 60 as minutes,
          sum(on_duty_seconds) / 60 as on_duty_minutes,
          sum(request_count)::bigint as request_count
        from core.site_use
        where
          account = $account
          and event_date between $monday and $sunday
        group by event_date, site
        order by event_date, minutes desc, site
        """,
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
        """
        select
          event_date,
          device,
          device_class,
          building,
          net_kind,
          attribution_grade,
          start_time,
          end_time,
          epoch(end_time - start_time) / 60 as minutes,
          request_count,
          site_count,
          live_share,
          is_live_known
        from core.presence_blocks
        where
          account = $account
          and event_date between $first and $last
        order by start_time, device
        """,
        account=account,
        first=first,
        last=last or first,
    )


def site_first_seen(con: Connection, since: date | None = None) -> pl.DataFrame:
    """Return sites by the day on which anyone first used them, newest first.

    Args:
        con: From `connect()`.
        since: Leaves out sites that were known before that day.
    """
    return con.frame(
        """
        select
          seen.site,
          seen.first_seen_date,
          arg_max(uses.verdict, uses.event_date) as verdict,
          arg_max(uses.category, uses.event_date) as category,
          count(*) as day_count,
          max(uses.account_count) as most_accounts_in_a_day,
          sum(uses.minutes) as minutes,
          sum(uses.request_count)::bigint as request_count
        from marts.site_first_seen as seen
        inner join marts.site_use as uses on seen.site = uses.site
        where seen.first_seen_date >= coalesce($since, date '0001-01-01')
        group by seen.site, seen.first_seen_date
        order by seen.first_seen_date desc, minutes desc, seen.site
        """,
        since=since,
    )


def finding_evidence(con: Connection, finding_id: str | None) -> pl.DataFrame:
    """Return the log lines that a finding cites, oldest first; without a finding none.

    File, line and byte lead to the raw line, whose hash is in the last column.

    Raises:
        ModelError: The snapshot has no such finding.
    """
    known = con.sql(
        "select 1 from findings.findings where finding_id = $finding_id",
        finding_id=finding_id,
    ).fetchall()
    if finding_id is not None and not known:
        raise ModelError(
            f"the snapshot has no finding {finding_id!r}",
            where=con.snapshot,
            remedy="List them with: con.sql('select * from findings.findings').pl()",
        )
    return con.frame(
        """
        select
          position,
          role,
          time,
          account,
          device,
          building,
          site,
          activity,
          bytes_in,
          source,
          path,
          line_no,
          byte_offset,
          line_sha256
        from findings.evidence
        where finding_id = $finding_id
        order by time, position
        """,
        finding_id=finding_id,
    )
