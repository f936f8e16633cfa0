"""Zeek `conn.log`: one line for each connection, text or JSON.

    1772460005.123456  CAbc1  10.20.4.17  50112  203.0.113.7  443  tcp  ssl  1.5 ...

(tabs in the log). `ts` is the first packet, the line is written at the end.
Bytes are payload, counted by sequence numbers, and unset where none were seen.
For ICMP the ports are type and code. `REJ` is a refusal by the other end, not
by a control; `S0` was never answered. Zeek watches: what was answered was let
through.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading import zeek as _zeek
from pipelines.formats.reading.fields import null_if_dash, to_int, word_of
from pipelines.formats.reading.flows import protocol
from pipelines.formats.reading.json import json_text

FIELDS = {
    **_zeek.ENDS,
    "proto": "proto",
    "service": "service",
    "duration": "duration",
    "orig_bytes": "orig_bytes",
    "resp_bytes": "resp_bytes",
    "conn_state": "conn_state",
    "local_orig": "local_orig",
    "local_resp": "local_resp",
    "orig_mac": "orig_l2_addr",
}
ANSWERED = ["S1", "S2", "S3", "SF", "RSTO", "RSTR"]
PROOF = ["conn_state"]
"""Fields that, of all logs, this one alone has."""

KEYS = ["id.orig_h", "conn_state"]

REJECT_RULES = {
    **_zeek.REJECT_RULES,
    "the source is not an address": pl.col("src_ip").is_not_null(),
    "no protocol": pl.col("protocol").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match two ends, a protocol, then a service, which is a word."""
    as_text = line.str.contains(
        _zeek.PAIR + r"(?:tcp|udp|icmp|unknown_transport)\t(?:-|[a-z][^\t]*)\t[-0-9]"
    )
    return as_text | _zeek.has_keys(line, *KEYS) | _zeek.names_all(line, *PROOF)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `connections`."""
    stamp = _zeek.stamp(context.reading)
    ends = _zeek.ends()
    has_ports = pl.col("proto") != "icmp"
    return _zeek.with_fields(batch, context, FIELDS, proof=PROOF, keys=KEYS).with_columns(
        time=stamp.time,
        time_quality=stamp.quality,
        start_time=stamp.time,
        src_ip=ends["src_ip"],
        src_port=pl.when(has_ports).then(ends["src_port"]),
        src_mac=pl.col("orig_mac"),
        dst_ip=ends["dst_ip"],
        dst_port=pl.when(has_ports).then(ends["dst_port"]),
        protocol=protocol(pl.col("proto")),
        bytes_in=to_int(pl.col("resp_bytes")),
        bytes_out=to_int(pl.col("orig_bytes")),
        application=null_if_dash(pl.col("service")),
        direction=direction(),
        disposition=pl.when(pl.col("conn_state").is_in(ANSWERED)).then(pl.lit("allowed")),
        connection_uid=pl.col("uid"),
        event_uid=pl.col("uid"),
        extras=json_text(state=pl.col("conn_state"), seconds=pl.col("duration")),
    )


def direction() -> pl.Expr:
    """Derive the direction from Zeek's setting of the local networks."""
    from_inside = _zeek.is_true(pl.col("local_orig"))
    to_inside = _zeek.is_true(pl.col("local_resp"))
    return word_of(
        ("lateral", from_inside & to_inside),
        ("outbound", from_inside & ~to_inside),
        ("inbound", ~from_inside & to_inside),
    )


FORMAT = Format(
    name="zeek_conn",
    product="Zeek",
    event_classes=("connections",),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    columns=_zeek.COLUMNS,
    comment=_zeek.is_comment,
    header=_zeek.is_header,
)
