"""Zscaler Internet Access, JSON and tabbed feeds of the Nanolog streaming service.

    {"sourcetype":"zscalernss-web","event":{"datetime":"2026-03-02 14:00:05",
     "user":"ada@example.org","ClientIP":"10.20.4.17","protocol":"HTTPS",
     "requestmethod":"GET","url":"www.example.org/games","action":"Allowed",...}}

(one line in the log), or `key=value` between tabs after the timestamp. CSV feeds have a
custom order and no header: read them as `declared_csv`, with its option `header`. All
values are text, a missing value is `None` or `NA`, and special characters are escaped as
in URLs. Timestamps have no offset: set the feed's zone, usually UTC, as the source's
zone. A firewall line is written at the end of a session, which began `durationms`
earlier; it may cover several sessions. Protocol `SSL` is a tunnel that was not inspected.
Without a login, `user` repeats the name of the location. `serverip` may be Zscaler's own
view of the server. Feeds for web, firewall and DNS are read; audit, tunnel and CASB lines
become `system_events`.
"""

import re
from collections.abc import Mapping, Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import address, null_if_dash, port, to_int, word_of
from pipelines.formats.reading.flows import somewhere
from pipelines.formats.reading.json import with_fields
from pipelines.formats.reading.table import PREFIX, value
from pipelines.formats.reading.web import unless_challenged

# What Zscaler's feeds call their fields, and how they write them.
#
# Names and order are the administrator's feed template, so each of our names has
# several candidates, and the source's options may name another (`user = login`).

NAMES: Mapping[str, tuple[str, ...]] = {
    "stamp": ("datetime", "time", "epochtime"),
    "user": ("user", "login"),
    "place": ("location", "locationname"),
    "device": ("devicehostname",),
    "owner": ("deviceowner",),
    "did": ("action", "reqaction"),
    "answered": ("resaction",),
    "category": ("urlcategory", "category", "ipcat"),
    "protocol_name": ("protocol", "proto"),
    "record": ("event_id", "recordid", "recordId"),
    "client": ("ClientIP", "clientip", "cip", "csip", "clt_sip"),
    "public_client": ("clientpublicIP", "cintip", "tsip"),
    "client_port": ("csport", "clt_sport"),
    "server": ("serverip", "sip", "cdip"),
    "server_port": ("cdport",),
    "verb": ("requestmethod", "reqmethod"),
    "host": ("hostname", "host"),
    "address": ("url", "eurl"),
    "status": ("status", "respcode"),
    "received": ("responsesize", "respsize", "inbytes"),
    "sent": ("requestsize", "reqsize", "outbytes"),
    "mime": ("contenttype",),
    "agent": ("useragent", "ua", "eua"),
    "referrer": ("refererURL", "referer", "ereferer"),
    "why": ("reason",),
    "app": ("appname", "nwapp"),
    "malware": ("threatname",),
    "nat": ("ssip",),
    "nat_port_text": ("ssport",),
    "lasted_ms": ("durationms",),
    "lasted_s": ("duration",),
    "asked": ("dns_req", "req"),
    "asked_type": ("dns_reqtype", "reqtype"),
    "response": ("dns_resp", "res"),
}

TABBED = (
    r"^[A-Za-z0-9: -]{19,24}\t[A-Za-z_]+=.*\t(?:vendor=Zscaler|product=NSS[A-Za-z]*)(?:\t|\r?$)"
)
SPELT_OUT = ["user", "place", "device", "owner", "category", "agent", "app", "why"]
"""Fields whose characters are unescaped; a URL is left unchanged."""

ESCAPED = {
    "%20": " ", "%22": '"', "%25": "%", "%28": "(", "%29": ")", "%2B": "+", "%2b": "+",
    "%2C": ",", "%2c": ",", "%2F": "/", "%2f": "/", "%3A": ":", "%3a": ":", "%3B": ";",
    "%3b": ";", "%3D": "=", "%3d": "=", "%40": "@", "%5B": "[", "%5D": "]",
}  # fmt: skip
"""Signs that occur in places, departments and agents; others stay escaped."""

