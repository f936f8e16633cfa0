"""Timestamps of office programs and consoles, in the order of a language.

    11/2/2026 8:15:05 AM        11/02/26, 20:15        Nov 2, 2026, 8:15:05 PM
    02-11-2026 08:15:05         2.11.2026 08:15        2026/11/02 08:15:05

The month is first unless the source's option is `date_order = "day_first"`, or the year is
first. Other shapes are unchanged, for `clock.iso`.
"""

from collections.abc import Mapping

import polars as pl

from pipelines.clock.stamps import MONTHS
from pipelines.formats.reading.fields import one_of, where_rare

ORDERS = ("month_first", "day_first")
CLOCK = r",? +([0-9]{1,2})(:[0-9]{2})(:[0-9]{2})?(\.[0-9]+)?(?: ?([AaPp])\.?[Mm]\.?)?$"
IN_DIGITS = rf"^([0-9]{{1,4}})[/.-]([0-9]{{1,2}})[/.-]([0-9]{{1,4}}){CLOCK}"
WORD_FIRST = rf"^([A-Za-z]{{3}})[a-z]*\.? ([0-9]{{1,2}}),? ([0-9]{{4}}){CLOCK}"
DAY_FIRST = rf"^([0-9]{{1,2}})[ -]([A-Za-z]{{3}})[a-z]*\.?[ ,-]+([0-9]{{4}}){CLOCK}"
NARROW = "[\u202f\u00a0]"
"""The spaces that browsers put in front of AM and PM."""


def order_of(options: Mapping[str, str]) -> str:
    """Return whether the month or the day is first.

    Raises:
        SettingsError: The option has another value.
    """
    return one_of(options, "date_order", ORDERS) or ORDERS[0]


def as_iso(text: pl.Expr, order: str) -> pl.Expr:
    """Return the timestamp as `2026-11-02T08:15:05`, or the text unchanged.

    Args:
        text: Timestamps.
        order: One of `ORDERS`, for dates in digits whose year is not first.
    """
    plain = text.str.strip_chars().str.replace_all(NARROW, " ")
    is_iso = plain.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]")
    odd = where_rare(pl.when(~is_iso).then(plain), lambda some: _iso(some, order))
    return pl.coalesce(odd, plain)


def _iso(text: pl.Expr, order: str) -> pl.Expr:
    digits = text.str.extract_groups(IN_DIGITS).struct
    one, two, three = (digits.field(str(place)) for place in (1, 2, 3))
    is_year_first = one.str.len_bytes() == len("2026")
    month, day = (one, two) if order == ORDERS[0] else (two, one)
    in_digits = _written(
        pl.when(is_year_first).then(one).otherwise(three),
        pl.when(is_year_first).then(two).otherwise(month),
        pl.when(is_year_first).then(three).otherwise(day),
        digits,
    )
    word, turned = (text.str.extract_groups(one).struct for one in (WORD_FIRST, DAY_FIRST))
    return pl.coalesce(
        in_digits,
        _written(word.field("3"), _number(word.field("1")), word.field("2"), word),
        _written(turned.field("3"), _number(turned.field("2")), turned.field("1"), turned),
    )


def _number(month: pl.Expr) -> pl.Expr:
    word = month.str.to_lowercase()
    return word.replace_strict(MONTHS, default=None, return_dtype=pl.String)


def _written(
    year: pl.Expr, month: pl.Expr, day: pl.Expr, clock: "pl.expr.struct.ExprStructNameSpace"
) -> pl.Expr:
    """Return null where any part is missing; `8 PM` is 20 o'clock."""
    hour = clock.field("4").cast(pl.Int32, strict=False)
    half = clock.field("8").str.to_lowercase()
    in_day = (
        pl.when(half == "p").then(hour % 12 + 12).when(half == "a").then(hour % 12).otherwise(hour)
    )
    is_short = year.str.len_bytes() == len("26")
    date = [
        pl.when(is_short).then("20" + year).otherwise(year),
        month.str.zfill(2),
        day.str.zfill(2),
    ]
    return (
        pl.concat_str(date, separator="-")
        + "T"
        + in_day.cast(pl.String).str.zfill(2)
        + clock.field("5")
        + clock.field("6").fill_null(":00")
        + clock.field("7").fill_null("")
    )
