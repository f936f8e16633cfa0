"""What a stamp becomes, and what it needs to know that its line does not say."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

import polars as pl

from pipelines.events import INSTANT

PAIR = pl.Struct({"time": INSTANT, "quality": pl.String})
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The last instant that Python, Parquet readers and people can write down."""

MONTHS = {
    name: f"{number:02d}"
    for number, name in enumerate(
        (
            "jan",
            "feb",
            "mar",
            "apr",
            "may",
            "jun",
            "jul",
            "aug",
            "sep",
            "oct",
            "nov",
            "dec",
        ),
        start=1,
    )
}


class Stamp(NamedTuple):
    """An instant and how it was read."""

    time: pl.Expr
    quality: pl.Expr


@dataclass(frozen=True)
class Reading:
    """What a stamp needs to know that its line does not say.

    Attributes:
        zone: IANA zone of stamps without an offset.
        anchor: Instant near which year-less stamps lie.
    """

    zone: str = "UTC"
    anchor: datetime = field(default_factory=lambda: datetime(2026, 1, 1, tzinfo=UTC))


def first(*stamps: Stamp) -> Stamp:
    """The first stamp that could be read."""
    time = pl.coalesce([stamp.time for stamp in stamps])
    quality = pl.coalesce(
        [pl.when(stamp.time.is_not_null()).then(stamp.quality) for stamp in stamps]
    )
    return Stamp(time, quality)


def exact(time: pl.Expr) -> Stamp:
    """A stamp that says all: an epoch, or a time with its offset."""
    return Stamp(time, pl.when(time.is_not_null()).then(pl.lit("exact")))


def within(time: pl.Expr) -> pl.Expr:
    """The instant, or null where a zone carried it beyond the year 9999."""
    return pl.when(time <= LAST).then(time)
