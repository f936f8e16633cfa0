"""Zeek `dns.log`: one line for each look-up with its answer, text or JSON.

    1772460005.123456  CAbc1  10.20.4.17  46686  10.20.0.53  53  udp  51803
    0.033  www.example.org  1  C_INTERNET  1  A  0  NOERROR ... 203.0.113.7 ...

(tabs, one line in the log). `ts` is the query. Multicast names (`.local`) are
here as well. Of an answer in JSON eight members are read.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading import zeek as _zeek
from pipelines.formats.reading.fields import name, null_if_dash
from pipelines.formats.reading.json import json_text

FIELDS = {
    **_zeek.ENDS,
    "query": "query",
    "qtype": "qtype",
    "qtype_name": "qtype_name",
    "rcode_name": "rcode_name",
    "answers": "answers",
}
PROOF = ["trans_id", "query"]
"""Fields that, of all logs, this one alone has."""

KEYS = ["id.orig_h", "trans_id", "AA"]

REJECT_RULES = {
    **_zeek.REJECT_RULES,
    "the source is not an address": pl.col("src_ip").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match two ends, a protocol, then the number of the transaction."""
    as_text = line.str.contains(_zeek.PAIR + r"(?:tcp|udp)\t[0-9]+\t")
    return as_text | _zeek.has_keys(line, *KEYS) | _zeek.names_all(line, *PROOF)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `dns_queries`."""
    stamp = _zeek.stamp(context.reading)
    ends = _zeek.ends()
    return _zeek.with_fields(
        batch, context, FIELDS, sets=["answers"], proof=PROOF, keys=KEYS
    ).with_columns(
        time=stamp.time,
        time_quality=stamp.quality,
        src_ip=ends["src_ip"],
        src_port=ends["src_port"],
        query_name=name(pl.col("query")),
        query_type=pl.coalesce(null_if_dash(pl.col("qtype_name")), pl.col("qtype")),
        response_code=null_if_dash(pl.col("rcode_name")),
        disposition=pl.when(pl.col("rcode_name") == "NOERROR").then(pl.lit("allowed")),
        extras=json_text(uid=pl.col("uid"), server=ends["dst_ip"]),
    )


FORMAT = Format(
    name="zeek_dns",
    product="Zeek",
    event_classes=("dns_queries",),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    columns=_zeek.COLUMNS,
    comment=_zeek.is_comment,
    header=_zeek.is_header,
    may_lack={"query_name": pl.lit(value=True)},
)
