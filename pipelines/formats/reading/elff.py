"""W3C extended logs: a `#Fields` line names the columns of the lines below it.

    #Fields: date time c-ip cs-method cs-uri-stem sc-status
    #Fields: computer<tab>date<tab>time<tab>IP protocol<tab>source

Columns stand in any order, and in one file each `#Fields` has another set of
them. Blanks separate, or tabs, and then names hold blanks. Blank-separated
values are in quotes where they hold blanks, save in IIS, which writes `+` for
them and quotes as they are.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Reading, Stamp
from pipelines.formats import Context
from pipelines.formats.reading.csv import cells
from pipelines.formats.reading.fields import known
from pipelines.formats.reading.keyvalue import json_of

HEADER = r"^[\x{feff} ]*#Fields:"
SOURCE, TARGET = ("src-ip", "source-ip", "source"), ("dst-ip", "destination-ip")
WINDOWS_FIREWALL = {"src-ip", "dst-ip", "tcpflags"}
PROXY_ONLY = {"cs-uri-scheme", "sc-filter-result", "s-action", "cs-uri", "r-host"}
ASKED = {"cs-uri", "cs-uri-stem", "cs-uri-path", "cs-host", "r-host"}


def is_header(line: pl.Expr) -> pl.Expr:
    """The line that names the columns."""
    return line.str.contains(HEADER)


def is_comment(line: pl.Expr) -> pl.Expr:
    """`#Software`, `#Version`, `#Date` and the like."""
    return line.str.contains(r"^[\x{feff} ]*#") & ~is_header(line)


def names_of(context: Context) -> list[str]:
    """Lower-case names of the columns: of the header, else of the settings."""
    said = (context.header or context.options.get("fields", "")).strip("\r\n\x00")
    rest = said[said.find(":") + 1 :] if "#Fields:" in said else said
    marked = rest.split("\t") if "\t" in rest.strip() else rest.split()
    return [name.strip(' "').lower() for name in marked]


def separator_of(context: Context) -> str:
    """A tab where the header holds one, else a blank."""
    said = context.header or context.options.get("fields", "")
    return "\t" if "\t" in said.strip() else " "


def is_of_web_server(names: Sequence[str]) -> bool:
    """IIS: it answers itself, so `s-ip` is the target and there is no verdict."""
    return "cs-uri-stem" in names and not PROXY_ONLY & set(names)


def is_web(names: Sequence[str]) -> bool:
    """A request: a client, and something it asked for."""
    return "c-ip" in names and bool(ASKED & set(names))


def is_flow(names: Sequence[str]) -> bool:
    """A connection or packet: two ends, each an address."""
    return bool({*SOURCE} & set(names)) and bool({*TARGET, "destination"} & set(names))


def with_cells(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add a text column a name, for `field`, and `is_whole`: as many as named."""
    names, mark = names_of(context), separator_of(context)
    line = pl.col("line").str.strip_chars_end("\r\n\x00")
    if mark == "\t" or is_of_web_server(names):
        split = (line if mark == "\t" else line.str.strip_chars_end(" ")).str.split(
            mark
        )
    else:
        split = cells(line.str.strip_chars_end(" "), mark)
    count = pl.col("cells").list.len()
    has_end = (count == len(names) + 1) & (pl.col("cells").list.last() == "")
    whole = (count == len(names)) | has_end
    values = {
        f"at {name}": known(pl.col("cells").list.get(place, null_on_oob=True))
        for place, name in reversed(list(enumerate(names)))  # of two the first counts
    }
    return (
        batch.with_columns(cells=split)
        .with_columns(
            is_whole=whole if names else pl.lit(value=False), columns=count, **values
        )
        .drop("cells")
    )


def field(names: Sequence[str], *wanted: str) -> pl.Expr:
    """The first known value among some columns; null where none is named."""
    found = [pl.col(f"at {name}") for name in wanted if name in names]
    return pl.coalesce(found) if found else pl.lit(None, pl.String)


def stamp(names: Sequence[str], context: Context) -> Stamp:
    """UTC by the standard; the Windows firewall, and who says so, write local time."""
    named = set(names)
    local = named >= WINDOWS_FIREWALL or context.options.get("times") == "local"
    reading = context.reading if local else Reading("UTC")
    # only what is there: a stamp costs time to look for even where it is null
    if named >= {"date", "time"}:
        both = [field(names, "date"), field(names, "time")]
        return clock.iso(pl.concat_str(both, separator=" "), reading)
    bracketed = field(names, "gmttime", "localtime").str.strip_chars("[]")
    if "gmttime" in named:
        return clock.civil(bracketed, "%d/%m/%Y:%H:%M:%S GMT", Reading("UTC"))
    if "localtime" in named:
        return clock.worded(bracketed, reading)
    return clock.epoch(field(names, "x-timestamp-unix"))


def taken(text: pl.Expr) -> pl.Expr:
    """Milliseconds, or seconds where there is a point; at most eleven days."""
    seconds = text.str.contains(r"^[0-9]{1,6}\.[0-9]+$")
    count = pl.when(text.str.contains(r"^[0-9]{1,9}$")).then(text)
    parts = pl.when(seconds).then(text).cast(pl.Float64, strict=False) * 1_000
    whole = count.cast(pl.Int64, strict=False)
    return pl.duration(
        milliseconds=pl.coalesce(whole, parts.cast(pl.Int64)).fill_null(0),
        time_unit="us",
    )


def extras(names: Sequence[str], wanted: Mapping[str, str]) -> pl.Expr:
    """The columns of some names, each under ours, as JSON text."""
    said = [
        field(names, theirs).alias(ours)
        for ours, theirs in wanted.items()
        if theirs in names
    ]
    return json_of(said) if said else pl.lit(None, pl.String)
