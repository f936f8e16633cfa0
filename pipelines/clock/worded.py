"""Stamps with a year whose month is a word."""

import polars as pl

from pipelines.clock.iso import iso
from pipelines.clock.stamps import MONTHS, Reading, Stamp


def worded(text: pl.Expr, reading: Reading) -> Stamp:
    """A stamp with a year whose month is a word, in either order.

    `Nov 23 2026 08:15:00.123 -0600` or `23/Nov/2026:08:15:00 -0600`; without an
    offset (or `UTC`, `GMT`) the reading's zone decides.
    """
    zone = r"(\.[0-9]{1,9})?(?: (Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?$"
    word, day, year = "([A-Za-z]{3})", "([0-9]{1,2})", "([0-9]{4})"
    clock = "([0-9]{2}:[0-9]{2}:[0-9]{2})"
    first_word = text.str.extract_groups(rf"^{word} +{day} {year} {clock}{zone}")
    first_day = text.str.extract_groups(
        rf"^{day}[/ -]{word}[/ -]{year}[: ]{clock}{zone}"
    )
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
