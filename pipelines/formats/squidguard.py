"""squidGuard, a filter for Squid: requests that its lists matched.

    2026-11-02 08:15:00 [812] Request(staff/games/-) http://games.example.org/ 192.0.2.17/lab-7.example.org ada GET REDIRECT

(one line). The parentheses contain the group of the client, the list that matched, and a
rule that rewrote the address. Only matched requests are logged: Squid's own log contains
all. `REDIRECT` sent the client to the block page, `PASS` allowed the request; older
releases write neither, and the result of the request is unknown. The timestamp is local
time. Lines about the filter itself are system events.
"""  # noqa: E501

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    name,
    null_if_dash,
    port,
)
from pipelines.formats.reading.keyvalue import json_of

STAMP = r"^([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) \[[0-9]+\] "
REQUEST = (
    r" Request\(([^/()]*)/([^()]*)/([^/()]*)\) ([^ ]+) ([^ /]+)/([^ ]+) ([^ ]+)"
    r" ([A-Z]+)(?: (REDIRECT|PASS))? *$"
)
PORT = r"^(?:[a-z]+://)?[^/?#]*:([0-9]{1,5})(?:[/?#]|$)"
DISPOSITIONS = {"REDIRECT": "blocked", "PASS": "allowed"}
IS_REQUEST = pl.col("event_class") == "http_requests"

REJECT_RULES = {
    "no date and time that can be read": pl.col("time").is_not_null(),
    "a request whose words are not squidGuard's": pl.col("is_whole"),
    "a word is missing in front of what was done": ~pl.col("verb").is_in(list(DISPOSITIONS))
    | ~IS_REQUEST,
    "the client is not an address": pl.col("src_ip").is_not_null() | ~IS_REQUEST,
    "no host in the URL": pl.col("url_hostname").is_not_null() | ~IS_REQUEST,
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a date, the number of a process, and the filter's words."""
    return line.str.contains(STAMP + r"(?:Request\(|squidGuard |loading dbfile)")


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `http_requests`, or of `system_events` for other talk."""
    line = pl.col("line").str.strip_chars_end("\r\n\x00 ")
    stamp = clock.iso(line.str.extract(STAMP, 1), context.reading)
    said = line.str.extract_groups(REQUEST).struct
    parts = ["group", "list", "rewrite", "asked", "client", "machine", "who"]
    names = [*parts, "verb", "did"]
    asked = pl.col("asked")
    is_tunnel = (pl.col("verb") == "CONNECT").fill_null(value=False)
    is_request = line.str.contains(STAMP + r"Request\(")
    return batch.with_columns(
        time=stamp.time,
        time_quality=stamp.quality,
        start_time=stamp.time,
        event_class=pl.when(is_request)
        .then(pl.lit("http_requests"))
        .otherwise(pl.lit("system_events")),
        **{key: null_if_dash(said.field(str(at))) for at, key in enumerate(names, 1)},
    ).with_columns(
        is_whole=asked.is_not_null() | ~is_request,
        src_ip=address(pl.col("client")),
        src_hostname=pl.when(address(pl.col("machine")).is_null()).then(name(pl.col("machine"))),
        user_name=account(pl.col("who")),
        method=pl.col("verb"),
        url=asked.str.slice(0, MAX_URL),
        url_scheme=pl.when(~is_tunnel).then(asked.str.extract("^([a-z]+)://", 1)),
        url_hostname=hostname(asked),
        dst_port=port(asked.str.extract(PORT, 1)),
        category=pl.when(pl.col("list") != "none").then("list"),
        disposition=pl.col("did").replace_strict(
            DISPOSITIONS, default=None, return_dtype=pl.String
        ),
        kind=line.str.extract(STAMP + r"([A-Za-z]+)", 2),
        message=pl.col("line"),
        extras=json_of([pl.col("group"), pl.col("rewrite")]),
    )


FORMAT = Format(
    name="squidguard",
    product="squidGuard",
    event_classes=("http_requests", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
