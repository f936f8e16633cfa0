"""W3C extended logs: a `#Fields` line names the columns of the lines below it.

    #Fields: date time c-ip cs-method cs-uri-stem sc-status
    #Fields: computer<tab>date<tab>time<tab>IP protocol<tab>source

Columns are in any order, and each `#Fields` in a file may have a different set. Blanks separate,
or tabs, and then names hold blanks. Blank-separated values are in quotes if they contain blanks,
except in IIS, which writes `+` for blanks and leaves quotes unescaped.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Reading, Stamp
from pipelines.formats import Context
from pipelines.formats.reading.csv import cells
from pipelines.formats.reading.fields import (
    account,
    address,
    hostname,
    null_if_dash,
    one_of,
    port,
    to_int,
)
from pipelines.formats.reading.flows import not_of_windows, protocol, somewhere
from pipelines.formats.reading.keyvalue import json_of

HEADER = r"^[\x{feff} ]*#Fields:"
SOURCE, TARGET = ("src-ip", "source-ip", "source"), ("dst-ip", "destination-ip")
WINDOWS_FIREWALL = {"src-ip", "dst-ip", "tcpflags"}
PROXY_ONLY = {"cs-uri-scheme", "sc-filter-result", "s-action", "cs-uri", "r-host"}
ASKED = {"cs-uri", "cs-uri-stem", "cs-uri-path", "cs-host", "cs-url", "r-host"}

ASKED_BY_ISA = "12209"
"""ISA's own status where its proxy asks for credentials."""

DENIED_BY_ISA = ["12202", "12204", "12210", "12213", "12233"]

TIMES = ("utc", "local")

FLOW_EXTRAS = {
    "action": "action",
    "rule": "rule",
    "result": "status",
    "path": "path",
    "flags": "tcpflags",
    "computer": "computer",
    "agent": "agent",
    "original_client": "original client ip",
}


def is_header(line: pl.Expr) -> pl.Expr:
    """Match the line that names the columns."""
    return line.str.contains(HEADER)


def is_comment(line: pl.Expr) -> pl.Expr:
    """`#Software`, `#Version`, `#Date` and the like."""
    return line.str.contains(r"^[\x{feff} ]*#") & ~is_header(line)


def names_of(context: Context) -> list[str]:
    """Return lower-case names of the columns: from the header, or from the settings."""
    said = (context.header or context.options.get("fields", "")).strip("\r\n\x00")
    rest = said[said.find(":") + 1 :] if "#Fields:" in said else said
    marked = rest.split("\t") if "\t" in rest.strip() else rest.split()
    return [name.strip(' "').lower() for name in marked]


def separator_of(context: Context) -> str:
    """Return a tab if the header contains one; otherwise a blank."""
    said = context.header or context.options.get("fields", "")
    return "\t" if "\t" in said.strip() else " "


def is_of_web_server(names: Sequence[str]) -> bool:
    """Return whether it is IIS, which answers itself.

    `s-ip` is the target and there is no verdict.
    """
    return "cs-uri-stem" in names and not PROXY_ONLY & set(names)


def is_web(names: Sequence[str]) -> bool:
    """Return whether it is a request: a client, and a requested object."""
    return "c-ip" in names and bool(ASKED & set(names))


def is_flow(names: Sequence[str]) -> bool:
    """Return whether it is a connection or packet: two ends, each an address."""
    return bool({*SOURCE} & set(names)) and bool({*TARGET, "destination"} & set(names))


