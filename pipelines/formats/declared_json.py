"""Any JSON export, whose fields the district names in its settings.

    {"when":"2026-03-02T14:00:05Z","who":{"login":"ada"},"from":"10.20.4.17"}

with the source's options

    event_class = "logons"          # the default
    time = "when"                   # one of our columns = the field's path
    user_name = "who.login"         # keys joined by dots, list places by number
    src_ip = "/from"                # a path with slashes, where keys hold dots
    activity = "=logon"             # a fixed value for every record

A record is one object: alone, one a line, in an array, or under `items` or
`value`. A column that is not named is looked for under its own name. Times are
ISO 8601, or a count since 1970 whose unit shows in its length; without an offset
they are in the source's zone. A value that does not fit its column is unknown;
a time, an activity or a lease's action that does not fit refuses the record.
"""

from collections.abc import Callable, Mapping

import polars as pl

from pipelines import clock
from pipelines.clock import Reading
from pipelines.errors import SettingsError
from pipelines.events import EVENT_CLASSES, INSTANT, LOGON_ACTIVITIES, LOGON_KINDS
from pipelines.formats import Context, Format
from pipelines.formats._fields import (
    MAX_URL,
    address,
    hostname,
    known,
    mac,
    media_type,
    name,
    port,
    whole,
)
from pipelines.formats._flows import protocol, spelt_out
from pipelines.formats._json import with_fields

CLASSES = tuple(cls for cls in EVENT_CLASSES if cls != "system_events")
FIXED = "="
WORDS = {
    "true": True, "yes": True, "1": True, "success": True,
    "false": False, "no": False, "0": False, "failure": False,
}  # fmt: skip
DISPOSITIONS = {
    "allowed": r"(?i)^(?:allow|permit|accept|pass)",
    "blocked": r"(?i)^(?:block|den|drop|reject)",
    "challenged": r"(?i)^challenge",
}
ACTIONS = ["assign", "renew", "release", "expire", "decline"]

