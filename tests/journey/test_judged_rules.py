"""How many rules judged a request last week is counted, never read off the registry."""

import re
from datetime import timedelta

import pytest

from pipelines.district import open_district
from pipelines.gaps.families import KEYBOARDS
from pipelines.gaps.losses import DAYS, TABLE, coverage_rows
from pipelines.gaps.week import judged_week, noted_week
from pipelines.warehouse.snapshots import attach_warehouse
from tests.journey.commands import schoolbell


@pytest.fixture(scope="module")
def week(district):
    """The newest week of the coverage table, and its days."""
    with open_district(district.home) as home, attach_warehouse(home.home.warehouse) as database:
        ((last,),) = database.rows(f"select max(event_date) from built.{TABLE}")
        first = last - DAYS + timedelta(days=1)
        rows = database.rows(
            f"select * from built.{TABLE} where event_date >= $first", {"first": first}
        )
        names = [name for name, *_ in database.rows(f"describe select * from built.{TABLE}")]
    return [dict(zip(names, row, strict=True)) for row in rows], (first, last)


def test_a_run_notes_what_was_judged_and_status_shows_it(district, week):
    rows, days = week
    with open_district(district.home) as home:
        counted = judged_week(home, coverage_rows(rows), days)
        noted = noted_week(home.store)
        assert noted == counted
        assert 20 < noted.rules_on < noted.rule_count == len(home.rules)
    shown = schoolbell("status", "--home", district.home)
    assert noted.line in shown.out + shown.err


def test_a_rule_whose_events_all_drop_out_did_not_judge(district, week):
    """The registry has every row it needs; no keyboard log arrives at one school."""
    rows, days = week
    lost = [
        {
            **row,
            "filter": "the device writes no logons",
            "is_loss": True,
            "dropped_count": row["event_count"],
        }
        if row["family"] == KEYBOARDS and row["filter"] == "candidates"
        else row
        for row in rows
    ]
    with open_district(district.home) as home:
        before, after = (judged_week(home, coverage_rows(one), days) for one in (rows, lost))
    assert after.rules_on < before.rules_on
    (said,) = [one for one in after.idle if "do not log logons" in one]
    assert "An account was used at two keyboards at the same time" in said
    assert not re.search(r"\b[A-Z]{2}-\d", said)  # titles in place of codes
    assert " at " in said
