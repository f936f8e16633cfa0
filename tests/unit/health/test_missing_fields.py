"""The share of lines that tell no host or no account, and whether it grew."""

from datetime import date, timedelta

import polars as pl
import pytest

from pipelines.health.overview import grown, weekly_shares

LAST = date(2026, 11, 8)


def days(hosts, lines=200, building="hs"):
    """Five weeks, the newest first; of each the share without a host."""
    rows = [
        (LAST - timedelta(days=7 * week + day), "proxy", building, lines,
         round(share * lines), lines // 10)
        for week, share in enumerate(hosts)
        for day in range(7)
    ]  # fmt: skip
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
        ([0.30, 0.05], False),  # one week is no past
    ],
)
def test_a_share_that_rose_is_told(hosts, told):
    found = list(grown(weekly_shares(days(hosts))))
    assert [(one.kind, one.what, one.building) for one in found] == (
        [("blind", "host", "hs")] if told else []
    )


def test_the_numbers_are_said_and_nobody_is_named():
    (one,) = grown(weekly_shares(days([0.3, 0.05, 0.05, 0.05])))
    assert one.detail == "30% of lines name no host; 5.0% in the weeks before"
    assert one.start.date() == LAST - timedelta(days=6)


def test_a_few_lines_have_no_share():
    assert list(grown(weekly_shares(days([0.9, 0.1, 0.1, 0.1], lines=50)))) == []
    none = days([0.1]).clear()
    assert weekly_shares(none).is_empty()
