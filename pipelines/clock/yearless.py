"""Syslog stamps without a year."""

import polars as pl

from pipelines.clock.civil import civil_time, naive_of
from pipelines.clock.stamps import MONTHS, PAIR, Reading, Stamp
from pipelines.events import INSTANT

_HALF_YEAR = pl.duration(days=182)


def bsd(text: pl.Expr, reading: Reading) -> Stamp:
    """A syslog stamp without a year, `Sep 28 10:38:09` or `Sep  8 10:38:09`."""
    read = bsd_pair(text, reading)
    return Stamp(read.struct.field("time"), read.struct.field("quality"))


def bsd_pair(text: pl.Expr, reading: Reading) -> pl.Expr:
    """`bsd` as one struct of `time` and `quality`, to be read once and kept."""
    # stage by stage on the values: as one expression the tries multiply into a
    # plan that takes Polars seconds to look through
    return text.map_batches(lambda values: _bsd(values, reading), return_dtype=PAIR)


def _bsd(values: pl.Series, reading: Reading) -> pl.Series:
    """Structs of `time` and `quality`, of the year nearest to the anchor."""
    if values.null_count() == len(values):  # as with stamps that have a year
        return pl.Series(values.name, [None] * len(values), dtype=PAIR)
    year = reading.anchor.year
    rest = values.cast(pl.String).to_frame("text").select(rest=_without_year("text"))
    found = rest.with_columns(_in_year(pl.col("rest"), year, reading))
    near = pl.lit(reading.anchor).cast(INSTANT)
    is_far = pl.col("rest").is_not_null() & ~(
        ((pl.col("time") - near).abs() <= _HALF_YEAR).fill_null(value=False)
    )
    # most batches lie within half a year of their anchor and need one try only
    for other in (year - 1, year + 1) if found.select(is_far.any()).item() else ():
        tried = rest.select(is_far_at=found.select(is_far).to_series()).with_columns(
            rest=pl.when("is_far_at").then(rest["rest"])
        )
        again = tried.select(_in_year(pl.col("rest"), other, reading)).rename(
            {"time": "time_again", "quality": "quality_again"}
        )
        closer = (pl.col("time_again") - near).abs() < (pl.col("time") - near).abs()
        better = closer.fill_null(value=False) | pl.col("time").is_null()
        found = pl.concat([found, again], how="horizontal").select(
            "rest",
            time=pl.when(better).then("time_again").otherwise("time"),
            quality=pl.when(better).then("quality_again").otherwise("quality"),
        )
    return found.select(pl.struct("time", "quality")).to_series().rename(values.name)


def _in_year(rest: pl.Expr, year: int, reading: Reading) -> list[pl.Expr]:
    """`time` and `quality` of `mm-dd hh:mm:ss` in a year."""
    stamp = civil_time(naive_of(f"{year:04d}-" + rest, "%Y-%m-%d %H:%M:%S"), reading)
    quality = stamp.quality.replace("zoned", "year_inferred")
    return [stamp.time.alias("time"), quality.alias("quality")]


def _without_year(column: str) -> pl.Expr:
    """`09-28 10:38:09` of `Sep 28 10:38:09`."""
    groups = pl.col(column).str.extract_groups(
        r"^([A-Za-z]{3}) +([0-9]{1,2}) ([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?$"
    )
    month, day, clock = (groups.struct.field(str(n)) for n in range(1, 4))
    number = month.str.to_lowercase().replace_strict(
        MONTHS, default=None, return_dtype=pl.String
    )
    return number + "-" + day.str.zfill(2) + " " + clock
