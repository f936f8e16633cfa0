"""Zeek `dns.log`: one line for each look-up with its answer, text or JSON.

    1772460005.123456  CAbc1  10.20.4.17  46686  10.20.0.53  53  udp  51803
    0.033  www.example.org  1  C_INTERNET  1  A  0  NOERROR ... 203.0.113.7 ...

(tabs, one line in the log). `ts` is the query. Multicast names (`.local`) are
here as well. Of an answer in JSON eight members are read.
"""

from functools import partial

import polars as pl

from pipelines.formats import Format
from pipelines.formats.reading import zeek
from pipelines.formats.reading.fields import address
from pipelines.formats.reading.table import value

PROOF = ["trans_id", "query"]
"""Fields that, of all logs, this one alone has."""

KEYS = ["id.orig_h", "trans_id", "AA"]


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match two ends, a protocol, then the number of the transaction."""
    as_text = line.str.contains(zeek.PAIR + r"(?:tcp|udp)\t[0-9]+\t")
    return as_text | zeek.has_keys(line, *KEYS) | zeek.names_all(line, *PROOF)


FORMAT = Format(
    name="zeek_dns",
    product="Zeek",
    event_classes=("dns_queries",),
    looks_like=looks_like,
    split=partial(zeek.split, sets=["answers"], proof=PROOF, keys=KEYS),
    stamp=zeek.stamp,
    fields={
        "src_ip": "id.orig_h",
        "src_port": "id.orig_p",
        "query_name": "query",
        "query_type": ("qtype_name", "qtype"),
        "response_code": "rcode_name",
    },
    more={
        "answers": value("answers"),
        "disposition": pl.when(value("rcode_name") == "NOERROR").then(pl.lit("allowed")),
    },
    extras={"uid": "uid", "server": address(value("id.resp_h"))},
    must=zeek.REJECT_RULES,
    may_lack={"query_name": pl.lit(value=True)},
    columns=zeek.COLUMNS,
    comment=zeek.is_comment,
    header=zeek.is_header,
)
