"""Squid `access.log`, native format: one line for each finished request.

    1767340800.123     45 10.20.1.7 TCP_MISS/200 5120 GET http://example.org/ ...

Ten fields with one space between; only the second is padded. The stamp is the
end of the request, in UTC; a tunnel may have begun hours before, so
`start_time` is the stamp less the elapsed milliseconds. An HTTPS request is a
CONNECT to `host:port` and has no path. `-` is "not known". A URL `error:...`
is a client that connected and asked for nothing. 407 asks for a login: neither
a block nor a visit. Sites may append quoted referer and user agent.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    before,
    cut,
    hostname,
    known,
    port,
    rarely,
    whole,
)
from pipelines.formats.reading.web import VERDICT_OF_CISCO, unless_challenged

AFTER_TIME = [
    "elapsed", "client", "result", "size", "verb", "asked", "user", "peer", "mime",
]  # fmt: skip
TAIL = r'^(\S+)(?: "([^"]*)" "([^"]*)")?$'
PLAIN_PLACE = "^[a-z0-9_.-]*[a-z0-9_-](?::[0-9]+)?$"
PORT_BEHIND = ":([0-9]+)$"
SCHEME_BEFORE = "^([a-z][a-z0-9+.-]*)://"
WAY = "^[A-Za-z0-9_]+$"
ASKED_NOTHING = pl.col("asked").str.starts_with("error:")

MUST = {
    "not ten fields": pl.col("mime").str.contains(TAIL),
    "time is not epoch seconds with milliseconds": pl.col("time").is_not_null(),
    "elapsed is not milliseconds": pl.col("start_time").is_not_null(),
    "client is not an address": pl.col("src_ip").is_not_null(),
    "result is not CODE/status": pl.col("result").str.contains("^[A-Z_]+/[0-9]{3}$"),
    "size is not a count of bytes": pl.col("bytes_in") >= 0,
    "no host in the URL": pl.col("url_hostname").is_not_null() | ASKED_NOTHING,
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """An epoch with milliseconds first, `CODE/status` fourth; none of Cisco's tail."""
    own = r"^[0-9]{9,10}\.[0-9]{3} +[0-9]+ [^ ]+ [A-Z_]+/[0-9]{3} "
    return line.str.contains(own) & ~line.str.contains(VERDICT_OF_CISCO)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `http_requests`; null where a line has none."""
    del context  # a native line says all
    line = pl.col("line").str.strip_chars_end()
    rest = pl.col("rest").str.strip_chars_start(" ")
    return (
        batch.pipe(cut, line, ["ended", "rest"])
        .pipe(cut, rest, AFTER_TIME)
        .pipe(cut, pl.col("asked"), ["front", "gap", "behind", "path"], "/")
        .pipe(cut, pl.col("peer"), ["way", "answered_by"], "/")
        .with_columns(place=place())
        .with_columns(is_plain=pl.col("place").str.contains(PLAIN_PLACE))
        .pipe(cut, pl.col("place"), ["name", "number"], ":")
        .with_columns(**pieces())
        .with_columns(
            time=clock.epoch_milliseconds(pl.col("ended")).time,
            time_quality=pl.lit("exact"),
            src_ip=address(pl.col("client")),
            user_name=account(pl.col("user")),
            dst_ip=address(pl.col("answered_by")),
            dst_port=port(pl.col("port_text")),
            method=known(pl.col("verb")),
            url_scheme=scheme(),
            url_hostname=asked_host(),
            url=pl.col("asked").str.slice(0, MAX_URL),
            status_code=status(pl.col("result")),
            bytes_in=whole(pl.col("size")),
            content_type=known(pl.col("media")),
            referrer_hostname=hostname(pl.col("referrer")),
            user_agent=known(pl.col("agent")),
            disposition=disposition(pl.col("result")),
            extras=extras(),
        )
        .with_columns(start_time=pl.col("time") - elapsed(pl.col("elapsed")))
    )


def place() -> pl.Expr:
    """The `host:port` of a tunnel, or of a web address; null where there is neither."""
    is_web = pl.col("front").is_in(["http:", "https:"]) & (pl.col("gap") == "")
    front = pl.when(pl.col("gap").is_null()).then(pl.col("front"))
    return pl.when(is_web).then(pl.col("behind")).otherwise(front)


def pieces() -> dict[str, pl.Expr]:
    """Texts that are cut out first, since each is looked at more than once."""
    mime = pl.col("mime")
    # nearly all lines end with a bare media type; only longer tails are cut
    is_bare = mime.str.contains("^[a-z0-9./+-]+$")
    tail = pl.when(~is_bare).then(mime)
    return {
        "port_text": asked_port(),
        "media": pl.when(is_bare).then(mime).otherwise(rarely(tail, media)),
        "referrer": known(rarely(tail, lambda text: text.str.extract(TAIL, 2))),
        "agent": rarely(tail, lambda text: text.str.extract(TAIL, 3)),
    }


def media(mime: pl.Expr) -> pl.Expr:
    """The type in front of its parameters and of what the site appends."""
    whole_type = pl.coalesce(mime.str.extract(TAIL, 1), mime)
    return before(whole_type, ";").str.to_lowercase()


def asked_host() -> pl.Expr:
    """The host of an address; all but a few are plain."""
    is_plain = pl.col("is_plain").fill_null(value=False) & ~ASKED_NOTHING
    odd = rarely(pl.when(~is_plain & ~ASKED_NOTHING).then(pl.col("asked")), hostname)
    return pl.when(is_plain).then(pl.col("name")).otherwise(odd)


def asked_port() -> pl.Expr:
    """The port of `host:port`; a URL with a path has none here."""
    is_tunnel = pl.col("gap").is_null()
    plain = pl.when(is_tunnel & pl.col("is_plain")).then(pl.col("number"))
    odd = pl.when(is_tunnel & ~pl.col("is_plain")).then(pl.col("asked"))
    return pl.coalesce(plain, rarely(odd, lambda url: url.str.extract(PORT_BEHIND, 1)))


def scheme() -> pl.Expr:
    """What stands before `://`."""
    front = pl.col("front")
    is_odd = ~front.is_in(["http:", "https:"]) & pl.col("gap").is_not_null()
    odd = pl.when(is_odd).then(pl.col("asked"))
    return (
        pl.when((front == "http:") & (pl.col("gap") == ""))
        .then(pl.lit("http"))
        .when((front == "https:") & (pl.col("gap") == ""))
        .then(pl.lit("https"))
        .otherwise(rarely(odd, lambda url: url.str.extract(SCHEME_BEFORE, 1)))
    )


def extras() -> pl.Expr:
    """How Squid answered, and by which way it asked."""
    result, way = before(pl.col("result"), "/"), pl.col("way")
    is_plain = way.str.contains(WAY)
    texts = ['{"result":"', result, '","hierarchy":"', way, '"}']
    literal = [pl.lit(text) if isinstance(text, str) else text for text in texts]
    return pl.when(is_plain).then(pl.concat_str(literal))


def elapsed(milliseconds: pl.Expr) -> pl.Expr:
    """Null beyond eleven days, which no request lasts."""
    return pl.duration(milliseconds=whole(milliseconds, 9), time_unit="us")


def status(result: pl.Expr) -> pl.Expr:
    """000 means that no status was sent."""
    code = result.str.tail(3).cast(pl.Int16, strict=False)
    return pl.when(code > 0).then(code)


def disposition(result: pl.Expr) -> pl.Expr:
    """What the proxy did with the request, if there was one."""
    is_denied = result.str.starts_with("TCP_DENIED")
    outcome = pl.when(is_denied).then(pl.lit("blocked")).otherwise(pl.lit("allowed"))
    did = unless_challenged(result.str.tail(3), outcome)
    return pl.when(ASKED_NOTHING).then(None).otherwise(did)


FORMAT = Format(
    name="squid_access",
    product="Squid",
    event_classes=("http_requests",),
    looks_like=looks_like,
    read=read,
    must=MUST,
)
