"""The share of lines that show no host or no account, and whether it grew."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from pipelines.health.overview import grown, weekly_shares

LAST = date(2026, 11, 8)


def days(hosts, lines=200, building="hs"):
    """Return five weeks, the newest first; of each the share without a host."""
    rows = [
        (
            LAST - timedelta(days=7 * week + day),
            "proxy",
            building,
            lines,
            round(share * lines),
            lines // 10,
        )
        for week, share in enumerate(hosts)
        for day in range(7)
    ]
    names = [
        "event_date", "source", "building", "line_count", "without_host_count",
        "without_account_count",
    ]  # fmt: skip
    return pl.DataFrame(rows, names, orient="row")


@pytest.mark.parametrize(
    ("hosts", "told"),
    [
        ([0.30, 0.05, 0.05, 0.05, 0.05], True),
        ([0.12, 0.05, 0.05, 0.05, 0.05], False),
        ([0.30, 0.28, 0.05, 0.30, 0.27], False),
        ([0.30, 0.05], False),  # one week is not a past
    ],
)
def test_a_share_that_rose_is_told(hosts, told):
    found = list(grown(weekly_shares(days(hosts))))
    assert [(one.kind, one.what, one.building) for one in found] == (
        [("blind", "host", "hs")] if told else []
    )


def test_the_numbers_are_said_and_nobody_is_named():
    (one,) = grown(weekly_shares(days([0.3, 0.05, 0.05, 0.05])))
    assert one.detail == "30% of lines have no host; 5.0% in the weeks before"
    assert one.start.date() == LAST - timedelta(days=6)


def test_a_few_lines_have_no_share():
    assert list(grown(weekly_shares(days([0.9, 0.1, 0.1, 0.1], lines=50)))) == []
    none = days([0.1]).clear()
    assert weekly_shares(none).is_empty()


def test_a_rise_of_one_day_began_on_that_day_in_the_districts_zone():
    """A mail said "since Sun 18:00" of what happened on a Wednesday."""
    rose = pl.col("event_date") == LAST - timedelta(days=4)
    rows = days([0.05, 0.05, 0.05, 0.05]).with_columns(
        line_count=pl.when(rose).then(1_000).otherwise("line_count"),
        without_host_count=pl.when(rose).then(900).otherwise("without_host_count"),
    )
    (one,) = grown(weekly_shares(rows), "America/Chicago")
    wednesday = datetime(2026, 11, 4, tzinfo=ZoneInfo("America/Chicago"))
    assert one.start == wednesday
    assert one.detail == (
        "44% of lines have no host, most of them on Wed, Nov 4; 5.0% in the weeks before"
    )


def test_the_weeks_before_are_one_share_as_in_the_reports_table():
    """The median of weeks said 5% where the table of the same page said 6.3%."""
    weeks = [0.40, 0.02, 0.05, 0.15]
    rows = days(weeks).with_columns(
        line_count=pl.when(pl.col("event_date") < LAST - timedelta(days=20))
        .then(400)
        .otherwise("line_count"),
        without_host_count=pl.when(pl.col("event_date") < LAST - timedelta(days=20))
        .then(60)
        .otherwise("without_host_count"),
    )
    (one,) = grown(weekly_shares(rows))
    before = rows.filter(pl.col("event_date") <= LAST - timedelta(days=7))
    share = before["without_host_count"].sum() / before["line_count"].sum()
    assert one.detail.endswith(f"; {share:.1%} in the weeks before")
    assert round(share, 2) != 0.05
