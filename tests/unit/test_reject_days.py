"""A line that could not be read is kept as long as its neighbors."""

import gzip
import os
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from pipelines.state import ledger
from tests.faults.home import BEGIN, Home, line, lines

DAY = 86_400
BEGUN = date(2026, 2, 25)
"""The local day of line 0, in Chicago."""


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def days(home):
    """Return where the lake keeps each rejected line, by its text."""
    frame = home.frame("rejects")
    for one in ledger.lake_files(home.store, "rejects"):
        held = pl.read_parquet(home.lake / one.path, hive_partitioning=False)
        assert set(held["event_date"]) == {date.fromisoformat(one.event_date)}
    return dict(frame.select("line", "event_date").iter_rows())


def marked(first, markers):
    """Return ten good lines on each day, a damaged one with a marker in the middle."""
    return b"".join(
        b"".join(line(first + n, at=(first + n // 10) * DAY + n) for n in range(k, k + 5))
        + marker.encode()
        + b" damaged\n"
        + b"".join(line(first + n, at=(first + n // 10) * DAY + n) for n in range(k + 5, k + 10))
        for k, marker in zip(range(0, 10 * len(markers), 10), markers, strict=True)
    )


def test_markers_in_damaged_lines_of_a_past_week_lie_in_that_week(home):
    markers = [f"marker-{n}" for n in range(20)]
    home.put("a.log", marked(0, markers))
    home.run()
    found = days(home)
    assert found == {
        f"{marker} damaged": BEGUN + timedelta(days=n) for n, marker in enumerate(markers)
    }


def test_small_files_read_together_give_each_reject_the_day_of_its_own_file(home):
    for n in range(20):
        home.put(f"{n}.log", b"top %d\n" % n + line(n, at=n * DAY) + b"end %d" % n)
    home.run()
    expected = {f"{w} {n}": BEGUN + timedelta(days=n) for n in range(20) for w in ("top", "end")}
    assert days(home) == expected


def test_a_file_that_grows_by_damaged_lines_keeps_its_day(home):
    home.put("a.log", lines(0, 2_000))
    home.run(settle=600)
    home.put("a.log", lines(0, 2_000) + b"later\n")
    home.run(settle=600)
    assert days(home) == {"later": BEGUN}
    home.put("b.log", b"x" * (5 << 20) + b"\n" + lines(3 * DAY, 3 * DAY + 5))
    home.run()
    assert set(days(home).values()) == {BEGUN, BEGUN + timedelta(days=3)}


def test_a_file_of_damaged_lines_alone_has_the_day_of_its_name_or_last_change(home):
    home.put("access-2026-03-01.log.gz", gzip.compress(b"named\n"))
    old = home.put("b.log", b"changed\n")
    stamp = datetime(2026, 3, 4, 18, tzinfo=UTC).timestamp()
    os.utime(old, (stamp, stamp))
    home.run()
    assert days(home) == {"named": date(2026, 3, 1), "changed": date(2026, 3, 4)}


def test_a_wrong_stamp_keeps_no_damaged_line_beyond_its_arrival(home):
    ahead = 40 * 365 * DAY
    home.put("a.log", line(1, at=ahead) + b"beside\n" + line(2, at=ahead + 1))
    home.run()
    today = datetime.now(UTC).date()
    # the day of a line that has not come is not a line's day
    assert home.frame().is_empty()
    assert {"beside"} < days(home).keys()
    assert set(days(home).values()) <= {today, today - timedelta(days=1)}


def test_a_line_of_a_day_that_has_not_come_is_counted_and_costs_no_other(home):
    """Half a day ahead is a clock or a zone that is off; a year is a wrong stamp."""
    now = int(datetime.now(UTC).timestamp()) - BEGIN
    home.put("a.log", line(1, at=now + DAY // 2) + line(2, at=now + 400 * DAY))
    home.run()
    assert home.frame().height == 1
    (reject,) = home.frame("rejects").iter_rows(named=True)
    assert reject["reason"] == "dated more than a day ahead"


def test_a_machine_whose_clock_was_set_back_rejects_no_line(home):
    """The file's own last change shows how late it is at least."""
    ahead = 400 * DAY
    stamp = BEGIN + ahead
    path = home.put("a.log", line(1, at=ahead))
    os.utime(path, (stamp, stamp))
    home.run()
    assert home.frame().height == 1


def test_the_same_damaged_lines_again_are_duplicates_whatever_their_day(home):
    text = b"top\n" + lines(0, 50) + b"end\n"
    home.put("a.log", text)
    home.put("sub/b.log", text)
    home.run()
    home.put("c.log", text + lines(50, 60))
    home.run()
    assert len(home.rejects()) == 2
