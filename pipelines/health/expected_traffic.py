"""Looks in the lake for traffic that has to come."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.district import District
from pipelines.health.promised import Seen
from pipelines.settings.alert_settings import Expected
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database

CLASSES = ("http_requests", "connections")
_REQUESTS = """
select
    max(time) filter (where not $refused or disposition = 'blocked') as last_time,
    max(time) filter (where $refused and coalesce(disposition, 'allowed') = 'allowed')
        as let_through_time,
    coalesce(sum(bytes_out) filter (where time > $recent), 0)::bigint as bytes
from raw.http_requests
where source = $source and url_hostname = $to and time between $since and $until
"""
_FLOWS = """
select
    max(time) as last_time,
    null::timestamptz as let_through_time,
    coalesce(sum(bytes_out) filter (where time > $recent), 0)::bigint as bytes
from raw.connections
where
    source = $source and (dst_ip = $to or dst_hostname = $to)
    and time between $since and $until
    and coalesce(disposition, 'allowed') = 'allowed'
"""


def promised(
    database: Database, district: District, newest: Mapping[str, datetime]
) -> dict[str, Seen]:
    """What the lines show of each expected traffic.

    Args:
        database: Where views over the lake may be made.
        newest: Time of the newest event of each source.
    """
    listed = inputs.lake_files(district.store, district.home.lake)
    zone = ZoneInfo(district.zone)
    found = {}
    for name, one in district.settings.alerts.expected.items():
        until = newest.get(one.source)
        since = until - 3 * timedelta(hours=one.every_hours) if until else None
        if until is None or since is None:
            continue
        days = (_day(since, zone), _day(until, zone))
        inputs.show_raw(database, listed, CLASSES, days)
        found[name] = _seen(database, one, since, until)
    return found


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _seen(database: Database, one: Expected, since: datetime, until: datetime) -> Seen:
    values: dict[str, Any] = {
        "source": one.source,
        "to": one.to.lower(),
        "since": since,
        "until": until,
        "recent": until - timedelta(hours=one.every_hours),
        "refused": one.kind == "refused_request",
    }
    query = _FLOWS if one.kind == "flow" else _REQUESTS
    used = {key: value for key, value in values.items() if f"${key}" in query}
    row = database.frame(query, used).row(0, named=True)
    return Seen(known_since=since, known_until=until, **row)
