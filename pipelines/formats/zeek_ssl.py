"""Zeek `ssl.log`: one line per TLS handshake, text or JSON.

    1772460005.123456  CAbc1  10.20.4.17  50112  203.0.113.7  443  TLSv13
    TLS_AES_256_GCM_SHA384  x25519  www.example.org  F  -  h2  T ...

(tabs, one line in the log). `ts` is the first packet of the handshake. The host
is the name that the client requested; there is none if it is missing or encrypted. Bytes
are in `conn.log`. `established` shows that the handshake was finished.
"""

from functools import partial

import polars as pl

from pipelines.formats import Format
from pipelines.formats.reading import zeek
from pipelines.formats.reading.fields import name
from pipelines.formats.reading.table import value

VERSION = r"(?:D?TLSv1[0-3]?|SSLv[23])"
UNKNOWN = r"-\t-\t-\t[^\t]*\t[TF]\t"  # no handshake seen: then name and resumption
PROOF = ["cipher", "established"]
"""Fields that, of all logs, this one alone has."""

KEYS = ["id.orig_h", "established", "resumed"]


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match two ends, then a TLS version and a cipher, where a handshake was seen."""
    as_text = line.str.contains(zeek.PAIR + rf"(?:{VERSION}\t|-\tTLS_|{UNKNOWN})")
    return as_text | zeek.has_keys(line, *KEYS) | zeek.names_all(line, *PROOF)


FORMAT = Format(
    name="zeek_ssl",
    product="Zeek",
    event_classes=("http_requests",),
    looks_like=looks_like,
    split=partial(zeek.split, proof=PROOF, keys=KEYS),
    stamp=zeek.stamp,
    fields=zeek.ENDS,
    more={
        "url_scheme": pl.lit("https"),
        "url_hostname": name(value("server_name")),
        "disposition": pl.when(zeek.is_true(value("established"))).then(pl.lit("allowed")),
    },
    extras={"uid": "uid", "tls_version": "version", "tls_subject": "subject", "ja3": "ja3"},
    must=zeek.REJECT_RULES,
    may_lack={"url_hostname": pl.lit(value=True)},
    columns=zeek.COLUMNS,
    comment=zeek.is_comment,
    header=zeek.is_header,
)
