"""Any log of JSON or `key=value` pairs behind a syslog header, whose fields the district names.

    <174>Nov  2 08:15:00 gate uvm[0]: {"class":"HttpRequest","login":"ada","domain":"a.example"}
    <134>Nov  2 08:15:00 gate filter: user=ada src=192.0.2.17 url="https://a.example/x" act=pass

with the source's options

    event_class = "http_requests"       # `logons` by default
    user_name = "login"                 # one of our columns = the key, or keys joined by dots
    src_ip = "/net.address"             # a path with slashes, where keys hold dots
    url_hostname = "domain"
    disposition = "=allowed"            # a fixed value for every line
    time = "date + time"                # the header's stamp by default
    time_shape = "%m/%d/%Y %H:%M:%S"    # `iso` by default
    only = "class = HttpRequest"        # other lines are kept as system events

A column that is not named is looked for under its own name. `only` names a field and a text in it,
for a log of several types of lines; without it every line is of the event class. Times are in the
source's zone unless they contain an offset. A value that does not fit its column is unknown; a line
of the event class with neither an object nor pairs, or without a time, is refused.
"""

from collections.abc import Mapping
from functools import partial

import polars as pl

from pipelines.clock import Stamp
from pipelines.errors import SettingsError
from pipelines.formats import Context, Format
from pipelines.formats.reading.declared import (
    CLASSES,
    JOIN,
    RULES,
    declared,
    event_class,
    path,
    stamp_of,
    time_shape,
    values,
)
from pipelines.formats.reading.fields import name
from pipelines.formats.reading.json import with_fields
from pipelines.formats.reading.keyvalue import with_values
from pipelines.formats.reading.syslog import HEADED, with_header
from pipelines.formats.reading.table import value

OTHER = "system_events"
OPTIONS = ("time_shape", "only")
PAIR = r"(?:^|[ ,;|])[A-Za-z0-9_.:-]+="

REJECT_RULES = {
    "neither a JSON object nor key=value pairs": pl.col("has_fields"),
    **RULES,
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match our column names behind a header; other logs are declared, not guessed."""
    own = r"[ \"](?:url_hostname|query_name|logon_kind)\"?[=:]"
    return line.str.contains(HEADED) & line.str.contains(own)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of the declared event class, or of `system_events`.

    Raises:
        SettingsError: An option names no event class, no column of it, or a
            shape that cannot be read.
    """
    cls = event_class(context.options)
    places, fixed = declared(cls, context.options, others=OPTIONS)
    field, wanted = only(context.options)
    titles = {column: title.split(JOIN) for column, title in places.items()}
    keys = {
        f"said_{column}_{n}": key for column, parts in titles.items() for n, key in enumerate(parts)
    }
    keys |= {"said_only": field} if field else {}
    texts = {
        column: pl.concat_str([f"said_{column}_{n}" for n in range(len(parts))], separator=" ")
        for column, parts in titles.items()
    } | {column: pl.lit(text) for column, text in fixed.items()}
    shape = partial(stamp_of, shape=time_shape(context.options), reading=context.reading)

    def stamp(text: pl.Expr) -> Stamp:
        return shape(text) if "time" in context.options else _header_time(shape(text))

    is_other = pl.lit(value=False)
    if field:
        # a line that was cut shows its type all the same
        shown = pl.when("has_fields").then("said_only").otherwise("syslog_body")
        is_other = ~shown.str.contains(wanted, literal=True).fill_null(value=False)
    return (
        _fields(batch, keys, context)
        .with_columns(is_other=is_other)
        .with_columns(**values(cls, texts, stamp))
        .with_columns(
            pl.when("is_other").then(pl.lit(OTHER)).otherwise("event_class").alias("event_class"),
            pl.when("is_other").then("syslog_time").otherwise("time").alias("time"),
            has_fields=pl.col("has_fields") | pl.col("is_other"),
            kind=pl.lit("other line"),
            reported_by=name(pl.col("syslog_host")),
            message=pl.col("line"),
        )
    )


def only(options: Mapping[str, str]) -> tuple[str, str]:
    """Return the field that marks lines of the event class, and the text in it.

    Raises:
        SettingsError: The option is not of the form `field = text`.
    """
    field, sign, text = (part.strip() for part in options.get("only", "").partition("="))
    if "only" in options and not (field and sign and text):
        raise SettingsError(
            f"{options['only']!r} names no field and text",
            where="options.only",
            remedy="Write it as in `class = HttpRequest`.",
        )
    return field, text


def _fields(batch: pl.LazyFrame, keys: Mapping[str, str], context: Context) -> pl.LazyFrame:
    """Add a text column for each key, from the object or the pairs of the line."""
    body = pl.col("syslog_body")
    headed = with_header(batch, context.reading)
    objects = with_fields(
        headed,
        {f"object_{column}": path(key) for column, key in keys.items()},
        line=body.str.extract(r"(?s)(\{.*\})[^}]*$"),
    )
    pairs = with_values(
        objects,
        pl.when(~pl.col("is_object")).then(body.str.extract(rf"(?s)({PAIR}.*)$")),
        *dict.fromkeys(keys.values()),
        strict=False,
    )
    found = {
        column: pl.coalesce(f"object_{column}", value(key)).str.strip_chars()
        for column, key in keys.items()
    }
    has_pairs = body.str.contains(PAIR)
    return pairs.with_columns(**found, has_fields=pl.col("is_object") | has_pairs)


def _header_time(found: Stamp) -> Stamp:
    return Stamp(
        pl.coalesce(found.time, "syslog_time"), pl.coalesce(found.quality, "syslog_time_quality")
    )


FORMAT = Format(
    name="declared_syslog",
    product="any",
    event_classes=(*CLASSES, OTHER),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    may_lack={"src_ip": pl.lit(value=True)},
)