MUST = {
    "not a JSON object": pl.col("is_object"),
    "no time that can be read": pl.col("time").is_not_null(),
    "activity is none of " + ", ".join(LOGON_ACTIVITIES): pl.col("activity").is_in(
        list(LOGON_ACTIVITIES)
    )
    | (pl.col("event_class") != "logons"),
    "logon_kind is none of " + ", ".join(LOGON_KINDS): pl.col("logon_kind").is_in(
        list(LOGON_KINDS)
    )
    | pl.col("logon_kind").is_null(),
    "action is none of " + ", ".join(ACTIONS): pl.col("action").is_in(ACTIONS)
    | (pl.col("event_class") != "leases"),
    "a lease without its address": pl.col("ip").is_not_null()
    | (pl.col("event_class") != "leases"),
    "a request without its host": pl.col("url_hostname").is_not_null()
    | (pl.col("event_class") != "http_requests"),
    "a look-up without its name": pl.col("query_name").is_not_null()
    | (pl.col("event_class") != "dns_queries"),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """An object that uses our own names; other exports are declared, not guessed."""
    own = r'"(?:user_name|url_hostname|query_name|logon_kind)"\s*:'
    return (
        line.str.starts_with("{")
        & line.str.contains(r'"time"\s*:')
        & line.str.contains(own)
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of the declared event class.

    Raises:
        SettingsError: An option names no event class, or no column of it.
    """
    cls = _event_class(context.options)
    paths, fixed = _declared(cls, context.options)
    fields = with_fields(
        batch, {f"said_{column}": path for column, path in paths.items()}
    )
    texts = {
        column: pl.lit(fixed[column])
        if column in fixed
        else pl.col(f"said_{column}").str.strip_chars()
        for column in EVENT_CLASSES[cls].names()
        if column in fixed or column in paths
    }
    columns = {
        column: _value(cls, column, text, context.reading)
        for column, text in texts.items()
    }
    found = columns | _derived(cls, columns, texts, context.reading)
    return fields.with_columns(event_class=pl.lit(cls), **(_empty() | found))


def _event_class(options: Mapping[str, str]) -> str:
    cls = options.get("event_class", "logons")
    if cls not in CLASSES:
        raise SettingsError(
            f"there is no event class {cls!r}",
            where="options.event_class",
            remedy=f"Name one of {', '.join(CLASSES)}.",
        )
    return cls


def _declared(
    cls: str, options: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Paths and fixed values of the columns."""
    columns = [name for name in EVENT_CLASSES[cls].names() if name != "time_quality"]
    for option in options:
        if option not in ("event_class", *columns):
            raise SettingsError(
                f"{option!r} is no column of {cls}",
                where=f"options.{option}",
                remedy=f"Name one of {', '.join(columns)}.",
            )
    said = {column: options.get(column, column) for column in columns}
    fixed = {
        column: text.removeprefix(FIXED)
        for column, text in said.items()
        if text.startswith(FIXED)
    }
    paths = {
        column: text.removeprefix("/")
        if text.startswith("/")
        else text.replace(".", "/")
        for column, text in said.items()
        if column not in fixed
    }
    return paths, fixed


READERS: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "src_mac": mac,
    "mac": mac,
    "src_hostname": name,
    "dst_hostname": name,
    "hostname": name,
    "host": name,
    "reported_by": name,
    "query_name": name,
    "url_hostname": hostname,
    "referrer_hostname": hostname,
    "url": lambda text: known(text).str.slice(0, MAX_URL),
    "method": lambda text: known(text).str.to_uppercase(),
    "protocol": protocol,
    "content_type": media_type,
    "activity": lambda text: known(text).str.to_lowercase(),
    "logon_kind": lambda text: known(text).str.to_lowercase(),
    "action": lambda text: known(text).str.to_lowercase(),
}


def _value(cls: str, column: str, text: pl.Expr, reading: Reading) -> pl.Expr:
    """A column read as its name and type ask."""
    dtype = EVENT_CLASSES[cls].columns[column].dtype
    if column == "disposition":
        return _disposition(text)
    if column in READERS:
        return READERS[column](text)
    if dtype == INSTANT:
        return _stamp(text, reading).time
    if column == "ip" or column.endswith("_ip"):
        return spelt_out(address(text))
    if column.endswith("_port"):
        return port(text)
    if dtype == pl.Boolean:
        return text.str.to_lowercase().replace_strict(
            WORDS, default=None, return_dtype=pl.Boolean
        )
    if dtype == pl.String:
        return known(text)
    return whole(text).cast(dtype, strict=False)


def _stamp(text: pl.Expr, reading: Reading) -> clock.Stamp:
    return clock.first(clock.iso(text, reading), clock.epoch_by_size(text))


def _derived(
    cls: str,
    columns: Mapping[str, pl.Expr],
    texts: Mapping[str, pl.Expr],
    reading: Reading,
) -> dict[str, pl.Expr]:
    """Quality of the stamp, and what follows from other columns."""
    found = {"time_quality": _stamp(texts["time"], reading).quality}
    if "start_time" in columns:
        found["start_time"] = pl.coalesce(columns["start_time"], columns["time"])
    if cls == "http_requests":
        found["url_hostname"] = pl.coalesce(
            columns["url_hostname"], hostname(texts["url"])
        )
    return found


def _disposition(text: pl.Expr) -> pl.Expr:
    return pl.coalesce(
        pl.when(text.str.contains(shape)).then(pl.lit(word))
        for word, shape in DISPOSITIONS.items()
    )


def _empty() -> dict[str, pl.Expr]:
    """The columns that the rules look at, for the classes that lack them."""
    named = ["activity", "logon_kind", "action", "ip", "url_hostname", "query_name"]
    return {column: pl.lit(None, pl.String) for column in named}


FORMAT = Format(
    name="declared_json",
    product="any",
    event_classes=CLASSES,
    looks_like=looks_like,
    read=read,
    must=MUST,
    framing="json_array",
)
