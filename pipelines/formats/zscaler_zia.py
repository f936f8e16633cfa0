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
from collections.abc import Mapping

import polars as pl

from pipelines import clock
from pipelines.clock import Reading, Stamp
from pipelines.formats import Context, Format
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
    word_of,
)
from pipelines.formats.reading.flows import protocol, somewhere
from pipelines.formats.reading.json import json_text, with_fields
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

FEEDS = {"web": "http_requests", "fw": "connections", "dns": "dns_queries"}
SCHEMES = {"HTTP": "http", "HTTPS": "https", "FTP": "ftp"}
BLOCKED = r"(?i)^(?:block|drop|deny|reset|denied)"
ALLOWED = r"(?i)^(?:allow|caution|isolate|proceed)"
IS_SYSTEM = pl.col("event_class") == "system_events"

REJECT_RULES = {
    "neither a JSON object nor fields between tabs": pl.col("is_object"),
    "no feed named in sourcetype": pl.col("kind").is_not_null(),
    "no time that can be read": pl.col("time").is_not_null(),
    "the client is not an address": pl.col("src_ip").is_not_null() | IS_SYSTEM,
    "no host in the request": pl.col("url_hostname").is_not_null()
    | (pl.col("event_class") != "http_requests"),
}


def fields(options: Mapping[str, str], *, wrapped: bool) -> dict[str, str]:
    """Return the path of each candidate, named after ours, inside `event` or without it."""
    prefix, suffix = ("event/", "") if wrapped else ("", "_flat")
    found = {f"feed{suffix}": "sourcetype"}
    for ours, candidates in NAMES.items():
        names = (options[ours],) if ours in options else candidates
        for number, key in enumerate(names):
            found[f"{ours}_{number}{suffix}"] = prefix + key
    return found


def chosen(options: Mapping[str, str]) -> dict[str, pl.Expr]:
    """Return, for each of our names, the first candidate with a value."""
    found: dict[str, pl.Expr] = {}
    for ours, candidates in NAMES.items():
        count = 1 if ours in options else len(candidates)
        told = pl.coalesce(
            known_to_zscaler(pl.col(f"{ours}_{number}{suffix}"))
            for number in range(count)
            for suffix in ("", "_flat", "_tabs")
        )
        found[ours] = told.str.replace_many(ESCAPED) if ours in SPELT_OUT else told
    return found


def tabs(line: pl.Expr) -> pl.Expr:
    """Return the unchanged line if the feed writes `key=value` between tabs, otherwise null."""
    return pl.when(line.str.contains(TABBED)).then(line)


def with_tabs(lines: pl.LazyFrame, text: pl.Expr, options: Mapping[str, str]) -> pl.LazyFrame:
    """Add the columns of each candidate of a tabbed line, beginning with its timestamp.

    The fields identify the feed: a request has a URL, a lookup a question.
    """
    found: dict[str, pl.Expr] = {}
    for ours, candidates in NAMES.items():
        names = (options[ours],) if ours in options else candidates
        for number, key in enumerate(names):
            found[f"{ours}_{number}_tabs"] = text.str.extract(rf"\t{re.escape(key)}=([^\t]*)", 1)
    first = text.str.extract(r"^([^\t=]+)\t", 1)
    found["stamp_0_tabs"] = pl.coalesce(found["stamp_0_tabs"], first)
    feed = word_of(
        ("zscalernss-web", text.str.contains(r"\te?url=")),
        ("zscalernss-dns", text.str.contains(r"\t(?:dns_)?req=")),
        ("zscalernss-fw", text.str.contains(r"\tcdip=")),
        ("zscalernss-other", text.is_not_null()),
    )
    return lines.with_columns(feed_tabs=feed, **found)


def known_to_zscaler(field: pl.Expr) -> pl.Expr:
    """Return null for `None`, `NA`, `Unknown` and the like."""
    found = null_if_dash(field)
    return pl.when(found != "Unknown").then(found)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object that names its feed, or Zscaler as the vendor."""
    tabbed = line.str.contains(TABBED)
    feed = line.str.contains(r'"sourcetype"\s*:\s*"zscalernss-')
    vendor = line.str.contains(r'"vendor"\s*:\s*"Zscaler"')
    return tabbed | (line.str.contains(r"^[ \t]*\{") & (feed | vendor))


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of the four classes; each event has those of its class."""
    stamp = _stamp(context.reading)
    feed = pl.coalesce("feed", "feed_flat", "feed_tabs").str.extract("^zscalernss-(.+)$")
    return (
        _with_either_layout(batch, context)
        .with_columns(**chosen(context.options))
        .with_columns(
            # a template may leave the feed out; web is the one that names a URL
            kind=pl.coalesce(feed, pl.when(pl.col("address").is_not_null()).then(pl.lit("web")))
        )
        .with_columns(
            time=stamp.time,
            time_quality=stamp.quality,
            event_class=pl.col("kind").replace_strict(
                FEEDS, default="system_events", return_dtype=pl.String
            ),
            message=pl.col("line"),
            disposition=_disposition(),
            event_uid=pl.when(pl.col("record") != "0").then("record"),
            **_source(),
            **_web(),
            **_flow(),
            **_lookup(),
        )
        .with_columns(
            start_time=pl.col("time") - _lasted(),
            extras=pl.when(~IS_SYSTEM).then(
                json_text(
                    location=pl.col("place"),
                    device_owner=pl.col("owner"),
                    reason=pl.when(pl.col("why") != pl.col("did")).then("why"),
                    app=pl.when(pl.col("kind") == "web").then("app"),
                )
            ),
        )
    )


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


