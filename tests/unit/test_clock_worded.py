"""Stamps whose month is a word become instants, or nothing."""

from datetime import UTC, datetime

import polars as pl
import pytest

from pipelines import clock

CHICAGO = clock.Reading(zone="America/Chicago")


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant", "quality"),
    [
        ("Nov 23 2026 08:15:00 -0600", at(2026, 11, 23, 14, 15), "exact"),
        ("23/Nov/2026:08:15:00 +0100", at(2026, 11, 23, 7, 15), "exact"),
        ("Nov  3 2026 08:15:00", at(2026, 11, 3, 14, 15), "zoned"),
        ("Nov 23 2026 08:15:00 UTC", at(2026, 11, 23, 8, 15), "exact"),
        ("Nov 1 2026 01:30:00", at(2026, 11, 1, 6, 30), "ambiguous"),
        ("Feb 30 2026 08:15:00", None, None),
        ("23/Foo/2026:08:15:00", None, None),
        ("Nov 23 08:15:00", None, None),
    ],
)
def test_a_stamp_whose_month_is_a_word(text, instant, quality):
    stamp = clock.worded(pl.lit(text), CHICAGO)
    row = pl.select(time=stamp.time, quality=stamp.quality).row(0)
    assert row == (instant, quality)
