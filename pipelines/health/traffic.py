"""What a source's lines leave out, and traffic that has to come: no host, no copy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.district import District
from pipelines.health.issues import Issue
from pipelines.settings.alert_settings import Expected
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database

BLIND = {"host": "without_host_count", "account": "without_account_count"}
WEEKS = 5
"""The newest seven days, and as many weeks before them as make up this."""

LEAST_LINES = 500
"""In a week, to speak of a share."""

LEAST_WEEKS = 2
ROSE = 0.15
"""Of all lines: so much more than in the weeks before is told."""

DAYS = 7


def weekly_shares(days: pl.DataFrame) -> pl.DataFrame:
    """Shares by source, building and week, counted back from the newest day.

    Args:
        days: Rows of `marts.blind_share`.

    Returns:
        `source`, `building`, `week` (0 the newest), `first_date`, `line_count`,
        `host_share` and `account_share` (0 to 1).
    """
    newest = pl.col("event_date").max()
    week = (newest - pl.col("event_date")).dt.total_days() // DAYS
    return (
        days.with_columns(week=week)
        .filter(pl.col("week") < WEEKS)
        .group_by("source", "building", "week")
        .agg(
            pl.col("event_date").min().alias("first_date"),
            pl.col("line_count").sum(),
            *(pl.col(column).sum() for column in BLIND.values()),
        )
        .filter(pl.col("line_count") >= LEAST_LINES)
        .with_columns(
            (pl.col(column) / pl.col("line_count")).alias(f"{name}_share")
            for name, column in BLIND.items()
        )
        .drop(BLIND.values())
        .sort("source", "building", "week")
    )


def grown(shares: pl.DataFrame) -> Iterator[Issue]:
    """Where the newest week tells less than the weeks before.

    Args:
        shares: From `weekly_shares`.
    """
    for name in BLIND:
        share = pl.col(f"{name}_share")
        before = (
            shares.filter(pl.col("week") > 0)
            .group_by("source", "building")
            .agg(before=share.median(), weeks=pl.len())
        )
        now = shares.filter(pl.col("week") == 0)
        rose = now.join(before, on=["source", "building"]).filter(
            (pl.col("weeks") >= LEAST_WEEKS) & (share - pl.col("before") >= ROSE)
        )
        for row in rose.sort("source", "building").iter_rows(named=True):
            begun = datetime.combine(row["first_date"], time(), UTC)
            yield Issue(
                source=row["source"],
                building=row["building"],
                kind="blind",
                what=name,
                start=begun,
                detail=f"{row[f'{name}_share']:.0%} of lines name no {name}, "
                f"{row['before']:.0%} in the weeks before",
            )


@dataclass(frozen=True)
class Seen:
    """What the lines show of one expected traffic.

    Attributes:
        known_since: Oldest instant that was looked at.
        known_until: Newest event of the source; None if it has none.
        last_time: When it was last seen as it has to be.
        bytes: Bytes sent in the newest span of `every_hours`.
        let_through_time: When a request that must be refused last went through.
    """

    known_since: datetime
    known_until: datetime | None = None
    last_time: datetime | None = None
    bytes: int = 0
    let_through_time: datetime | None = None


def not_kept(
    expected: Mapping[str, Expected], seen: Mapping[str, Seen]
) -> Iterator[Issue]:
    """What did not come, came short, or went through though it must not."""
    for name, one in sorted(expected.items()):
        found = seen.get(name)
        if found is not None and found.known_until is not None:
            yield from _judged(name, one, found)


def _judged(name: str, expected: Expected, seen: Seen) -> Iterator[Issue]:
    assert seen.known_until is not None
    span = timedelta(hours=expected.every_hours)
    through = seen.let_through_time
    if through is not None and (seen.last_time is None or through > seen.last_time):
        yield Issue(
            source=expected.source,
            kind="let_through",
            what=name,
            start=through,
            detail=name,
        )
    since = seen.last_time or seen.known_since
    if seen.known_until - since > span:
        yield Issue(
            source=expected.source,
            kind="not_come",
            what=name,
            start=since + span,
            detail=f"{name}: not seen in {expected.every_hours} hours",
        )
    elif expected.bytes_at_least > seen.bytes and seen.last_time is not None:
        yield Issue(
            source=expected.source,
            kind="not_come",
            what=name,
            start=seen.last_time,
            detail=f"{name}: {seen.bytes:,} bytes in {expected.every_hours} hours, "
            f"expected {expected.bytes_at_least:,}",
        )


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


def _seen(
    database: Database, expected: Expected, since: datetime, until: datetime
) -> Seen:
    values: dict[str, Any] = {
        "source": expected.source,
        "to": expected.to.lower(),
        "since": since,
        "until": until,
        "recent": until - timedelta(hours=expected.every_hours),
        "refused": expected.kind == "refused_request",
    }
    query = _FLOWS if expected.kind == "flow" else _REQUESTS
    used = {key: value for key, value in values.items() if f"${key}" in query}
    row = database.frame(query, used).row(0, named=True)
    return Seen(known_since=since, known_until=until, **row)