def _stamp(reading: Reading) -> Stamp:
    """`2026-03-02 14:00:05`, `Mon Mar  2 14:00:05 2026` or an epoch."""
    text = pl.col("stamp")
    padded = text.str.replace("  ", " 0", literal=True)
    return clock.first(
        clock.iso(text, reading),
        clock.civil(padded, "%a %b %d %H:%M:%S %Y", reading),
        clock.epoch(text),
    )


def _lasted() -> pl.Expr:
    """Return how long a session of the firewall lasted; other lines are its begin."""
    exact = pl.duration(milliseconds=to_int(pl.col("lasted_ms"), 10), time_unit="us")
    rough = pl.duration(seconds=to_int(pl.col("lasted_s"), 8), time_unit="us")
    zero = pl.duration(seconds=0, time_unit="us")
    lasted = pl.when(pl.col("kind") == "fw").then(pl.coalesce(exact, rough))
    return pl.coalesce(lasted, zero)


def _source() -> dict[str, pl.Expr]:
    user = pl.col("user")
    is_place = (user == pl.col("place")).fill_null(value=False)
    inside = somewhere(address(pl.col("client")))
    return {
        "src_ip": pl.coalesce(inside, somewhere(address(pl.col("public_client")))),
        "src_port": port(pl.col("client_port")),
        "src_hostname": name(pl.col("device")),
        "user_name": account(pl.when(~is_place).then(user)),
        "dst_ip": somewhere(address(pl.col("server"))),
        "dst_port": port(pl.col("server_port")),
    }


def _web() -> dict[str, pl.Expr]:
    """Return columns of `http_requests`."""
    status = to_int(pl.col("status"), 3)
    return {
        "method": pl.col("verb").str.to_uppercase(),
        "url_scheme": pl.col("protocol_name").replace_strict(
            SCHEMES, default=None, return_dtype=pl.String
        ),
        "url_hostname": hostname(pl.coalesce("host", "address")),
        "url": pl.col("address").str.slice(0, MAX_URL),
        "status_code": pl.when(status > 0).then(status).cast(pl.Int16),
        "bytes_in": to_int(pl.col("received")),
        "bytes_out": to_int(pl.col("sent")),
        "content_type": pl.when(pl.col("mime").str.contains("/", literal=True)).then(
            media_type(pl.col("mime"))
        ),
        "referrer_hostname": hostname(pl.col("referrer")),
        "user_agent": pl.col("agent"),
    }


def _flow() -> dict[str, pl.Expr]:
    """Return columns of `connections`; the address worn outside only where it differs."""
    nat = somewhere(address(pl.col("nat")))
    wears = nat != address(pl.col("client"))
    return {
        "protocol": protocol(pl.col("protocol_name")),
        "application": pl.col("app"),
        "nat_ip": pl.when(wears).then(nat),
        "nat_port": pl.when(wears).then(port(pl.col("nat_port_text"))),
    }


def _lookup() -> dict[str, pl.Expr]:
    """Return columns of `dns_queries`; the answer is an address, a name or a code."""
    response = pl.col("response")
    is_answer = response.str.contains(r"[.:]")
    return {
        "query_name": name(pl.col("asked")),
        "query_type": pl.col("asked_type").str.strip_suffix(" record"),
        "answers": pl.when(is_answer).then(response),
        "response_code": pl.when(~is_answer).then(response),
    }


def _disposition() -> pl.Expr:
    """Require of a lookup that both the question and the answer are allowed."""
    did, answered = pl.col("did"), pl.col("answered")
    is_blocked = did.str.contains(BLOCKED).fill_null(value=False) | answered.str.contains(
        BLOCKED
    ).fill_null(value=False)
    outcome = word_of(("blocked", is_blocked), ("allowed", did.str.contains(ALLOWED)))
    return unless_challenged(pl.col("status"), outcome)


FORMAT = Format(
    name="zscaler_zia",
    product="Zscaler",
    event_classes=("http_requests", "connections", "dns_queries", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
