"""MikroTik RouterOS syslog: topics, then a sentence.

    2026-11-23T08:15:00-06:00 gw firewall,info drop-in input: in:ether1 out:(unknown 0),
    connection-state:new src-mac 02:00:5e:00:53:02, proto TCP (SYN),
    192.0.2.9:59388->203.0.113.1:23, len 40

(one line). A firewall line is one packet, at the time it was seen; the router's own
stamp is not sent, so the syslog header's counts.

- Only the rule's prefix (`drop-in`) shows the action on the packet; the option `unmarked`
  (`allowed`, `blocked`) sets the meaning of lines without such a word.
- IPv6 with a port is in brackets; ICMP has no ports.
- An answer (`SYN,ACK`) comes from the one who did not open the connection.
- `src-mac` is the last hop, often a router, so it stays among the extras.
- Logins: at the router itself, of tunnels (`l2tp,ppp,info,account`), of the hotspot.
"""

from collections.abc import Sequence

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import address, mac, null_if_dash, word_of
from pipelines.formats.reading.flows import verdict
from pipelines.formats.reading.syslog import BEFORE_TAG, HEADER_END, with_header
from pipelines.formats.reading.table import is_of, value, with_groups

TOPICS = r"^([a-z0-9!-]+(?:,[a-z0-9!-]+)+):? (.*)$"
SENTENCES = (
    (
        r"^(?<rule>.*?)(?:^| )in:(?<in>.+?) out:(?<out>.+?), (?<state>.*?)"
        r"proto (?<proto>[A-Za-z0-9-]+)(?: \((?<flags>[^)]*)\))?, "
        r"(?<sender>[^ ,]+?)->(?<target>[^ ,]+)(?:, (?<rest>.*))?$"
    ),
    r"^login failure for user (?<refused>.+) from (?<refused_ip>[^ ]+) via (?<refused_via>[^ ]+)$",
    (
        r"^user (?<admin>.+) (?<admin_did>logged in|logged out) from (?<admin_ip>[^ ]+) "
        r"via (?<admin_via>[^ ]+)$"
    ),
    (
        r"^(?<tunnel>[^ ]+) (?<tunnel_did>logged in|logged out), (?<tunnel_inside>[^ ]+).* "
        r"from (?<tunnel_ip>[^ ]+)$"
    ),
    (
        r"^(?:->: )?(?<hotspot>.+) \((?<hotspot_ip>[0-9a-fA-F.:]+)\): "
        r"(?<hotspot_did>logged in|logged out|login failed)(?:: (?<hotspot_reason>.*))?$"
    ),
    (
        r"^[^ ]+ (?<taken>de)?assigned (?<lease_ip>[^ ]+) (?:for|to|from) "
        r"(?<lease_mac>[0-9A-Fa-f:]{17})(?: (?<lease_name>.*))?"
    ),
    r"^(?<proxy_ip>[0-9a-fA-F.:]+) (?<method>[A-Z]+) (?<url>[^ ]+) +action=(?<proxy_did>[a-z]+)",
)
BRACKETED, PLAIN = r"^\[([0-9a-fA-F:.]+)\]:[0-9]+$", r"^([0-9.]+):[0-9]+$"
PORT = r"^(?:\[[0-9a-fA-F:.]+\]|[0-9.]+):([0-9]+)$"
NAT = r"NAT \([^)>]*->(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+))(?::([0-9]+))?\)->"

TOPIC, RULE = pl.col("topics"), value("rule")
IS_ANSWER = value("flags").is_in(["SYN,ACK", "ACK,SYN"]).fill_null(value=False)
SOURCE = pl.when(IS_ANSWER).then(value("target")).otherwise(value("sender"))
TARGET = pl.when(IS_ANSWER).then(value("sender")).otherwise(value("target"))
ACTION = value("admin_did", "tunnel_did", "hotspot_did")
IS_FAILED = value("refused").is_not_null() | (ACTION == "login failed")
IS_LEFT = ACTION == "logged out"


def about(topic: str) -> pl.Expr:
    """Return whether the line has a topic."""
    return TOPIC.str.contains(rf"(?:^|,){topic}(?:,|$)").fill_null(value=False)


def host_of(end: pl.Expr) -> pl.Expr:
    """Return the address of an end, without its port."""
    return pl.coalesce(end.str.extract(BRACKETED), end.str.extract(PLAIN), end)


