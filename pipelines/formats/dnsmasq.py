"""dnsmasq and Pi-hole: names looked up, and leases, in syslog or a separate file.

    Nov  2 08:15:00 dnsmasq[812]: query[A] example.org from 192.0.2.17
    Nov  2 08:15:00 dnsmasq-dhcp[812]: DHCPACK(eth0) 192.0.2.17 00:00:5e:00:53:01 lab-7

Only the line of the query names the client. The result is on further lines, joined by a serial
number if the server writes one (`log-queries=extra`, here `event_uid`). A block is such a
further line: it becomes a separate query, `blocked`, without a client unless there is a serial
number. Answers and forwards become system events. An ACK does not distinguish a renewal from a
first lease. The stamp has neither year nor zone.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import address, mac, name, null_if_dash, port, word_of
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import with_header, written_by

SERIAL = r"^([0-9]+) ([^ /]+)/([0-9]+) "
QUERY = r"^(?:query|auth)\[([^\]]+)\] (.*) from ([^ ]+)$"
BLOCK = (
    r"^(?:gravity|regex|exactly|external) (?:blocked|blacklisted|denied)"
    r"(?: [A-Za-z]+)? ([^ ]+) is ([^ ]+)"
)
LEASE = (
    r"^(?:[0-9]+ )?(DHCP[A-Z]+)\(([^)]*)\) ([^ ]+) "
    r"([0-9a-fA-F:]{11,})(?: ([^ ]+))?"
)
ACTIONS = {
    "DHCPACK": "assign",
    "DHCPREPLY": "assign",
    "DHCPRELEASE": "release",
    "DHCPDECLINE": "decline",
}
TYPES = {"type=64": "SVCB", "type=65": "HTTPS"}
BODY = pl.col("body")
KIND = pl.col("kind")
IS_QUERY = pl.col("event_class") == "dns_queries"
IS_LEASE = pl.col("event_class") == "leases"
IS_BLOCK = pl.col("disposition").is_not_null()

REJECT_RULES = {
    "no syslog stamp that can be read": pl.col("time").is_not_null(),
    "not written by dnsmasq": pl.col("syslog_program").str.starts_with("dnsmasq"),
    "nothing said": KIND.is_not_null(),
    "query of no name": pl.col("query_name").is_not_null() | ~IS_QUERY,
    "query from no address": pl.col("src_ip").is_not_null() | IS_BLOCK | ~IS_QUERY,
    "lease of no address": pl.col("ip").is_not_null() | ~IS_LEASE,
    "client of the lease has no MAC": pl.any_horizontal(
        pl.col("mac").is_not_null(), pl.col("duid").is_not_null(), ~IS_LEASE
    ),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a syslog line of dnsmasq or one of its parts."""
    return written_by(line, "dnsmasq(?:-[a-z]+)?")


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `dns_queries`, `leases` and `system_events`."""
    said = pl.col("syslog_body")
    serial = said.str.extract_groups(SERIAL).struct
    cut = with_header(batch, context.reading).with_columns(
        event_uid=serial.field("1"),
        client=serial.field("2"),
        src_port=port(serial.field("3")),
        body=said.str.replace(SERIAL, ""),
    )
    return (
        _leases(_queries(cut))
        .with_columns(
            time=pl.col("syslog_time"),
            time_quality=pl.col("syslog_time_quality"),
            event_class=word_of(
                ("dns_queries", KIND.is_in(["query", "auth"]) | IS_BLOCK),
                ("leases", pl.col("action").is_not_null()),
                otherwise="system_events",
            ),
            reported_by=pl.col("syslog_host"),
            message=pl.col("line"),
        )
        .with_columns(extras=_extras())
    )


def _queries(cut: pl.LazyFrame) -> pl.LazyFrame:
    """Add the fields of a query or a block, and the first word of any line."""
    query = BODY.str.extract_groups(QUERY).struct
    block = BODY.str.extract_groups(BLOCK).struct
    asked = pl.coalesce(query.field("2"), block.field("1"))
    return cut.with_columns(
        kind=BODY.str.extract(r"^(?:[0-9]+ )?([A-Za-z/-][A-Za-z0-9_/.-]*)", 1),
        query_name=pl.when(asked == ".").then(asked).otherwise(name(asked)),
        query_type=query.field("1").replace(TYPES),
        src_ip=address(pl.coalesce(query.field("3"), "client")),
        answers=null_if_dash(block.field("2")),
        disposition=pl.when(block.field("1").is_not_null()).then(pl.lit("blocked")),
    )


def _leases(cut: pl.LazyFrame) -> pl.LazyFrame:
    lease = BODY.str.extract_groups(LEASE).struct
    action = pl.col("kind").replace_strict(ACTIONS, default=None, return_dtype=pl.String)
    number = lease.field("4")
    return cut.with_columns(
        action=action,
        ip=address(lease.field("3")),
        mac=mac(number),
        duid=pl.when(number.str.len_chars() > 17).then(number),
        hostname=name(lease.field("5")),
        interface=lease.field("2"),
    )


def _extras() -> pl.Expr:
    """Return the interface and DUID of a lease, the kind of a block."""
    kind = pl.when(IS_BLOCK).then(BODY.str.extract("^([a-z]+ [a-z]+) ", 1))
    fields = [
        pl.when(IS_LEASE).then("interface").alias("interface"),
        pl.when(IS_LEASE).then("duid").alias("duid"),
        kind.alias("blocked_by"),
    ]
    return json_of(fields)


FORMAT = Format(
    name="dnsmasq",
    product="dnsmasq",
    event_classes=("dns_queries", "leases", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    may_lack={"src_ip": IS_BLOCK},
)
