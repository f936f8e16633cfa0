"""When which source was not well: kept while it lasts, and afterwards."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.health.issues import Issue, keep_issues, uninhibited
from pipelines.state.connections import open_store
from pipelines.state.source_records import stored_issues

NOW = datetime(2026, 11, 3, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
SILENT = Issue(source="proxy", kind="silent", start=NOW - HOUR, detail="1 hour")
KINDS = ("silent", "thin")


@pytest.fixture
def store(tmp_path):
    store = open_store(tmp_path / "state.db")
    yield store
    store.close()


def kept(store, since=NOW - 48 * HOUR):
    return [
        (row["kind"], row["start_time"][11:16], (row["end_time"] or "")[11:16])
        for row in stored_issues(store, since)
    ]


def test_what_lasts_is_one_row_and_its_numbers_are_the_newest(store):
    keep_issues(store, [SILENT], KINDS, NOW)
    more = replace(SILENT, detail="2 hours", start=SILENT.start + HOUR / 2)
    keep_issues(store, [more], KINDS, NOW + HOUR)
    (row,) = stored_issues(store)
    assert row["detail"] == "2 hours"
    assert kept(store) == [("silent", "15:00", "")]


def test_what_ended_stays_with_the_end_that_the_lines_tell(store):
    keep_issues(store, [SILENT], KINDS, NOW)
    over = replace(SILENT, end=NOW + HOUR)
    assert keep_issues(store, [over], KINDS, NOW + 3 * HOUR).ended == 1
    assert kept(store) == [("silent", "15:00", "17:00")]
    assert stored_issues(store) == []
    again = replace(SILENT, start=NOW + 5 * HOUR)
    assert keep_issues(store, [over, again], KINDS, NOW + 6 * HOUR).new == 1
    assert kept(store) == [("silent", "15:00", "17:00"), ("silent", "21:00", "")]


def test_what_was_not_looked_at_has_not_ended(store):
    keep_issues(store, [SILENT], KINDS, NOW)
    keep_issues(store, [], ["late"], NOW + HOUR)
    assert kept(store) == [("silent", "15:00", "")]
    keep_issues(store, [], KINDS, NOW + HOUR)
    assert kept(store) == [("silent", "15:00", "17:00")]


def test_a_silence_explains_what_else_is_missing_of_its_source():
    thin = replace(SILENT, kind="thin", building="hs")
    other = replace(thin, source="firewall")
    skewed = replace(SILENT, kind="skewed")
    assert uninhibited([SILENT, thin, other, skewed]) == [SILENT, other, skewed]
    over = replace(SILENT, end=NOW)
    assert uninhibited([over, thin]) == [over, thin]
    part = replace(SILENT, building="hs")
    assert uninhibited([part, thin]) == [part, thin]


def test_the_longer_it_lasts_the_worse_it_is():
    steps = [SILENT.lasting(SILENT.start + n * HOUR) for n in (1, 4, 24, 72, 168, 999)]
    assert steps == [0, 1, 2, 3, 4, 4]
