"""The table of a format: which field of the product is which column.

    FIELDS = {
        "src_ip": "srcip",                 # one field, read as what the column holds
        "url": ("url", "request"),         # the first of several that can be read
        "protocol": value("proto").str.extract("^([^/]+)"),  # a text made of fields
    }

`read_as` reads a text by its column: addresses, ports, counts, names of hosts. The rules that
lines of every format must keep are here too, each in one wording, so that no format can forget
one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from operator import and_, or_

import polars as pl

from pipelines.events import EVENT_CLASSES
from pipelines.formats.reading.fields import (
    MAX_URL,
    PLACEHOLDERS,
    account,
    address,
    hostname,
    mac,
    media_type,
    name,
    null_if_dash,
    port,
    to_int,
)
from pipelines.formats.reading.flows import protocol

Source = str | pl.Expr
"""Name of a field, or a text made of fields."""

Field = Source | tuple[Source, ...]
"""Where a column is read from; of several, the first that can be read counts."""

PREFIX = "key_"
SCHEME = "^([a-z]+)://"


def _url(text: pl.Expr) -> pl.Expr:
    return null_if_dash(text).str.slice(0, MAX_URL)


def _upper(text: pl.Expr) -> pl.Expr:
    return null_if_dash(text).str.to_uppercase()


def _lower(text: pl.Expr) -> pl.Expr:
    return null_if_dash(text).str.to_lowercase()


def _host(text: pl.Expr) -> pl.Expr:
    return hostname(null_if_dash(text))


def _query_name(text: pl.Expr) -> pl.Expr:
    return pl.when(text == ".").then(text).otherwise(name(text))


def _status(text: pl.Expr) -> pl.Expr:
    status = to_int(text, 3)
    return pl.when(status >= 100).then(status)


READERS: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "action": _lower,
    "activity": _lower,
    "content_type": media_type,
    "dst_hostname": name,
    "host": name,
    "hostname": name,
    "logon_kind": _lower,
    "mac": mac,
    "message": lambda text: text,
    "method": _upper,
    "protocol": protocol,
    "query_name": _query_name,
    "query_type": _upper,
    "referrer_hostname": _host,
    "reported_by": name,
    "response_code": _upper,
    "src_hostname": name,
    "src_mac": mac,
    "status_code": _status,
    "url": _url,
    "url_hostname": _host,
    "user_name": account,
}
"""Columns whose name, not their type, shows how their text is read."""

TYPES: Mapping[str, pl.DataType | type[pl.DataType]] = {
    column: dtype for cls in EVENT_CLASSES.values() for column, dtype in cls.schema.items()
}

REQUIRED: Mapping[str, Sequence[str]] = {
    "http_requests": ("src_ip", "url_hostname"),
    "connections": ("src_ip",),
    "dns_queries": ("src_ip", "query_name"),
    "leases": ("ip",),
}
"""Columns without which an event of a class does not count, whatever its format."""

BROKEN: Mapping[str, str] = {
    "action": "no such action of a lease",
    "bytes_in": "bytes are not a count",
    "bytes_out": "bytes are not a count",
    "dst_ip": "target is not an address",
    "dst_port": "port is not a number up to 65,535",
    "ip": "lease without an address",
    "mac": "lease without a MAC",
    "protocol": "no protocol",
    "query_name": "look-up without a name",
    "src_ip": "source is not an address",
    "src_port": "port is not a number up to 65,535",
    "start_time": "beginning or duration cannot be read",
    "time": "no time that can be read",
    "url_hostname": "no host in the URL",
}
"""Reasons for rejects that operators read: a column is missing, or its text cannot be read."""


def all_of(parts: Iterable[pl.Expr]) -> pl.Expr:
    """Return whether all of some conditions hold."""
    return reduce(and_, parts)


def any_of(parts: Iterable[pl.Expr]) -> pl.Expr:
    """Return whether one of some conditions holds."""
    return reduce(or_, parts)


def first(expressions: Iterable[pl.Expr]) -> pl.Expr:
    """Return an expression for the first value that is not null."""
    several = [*expressions]
    return several[0] if len(several) == 1 else pl.coalesce(several)


def value(*names: str) -> pl.Expr:
    """Return the text of a field, after `split` cut it out; of several, the first there is."""
    return first(pl.col(f"{PREFIX}{name}") for name in names)


def with_groups(frame: pl.LazyFrame, text: pl.Expr, shape: str) -> pl.LazyFrame:
    """Add the named groups of a pattern as fields; all are null where it does not match."""
    groups = text.str.extract_groups(shape).name.prefix_fields(PREFIX)
    return frame.with_columns(groups.struct.unnest())


def texts_of(field: Field) -> list[pl.Expr]:
    """Return the texts that an entry of a table names."""
    parts = field if isinstance(field, tuple) else (field,)
    return [value(part) if isinstance(part, str) else part for part in parts]


def read_as(column: str, text: pl.Expr) -> pl.Expr:
    """Return a column, read from its text as its name or type has it; null if it does not fit."""
    dtype = TYPES[column]
    if column in READERS:
        return READERS[column](text)
    if column == "ip" or column.endswith("_ip"):
        return address(text)
    if column.endswith("_port"):
        return port(text)
    return null_if_dash(text) if dtype == pl.String else to_int(text).cast(dtype, strict=False)


def columns(fields: Mapping[str, Field]) -> dict[str, pl.Expr]:
    """Return the columns of a table; a URL shows scheme and host too, unless the table has them."""
    url = fields.get("url")
    shown = {} if url is None else {"url_scheme": url, "url_hostname": url}
    read = {}
    for column, field in {**shown, **fields}.items():
        texts = texts_of(field)
        if column == "url_scheme" and column not in fields:
            texts = [null_if_dash(text).str.extract(SCHEME) for text in texts]
        read[column] = first(read_as(column, text) for text in texts)
    return read


def are_counts(*names: str, digits: int = 18) -> pl.Expr:
    """Return whether each of some fields is missing, or digits, at most `digits` of them."""
    return all_of(
        value(name).is_null() | to_int(value(name), digits).is_not_null() for name in names
    )


def by_name(*names: str) -> dict[str, str]:
    """Return fields that keep their names."""
    return dict(zip(names, names, strict=True))


def texts(fields: Mapping[str, Source]) -> list[pl.Expr]:
    """Return texts under their names; of fields, without what products write for none."""
    return [
        (_unless_empty(value(field)) if isinstance(field, str) else field).alias(name)
        for name, field in fields.items()
    ]


def _unless_empty(text: pl.Expr) -> pl.Expr:
    """Return a text as written; null for what products write for none."""
    return pl.when(~text.is_in(PLACEHOLDERS)).then(text)


def names_in(expressions: Iterable[pl.Expr]) -> list[str]:
    """Return the names of the fields that expressions look at, each once."""
    roots = (root for each in expressions for root in each.meta.root_names())
    return [*dict.fromkeys(root.removeprefix(PREFIX) for root in roots if root.startswith(PREFIX))]


def is_of(*classes: str) -> pl.Expr:
    """Return whether the event is of one of some classes."""
    return any_of((pl.col("event_class") == cls).fill_null(value=False) for cls in classes)


def rules(
    classes: Sequence[str],
    required: Mapping[str, Sequence[str]],
    checked: Mapping[str, Field],
    may_lack: Mapping[str, pl.Expr],
) -> dict[str, pl.Expr]:
    """Return the rules that lines of every format keep, each under its wording.

    Args:
        classes: The event classes that count.
        required: Further columns that a class of this format must have.
        checked: Columns whose text, if the line has one, must be readable; each with its entry.
        may_lack: Columns of `REQUIRED` that an event lacks rightly, each with when it does.
    """
    rules_by_wording: dict[str, list[pl.Expr]] = {BROKEN["time"]: [pl.col("time").is_not_null()]}

    def keep(column: str, holds: pl.Expr, *having: str) -> None:
        is_everything = len(having) == len(classes)
        rules_by_wording.setdefault(BROKEN[column], []).append(
            holds if is_everything else ~is_of(*having) | holds
        )

    for cls in classes:
        for column in dict.fromkeys((*REQUIRED.get(cls, ()), *required.get(cls, ()))):
            is_there = pl.col(column).is_not_null()
            keep(column, is_there | may_lack[column] if column in may_lack else is_there, cls)
    for column, field in checked.items():
        having = [cls for cls in classes if column in EVENT_CLASSES[cls].columns]
        is_empty = [null_if_dash(text).is_null() for text in texts_of(field)]
        if having:
            keep(column, pl.col(column).is_not_null() | all_of(is_empty), *having)
    return {wording: all_of(parts) for wording, parts in rules_by_wording.items()}
