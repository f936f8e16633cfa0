"""How the cells of registry files are read: text in, typed values or null out.

A cell that does not fit its kind exactly is null; `reading.py` tells of it.
"""

from collections.abc import Mapping

import polars as pl

from pipelines.registry.shapes import Kind

LIST_SEPARATOR = "|"

ALLOWED: Mapping[Kind, str] = {
    "date": "a day such as 2026-08-24",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number such as 41.60",
    "clock": "a time of day such as 07:30",
    "local_time": "a local time such as 2026-11-12 05:40",
    "network": "a network such as 10.20.0.0/16, or an address",
    "mac": "a MAC such as 02:00:00:00:00:17",
}

_TRUE = ["true", "yes", "y", "1", "t"]
_FALSE = ["false", "no", "n", "0", "f"]
_MAC = (
    r"^(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}$|^[0-9a-f]{12}$"
    r"|^(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}$"
)


def stripped(text: pl.Expr) -> pl.Expr:
    """Without blanks around it (the no-break space of spreadsheets too), empty null."""
    bare = text.str.strip_chars(" \t\r\n\x00\u00a0\ufeff")
    return pl.when(bare != "").then(bare)


def typed(kind: Kind, text: pl.Expr) -> pl.Expr:
    """The value of stripped text; null where it does not fit."""
    return _READ[kind](text)


def _date(text: pl.Expr) -> pl.Expr:
    shaped = text.str.extract(r"^([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})$", 1)
    day = shaped.str.to_date("%Y-%m-%d", strict=False)
    return pl.when(day.dt.year().is_between(1900, 2999)).then(day)


def _boolean(text: pl.Expr) -> pl.Expr:
    word = text.str.to_lowercase()
    return (
        pl.when(word.is_in(_TRUE))
        .then(pl.lit(value=True))
        .when(word.is_in(_FALSE))
        .then(pl.lit(value=False))
    )


def _integer(text: pl.Expr) -> pl.Expr:
    return text.str.extract(r"^(-?[0-9]{1,15})$", 1).cast(pl.Int64, strict=False)


def _number(text: pl.Expr) -> pl.Expr:
    shaped = text.str.extract(r"^(-?[0-9]{1,9}(?:\.[0-9]{1,15})?)$", 1)
    return shaped.cast(pl.Float64, strict=False)


def _clock(text: pl.Expr) -> pl.Expr:
    """Minutes after midnight; 24:00 is the end of the day."""
    shape = r"^([0-9]{1,2}):([0-9]{2})(?::00)?$"
    hour = text.str.extract(shape, 1).cast(pl.Int32, strict=False)
    minute = text.str.extract(shape, 2).cast(pl.Int32, strict=False)
    count = hour * 60 + minute
    return pl.when((minute < 60) & (count <= 24 * 60)).then(count)


def _local_time(text: pl.Expr) -> pl.Expr:
    plain = text.str.replace("T", " ", literal=True)
    shape = r"^([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2})(?::[0-9]{2})?$"
    moment = plain.str.extract(shape, 1).str.to_datetime(
        "%Y-%m-%d %H:%M", time_unit="us", strict=False
    )
    return pl.when(moment.dt.year().is_between(1900, 2999)).then(moment)


def _list(text: pl.Expr) -> pl.Expr:
    parts = text.str.split(LIST_SEPARATOR)
    return parts.list.eval(stripped(pl.element()).drop_nulls())


def _mac(text: pl.Expr) -> pl.Expr:
    lower = text.str.to_lowercase()
    bare = lower.str.replace_all(r"[^0-9a-f]", "")
    pairs = pl.concat_str(
        [bare.str.slice(start, 2) for start in range(0, 12, 2)], separator=":"
    )
    return pl.when(lower.str.contains(_MAC)).then(pairs)


def _same(text: pl.Expr) -> pl.Expr:
    return text


def _lower(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase()


_READ = {
    "text": _same,
    "word": _lower,
    "date": _date,
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "clock": _clock,
    "local_time": _local_time,
    "list": _list,
    "network": _lower,  # networks.py checks addresses, which no expression can
    "mac": _mac,
}
