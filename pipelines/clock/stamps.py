"""Reads stamps of every shape: ISO, syslog without a year, months as words, epochs.

The contract is that of the package: an instant in UTC with its quality, or null.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

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

_HOUR = timedelta(hours=1)
_INSTANT_BEFORE = timedelta(microseconds=1)
_FEW_DAYS = 31
"""The number of results kept for the next block, which mostly needs the same one or two."""
_ISO_SECOND = "%Y-%m-%dT%H:%M:%S"
_PLAIN_ISO = (
    r"^(?:19[7-9]|[2-9][0-9]{2})[0-9]-[0-9]{2}-[0-9]{2}"
    r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z$"
)
_ODD_ISO = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"(?:[.,][0-9]{1,9})? ?(?:Z|z|[+-][0-9]{2}:?[0-9]{2})?$"
)
_HALF_YEAR = pl.duration(days=182)
Unit = Literal["s", "ms", "us", "ns"]
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_LAST_SECOND = int(LAST.timestamp())


class Stamp(NamedTuple):
    """An instant and how it was read."""

    time: pl.Expr
    quality: pl.Expr


@dataclass(frozen=True)
class Reading:
    """The context that a timestamp needs in addition to its line.

    Attributes:
        zone: IANA zone of timestamps without an offset.
        anchor: Instant near which year-less timestamps are.
    """

    zone: str = "UTC"
    anchor: datetime = field(default_factory=lambda: datetime(2026, 1, 1, tzinfo=UTC))


def first(*stamps: Stamp) -> Stamp:
    """Return the first readable timestamp."""
    time = pl.coalesce([stamp.time for stamp in stamps])
    quality = pl.coalesce(
        [pl.when(stamp.time.is_not_null()).then(stamp.quality) for stamp in stamps]
    )
    return Stamp(time, quality)


def exact(time: pl.Expr) -> Stamp:
    """Return a complete timestamp: an epoch, or a time with its offset."""
    return Stamp(time, pl.when(time.is_not_null()).then(pl.lit("exact")))


def within(time: pl.Expr) -> pl.Expr:
    """Return the instant, or null if a zone moved it beyond the year 9999."""
    return pl.when(time <= LAST).then(time)


def civil(text: pl.Expr, shape: str, reading: Reading) -> Stamp:
    """Parse a local timestamp in a fixed `strptime` shape with a year."""
    return civil_time(naive_of(text, shape), reading)


def civil_time(naive: pl.Expr, reading: Reading) -> Stamp:
    """Place a naive civil time in the reading's zone."""
    read = naive.map_batches(
        lambda values: _times_and_qualities(values, reading.zone).to_struct(values.name),
        return_dtype=PAIR,
        is_elementwise=True,
    )
    return Stamp(read.struct.field("time"), read.struct.field("quality"))


def _times_and_qualities(values: pl.Series, zone: str) -> pl.DataFrame:
    """Return both for each civil time.

    A lookup of the zone costs more than the rest of a line, so there is one per hour:
    in an hour that begins and ends with the same offset, every instant has it. Only
    timestamps of other hours are looked up individually.
    """
    if values.null_count() == len(values):
        return pl.DataFrame(schema=PAIR.to_schema()).clear(len(values))
    naive, offset = pl.col("naive"), pl.col("offset")
    rows = values.cast(pl.Datetime("us")).to_frame("naive")
    rows = rows.with_columns(hour=naive.dt.truncate("1h"))
    days = rows.select(naive.dt.epoch("d").unique().drop_nulls().sort()).to_series()
    if len(days) <= _FEW_DAYS:
        even = _even_hours_of(tuple(days), zone)
    else:
        even = _even_hours(rows.select(pl.col("hour").unique()), zone)
    time = within((naive - offset).dt.replace_time_zone("UTC").cast(INSTANT))
    found = (
        rows.lazy()
        .join(even.lazy(), on="hour", how="left", maintain_order="left")
        .select(time=time, odd=pl.when(offset.is_null()).then(naive))
        .with_columns(quality=pl.when(pl.col("time").is_not_null()).then(pl.lit("zoned")))
        .collect(engine="in-memory")
    )
    odd = found["odd"]
    if odd.null_count() < len(odd):
        again = found.select(_in_zone(pl.col("odd"), zone)).to_series().struct
        found = found.with_columns(
            pl.coalesce(name, again.field(name)).alias(name) for name in ("time", "quality")
        )
    return found.select("time", "quality")


