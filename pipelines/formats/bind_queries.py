"""BIND's query log, from a separate file, from syslog, or from an Infoblox appliance.

    02-Nov-2026 08:15:00.123 client @0x7f62 192.0.2.17#55575 (example.org): query:
    example.org IN AAAA + (192.0.2.53)
    Nov  2 08:15:00 ns1 named[812]: client 192.0.2.17#1130: UDP: query: example.org IN A
    response: NXDOMAIN +
    Nov  2 08:15:00 ns1 named[812]: client @0x7f62 192.0.2.17#5353 (games.example): rpz
    QNAME NXDOMAIN rewrite games.example/A/IN via games.example.rpz

(each one line in the log). The first is a query, the second an Infoblox query with its
answer, the third the action of a response policy zone: `PASSTHRU` allows the query, the
others block it. All other lines of the server are `system_events`.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import address, name, null_if_dash, port
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import HEADER_END, with_header, written_by

OWN = r"^([0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} [0-9:]{8}\.[0-9]{3}) (.*)$"
CLIENT = (
    r"client (?:@0x[0-9a-f]+ )?([0-9a-fA-F.:]+)#([0-9]{1,5})(?: \([^)]*\))?: "
    r"(?:view [^:]+: )?"
)
ASKED = (
    rf"{CLIENT}(?:UDP: |TCP: )?query: ([^ ]+) [A-Z]+ ([A-Z0-9]+)"
    r"(?: response: ([A-Z]+))? ?([-+][^ ]*)?(.*)$"
)
REWRITTEN = (
    rf"{CLIENT}(?:disabled )?rpz [A-Z-]+ ([A-Za-z-]+) rewrite "
    r"([^ ]+)/([A-Z0-9]+)/[A-Z]+(?: via ([^ ]+))?"
)
OWN_STAMP = r"(?:[0-9]{1,2}-[A-Z][a-z]{2}-[0-9]{4} [0-9:.]+ )?(?:[a-z-]+: )?(?:[a-z]+: )?"
SHOWN = r"client (?:@0x[0-9a-f]+ )?[0-9a-fA-F.:]+#[0-9]+(?: \([^)]*\))?: .*(?:query: |rpz )"
PASSES = ["PASSTHRU"]
ADDRESSES = r" IN (?:A|AAAA) ([0-9a-fA-F.:]+)"
IS_QUERY = pl.col("event_class") == "dns_queries"

REJECT_RULES = {
    "no stamp that can be read": pl.col("time").is_not_null(),
    "nothing said": pl.col("body").str.len_bytes() > 0,
    "a query whose words cannot be read": IS_QUERY
    | ~pl.col("body").str.contains(r"#[0-9]+(?: \([^)]*\))?: (?:UDP: |TCP: )?query:"),
    "query from no address": ~IS_QUERY | pl.col("src_ip").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a client's query, or a line of `named`."""
    own = line.str.contains(rf"{HEADER_END}{OWN_STAMP}{SHOWN}")
    return own | written_by(line, "named")


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `dns_queries`, or of `system_events` for other talk."""
    line = pl.col("line").str.strip_chars_end("\r\n\x00 ")
    own = line.str.extract_groups(OWN).struct
    stamp = clock.civil(own.field("1"), "%d-%b-%Y %H:%M:%S%.f", context.reading)
    asked = pl.col("body").str.extract_groups(ASKED).struct
    changed = pl.col("body").str.extract_groups(REWRITTEN).struct
    host = pl.coalesce(asked.field("3"), changed.field("4"))
    did = changed.field("3")
    answers = pl.col("body").str.extract_all(ADDRESSES)
    return (
        with_header(batch, context.reading)
        .with_columns(
            time=pl.coalesce(stamp.time, "syslog_time"),
            time_quality=pl.coalesce(stamp.quality, "syslog_time_quality"),
            body=pl.coalesce(own.field("2"), "syslog_body").str.strip_chars(" "),
        )
        .with_columns(
            event_class=pl.when(host.is_not_null())
            .then(pl.lit("dns_queries"))
            .otherwise(pl.lit("system_events")),
            src_ip=address(pl.coalesce(asked.field("1"), changed.field("1"))),
            src_port=port(pl.coalesce(asked.field("2"), changed.field("2"))),
            query_name=pl.when(host == ".").then(host).otherwise(name(host)),
            query_type=pl.coalesce(asked.field("4"), changed.field("5")),
            response_code=asked.field("5"),
            answers=null_if_dash(
                answers.list.eval(pl.element().str.extract("([^ ]+)$", 1)).list.join(",")
            ),
            disposition=pl.when(did.is_in(PASSES))
            .then(pl.lit("allowed"))
            .when(did.is_not_null())
            .then(pl.lit("blocked")),
            policy=did,
            zone=changed.field("6"),
            kind=pl.coalesce("syslog_program", pl.lit("named")),
            reported_by=pl.col("syslog_host"),
            message=pl.col("line"),
        )
        .with_columns(extras=pl.when(IS_QUERY).then(json_of([pl.col("policy"), pl.col("zone")])))
    )


FORMAT = Format(
    name="bind_queries",
    product="BIND, Infoblox",
    event_classes=("dns_queries", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
