"""Any CSV export with a header line, whose columns the district names.

    Date,Time,Login,Client IP,Site,Result
    11/02/2026,8:15:00 AM,ada,192.0.2.17,https://www.example.org/a,Allowed

with the source's options

    event_class = "http_requests"       # `logons` by default
    time = "Date + Time"                # one of our columns = the header's name;
    user_name = "Login"                 # two names with ` + ` are joined by a space
    src_ip = "Client IP"
    url = "Site"
    disposition = "Result"              # words, or HTTP codes if the filter denies with 403
    method = "=GET"                     # a fixed value for every line
    time_shape = "%m/%d/%Y %I:%M:%S %p" # `iso` by default
    separator = ";"                     # a comma by default; or `tab`
    header = "Date,Time,Login"          # if the file has no header line

Names in the header may be in any order and either case; a column that is not named is looked for
under its own name. Times are in the source's zone unless they contain an offset. A header line
consists only of words, without a stamp or a long number. A value that does not fit its column is
unknown; a wrong number of columns, or a time that does not fit, refuses the line. No rule judges
requests of an export without `disposition`: `disposition = "=allowed"` declares that it has only
allowed ones.
"""

from collections.abc import Mapping
from functools import partial

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading.csv import column_places, headed, width
from pipelines.formats.reading.declared import (
    CLASSES,
    JOIN,
    RULES,
    declared,
    event_class,
    stamp_of,
    time_shape,
    values,
)
from pipelines.formats.reading.fields import one_of

WORD = r"\"?[\p{L}(#][\p{L}0-9 _()/.#%'-]*\"?"
HEADER = rf"^[\x{{feff}}]?{WORD}(?:[,;\t|]{WORD})+\s*$"
LONG_NUMBER = "[0-9]{3}"
OWN = r"(?i)(?:^|[,;\t|])\"?(?:user_name|src_ip|url_hostname|query_name|logon_kind)\b"
OWN_TIME = r"(?i)(?:^[\x{feff}]?|[,;\t|])\"?time\"?(?:[,;\t|]|\s*$)"

REJECT_RULES = {
    "no header line above": pl.col("has_header"),
    "the header line lacks a column that the settings name": ~pl.col("lacks"),
    "{columns} columns, not as many as the header line": pl.col("is_whole"),
    **RULES,
}

SEPARATORS = {",": ",", ";": ";", "|": "|", "tab": "\t"}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a header with our column names; other exports are declared, not guessed."""
    return is_header(line) & line.str.contains(OWN) & line.str.contains(OWN_TIME)


def is_header(line: pl.Expr) -> pl.Expr:
    """Match words with separators between; a record has at least its time in numbers."""
    return line.str.contains(HEADER) & ~line.str.contains(LONG_NUMBER)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of the declared event class.

    Raises:
        SettingsError: An option names no event class, no column of it, or a
            shape that cannot be read.
    """
    cls = event_class(context.options)
    options = ("time_shape", "separator", "header")
    header = context.header or context.options.get("header")
    places, fixed = declared(cls, context.options, others=options)
    mark = separator(context.options)
    titles = {column: title.split(JOIN) for column, title in places.items()}
    wanted = {
        f"said_{column}_{number}": title.strip()
        for column, parts in titles.items()
        for number, title in enumerate(parts)
    }
    known = column_places(header, mark)
    lacks = any(
        title.strip().lower() not in known
        for column, parts in titles.items()
        for title in parts
        if column in context.options
    )
    texts = {
        column: pl.concat_str(
            [f"said_{column}_{number}" for number in range(len(parts))], separator=" "
        ).str.strip_chars()
        for column, parts in titles.items()
    } | {column: pl.lit(text) for column, text in fixed.items()}
    stamp = partial(stamp_of, shape=time_shape(context.options), reading=context.reading)
    return (
        headed(batch, header, wanted, mark)
        .with_columns(has_header=pl.lit(value=bool(known)), lacks=pl.lit(value=lacks))
        .with_columns(**values(cls, texts, stamp))
    )


def separator(options: Mapping[str, str]) -> str:
    """Return one character between columns.

    Raises:
        SettingsError: The option names another one.
    """
    if options.get("separator") == "\t":
        return "\t"
    return SEPARATORS[one_of(options, "separator", SEPARATORS) or ","]


FORMAT = Format(
    name="declared_csv",
    product="any",
    event_classes=CLASSES,
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    columns=width(),
    header=is_header,
    may_lack={"src_ip": pl.lit(value=True)},
)
