"""Questions about an order of events: who held a device, how a day went, who was first.

They answer as those of `questions` do: pseudonyms, and times in the district's zone.
A lane beside a lane shows that two things were logged at once, and never by itself
that two people were there.
"""

from datetime import date

import polars as pl

from pipelines.errors import ModelError
from pipelines.notebook.connection import Connection

STEPS = ("duty", "keyboard", "at work", "site", "finding")
"""What a row of a timeline can be, as the lanes of its chart stand."""


def device_holders(
    con: Connection, device: str, first: date, last: date | None = None
) -> pl.DataFrame:
    """Which accounts a device was held by, one row a stretch, oldest first.

    `how` says how it is known: *live* and *locked* are keyboards by the device's own
    logons; *requests* is engaged use that was attributed to the account.

    Args:
        con: From `connect()`.
        device: Its pseudonym.
        first: A local day.
        last: The last day of a range; without it `first` alone.
    """
    return con.frame(
        """
        from (
        select account, state as how, start_time, max(end_time) as end_time,
          any_value(logon_kind) as logon_kind, null::bigint as request_count
        from identity.workstation_sessions
        where device = $device and event_date between $first and $last
        group by all
        union all
        select account, 'requests', start_time, end_time, null, request_count
        from core.presence_blocks
        where device = $device and event_date between $first and $last
        )
        where (start_time at time zone $zone)::date <= $last
          and (end_time at time zone $zone)::date >= $first
        order by start_time, account, how
        """,
        device=device,
        first=first,
        last=last or first,
        zone=con.zone,
    )


def session_timeline(con: Connection, account: str | None, day: date) -> pl.DataFrame:
    """What the logs hold of an account's local day, in order of time.

    `what` is *duty* (the owner's, margins included), *keyboard* (live or locked),
    *at work* (a stretch of engaged use), *site* (a visit) or *finding* (open or
    confirmed, by its rule). A null device means that the row is about no device.

    Args:
        con: From `connect()`.
        account: Its pseudonym.
        day: The local day.
    """
    return con.frame(_TIMELINE, account=account, day=day, zone=con.zone)


# keyboards and duty serve the days beside their own too: only the day's are taken
_TIMELINE = """
with own as (
  select distinct person_id from identity.accounts
  where account = $account and event_date = $day and person_id is not null
),
steps as (
  select 'duty' as what, duty.kind as detail, null as device, duty.building,
    duty.start_time, duty.end_time, null::bigint as request_count
  from core.duty as duty inner join own on duty.person_id = own.person_id
  where duty.event_date = $day
  union all
  select 'keyboard', state, device, null, start_time, end_time, null
  from identity.workstation_sessions where account = $account and event_date = $day
  union all
  select 'at work', device, device, building, start_time, end_time, request_count
  from core.presence_blocks where account = $account and event_date = $day
  union all
  select 'site', site, device, null, start_time, end_time, request_count
  from core.site_visits where account = $account and event_date = $day
  union all
  select 'finding', rule, null, null, start_time, end_time, null
  from findings.findings
  where subject = $account and event_date = $day
    and status in ('open', 'confirmed')
)
from steps
where (start_time at time zone $zone)::date <= $day
  and (end_time at time zone $zone)::date >= $day
order by start_time, what, detail
"""


def site_first_sight(con: Connection, site: str) -> pl.DataFrame:
    """The accounts that used a site, one row each, by their first use of it.

    Args:
        con: From `connect()`.
        site: Registrable domain, such as `example.org`.

    Raises:
        ModelError: No account of the snapshot used it.
    """
    found = con.frame(
        """
        select
          account,
          min(start_time) as first_time,
          arg_min(device, start_time) as device,
          arg_min(building, start_time) as building,
          arg_min(verdict, start_time) as verdict,
          count(distinct event_date) as day_count,
          sum(total_seconds) / 60 as minutes,
          sum(request_count)::bigint as request_count
        from core.site_use
        where site = $site
        group by account
        order by first_time, account
        """,
        site=site,
    )
    if found.is_empty():
        raise ModelError(
            f"no account used the site {site!r}",
            where=con.snapshot,
            remedy="List sites with: site_first_seen(con). A site is the registrable "
            "domain: example.org, not www.example.org.",
        )
    return found
