"""What the lines leave out, and whether it grew: no host, no account. Pure.

Encryption of host names, QUIC, relays and a removed agent all show as a share of
lines that names no host or no account, and that rises.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time

import polars as pl

from pipelines.health.trouble import Trouble

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


def grown(shares: pl.DataFrame) -> Iterator[Trouble]:
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
            yield Trouble(
                source=row["source"],
                building=row["building"],
                kind="blind",
                what=name,
                start=begun,
                detail=f"{row[f'{name}_share']:.0%} of lines name no {name}, "
                f"{row['before']:.0%} in the weeks before",
            )