def with_cells(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add a text column a name, for `field`, and `is_whole`: as many as named."""
    names, mark = names_of(context), separator_of(context)
    line = pl.col("line").str.strip_chars_end("\r\n\x00")
    if mark == "\t" or is_of_web_server(names):
        split = (line if mark == "\t" else line.str.strip_chars_end(" ")).str.split(mark)
    else:
        split = cells(line.str.strip_chars_end(" "), mark)
    count = pl.col("cells").list.len()
    has_end = (count == len(names) + 1) & (pl.col("cells").list.last() == "")
    whole = (count == len(names)) | has_end
    values = {
        f"at {name}": null_if_dash(pl.col("cells").list.get(place, null_on_oob=True))
        for place, name in reversed(list(enumerate(names)))  # of two the first counts
    }
    return (
        batch.with_columns(cells=split)
        .with_columns(is_whole=whole if names else pl.lit(value=False), columns=count, **values)
        .drop("cells")
    )


def field(names: Sequence[str], *wanted: str) -> pl.Expr:
    """Return the first known value among some columns; null where none is named."""
    found = [pl.col(f"at {name}") for name in wanted if name in names]
    return pl.coalesce(found) if found else pl.lit(None, pl.String)


def stamp(names: Sequence[str], context: Context) -> Stamp:
    """Parse as UTC by the standard; the Windows firewall, and sources set so, write local time."""
    named = set(names)
    local = named >= WINDOWS_FIREWALL or one_of(context.options, "times", TIMES) == "local"
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
    return clock.epoch(field(names, "x-timestamp-unix", "timestamp"))


def taken(text: pl.Expr) -> pl.Expr:
    """Return milliseconds, or seconds where there is a point; at most eleven days."""
    seconds = text.str.contains(r"^[0-9]{1,6}\.[0-9]+$")
    count = pl.when(text.str.contains(r"^[0-9]{1,9}$")).then(text)
    parts = pl.when(seconds).then(text).cast(pl.Float64, strict=False) * 1_000
    whole = count.cast(pl.Int64, strict=False)
    return pl.duration(
        milliseconds=pl.coalesce(whole, parts.cast(pl.Int64)).fill_null(0), time_unit="us"
    )


def extras(names: Sequence[str], wanted: Mapping[str, str]) -> pl.Expr:
    """Return the columns of some names, each under our name, as JSON text."""
    said = [field(names, theirs).alias(ours) for ours, theirs in wanted.items() if theirs in names]
    return json_of(said) if said else pl.lit(None, pl.String)


def flows(told: pl.LazyFrame, names: Sequence[str]) -> pl.LazyFrame:
    """Add the columns of `connections`, and `system_events` for what is none."""
    source = field(names, *SOURCE)
    target = field(names, *TARGET, "destination")
    action = field(names, "action", "filter-rule").str.to_lowercase()
    ended = pl.when(action == "terminated").then(field(names, "connection time"))
    size = field(names, "size")
    counted = pl.when(~action.str.starts_with("initiat").fill_null(value=False))
    ends_alone = set(names) >= WINDOWS_FIREWALL
    is_talk = (action.is_in(["close", "info-events-lost"]) & ends_alone).fill_null(value=False)
    return told.with_columns(
        event_class=pl.when(is_talk).then(pl.lit("system_events")).otherwise(pl.lit("connections")),
        start_time=pl.col("time") - taken(ended),
        src_ip=somewhere(address(_bare(source))),
        src_port=port(pl.coalesce(_port(source), field(names, "src-port", "param#1"))),
        dst_ip=somewhere(address(_bare(target))),
        dst_port=port(pl.coalesce(_port(target), field(names, "dst-port", "param#2"))),
        dst_hostname=hostname(field(names, "destination name")),
        user_name=account(not_of_windows(field(names, "username"))),
        protocol=protocol(field(names, "ip protocol", "protocol")),
        bytes_out=pl.coalesce(
            counted.then(to_int(field(names, "bytes sent"))),
            pl.when(size != "0").then(to_int(size)),
        ),
        bytes_in=counted.then(to_int(field(names, "bytes received"))),
        application=field(names, "application protocol"),
        connection_uid=pl.when(field(names, "connection id") != "0").then(
            field(names, "connection id")
        ),
        disposition=_verdict(action),
        extras=extras(names, FLOW_EXTRAS),
        kind=action.str.to_uppercase(),
        reported_by=field(names, "computer").str.to_lowercase(),
        message=pl.col("line"),
    )


def _bare(end: pl.Expr) -> pl.Expr:
    """Return the address of `192.0.2.17:50112`."""
    return end.str.replace(r"^([0-9.]+):[0-9]+$", "$1")


def _port(end: pl.Expr) -> pl.Expr:
    return end.str.extract(r"^[0-9.]+:([0-9]+)$", 1)


def _verdict(action: pl.Expr) -> pl.Expr:
    return (
        pl.when(action.str.contains("^(?:denied|drop|blocked)"))
        .then(pl.lit("blocked"))
        .when(action.str.contains("^(?:allow|open|initiat|establish|terminat|interm)"))
        .then(pl.lit("allowed"))
    )
