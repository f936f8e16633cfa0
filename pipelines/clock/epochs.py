"""Counts since 1970: seconds, milli-, micro- and nanoseconds."""

from typing import Literal

import polars as pl

from pipelines.clock.stamps import LAST, Stamp, exact
from pipelines.events import INSTANT

Unit = Literal["s", "ms", "us", "ns"]

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_LAST_SECOND = int(LAST.timestamp())


def epoch(text: pl.Expr, unit: Unit = "s") -> Stamp:
    """A count of `unit` since 1970, with or without a decimal fraction."""
    fits = text.str.contains(r"^[0-9]{1,20}(?:\.[0-9]+)?$")
    parts = pl.when(fits).then(text).str.splitn(".", 2)
    whole = parts.struct.field("field_0").cast(pl.UInt64, strict=False)
    part = parts.struct.field("field_1").str.slice(0, 6)
    micros = part.str.pad_end(6, "0").cast(pl.Int64, strict=False).fill_null(0)
    per = _PER_SECOND[unit]
    inside = whole // per <= _LAST_SECOND
    scaled = (
        whole * (1_000_000 // per) if per <= 1_000_000 else whole // (per // 1_000_000)
    )
    fraction = micros if unit == "s" else pl.lit(0, pl.Int64)
    count = pl.when(inside).then(scaled.cast(pl.Int64, strict=False) + fraction)
    return exact(count.cast(INSTANT))


def epoch_milliseconds(text: pl.Expr) -> Stamp:
    """Epoch seconds with exactly three decimals, `1767340800.123`; the quick way.

    Nine or ten digits reach from 1973 to 2286.
    """
    shape = r"^[0-9]{9,10}\.[0-9]{3}$"
    digits = text.str.replace(".", "", literal=True)
    count = pl.when(text.str.contains(shape)).then(digits).cast(pl.Int64, strict=False)
    return exact((count * 1_000).cast(INSTANT))


def epoch_by_size(text: pl.Expr) -> Stamp:
    """A count since 1970 whose unit shows in its number of whole digits."""
    return exact(text.map_batches(_by_size, return_dtype=INSTANT, is_elementwise=True))


def _by_size(values: pl.Series) -> pl.Series:
    """Instants; with whole digits alone no size reaches beyond the year 9999."""
    text = pl.col("text")
    frame = values.cast(pl.String).to_frame("text")
    is_plain = frame.select(text.str.contains("^[0-9]{1,19}$")).to_series()
    if not is_plain.all():
        return frame.select(_by_size_with_fractions(text)).to_series()
    sized = frame.select(count=text.cast(pl.UInt64), digits=text.str.len_bytes())
    count, digits = pl.col("count"), pl.col("digits")
    micros = (
        pl.when(digits <= 11)
        .then(count * 1_000_000)
        .when(digits <= 14)
        .then(count * 1_000)
        .when(digits <= 17)
        .then(count)
        .otherwise(count // 1_000)
    )
    return sized.select(micros.cast(pl.Int64).cast(INSTANT)).to_series()


def _by_size_with_fractions(text: pl.Expr) -> pl.Expr:
    digits = text.str.splitn(".", 2).struct.field("field_0").str.len_bytes()
    return (
        pl.when(digits <= 11)
        .then(epoch(text, "s").time)
        .when(digits <= 14)
        .then(epoch(text, "ms").time)
        .when(digits <= 17)
        .then(epoch(text, "us").time)
        .otherwise(epoch(text, "ns").time)
    )
