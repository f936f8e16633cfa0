"""Local civil times: a zone decides, and the hour of a clock change is marked."""

import polars as pl

from pipelines.clock.stamps import Reading, Stamp, within
from pipelines.events import INSTANT


def civil(text: pl.Expr, shape: str, reading: Reading) -> Stamp:
    """A local stamp in a fixed `strptime` shape that holds a year."""
    return civil_time(naive_of(text, shape), reading)


def civil_time(naive: pl.Expr, reading: Reading) -> Stamp:
    """Place a naive civil time in the reading's zone."""
    zone = reading.zone
    early = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    late = naive.dt.replace_time_zone(zone, ambiguous="latest", non_existent="null")
    # a civil time in the missing hour: read it with the offset before the change
    leapt = (naive - pl.duration(hours=1)).dt.replace_time_zone(
        zone, ambiguous="earliest", non_existent="null"
    ) + pl.duration(hours=1)
    time = within(pl.coalesce([early, leapt]).dt.convert_time_zone("UTC").cast(INSTANT))
    quality = (
        pl.when(time.is_null())
        .then(None)
        .when(early.is_null())
        .then(pl.lit("shifted"))
        .when(early != late)
        .then(pl.lit("ambiguous"))
        .otherwise(pl.lit("zoned"))
    )
    return Stamp(time, quality)


def local_date(instant: pl.Expr, zone: str) -> pl.Expr:
    """The district's civil day of an instant."""
    return instant.dt.convert_time_zone(zone).dt.date()


def naive_of(text: pl.Expr, shape: str) -> pl.Expr:
    """The civil time that a text in a `strptime` shape says, from 1970 to 9999."""
    # a year below 1678 or a stray sign never reaches the parser's edge cases
    parsed = text.str.strptime(pl.Datetime("us"), shape, strict=False, exact=True)
    inside = (parsed.dt.year() >= 1970) & (parsed.dt.year() <= 9999)
    return pl.when(inside).then(parsed)