IS_LOGIN = (
    (about("system") & value("refused", "admin").is_not_null())
    | (about("account") & value("tunnel").is_not_null())
    | (about("hotspot") & value("hotspot").is_not_null())
)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match RouterOS topics, or its way to write a packet."""
    topics = line.str.contains(
        HEADER_END + r"(?:firewall|system|dhcp|hotspot|wireless|interface|script|l2tp"
        r"|pppoe|pptp|sstp|ovpn|ipsec|web-proxy|account|caps),[a-z,!-]+ "
    )
    packet = line.str.contains(
        BEFORE_TAG
        + r"(?:[^ =\"\[\]]+ +){0,6}in:[^ ]+ out:.+, .*proto [A-Za-z0-9-]+.*, [^ ]+->[^ ]+"
    )
    return topics | packet


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut each sentence into its fields; adds `topics`."""
    del names
    topical = pl.col("syslog_body").str.extract_groups(TOPICS).struct
    lines = with_header(batch, context.reading).with_columns(
        topics=topical.field("1"), sentence=pl.coalesce(topical.field("2"), "syslog_body")
    )
    for shape in SENTENCES:
        lines = with_groups(lines, pl.col("sentence"), shape)
    return lines


def more(context: Context) -> dict[str, pl.Expr]:
    """Return what the rule's prefix and the sentence decide."""
    proxied = value("proxy_did").replace({"allow": "allowed", "deny": "blocked"})
    return {
        "disposition": pl.when(is_of("http_requests"))
        .then(proxied)
        .otherwise(verdict(RULE, context.options)),
        "activity": word_of(("logoff", IS_LEFT), otherwise="logon"),
        "logon_kind": word_of(
            ("proxy", about("hotspot")),
            ("vpn", about("account") & value("tunnel").is_not_null()),
            otherwise="remote",
        ),
        "is_success": pl.when(IS_FAILED)
        .then(pl.lit(value=False))
        .when(ACTION == "logged in")
        .then(pl.lit(value=True)),
        "failure_reason": pl.when(IS_FAILED).then(null_if_dash(value("hotspot_reason"))),
        "assigned_ip": pl.when(~IS_LEFT).then(address(value("tunnel_inside"))),
        "action": word_of(("assign", value("taken").is_null()), otherwise="release"),
    }


FORMAT = Format(
    name="mikrotik",
    product="MikroTik RouterOS",
    event_classes=("connections", "http_requests", "logons", "leases", "system_events"),
    looks_like=looks_like,
    split=split,
    fields={
        "src_ip": (
            host_of(SOURCE),
            value("proxy_ip", "refused_ip", "admin_ip", "tunnel_ip", "hotspot_ip"),
        ),
        "src_port": SOURCE.str.extract(PORT),
        "user_name": value("refused", "admin", "hotspot", "tunnel"),
        "dst_ip": host_of(TARGET),
        "dst_port": TARGET.str.extract(PORT),
        "protocol": "proto",
        "nat_ip": pl.coalesce(value("rest").str.extract(NAT, at) for at in (1, 2)),
        "nat_port": value("rest").str.extract(NAT, 3),
        "method": "method",
        "url": "url",
        "event_code": TOPIC,
        "ip": "lease_ip",
        "mac": "lease_mac",
        "hostname": "lease_name",
        "kind": TOPIC,
        "reported_by": pl.col("syslog_host"),
    },
    classes={
        "connections": value("sender").is_not_null(),
        "http_requests": about("web-proxy") & value("url").is_not_null(),
        "logons": IS_LOGIN,
        "leases": about("dhcp") & value("lease_ip").is_not_null(),
    },
    more=more,
    extras={
        "rule": RULE.str.strip_chars(" :").replace("", None),
        "in": "in",
        "out": value("out").replace("(unknown 0)", None),
        "state": value("state").str.extract("connection-state:([^ ]+)"),
        "frame_mac": mac(value("state").str.extract("src-mac ([0-9a-fA-F:]+)")),
        "topics": TOPIC,
        "via": value("refused_via", "admin_via"),
    },
    must={
        "not a message of this product": TOPIC.is_not_null() | is_of("connections"),
        "a firewall line without a packet": is_of("connections") | ~about("firewall"),
    },
    required={"connections": ("dst_ip",)},
)
