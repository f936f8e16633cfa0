"""Columns of an export that the district declares in its settings.

An option gives the place of one of our columns in the export; the formats `declared_json`,
`declared_csv` and `declared_syslog` differ only in the kind of place.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import polars as pl

from pipelines import clock
from pipelines.clock import Reading, Stamp
from pipelines.errors import SettingsError
from pipelines.events import EVENT_CLASSES, INSTANT, LOGON_ACTIVITIES, LOGON_KINDS
from pipelines.formats.reading.fields import hostname, one_of
from pipelines.formats.reading.flows import is_machine
from pipelines.formats.reading.table import read_as
from pipelines.formats.reading.web import unless_challenged

CLASSES = tuple(cls for cls in EVENT_CLASSES if cls != "system_events")
FIXED = "="
JOIN = " + "
SAMPLE = datetime(2026, 11, 2, 20, 15, 9, tzinfo=UTC)
WORDS = {
    "true": True, "yes": True, "1": True, "success": True,
    "false": False, "no": False, "0": False, "failure": False,
}  # fmt: skip
DISPOSITIONS = {
    "blocked": r"(?i)^(?:block|den|drop|reject|403$)",
    "challenged": r"(?i)^(?:challenge|407$)",
    "allowed": r"(?i)^(?:allow|permit|accept|pass|[2-5][0-9]{2}$)",
}
"""In this order: an HTTP code is a denial, a request for credentials, or an answer."""

ACTIONS = ["assign", "renew", "release", "expire", "decline"]

RULES = {
    "activity is none of " + ", ".join(LOGON_ACTIVITIES): pl.col("activity").is_in(
        list(LOGON_ACTIVITIES)
    )
    | (pl.col("event_class") != "logons"),
    "logon_kind is none of " + ", ".join(LOGON_KINDS): pl.col("logon_kind").is_in(list(LOGON_KINDS))
    | pl.col("logon_kind").is_null(),
    "action is none of " + ", ".join(ACTIONS): pl.col("action").is_in(ACTIONS)
    | (pl.col("event_class") != "leases"),
}
"""Rules of all declared formats."""

Clock = Callable[[pl.Expr], Stamp]


def event_class(options: Mapping[str, str]) -> str:
    """Return the declared event class.

    Raises:
        SettingsError: There is no such class.
    """
    return one_of(options, "event_class", CLASSES) or "logons"


def declared(
    cls: str, options: Mapping[str, str], *, others: tuple[str, ...] = ()
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the place of each column, and the fixed values of columns.

    A column that is not named is looked for under its own name.

    Args:
        cls: An event class.
        options: The source's options.
        others: Options that are not columns.

    Raises:
        SettingsError: An option does not name a column of the class.
    """
    columns = [name for name in EVENT_CLASSES[cls].names() if name != "time_quality"]
    for option in options:
        if option not in ("event_class", *others, *columns):
            raise SettingsError(
                f"{option!r} is not a column of {cls}",
                where=f"options.{option}",
                remedy=f"Name one of {', '.join((*others, *columns))}.",
            )
    said = {column: options.get(column, column) for column in columns}
    fixed = {
        column: text.removeprefix(FIXED) for column, text in said.items() if text.startswith(FIXED)
    }
    places = {column: text for column, text in said.items() if column not in fixed}
    return places, fixed


def path(place: str) -> str:
    """Return a place in an object as a path of keys with slashes."""
    return place.removeprefix("/") if place.startswith("/") else place.replace(".", "/")


def time_shape(options: Mapping[str, str]) -> str:
    """Return `iso`, or a shape that reads back what it writes.

    Raises:
        SettingsError: The shape does not.
    """
    shape = options.get("time_shape", "iso")
    if shape == "iso":
        return shape
    written = pl.select(pl.lit(SAMPLE.strftime(shape)))
    stamp = clock.civil(pl.first(), shape, Reading("UTC"))
    read_back = written.select(stamp.time).item()
    # an offset would be read and then lost, hence the zone applied on top of it
    has_offset = re.search(r"%[:#]*[zZ]", shape)
    if has_offset or read_back is None or read_back.replace(second=9) != SAMPLE:
        raise SettingsError(
            f"the shape {shape!r} lacks day and minute, or includes an offset",
            where="options.time_shape",
            remedy="Write it as in `%m/%d/%Y %H:%M:%S`, or say `iso`.",
        )
    return shape


def stamp_of(text: pl.Expr, *, shape: str, reading: Reading) -> Stamp:
    """Read a time in a shape of `time_shape`."""
    if shape == "iso":
        return clock.first(clock.iso(text, reading), clock.epoch_by_size(text))
    return clock.civil(text, shape, reading)


def values(cls: str, texts: Mapping[str, pl.Expr], read: Clock) -> dict[str, pl.Expr]:
    """Return the columns of an event class, with the class, read from their texts.

    Args:
        cls: An event class.
        texts: For each column its text.
        read: Reads the text of a time.
    """
    columns = {column: _value(cls, column, text, read) for column, text in texts.items()}
    found = columns | _derived(cls, columns, texts, read)
    return {"event_class": pl.lit(cls), **_empty(), **found}


def _value(cls: str, column: str, text: pl.Expr, read: Clock) -> pl.Expr:
    """Parse a column by its name and type."""
    dtype = EVENT_CLASSES[cls].columns[column].dtype
    if column == "disposition":
        return _disposition(text)
    if dtype == INSTANT:
        return read(text).time
    if dtype == pl.Boolean:
        return text.str.to_lowercase().replace_strict(WORDS, default=None, return_dtype=pl.Boolean)
    return read_as(column, text)


def _derived(
    cls: str, columns: Mapping[str, pl.Expr], texts: Mapping[str, pl.Expr], read: Clock
) -> dict[str, pl.Expr]:
    """Return the quality of the timestamp, and values derived from other columns."""
    found = {"time_quality": read(texts["time"]).quality}
    if "start_time" in columns:
        found["start_time"] = pl.coalesce(columns["start_time"], columns["time"])
    if cls == "http_requests":
        found["url_hostname"] = pl.coalesce(columns["url_hostname"], hostname(texts["url"]))
        found["disposition"] = unless_challenged(columns["status_code"], columns["disposition"])
    if cls == "logons":
        said = is_machine(columns["user_name"])
        found["is_machine"] = pl.coalesce(columns["is_machine"], said)
    return found


def _disposition(text: pl.Expr) -> pl.Expr:
    return pl.coalesce(
        pl.when(text.str.contains(shape)).then(pl.lit(word)) for word, shape in DISPOSITIONS.items()
    )


def _empty() -> dict[str, pl.Expr]:
    """Return the columns that the rules look at, for the classes that lack them."""
    named = ["activity", "logon_kind", "action", "ip", "url_hostname", "query_name"]
    return {column: pl.lit(None, pl.String) for column in named}
