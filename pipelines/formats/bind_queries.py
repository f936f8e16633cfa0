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

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format, of_header
from pipelines.formats.reading.fields import word_of
from pipelines.formats.reading.syslog import HEADER_END, with_header, written_by
from pipelines.formats.reading.table import by_name, value, with_groups

OWN = r"^(?<stamp>[0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} [0-9:]{8}\.[0-9]{3}) (?<own_body>.*)$"
CLIENT = (
    r"client (?:@0x[0-9a-f]+ )?(?<{0}ip>[0-9a-fA-F.:]+)#(?<{0}port>[0-9]{{1,5}})"
    r"(?: \([^)]*\))?: (?:view [^:]+: )?"
)
QUERY = (
    rf"{CLIENT.format('')}(?:UDP: |TCP: )?query: (?<name>[^ ]+) [A-Z]+ (?<type>[A-Z0-9]+)"
    r"(?: response: (?<response>[A-Z]+))?"
)
REWRITTEN = (
    rf"{CLIENT.format('rpz_')}(?:disabled )?rpz [A-Z-]+ (?<policy>[A-Za-z-]+) rewrite "
    r"(?<rpz_name>[^ ]+)/(?<rpz_type>[A-Z0-9]+)/[A-Z]+(?: via (?<zone>[^ ]+))?"
)
OWN_STAMP = r"(?:[0-9]{1,2}-[A-Z][a-z]{2}-[0-9]{4} [0-9:.]+ )?(?:[a-z-]+: )?(?:[a-z]+: )?"
SHOWN = r"client (?:@0x[0-9a-f]+ )?[0-9a-fA-F.:]+#[0-9]+(?: \([^)]*\))?: .*(?:query: |rpz )"
ADDRESSES = r" IN (?:A|AAAA) ([0-9a-fA-F.:]+)"
BODY, NAME = pl.col("body"), value("name", "rpz_name")


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a client's query, or a line of `named`."""
    own = line.str.contains(rf"{HEADER_END}{OWN_STAMP}{SHOWN}")
    return own | written_by(line, "named")


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the words of a query, or of the action of a policy zone; adds `body`."""
    del names
    line = pl.col("line").str.strip_chars_end("\r\n\x00 ")
    lines = with_groups(with_header(batch, context.reading), line, OWN).with_columns(
        body=pl.coalesce(value("own_body"), "syslog_body").str.strip_chars(" ")
    )
    return with_groups(with_groups(lines, BODY, QUERY), BODY, REWRITTEN)


FORMAT = Format(
    name="bind_queries",
    product="BIND, Infoblox",
    event_classes=("dns_queries", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=lambda context: clock.first(
        clock.civil(value("stamp"), "%d-%b-%Y %H:%M:%S%.f", context.reading), of_header(context)
    ),
    fields={
        "src_ip": value("ip", "rpz_ip"),
        "src_port": value("port", "rpz_port"),
        "query_name": NAME,
        "query_type": value("type", "rpz_type"),
        "response_code": "response",
        "answers": BODY.str.extract_all(ADDRESSES)
        .list.eval(pl.element().str.extract("([^ ]+)$", 1))
        .list.join(","),
        "kind": pl.coalesce("syslog_program", pl.lit("named")),
        "reported_by": pl.col("syslog_host"),
    },
    classes={"dns_queries": NAME.is_not_null()},
    more={
        "disposition": word_of(
            ("allowed", value("policy") == "PASSTHRU"), ("blocked", value("policy").is_not_null())
        )
    },
    extras=by_name("policy", "zone"),
    must={
        "nothing said": BODY.str.len_bytes() > 0,
        "a query whose words cannot be read": NAME.is_not_null()
        | ~BODY.str.contains(r"#[0-9]+(?: \([^)]*\))?: (?:UDP: |TCP: )?query:"),
    },
)
