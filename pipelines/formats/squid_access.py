"""Squid `access.log`, native format: one line for each finished request.

    1767340800.123     45 10.20.1.7 TCP_MISS/200 5120 GET http://example.org/ ...

Ten fields with one space between; only the second is padded. The stamp is the end of the
request, in UTC; a tunnel may have begun hours before, so `start_time` is the stamp less the
elapsed milliseconds. An HTTPS request is a CONNECT to `host:port` and has no path. `-` is "not
known". A URL `error:...` is a client that connected and asked for nothing. 407 requests a login:
neither a block nor a visit. Sites may append quoted referer and user agent.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    cut,
    hostname,
    map_unique,
    null_if_dash,
    port,
    split_before,
    to_int,
    where_rare,
)
from pipelines.formats.reading.web import VERDICT_OF_CISCO, VERDICT_OF_CISCO_W3C, unless_challenged

AFTER_TIME = [
    "elapsed", "client", "result", "size", "verb", "asked", "user", "peer", "mime",
]  # fmt: skip
TAIL = r'^(\S+)(?: "([^"]*)" "([^"]*)")?$'
PLAIN_PLACE = "^[a-z0-9_.-]*[a-z0-9_-](?::[0-9]+)?$"
PORT_BEHIND = ":([0-9]+)$"
SCHEME_BEFORE = "^([a-z][a-z0-9+.-]*)://"
WAY = "^[A-Za-z0-9_]+$"
WORD = pl.col("word")
ASKED_NOTHING = pl.col("asked").str.starts_with("error:")

REJECT_RULES = {
    "not ten fields": pl.col("is_tail"),
    "time is not epoch seconds with milliseconds": pl.col("time").is_not_null(),
    "elapsed is not milliseconds": pl.col("start_time").is_not_null(),
    "client is not an address": pl.col("src_ip").is_not_null(),
    "result is not CODE/status": pl.col("is_result"),
    "size is not a count of bytes": pl.col("bytes_in") >= 0,
    "no host in the URL": pl.col("url_hostname").is_not_null() | ASKED_NOTHING,
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an epoch with milliseconds first, `CODE/status` fourth; none of Cisco's tail."""
    own = r"^[0-9]{9,10}\.[0-9]{3} +[0-9]+ [^ ]+ [A-Z_]+/[0-9]{3} "
    cisco = line.str.contains(VERDICT_OF_CISCO) | line.str.contains(VERDICT_OF_CISCO_W3C)
    return line.str.contains(own) & ~cisco


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `http_requests`; null where a line has none."""
    del context  # a native line is complete
    line = pl.col("line").str.strip_chars_end()
    rest = pl.col("rest").str.strip_chars_start(" ")
    return (
        batch.pipe(cut, line, ["ended", "rest"])
        .pipe(cut, rest, AFTER_TIME)
        .pipe(cut, pl.col("asked"), ["front", "gap", "behind", "path"], "/")
        .pipe(cut, pl.col("peer"), ["way", "answered_by"], "/")
        .pipe(map_unique, "verb", method=null_if_dash(WORD))
        .pipe(map_unique, "mime", **tail())
        .pipe(map_unique, "result", **result())
        .pipe(map_unique, "way", by_way=by_way())
        .with_columns(place=place())
        .with_columns(is_plain=pl.col("place").str.contains(PLAIN_PLACE))
        .pipe(cut, pl.col("place"), ["name", "number"], ":")
        .with_columns(port_text=asked_port())
        .with_columns(
            time=clock.epoch_milliseconds(pl.col("ended")).time,
            time_quality=pl.lit("exact"),
            src_ip=address(pl.col("client")),
            user_name=account(pl.col("user")),
            dst_ip=address(pl.col("answered_by")),
            dst_port=port(pl.col("port_text")),
            url_scheme=scheme(),
            url_hostname=asked_host(),
            url=pl.col("asked").str.slice(0, MAX_URL),
            bytes_in=to_int(pl.col("size")),
            disposition=pl.when(~ASKED_NOTHING).then("did"),
            extras=pl.col("by_result") + pl.col("by_way"),
        )
        .with_columns(start_time=pl.col("time") - elapsed(pl.col("elapsed")))
    )


def place() -> pl.Expr:
    """Return the `host:port` of a tunnel, or of a web address; null where there is neither."""
    is_web = pl.col("front").is_in(["http:", "https:"]) & (pl.col("gap") == "")
    front = pl.when(pl.col("gap").is_null()).then(pl.col("front"))
    return pl.when(is_web).then(pl.col("behind")).otherwise(front)


def tail() -> dict[str, pl.Expr]:
    """Return the type in front of its parameters, and what the site appends to it."""
    whole_type = pl.coalesce(WORD.str.extract(TAIL, 1), WORD)
    return {
        "is_tail": WORD.str.contains(TAIL),
        "content_type": null_if_dash(split_before(whole_type, ";").str.to_lowercase()),
        "referrer_hostname": hostname(null_if_dash(WORD.str.extract(TAIL, 2))),
        "user_agent": null_if_dash(WORD.str.extract(TAIL, 3)),
    }


def asked_host() -> pl.Expr:
    """Return the host of an address; nearly all are plain."""
    is_plain = pl.col("is_plain").fill_null(value=False) & ~ASKED_NOTHING
    odd = where_rare(pl.when(~is_plain & ~ASKED_NOTHING).then(pl.col("asked")), hostname)
    return pl.when(is_plain).then(pl.col("name")).otherwise(odd)


def asked_port() -> pl.Expr:
    """Return the port of `host:port`; a URL with a path has none here."""
    is_tunnel = pl.col("gap").is_null()
    plain = pl.when(is_tunnel & pl.col("is_plain")).then(pl.col("number"))
    odd = pl.when(is_tunnel & ~pl.col("is_plain")).then(pl.col("asked"))
    return pl.coalesce(plain, where_rare(odd, lambda url: url.str.extract(PORT_BEHIND, 1)))


def scheme() -> pl.Expr:
    """Return the text before `://`."""
    front = pl.col("front")
    is_odd = ~front.is_in(["http:", "https:"]) & pl.col("gap").is_not_null()
    odd = pl.when(is_odd).then(pl.col("asked"))
    return (
        pl.when((front == "http:") & (pl.col("gap") == ""))
        .then(pl.lit("http"))
        .when((front == "https:") & (pl.col("gap") == ""))
        .then(pl.lit("https"))
        .otherwise(where_rare(odd, lambda url: url.str.extract(SCHEME_BEFORE, 1)))
    )


def result() -> dict[str, pl.Expr]:
    """Return the proxy's action and answer; a status of 000 means that none was sent."""
    code = WORD.str.tail(3).cast(pl.Int16, strict=False)
    is_denied = WORD.str.starts_with("TCP_DENIED")
    outcome = pl.when(is_denied).then(pl.lit("blocked")).otherwise(pl.lit("allowed"))
    return {
        "is_result": WORD.str.contains("^[A-Z_]+/[0-9]{3}$"),
        "status_code": pl.when(code > 0).then(code),
        "did": unless_challenged(WORD.str.tail(3), outcome),
        "by_result": pl.concat_str(
            pl.lit('{"result":"'), split_before(WORD, "/"), pl.lit('","hierarchy":"')
        ),
    }


def by_way() -> pl.Expr:
    """Return the method as the end of `extras`."""
    return pl.when(WORD.str.contains(WAY)).then(WORD + '"}')


def elapsed(milliseconds: pl.Expr) -> pl.Expr:
    """Return null beyond eleven days, which no request lasts."""
    return pl.duration(milliseconds=to_int(milliseconds, 9), time_unit="us")


FORMAT = Format(
    name="squid_access",
    product="Squid",
    event_classes=("http_requests",),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    may_lack={"url_hostname": ASKED_NOTHING},
)
