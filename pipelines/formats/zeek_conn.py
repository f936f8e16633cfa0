"""Zeek `conn.log`: one line for each connection, text or JSON.

    1772460005.123456  CAbc1  10.20.4.17  50112  203.0.113.7  443  tcp  ssl  1.5 ...

(tabs in the log). `ts` is the first packet, the line is written at the end.
Bytes are payload, counted by sequence numbers, and unset where none were seen.
For ICMP the ports are type and code. `REJ` is a refusal by the other end, not
by a control; `S0` was never answered. Zeek watches: what was answered was let
through.
"""

from functools import partial

import polars as pl

from pipelines.formats import Format
from pipelines.formats.reading import zeek
from pipelines.formats.reading.fields import word_of
from pipelines.formats.reading.table import value

ANSWERED = ["S1", "S2", "S3", "SF", "RSTO", "RSTR"]
PROOF = ["conn_state"]
"""Fields that, of all logs, this one alone has."""

KEYS = ["id.orig_h", "conn_state"]
HAS_PORTS = value("proto") != "icmp"
FROM_INSIDE, TO_INSIDE = zeek.is_true(value("local_orig")), zeek.is_true(value("local_resp"))


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match two ends, a protocol, then a service, which is a word."""
    as_text = line.str.contains(
        zeek.PAIR + r"(?:tcp|udp|icmp|unknown_transport)\t(?:-|[a-z][^\t]*)\t[-0-9]"
    )
    return as_text | zeek.has_keys(line, *KEYS) | zeek.names_all(line, *PROOF)


FORMAT = Format(
    name="zeek_conn",
    product="Zeek",
    event_classes=("connections",),
    looks_like=looks_like,
    split=partial(zeek.split, proof=PROOF, keys=KEYS),
    stamp=zeek.stamp,
    fields={
        **zeek.ENDS,
        "protocol": "proto",
        "bytes_in": "resp_bytes",
        "bytes_out": "orig_bytes",
        "application": "service",
        "connection_uid": "uid",
        "event_uid": "uid",
    },
    more={
        "src_mac": value("orig_l2_addr"),
        "src_port": pl.when(HAS_PORTS).then("src_port"),
        "dst_port": pl.when(HAS_PORTS).then("dst_port"),
        "direction": word_of(
            ("lateral", FROM_INSIDE & TO_INSIDE),
            ("outbound", FROM_INSIDE & ~TO_INSIDE),
            ("inbound", ~FROM_INSIDE & TO_INSIDE),
        ),
        "disposition": pl.when(value("conn_state").is_in(ANSWERED)).then(pl.lit("allowed")),
    },
    extras={"state": "conn_state", "seconds": "duration"},
    must=zeek.REJECT_RULES,
    required={"connections": ("protocol",)},
    columns=zeek.COLUMNS,
    comment=zeek.is_comment,
    header=zeek.is_header,
)
