"""A stamp without a year takes the year nearest to its anchor."""

from datetime import UTC, datetime

import polars as pl
import pytest

from pipelines import clock
from pipelines.clock import Reading


def read(text: str, anchor: str, zone: str = "America/Chicago"):
    reading = Reading(zone, datetime.fromisoformat(anchor).replace(tzinfo=UTC))
    stamp = clock.bsd(pl.col("text"), reading)
    frame = pl.DataFrame({"text": [None, text]}, schema={"text": pl.String})
    return frame.select(stamp.time, stamp.quality.alias("quality")).row(1)


@pytest.mark.parametrize(
    ("text", "anchor", "expected", "quality"),
    [
        ("Dec 31 23:59:00", "2026-01-03", "2026-01-01T05:59", "year_inferred"),
        ("Jan  1 00:01:00", "2025-12-30", "2026-01-01T06:01", "year_inferred"),
        ("Sep  8 10:38:09.123", "2026-11-25", "2026-09-08T15:38:09", "year_inferred"),
        ("Feb 29 12:00:00", "2025-06-30", "2024-02-29T18:00", "year_inferred"),
        ("Nov  1 01:30:00", "2026-11-25", "2026-11-01T06:30", "ambiguous"),
        ("Mar  8 02:30:00", "2026-03-25", "2026-03-08T08:30", "shifted"),
    ],
)
def test_the_nearest_year(text, anchor, expected, quality):
    time, how = read(text, anchor)
    assert time == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert how == quality


@pytest.mark.parametrize("text", ["Feb 30 12:00:00", "Foo  1 12:00:00", "", "Jan 1"])
def test_an_impossible_stamp_is_unknown(text):
    assert read(text, "2026-11-25") == (None, None)