@lru_cache(maxsize=64)
def _even_hours_of(days: tuple[int, ...], zone: str) -> pl.DataFrame:
    """`_even_hours` of some days, counted from 1970."""
    first = pl.col("day").cast(pl.Date).cast(pl.Datetime("us"))
    last = first + pl.duration(hours=23)
    hours = pl.DataFrame({"day": days}, schema={"day": pl.Int32}).select(
        hour=pl.datetime_ranges(first, last, "1h")
    )
    return _even_hours(hours.explode("hour"), zone)


def _even_hours(hours: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Return the UTC `offset` of each `hour` that begins and ends with the same one."""
    ends = {"first": timedelta(), "last": _HOUR - _INSTANT_BEFORE}
    asked = hours.with_columns(
        _in_zone(pl.col("hour") + length, zone).alias(end) for end, length in ends.items()
    )
    offsets = [
        pl.col("hour") + length - pl.col(end).struct.field("time").dt.replace_time_zone(None)
        for end, length in ends.items()
    ]
    is_even = (offsets[0] == offsets[1]) & pl.all_horizontal(
        pl.col(end).struct.field("quality") == "zoned" for end in ends
    )
    return asked.filter(is_even).select("hour", offset=offsets[0])


def _in_zone(naive: pl.Expr, zone: str) -> pl.Expr:
    """Return the same, value by value."""
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
    return pl.struct(time=time, quality=quality)


def local_date(instant: pl.Expr, zone: str) -> pl.Expr:
    """Return the district's civil day of an instant."""
    return instant.dt.convert_time_zone(zone).dt.date()


def naive_of(text: pl.Expr, shape: str) -> pl.Expr:
    """Parse the civil time of a text in a `strptime` shape, from 1970 to 9999."""
    # a year below 1678 or a stray sign never reaches the parser's edge cases
    parsed = text.str.strptime(pl.Datetime("us"), shape, strict=False, exact=True)
    is_inside = parsed.to_physical().is_between(0, _LAST_SECOND * 1_000_000 + 999_999)
    return pl.when(is_inside).then(parsed)


def iso(text: pl.Expr, reading: Reading) -> Stamp:
    """Parse ISO 8601 or RFC 3339: `2026-11-01T01:30:00.123456789-05:00`.

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
    """Return structs of `time` and `quality`, computed stage by stage on the values.

    As one expression, each part would be computed several times.
    """
    if values.null_count() == len(values):
        return pl.Series(values.name, [None] * len(values), dtype=PAIR)
    text = pl.col("text")
    frame = values.cast(pl.String).to_frame("text")
    is_plain = frame.select(text.str.contains(_PLAIN_ISO)).to_series()
    if is_plain.all():
        second = text.str.slice(0, 19)
        part = text.str.slice(20, 6).str.strip_chars_end("Z")
        naive = second.str.strptime(pl.Datetime("us"), _ISO_SECOND, strict=False)
        found = frame.select(time=_in_utc(naive + _micros(part)), quality=pl.lit(None, pl.String))
    else:
        found = _odd_iso(frame, reading)
    found = found.with_columns(time=within(pl.col("time")))
    exact = pl.when(pl.col("time").is_not_null()).then(pl.coalesce("quality", pl.lit("exact")))
    pair = found.select(pl.struct("time", quality=exact))
    return pair.to_series().rename(values.name)


def _odd_iso(frame: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """`time` of any ISO stamp, and the `quality` of one without an offset."""
    text, rest = pl.col("text"), pl.col("rest")
    shaped = frame.select(pl.when(text.str.contains(_ODD_ISO)).then(text))
    second = text.str.slice(0, 19)
    spaced = naive_of(second, _ISO_SECOND.replace("T", " "))
    naive = shaped.select(
        naive=pl.coalesce(spaced, naive_of(second, _ISO_SECOND)), rest=text.str.slice(19)
    )
    if naive.select((rest == "").all()).item():
        return _times_and_qualities(naive["naive"], reading.zone)
    naive = naive.select(
        naive=pl.col("naive") + _micros(rest.str.extract("^[.,]([0-9]+)", 1)),
        offset=rest.str.extract("([Zz]|[+-][0-9:]+)$", 1),
    )
    given = pl.col("offset").is_not_null()
    plain = _in_utc(pl.col("naive")) - _offset(pl.col("offset"))
    if naive.select(given.all()).item():
        return naive.select(time=plain, quality=pl.lit(None, pl.String))
    local = _times_and_qualities(naive["naive"], reading.zone)
    return naive.select(
        time=pl.when(given).then(plain).otherwise(local["time"]),
        quality=pl.when(~given).then(local["quality"]),
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


def worded(text: pl.Expr, reading: Reading) -> Stamp:
    """Parse a timestamp with a year whose month is a word, in either order.

    `Nov 23 2026 08:15:00.123 -0600` or `23/Nov/2026:08:15:00 -0600`; without an
    offset (or `UTC`, `GMT`) the reading's zone decides.
    """
    zone = r"(\.[0-9]{1,9})?(?: (Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?$"
    word, day, year = "([A-Za-z]{3})", "([0-9]{1,2})", "([0-9]{4})"
    clock = "([0-9]{2}:[0-9]{2}:[0-9]{2})"
    first_word = text.str.extract_groups(rf"^{word} +{day} {year} {clock}{zone}")
    first_day = text.str.extract_groups(rf"^{day}[/ -]{word}[/ -]{year}[: ]{clock}{zone}")
    parts = [
        pl.coalesce(first_word.struct.field(a), first_day.struct.field(b))
        for a, b in (("3", "3"), ("1", "2"), ("2", "1"), ("4", "4"))
    ]
    month = parts[1].str.to_lowercase()
    number = month.replace_strict(MONTHS, default=None, return_dtype=pl.String)
    part, offset = (
        pl.coalesce(first_word.struct.field(at), first_day.struct.field(at), pl.lit(""))
        for at in ("5", "6")
    )
    offset = offset.replace({"UTC": "Z", "GMT": "Z"})
    day_text = parts[0] + "-" + number + "-" + parts[2].str.zfill(2)
    return iso(day_text + " " + parts[3] + part + offset, reading)


def bsd(text: pl.Expr, reading: Reading) -> Stamp:
    """Parse a syslog timestamp without a year, `Sep 28 10:38:09` or `Sep  8 10:38:09`."""
    read = bsd_pair(text, reading)
    return Stamp(read.struct.field("time"), read.struct.field("quality"))


def bsd_pair(text: pl.Expr, reading: Reading) -> pl.Expr:
    """`bsd` as one struct of `time` and `quality`, to be read once and kept."""
    # stage by stage on the values: as one expression the tries multiply into a
    # plan that takes Polars seconds to look through
    return text.map_batches(lambda values: _bsd(values, reading), return_dtype=PAIR)


def _bsd(values: pl.Series, reading: Reading) -> pl.Series:
    """Return structs of `time` and `quality`, of the year nearest to the anchor."""
    if values.null_count() == len(values):  # as with stamps that have a year
        return pl.Series(values.name, [None] * len(values), dtype=PAIR)
    year = reading.anchor.year
    rest = values.cast(pl.String).to_frame("text").select(rest=_without_year("text"))
    found = rest.hstack(_in_year(rest["rest"], year, reading))
    near = pl.lit(reading.anchor).cast(INSTANT)
    is_far = pl.col("rest").is_not_null() & ~(
        ((pl.col("time") - near).abs() <= _HALF_YEAR).fill_null(value=False)
    )
    # most batches are within half a year of their anchor and need only one try
    for other in (year - 1, year + 1) if found.select(is_far.any()).item() else ():
        tried = found.select(pl.when(is_far).then("rest")).to_series()
        again = _in_year(tried, other, reading).select(pl.all().name.suffix("_again"))
        closer = (pl.col("time_again") - near).abs() < (pl.col("time") - near).abs()
        better = closer.fill_null(value=False) | pl.col("time").is_null()
        found = pl.concat([found, again], how="horizontal").select(
            "rest",
            time=pl.when(better).then("time_again").otherwise("time"),
            quality=pl.when(better).then("quality_again").otherwise("quality"),
        )
    return found.select("time", "quality").to_struct(values.name)


def _in_year(rest: pl.Series, year: int, reading: Reading) -> pl.DataFrame:
    """`time` and `quality` of `mm-dd hh:mm:ss` in a year."""
    naive = naive_of(f"{year:04d}-" + pl.col("rest"), "%Y-%m-%d %H:%M:%S")
    wall = rest.to_frame("rest").select(naive).to_series()
    quality = pl.col("quality").replace("zoned", "year_inferred")
    return _times_and_qualities(wall, reading.zone).with_columns(quality)


def _without_year(column: str) -> pl.Expr:
    """`09-28 10:38:09` of `Sep 28 10:38:09`."""
    groups = pl.col(column).str.extract_groups(
        r"^([A-Za-z]{3}) +([0-9]{1,2}) ([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?$"
    )
    month, day, clock = (groups.struct.field(str(n)) for n in range(1, 4))
    number = month.str.to_lowercase().replace_strict(MONTHS, default=None, return_dtype=pl.String)
    return number + "-" + day.str.zfill(2) + " " + clock


def epoch(text: pl.Expr, unit: Unit = "s") -> Stamp:
    """Parse a count of `unit` since 1970, with or without a decimal fraction."""
    fits = text.str.contains(r"^[0-9]{1,20}(?:\.[0-9]+)?$")
    parts = pl.when(fits).then(text).str.splitn(".", 2)
    whole = parts.struct.field("field_0").cast(pl.UInt64, strict=False)
    part = parts.struct.field("field_1").str.slice(0, 6)
    micros = part.str.pad_end(6, "0").cast(pl.Int64, strict=False).fill_null(0)
    per = _PER_SECOND[unit]
    inside = whole // per <= _LAST_SECOND
    scaled = whole * (1_000_000 // per) if per <= 1_000_000 else whole // (per // 1_000_000)
    fraction = micros if unit == "s" else pl.lit(0, pl.Int64)
    count = pl.when(inside).then(scaled.cast(pl.Int64, strict=False) + fraction)
    return exact(count.cast(INSTANT))


def epoch_milliseconds(text: pl.Expr) -> Stamp:
    """Parse epoch seconds with exactly three decimals, `1767340800.123`; the fast path.

    Nine or ten digits reach from 1973 to 2286.
    """
    shape = r"^[0-9]{9,10}\.[0-9]{3}$"
    digits = text.str.replace(".", "", literal=True)
    count = pl.when(text.str.contains(shape)).then(digits).cast(pl.Int64, strict=False)
    return exact((count * 1_000).cast(INSTANT))


def epoch_by_size(text: pl.Expr) -> Stamp:
    """Parse a count since 1970 whose unit follows from its number of whole digits."""
    return exact(text.map_batches(_by_size, return_dtype=INSTANT, is_elementwise=True))


def _by_size(values: pl.Series) -> pl.Series:
    """Return instants; with whole digits alone, no size reaches beyond the year 9999."""
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