SCHEMES = {"HTTP": "http", "HTTPS": "https", "FTP": "ftp"}
BLOCKED = r"(?i)^(?:block|drop|deny|reset|denied)"
ALLOWED = r"(?i)^(?:allow|caution|isolate|proceed)"

FEED, USER, ACTION, RESPONSE = pl.col("feed"), value("user"), value("did"), value("response")
IS_PLACE = (value("place") == USER).fill_null(value=False)
IS_ANSWER = RESPONSE.str.contains(r"[.:]")
"""The answer of a look-up is an address, a name or a code."""

NAT = somewhere(address(value("nat")))
IS_NAT = address(value("client")) != NAT
IS_BLOCKED = ACTION.str.contains(BLOCKED).fill_null(value=False) | value("answered").str.contains(
    BLOCKED
).fill_null(value=False)
"""A look-up is allowed if both the question and the answer are."""

LASTED = pl.when(FEED == "fw").then(
    pl.coalesce(
        pl.duration(milliseconds=to_int(value("lasted_ms"), 10), time_unit="us"),
        pl.duration(seconds=to_int(value("lasted_s"), 8), time_unit="us"),
    )
)
"""Duration of a firewall session; a line without one records its beginning."""


def fields(options: Mapping[str, str], *, wrapped: bool) -> dict[str, str]:
    """Return the path of each candidate, named after ours, inside `event` or without it."""
    prefix, suffix = ("event/", "") if wrapped else ("", "_flat")
    columns = {f"feed{suffix}": "sourcetype"}
    for ours, candidates in NAMES.items():
        names = (options[ours],) if ours in options else candidates
        for number, key in enumerate(names):
            columns[f"{ours}_{number}{suffix}"] = prefix + key
    return columns


def chosen(options: Mapping[str, str]) -> dict[str, pl.Expr]:
    """Return the field of each name, the first candidate with a value."""
    columns: dict[str, pl.Expr] = {}
    for ours, candidates in NAMES.items():
        count = 1 if ours in options else len(candidates)
        text = pl.coalesce(
            known_to_zscaler(pl.col(f"{ours}_{number}{suffix}"))
            for number in range(count)
            for suffix in ("", "_flat", "_tabs")
        )
        columns[f"{PREFIX}{ours}"] = text.str.replace_many(ESCAPED) if ours in SPELT_OUT else text
    return columns


def tabs(line: pl.Expr) -> pl.Expr:
    """Return the unchanged line if the feed writes `key=value` between tabs, otherwise null."""
    return pl.when(line.str.contains(TABBED)).then(line)


def with_tabs(lines: pl.LazyFrame, text: pl.Expr, options: Mapping[str, str]) -> pl.LazyFrame:
    """Add the columns of each candidate of a tabbed line, beginning with its timestamp.

    The fields identify the feed: a request has a URL, a lookup a question.
    """
    columns: dict[str, pl.Expr] = {}
    for ours, candidates in NAMES.items():
        names = (options[ours],) if ours in options else candidates
        for number, key in enumerate(names):
            columns[f"{ours}_{number}_tabs"] = text.str.extract(rf"\t{re.escape(key)}=([^\t]*)", 1)
    first = text.str.extract(r"^([^\t=]+)\t", 1)
    columns["stamp_0_tabs"] = pl.coalesce(columns["stamp_0_tabs"], first)
    feed = word_of(
        ("zscalernss-web", text.str.contains(r"\te?url=")),
        ("zscalernss-dns", text.str.contains(r"\t(?:dns_)?req=")),
        ("zscalernss-fw", text.str.contains(r"\tcdip=")),
        ("zscalernss-other", text.is_not_null()),
    )
    return lines.with_columns(feed_tabs=feed, **columns)


