"""Zeek `http.log`: one line per request on the wire, text or JSON.

    1772460005.123456  CAbc1  10.20.4.17  50112  203.0.113.7  80  1  GET
    www.example.org  /games  -  1.1  Mozilla/5.0  0  1155  200  OK ...

(tabs, one line in the log). `ts` is the request. In front of an explicit proxy
the responder is the proxy: a CONNECT names its target in `uri`, others the
whole URL. Behind a proxy the client may be in `proxied`, but anyone can write that
header, so it goes to `extras`. `username` is a name that a site asked for, not an
account of the district: `extras` too. 407 is a proxy asking for a login.
"""

from functools import partial

import polars as pl

from pipelines.formats import Format
from pipelines.formats.reading import web, zeek
from pipelines.formats.reading.table import value

PROOF = ["trans_depth", "request_body_len"]
"""Fields that, of all logs, this one alone has."""

KEYS = ["id.orig_h", "trans_depth", "request_body_len"]
METHOD, HOST, URI = value("method"), value("host"), value("uri")


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match two ends, the depth in the connection, then a method."""
    as_text = line.str.contains(zeek.PAIR + r"[0-9]+\t[A-Z]{3,}\t")
    return as_text | zeek.has_keys(line, *KEYS) | zeek.names_all(line, *PROOF)


FORMAT = Format(
    name="zeek_http",
    product="Zeek",
    event_classes=("http_requests",),
    looks_like=looks_like,
    split=partial(zeek.split, sets=["proxied", "resp_mime_types"], proof=PROOF, keys=KEYS),
    stamp=zeek.stamp,
    fields={
        **zeek.ENDS,
        "method": "method",
        "status_code": "status_code",
        "bytes_in": "response_body_len",
        "bytes_out": "request_body_len",
        "content_type": value("resp_mime_types").str.split(",").list.first(),
        "referrer_hostname": "referrer",
        "user_agent": "user_agent",
    },
    more={
        "dst_port": web.port_asked(METHOD, URI, value("id.resp_p")),
        "url_scheme": pl.when(~web.is_tunnel(METHOD)).then(pl.lit("http")),
        "url_hostname": web.host_asked(METHOD, HOST, URI),
        "url": web.whole_url(HOST, value("id.resp_p"), URI),
        "disposition": web.seen(pl.col("status_code")),
    },
    extras={"uid": "uid", "proxied": "proxied", "site_username": "username"},
    must=zeek.REJECT_RULES,
    may_lack={"url_hostname": pl.lit(value=True)},
    columns=zeek.COLUMNS,
    comment=zeek.is_comment,
    header=zeek.is_header,
)
