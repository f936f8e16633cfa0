"""ISO 8601 and RFC 3339."""

import polars as pl

from pipelines.clock.civil import civil_time, naive_of
from pipelines.clock.stamps import PAIR, Reading, Stamp, within
from pipelines.events import INSTANT

_ISO_SECOND = "%Y-%m-%dT%H:%M:%S"
_PLAIN_ISO = (
    r"^(?:19[7-9]|[2-9][0-9]{2})[0-9]-[0-9]{2}-[0-9]{2}"
    r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z$"
)
_ODD_ISO = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:[.,]([0-9]{1,9}))? ?(Z|z|[+-][0-9]{2}:?[0-9]{2})?$"
)


def iso(text: pl.Expr, reading: Reading) -> Stamp:
    """ISO 8601 or RFC 3339: `2026-11-01T01:30:00.123456789-05:00`.

    Separator `T` or space; fraction of any length or none; offset `Z`,
    `+hh:mm`, `+hhmm` or none (then the reading's zone). A leap second counts as
    the second after it.
    """
    read = iso_pair(text, reading)
    return Stamp(read.struct.field("time"), read.struct.field("quality"))


def iso_pair(text: pl.Expr, reading: Reading) -> pl.Expr:
    """`iso` as one struct of `time` and `quality`, to be read once and kept."""
    return text.map_batches(
        lambda values: _iso(values, reading), return_dtype=PAIR, is_elementwise=True
    )


def _iso(values: pl.Series, reading: Reading) -> pl.Series:
    """Structs of `time` and `quality`, stage by stage on the values.

    As one expression each part would be worked out several times.
    """
    text = pl.col("text")
    frame = values.cast(pl.String).to_frame("text")
    is_plain = frame.select(text.str.contains(_PLAIN_ISO)).to_series()
    if is_plain.all():
        second = text.str.slice(0, 19)
        part = text.str.slice(20, 6).str.strip_chars_end("Z")
        naive = second.str.strptime(pl.Datetime("us"), _ISO_SECOND, strict=False)
        found = frame.select(
            time=_in_utc(naive + _micros(part)), quality=pl.lit(None, pl.String)
        )
    else:
        found = _odd_iso(frame, reading)
    found = found.with_columns(time=within(pl.col("time")))
    exact = pl.when(pl.col("time").is_not_null()).then(
        pl.coalesce("quality", pl.lit("exact"))
    )
    pair = found.select(pl.struct("time", quality=exact))
    return pair.to_series().rename(values.name)


def _odd_iso(frame: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """`time` of any ISO stamp, and the `quality` of one without an offset."""
    groups = pl.col("text").str.extract_groups(_ODD_ISO)
    parts = frame.select(
        groups.struct.rename_fields(["day", "clock", "part", "offset"]).struct.unnest()
    )
    second = pl.concat_str("day", "clock", separator="T")
    naive = parts.select("part", "offset", second=naive_of(second, _ISO_SECOND)).select(
        "offset", naive=pl.col("second") + _micros(pl.col("part"))
    )
    given = pl.col("offset").is_not_null()
    plain = _in_utc(pl.col("naive")) - _offset(pl.col("offset"))
    if naive.select(given.all()).item():
        return naive.select(time=plain, quality=pl.lit(None, pl.String))
    local = civil_time(pl.col("naive"), reading)
    return naive.select(
        time=pl.when(given).then(plain).otherwise(local.time),
        quality=pl.when(~given).then(local.quality),
    )


def _in_utc(naive: pl.Expr) -> pl.Expr:
    return naive.dt.replace_time_zone("UTC").cast(INSTANT)


def _micros(part: pl.Expr) -> pl.Expr:
    digits = part.str.slice(0, 6).str.pad_end(6, "0").cast(pl.Int64, strict=False)
    return pl.duration(microseconds=digits.fill_null(0), time_unit="us")


def _offset(text: pl.Expr) -> pl.Expr:
    hours = text.str.slice(1, 2).cast(pl.Int64, strict=False).fill_null(0)
    minutes = text.str.slice(-2, 2).cast(pl.Int64, strict=False).fill_null(0)
    sign = pl.when(text.str.starts_with("-")).then(-1).otherwise(1)
    return pl.duration(minutes=sign * (hours * 60 + minutes), time_unit="us")