def known_to_zscaler(field: pl.Expr) -> pl.Expr:
    """Return null for `None`, `NA`, `Unknown` and the like."""
    text = null_if_dash(field)
    return pl.when(text != "Unknown").then(text)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object that names its feed, or Zscaler as the vendor."""
    tabbed = line.str.contains(TABBED)
    feed = line.str.contains(r'"sourcetype"\s*:\s*"zscalernss-')
    vendor = line.str.contains(r'"vendor"\s*:\s*"Zscaler"')
    return tabbed | (line.str.contains(r"^[ \t]*\{") & (feed | vendor))


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the fields of whichever layout the line has; adds `feed`."""
    del names
    # a template may leave the feed out; web is the one that names a URL
    feed = pl.coalesce("feed", "feed_flat", "feed_tabs").str.extract("^zscalernss-(.+)$")
    lines = _with_either_layout(batch, context).with_columns(**chosen(context.options))
    is_web = value("address").is_not_null()
    return lines.with_columns(feed=pl.coalesce(feed, pl.when(is_web).then(pl.lit("web"))))


def _with_either_layout(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Return text columns of each line, with its fields under `event` or on top."""
    line = pl.col("line")
    is_wrapped = line.str.contains(r'"event"\s*:\s*\{')
    inside = with_fields(
        batch, fields(context.options, wrapped=True), pl.when(is_wrapped).then(line)
    ).rename({"is_object": "is_wrapped_object"})
    on_top = with_fields(
        inside, fields(context.options, wrapped=False), pl.when(~is_wrapped).then(line)
    )
    tabbed = tabs(line.str.strip_chars_end("\r\n\x00"))
    return with_tabs(on_top, tabbed, context.options).with_columns(
        is_object=pl.col("is_object")
        | pl.col("is_wrapped_object")
        | pl.col("feed_tabs").is_not_null()
    )


def stamp(context: Context) -> Stamp:
    """`2026-03-02 14:00:05`, `Mon Mar  2 14:00:05 2026` or an epoch."""
    text = value("stamp")
    padded = text.str.replace("  ", " 0", literal=True)
    return clock.first(
        clock.iso(text, context.reading),
        clock.civil(padded, "%a %b %d %H:%M:%S %Y", context.reading),
        clock.epoch(text),
    )


FORMAT = Format(
    name="zscaler_zia",
    product="Zscaler",
    event_classes=("http_requests", "connections", "dns_queries", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "src_port": "client_port",
        "src_hostname": "device",
        "user_name": pl.when(~IS_PLACE).then(USER),
        "dst_port": "server_port",
        "protocol": "protocol_name",
        "application": "app",
        "method": "verb",
        "url": "address",
        "url_scheme": value("protocol_name").replace_strict(
            SCHEMES, default=None, return_dtype=pl.String
        ),
        "url_hostname": value("host", "address"),
        "status_code": "status",
        "bytes_in": "received",
        "bytes_out": "sent",
        "content_type": pl.when(value("mime").str.contains("/", literal=True)).then(value("mime")),
        "referrer_hostname": "referrer",
        "user_agent": "agent",
        "category": "category",
        "threat": "malware",
        "event_uid": value("record").replace("0", None),
        "query_name": "asked",
        "query_type": value("asked_type").str.strip_suffix(" record"),
        "answers": pl.when(IS_ANSWER).then(RESPONSE),
        "response_code": pl.when(~IS_ANSWER).then(RESPONSE),
        "kind": FEED,
    },
    classes={
        "http_requests": FEED == "web",
        "connections": FEED == "fw",
        "dns_queries": FEED == "dns",
    },
    more={
        "start_time": pl.col("time") - LASTED.fill_null(pl.duration(seconds=0, time_unit="us")),
        "src_ip": pl.coalesce(
            somewhere(address(value("client"))), somewhere(address(value("public_client")))
        ),
        "dst_ip": somewhere(address(value("server"))),
        "nat_ip": pl.when(IS_NAT).then(NAT),
        "nat_port": pl.when(IS_NAT).then(port(value("nat_port_text"))),
        "disposition": unless_challenged(
            value("status"),
            word_of(("blocked", IS_BLOCKED), ("allowed", ACTION.str.contains(ALLOWED))),
        ),
    },
    extras={
        "location": "place",
        "device_owner": "owner",
        "reason": pl.when(value("why") != ACTION).then(value("why")),
        "app": pl.when(FEED == "web").then(value("app")),
    },
    must={
        "neither a JSON object nor fields between tabs": pl.col("is_object"),
        "no feed named in sourcetype": FEED.is_not_null(),
    },
)
