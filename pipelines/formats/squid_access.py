"""Squid `access.log`, native format: one line for each finished request.

    1767340800.123     45 10.20.1.7 TCP_MISS/200 5120 GET http://example.org/ ...

Ten fields with one space between; only the second is padded. The stamp is the end of the
request, in UTC; a tunnel may have begun hours before, so `start_time` is the stamp less the
elapsed milliseconds. An HTTPS request is a CONNECT to `host:port` and has no path. `-` is "not
known". A URL `error:...` is a client that connected and asked for nothing. 407 requests a login:
neither a block nor a visit. Sites may append quoted referer and user agent.
"""

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import (
    MAX_URL,
    cut,
    hostname,
    map_unique,
    null_if_dash,
    split_before,
    to_int,
    where_rare,
    word_of,
)
from pipelines.formats.reading.web import (
    SCHEME_OF_URL,
    VERDICT_OF_CISCO,
    VERDICT_OF_CISCO_W3C,
    unless_challenged,
)

AFTER_TIME = [
    "elapsed", "client_ip", "result", "size", "request_method", "request", "user", "peer", "mime",
]  # fmt: skip
TAIL = r'^(\S+)(?: "([^"]*)" "([^"]*)")?$'
PLAIN_HOST = "^[a-z0-9_.-]*[a-z0-9_-](?::[0-9]+)?$"
PORT_BEHIND = ":([0-9]+)$"
HIERARCHY = "^[A-Za-z0-9_]+$"
WORD, REQUEST = pl.col("word"), pl.col("request")
SCHEME, AFTER_SCHEME = pl.col("scheme"), pl.col("after_scheme")
HAS_NO_URL = REQUEST.str.starts_with("error:")
IS_TUNNEL = AFTER_SCHEME.is_null()
IS_PLAIN = pl.col("is_plain").fill_null(value=False)
ELAPSED = pl.duration(milliseconds=to_int(pl.col("elapsed"), 9), time_unit="us")
"""Null beyond eleven days, which no request lasts."""


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an epoch with milliseconds first, `CODE/status` fourth; none of Cisco's tail."""
    native = r"^[0-9]{9,10}\.[0-9]{3} +[0-9]+ [^ ]+ [A-Z_]+/[0-9]{3} "
    cisco = line.str.contains(VERDICT_OF_CISCO) | line.str.contains(VERDICT_OF_CISCO_W3C)
    return line.str.contains(native) & ~cisco


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the ten fields, and the URL; words with few distinct values are read once each."""
    del context, names
    rest = pl.col("rest").str.strip_chars_start(" ")
    is_web = SCHEME.is_in(["http:", "https:"]) & (AFTER_SCHEME == "")
    before_slash = pl.when(IS_TUNNEL).then(SCHEME)
    return (
        batch.pipe(cut, pl.col("line").str.strip_chars_end(), ["ended", "rest"])
        .pipe(cut, rest, AFTER_TIME)
        .pipe(cut, REQUEST, ["scheme", "after_scheme", "authority", "path"], "/")
        .pipe(cut, pl.col("peer"), ["hierarchy", "server_ip"], "/")
        .pipe(map_unique, "request_method", method=null_if_dash(WORD))
        .pipe(map_unique, "mime", **tail())
        .pipe(map_unique, "result", **result())
        .pipe(map_unique, "hierarchy", extras_end=hierarchy())
        .with_columns(host_port=pl.when(is_web).then("authority").otherwise(before_slash))
        .with_columns(is_plain=pl.col("host_port").str.contains(PLAIN_HOST))
        .pipe(cut, pl.col("host_port"), ["host", "port"], ":")
    )


def tail() -> dict[str, pl.Expr]:
    """Return the type in front of its parameters, and what the site appends to it."""
    whole_type = pl.coalesce(WORD.str.extract(TAIL, 1), WORD)
    return {
        "is_tail": WORD.str.contains(TAIL),
        "content_type": null_if_dash(split_before(whole_type, ";").str.to_lowercase()),
        "referrer_hostname": hostname(null_if_dash(WORD.str.extract(TAIL, 2))),
        "user_agent": null_if_dash(WORD.str.extract(TAIL, 3)),
    }


def result() -> dict[str, pl.Expr]:
    """Return the proxy's action and answer; a status of 000 means that none was sent."""
    code = WORD.str.tail(3).cast(pl.Int16, strict=False)
    action = word_of(("blocked", WORD.str.starts_with("TCP_DENIED")), otherwise="allowed")
    return {
        "is_result": WORD.str.contains("^[A-Z_]+/[0-9]{3}$"),
        "status_code": pl.when(code > 0).then(code),
        "result_action": unless_challenged(WORD.str.tail(3), action),
        "extras_begin": pl.concat_str(
            pl.lit('{"result":"'), split_before(WORD, "/"), pl.lit('","hierarchy":"')
        ),
    }


def hierarchy() -> pl.Expr:
    """Return the way to the server as the end of `extras`."""
    return pl.when(WORD.str.contains(HIERARCHY)).then(WORD + '"}')


def request_port() -> pl.Expr:
    """Return the port of `host:port`; a URL with a path has none here."""
    plain = pl.when(IS_TUNNEL & IS_PLAIN).then("port")
    odd = pl.when(IS_TUNNEL & ~IS_PLAIN).then(REQUEST)
    return pl.coalesce(plain, where_rare(odd, lambda url: url.str.extract(PORT_BEHIND, 1)))


def url_scheme() -> pl.Expr:
    """Return the text before `://`."""
    is_web = AFTER_SCHEME == ""
    odd = pl.when(~SCHEME.is_in(["http:", "https:"]) & ~IS_TUNNEL).then(REQUEST)
    return word_of(
        ("http", (SCHEME == "http:") & is_web),
        ("https", (SCHEME == "https:") & is_web),
        otherwise=where_rare(odd, lambda url: url.str.extract(SCHEME_OF_URL, 1)),
    )


def url_hostname() -> pl.Expr:
    """Return the host of an address; nearly all are plain."""
    odd = where_rare(pl.when(~IS_PLAIN & ~HAS_NO_URL).then(REQUEST), hostname)
    return pl.when(IS_PLAIN & ~HAS_NO_URL).then("host").otherwise(odd)


FORMAT = Format(
    name="squid_access",
    product="Squid",
    event_classes=("http_requests",),
    looks_like=looks_like,
    split=split,
    stamp=lambda _: clock.epoch_milliseconds(pl.col("ended")),
    fields={
        "src_ip": pl.col("client_ip"),
        "user_name": pl.col("user"),
        "dst_ip": pl.col("server_ip"),
        "dst_port": request_port(),
        "bytes_in": pl.col("size"),
    },
    more={
        "start_time": pl.col("time") - ELAPSED,
        "url": REQUEST.str.slice(0, MAX_URL),
        "url_scheme": url_scheme(),
        "url_hostname": url_hostname(),
        "disposition": pl.when(~HAS_NO_URL).then("result_action"),
        "extras": pl.col("extras_begin") + pl.col("extras_end"),
    },
    must={
        "not the columns of this log": pl.col("is_tail"),
        "result is not CODE/status": pl.col("is_result"),
    },
    required={"http_requests": ("start_time", "bytes_in")},
    may_lack={"url_hostname": HAS_NO_URL},
)
