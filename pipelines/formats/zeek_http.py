"""Zeek `http.log`: one line per request on the wire, text or JSON.

    1772460005.123456  CAbc1  10.20.4.17  50112  203.0.113.7  80  1  GET
    www.example.org  /games  -  1.1  Mozilla/5.0  0  1155  200  OK ...

(tabs, one line in the log). `ts` is the request. In front of an explicit proxy
the responder is the proxy: a CONNECT names its target in `uri`, others the
whole URL. Behind a proxy the client may be in `proxied`, but anyone can write that
header, so it goes to `extras`. `username` is a name that a site asked for, not an
account of the district: `extras` too. 407 is a proxy asking for a login.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading import web
from pipelines.formats.reading import zeek as _zeek
from pipelines.formats.reading.fields import hostname, media_type, null_if_dash, to_int
from pipelines.formats.reading.json import json_text

FIELDS = {
    **_zeek.ENDS,
    "verb": "method",
    "host": "host",
    "uri": "uri",
    "referrer": "referrer",
    "agent": "user_agent",
    "sent": "request_body_len",
    "received": "response_body_len",
    "status": "status_code",
    "username": "username",
    "proxied": "proxied",
    "mime": "resp_mime_types",
}
SETS = ["proxied", "mime"]
PROOF = ["trans_depth", "request_body_len"]
"""Fields that, of all logs, this one alone has."""

KEYS = ["id.orig_h", "trans_depth", "request_body_len"]

REJECT_RULES = {
    **_zeek.REJECT_RULES,
    "the source is not an address": pl.col("src_ip").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match two ends, the depth in the connection, then a method."""
    as_text = line.str.contains(_zeek.PAIR + r"[0-9]+\t[A-Z]{3,}\t")
    return as_text | _zeek.has_keys(line, *KEYS) | _zeek.names_all(line, *PROOF)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `http_requests`."""
    stamp = _zeek.stamp(context.reading)
    verb, host, uri = (pl.col(name) for name in ("verb", "host", "uri"))
    status = to_int(pl.col("status"), 3).cast(pl.Int16)
    return _zeek.with_fields(
        batch, context, FIELDS, sets=SETS, proof=PROOF, keys=KEYS
    ).with_columns(
        time=stamp.time,
        time_quality=stamp.quality,
        start_time=stamp.time,
        **_zeek.ends() | {"dst_port": web.port_asked(verb, uri, pl.col("resp_p"))},
        method=null_if_dash(verb).str.to_uppercase(),
        url_scheme=pl.when(~web.is_tunnel(verb)).then(pl.lit("http")),
        url_hostname=web.host_asked(verb, host, uri),
        url=web.whole_url(host, pl.col("resp_p"), uri),
        status_code=status,
        bytes_in=to_int(pl.col("received")),
        bytes_out=to_int(pl.col("sent")),
        content_type=media_type(pl.col("mime").str.split(",").list.first()),
        referrer_hostname=hostname(null_if_dash(pl.col("referrer"))),
        user_agent=null_if_dash(pl.col("agent")),
        disposition=web.seen(status),
        extras=json_text(
            uid=pl.col("uid"),
            proxied=pl.col("proxied"),
            site_username=null_if_dash(pl.col("username")),
        ),
    )


FORMAT = Format(
    name="zeek_http",
    product="Zeek",
    event_classes=("http_requests",),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    columns=_zeek.COLUMNS,
    comment=_zeek.is_comment,
    header=_zeek.is_header,
    may_lack={"url_hostname": pl.lit(value=True)},
)
