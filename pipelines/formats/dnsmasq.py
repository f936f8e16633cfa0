"""dnsmasq and Pi-hole: names looked up, and leases, in syslog or a separate file.

    Nov  2 08:15:00 dnsmasq[812]: query[A] example.org from 192.0.2.17
    Nov  2 08:15:00 dnsmasq-dhcp[812]: DHCPACK(eth0) 192.0.2.17 00:00:5e:00:53:01 lab-7

Only the line of the query names the client. The result is on further lines, joined by a serial
number if the server writes one (`log-queries=extra`, here `event_uid`). A block is such a
further line: it becomes a separate query, `blocked`, without a client unless there is a serial
number. Answers and forwards become system events. An ACK does not distinguish a renewal from a
first lease. The stamp has neither year nor zone.
"""

from collections.abc import Sequence

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading.json import json_text
from pipelines.formats.reading.syslog import with_header, written_by
from pipelines.formats.reading.table import is_of, value, with_groups

SERIAL = r"^(?<serial>[0-9]+) (?<client>[^ /]+)/(?<port>[0-9]+) "
SENTENCES = (
    r"^(?:query|auth)\[(?<type>[^\]]+)\] (?<name>.*) from (?<ip>[^ ]+)$",
    (
        r"^(?:gravity|regex|exactly|external) (?:blocked|blacklisted|denied)"
        r"(?: [A-Za-z]+)? (?<blocked>[^ ]+) is (?<answer>[^ ]+)"
    ),
    (
        r"^(?:[0-9]+ )?DHCP[A-Z]+\((?<interface>[^)]*)\) (?<lease>[^ ]+) "
        r"(?<number>[0-9a-fA-F:]{11,})(?: (?<lease_name>[^ ]+))?"
    ),
    r"^(?:[0-9]+ )?(?<kind>[A-Za-z/-][A-Za-z0-9_/.-]*)",
)
ACTIONS = {
    "DHCPACK": "assign",
    "DHCPREPLY": "assign",
    "DHCPRELEASE": "release",
    "DHCPDECLINE": "decline",
}
TYPES = {"type=64": "SVCB", "type=65": "HTTPS"}
BODY, NUMBER = pl.col("body"), value("number")
IS_BLOCK = value("blocked").is_not_null()
DUID = pl.when(NUMBER.str.len_chars() > 17).then(NUMBER)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a syslog line of dnsmasq or one of its parts."""
    return written_by(line, "dnsmasq(?:-[a-z]+)?")


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the serial number, and each sentence into its words; adds `body`."""
    del names
    lines = with_groups(with_header(batch, context.reading), pl.col("syslog_body"), SERIAL)
    lines = lines.with_columns(body=pl.col("syslog_body").str.replace(SERIAL, ""))
    for shape in SENTENCES:
        lines = with_groups(lines, BODY, shape)
    return lines


FORMAT = Format(
    name="dnsmasq",
    product="dnsmasq",
    event_classes=("dns_queries", "leases", "system_events"),
    looks_like=looks_like,
    split=split,
    fields={
        "event_uid": "serial",
        "src_ip": value("ip", "client"),
        "src_port": "port",
        "query_name": value("name", "blocked"),
        "query_type": value("type").replace(TYPES),
        "answers": "answer",
        "ip": "lease",
        "mac": "number",
        "hostname": "lease_name",
        "action": value("kind").replace_strict(ACTIONS, default=None, return_dtype=pl.String),
        "kind": "kind",
        "reported_by": pl.col("syslog_host"),
    },
    classes={
        "dns_queries": value("kind").is_in(["query", "auth"]) | IS_BLOCK,
        "leases": pl.col("action").is_not_null(),
    },
    more={
        "disposition": pl.when(IS_BLOCK).then(pl.lit("blocked")),
        "extras": json_text(
            interface=pl.when(is_of("leases")).then(value("interface")),
            duid=pl.when(is_of("leases")).then(DUID),
            blocked_by=pl.when(IS_BLOCK).then(BODY.str.extract("^([a-z]+ [a-z]+) ", 1)),
        ),
    },
    must={
        "not a message of this product": pl.col("syslog_program").str.starts_with("dnsmasq"),
        "nothing said": value("kind").is_not_null(),
    },
    required={"leases": ("mac",)},
    may_lack={"src_ip": IS_BLOCK, "mac": DUID.is_not_null()},
)
