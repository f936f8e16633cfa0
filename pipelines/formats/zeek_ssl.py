"""Zeek `ssl.log`: one line per TLS handshake, text or JSON.

    1772460005.123456  CAbc1  10.20.4.17  50112  203.0.113.7  443  TLSv13
    TLS_AES_256_GCM_SHA384  x25519  www.example.org  F  -  h2  T ...

(tabs, one line in the log). `ts` is the first packet of the handshake. The host
is the name that the client requested; there is none if it is missing or encrypted. Bytes
are in `conn.log`. `established` shows that the handshake was finished.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading import zeek as _zeek
from pipelines.formats.reading.fields import name
from pipelines.formats.reading.json import json_text

FIELDS = {
    **_zeek.ENDS,
    "server_name": "server_name",
    "established": "established",
    "version": "version",
    "subject": "subject",
    "ja3": "ja3",
}
VERSION = r"(?:D?TLSv1[0-3]?|SSLv[23])"
UNKNOWN = r"-\t-\t-\t[^\t]*\t[TF]\t"  # no handshake seen: then name and resumption
PROOF = ["cipher", "established"]
"""Fields that, of all logs, this one alone has."""

KEYS = ["id.orig_h", "established", "resumed"]

REJECT_RULES = {
    **_zeek.REJECT_RULES,
    "the source is not an address": pl.col("src_ip").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match two ends, then a TLS version and a cipher, where a handshake was seen."""
    as_text = line.str.contains(_zeek.PAIR + rf"(?:{VERSION}\t|-\tTLS_|{UNKNOWN})")
    return as_text | _zeek.has_keys(line, *KEYS) | _zeek.names_all(line, *PROOF)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `http_requests`."""
    stamp = _zeek.stamp(context.reading)
    is_established = _zeek.is_true(pl.col("established"))
    return _zeek.with_fields(batch, context, FIELDS, proof=PROOF, keys=KEYS).with_columns(
        time=stamp.time,
        time_quality=stamp.quality,
        start_time=stamp.time,
        **_zeek.ends(),
        url_scheme=pl.lit("https"),
        url_hostname=name(pl.col("server_name")),
        disposition=pl.when(is_established).then(pl.lit("allowed")),
        extras=json_text(
            uid=pl.col("uid"),
            tls_version=pl.col("version"),
            tls_subject=pl.col("subject"),
            ja3=pl.col("ja3"),
        ),
    )


FORMAT = Format(
    name="zeek_ssl",
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
