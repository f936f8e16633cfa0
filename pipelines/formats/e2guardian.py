"""DansGuardian and e2guardian `access.log`, in their own layout, tabs or CSV.

    2026.11.2 8:15:00 ada 192.0.2.17 http://www.example.org/ *DENIED* Banned site GET 0 0 Games 1 403 text/html  staff -

Date and hour are not padded and have no zone. The filter's action is between stars, `*DENIED*`
or `*EXCEPTION*`; the reason after it is translated and not used. Without a login the user is the
address once more. An empty category or client name leaves two blanks. Newer releases may add
columns after the user agent, which remain part of it in the blank-separated layout, and
otherwise go to `extras`. Layout 3 of the filter is Squid's own: `squid_access`.
"""  # noqa: E501

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.csv import cells
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    media_type,
    name,
    null_if_dash,
    port,
    to_int,
)
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.web import unless_challenged

STAMP = r"[0-9]{4}\.[0-9]{1,2}\.[0-9]{1,2} [0-9]{1,2}:[0-9]{2}:[0-9]{2}"
COLUMNS = [
    "stamp", "user", "client", "asked", "what", "verb", "size", "weight", "kind",
    "group", "code", "mime", "client_name", "group_name", "agent",
]  # fmt: skip
METHOD = "[A-Z]{3,16}(?:-[A-Z]+)?"
BY_BLANKS = (
    rf"^({STAMP}) ([^ ]+) ([^ ]+) ([^ ]+) (.*?) ?({METHOD}) ([0-9]+) (-?[0-9]+) (.*?) ?"
    r"([0-9]*) ([0-9]{3}) ([^ ]*) ([^ ]*) ([^ ]*) ?(.*)$"
)
ACTIONS = r"^ *((?:\*[A-Z]+\* ?)*)"
STOPPED = r"\*(?:DENIED|INFECTED)\*"

REJECT_RULES = {
    "not the columns of the filter's layouts": pl.col("stamp").is_not_null(),
    "the field for the filter's action contains other words": pl.col("what").str.contains(
        r"^ *(?:$|\*[A-Z]+\*)"
    ),
    "no date and time that can be read": pl.col("time").is_not_null(),
    "the client is not an address": pl.col("src_ip").is_not_null(),
    "no host in the URL": pl.col("url_hostname").is_not_null(),
    "the status is not a number": pl.col("code").str.contains("^[0-9]{3}$"),
    "the size is not a number of bytes": pl.col("bytes_in") >= 0,
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a date with points and no padding first."""
    return line.str.contains(rf'^"?{STAMP}(?: |\t|",")')


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `http_requests`."""
    told = _cut(batch)
    padded = pl.col("stamp").str.replace_all(r"([. ])([0-9])\b", "${1}0${2}")
    stamp = clock.civil(padded, "%Y.%m.%d %H:%M:%S", context.reading)
    asked, user = pl.col("asked"), account(pl.col("user"))
    is_tunnel = pl.col("verb") == "CONNECT"
    scheme = asked.str.extract("^([a-z][a-z0-9+.-]*)://", 1)
    at_port = asked.str.extract(r"^(?:[a-z]+://)?[^/?#]*:([0-9]{1,5})(?:[/?#]|$)", 1)
    status = to_int(pl.col("code"), 3).cast(pl.Int16)
    return told.with_columns(
        time=stamp.time,
        time_quality=stamp.quality,
        start_time=stamp.time,
        src_ip=address(pl.col("client")),
        src_hostname=name(pl.col("client_name")),
        user_name=pl.when(user != pl.col("client")).then(user),
        method=null_if_dash(pl.col("verb")),
        url_scheme=pl.when(~is_tunnel).then(scheme),
        url_hostname=hostname(asked),
        url=asked.str.slice(0, MAX_URL),
        dst_port=port(at_port),
        status_code=pl.when(status > 0).then(status),
        bytes_in=to_int(pl.col("size")),
        content_type=media_type(pl.col("mime")),
        user_agent=null_if_dash(pl.col("agent")),
        category=null_if_dash(pl.col("kind")),
        disposition=_disposition(pl.col("what")),
    ).with_columns(extras=_extras())


def _cut(batch: pl.LazyFrame) -> pl.LazyFrame:
    """Add `COLUMNS` and `more`, whichever layout the line has."""
    line = pl.col("line").str.strip_chars_end("\r\n\x00")
    by_tabs = line.str.contains("\t", literal=True)
    by_commas = line.str.starts_with('"')
    blanks = pl.when(~by_tabs & ~by_commas).then(line).str.extract_groups(BY_BLANKS)
    marked = pl.coalesce(
        cells(pl.when(by_commas).then(line)),
        pl.when(by_tabs & ~by_commas).then(line).str.split("\t"),
    )
    count = pl.col("marked").list.len()
    whole_row = count.is_between(len(COLUMNS), len(COLUMNS) + 6)
    values = {
        column: pl.coalesce(
            pl.col("blanks").struct.field(str(place + 1)),
            pl.when(whole_row).then(pl.col("marked").list.get(place, null_on_oob=True)),
        )
        for place, column in enumerate(COLUMNS)
    }
    more = pl.col("marked").list.slice(len(COLUMNS)).list.join(" ")
    return (
        batch.with_columns(blanks=blanks, marked=marked)
        .with_columns(**values, more=pl.when(whole_row).then(more))
        .drop("blanks", "marked")
    )


def _disposition(what: pl.Expr) -> pl.Expr:
    """Read the stars alone; a proxy that requests a login has done nothing yet."""
    stars = what.str.extract(ACTIONS, 1)
    is_stopped = stars.str.contains(STOPPED)
    outcome = pl.when(is_stopped).then(pl.lit("blocked")).otherwise(pl.lit("allowed"))
    return unless_challenged(pl.col("code"), outcome)


def _extras() -> pl.Expr:
    what = pl.col("what")
    return json_of(
        [
            null_if_dash(what.str.extract(ACTIONS, 1)).alias("action"),
            null_if_dash(what.str.replace(ACTIONS, "")).alias("reason"),
            null_if_dash(pl.col("weight").replace("0", None)).alias("weight"),
            null_if_dash(pl.col("group_name")).alias("group"),
            null_if_dash(pl.col("more")).alias("more"),
        ]
    )


FORMAT = Format(
    name="e2guardian",
    product="e2guardian, DansGuardian",
    event_classes=("http_requests",),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
