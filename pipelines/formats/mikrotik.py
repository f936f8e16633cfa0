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

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    mac,
    name,
    null_if_dash,
    port,
    word_of,
)
from pipelines.formats.reading.flows import protocol, verdict
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import BEFORE_TAG, HEADER_END, with_header

TOPICS = r"^([a-z0-9!-]+(?:,[a-z0-9!-]+)+):? (.*)$"
PACKET = (
    r"^(.*?)(?:^| )in:(.+?) out:(.+?), (.*?)proto ([A-Za-z0-9-]+)(?: \(([^)]*)\))?, "
    r"([^ ,]+?)->([^ ,]+)(?:, (.*))?$"
)
END = r"^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([0-9]+)$"
NAT = r"NAT \([^)>]*->(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+))(?::([0-9]+))?\)->"
ADMIN = (
    r"^(?:login failure for user (.+) from ([^ ]+) via ([^ ]+)"
    r"|user (.+) (logged in|logged out) from ([^ ]+) via ([^ ]+))$"
)
TUNNEL = r"^([^ ]+) (logged in|logged out), ([^ ]+).* from ([^ ]+)$"
DID = "(logged in|logged out|login failed)"
HOTSPOT = rf"^(?:->: )?(.+) \(([0-9a-fA-F.:]+)\): {DID}(?:: (.*))?$"
LEASE = r"^[^ ]+ (de)?assigned ([^ ]+) (?:for|to|from) ([0-9A-Fa-f:]{17})(?: (.*))?"
PROXIED = r"^([0-9a-fA-F.:]+) ([A-Z]+) ([^ ]+) +action=([a-z]+)"
cls = pl.col("event_class")


def about(topic: str) -> pl.Expr:
    """Return whether the line has a topic."""
    return pl.col("topics").str.contains(rf"(?:^|,){topic}(?:,|$)").fill_null(value=False)


REJECT_RULES = {
    "neither topics nor a packet": pl.col("topics").is_not_null() | (cls == "connections"),
    "no syslog stamp": pl.col("time").is_not_null(),
    "a firewall line without a packet": (cls == "connections") | ~about("firewall"),
    "source is not an address": ~cls.is_in(["connections", "http_requests"])
    | pl.col("src_ip").is_not_null(),
    "target is not an address": (cls != "connections") | pl.col("dst_ip").is_not_null(),
    "no host in the URL": (cls != "http_requests") | pl.col("url_hostname").is_not_null(),
    "lease without an address": (cls != "leases") | pl.col("ip").is_not_null(),
}


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


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of each event class; null where a line has none."""
    body = pl.col("syslog_body")
    topical = body.str.extract_groups(TOPICS)
    said = pl.col("said")
    return (
        with_header(batch, context.reading)
        .with_columns(
            time=pl.col("syslog_time"),
            time_quality=pl.col("syslog_time_quality"),
            topics=topical.struct.field("1"),
            said=pl.coalesce(topical.struct.field("2"), body),
        )
        .with_columns(
            packet=said.str.extract_groups(PACKET),
            admin=said.str.extract_groups(ADMIN),
            tunnel=said.str.extract_groups(TUNNEL),
            hotspot=said.str.extract_groups(HOTSPOT),
            lease=said.str.extract_groups(LEASE),
            proxied=said.str.extract_groups(PROXIED),
        )
        .with_columns(event_class=event_class(), **ends())
        .with_columns(**flow(context), **web(), **logon(), **lease())
    )


def group(column: str, at: int) -> pl.Expr:
    """Return a group of a pattern that `read` has tried."""
    return pl.col(column).struct.field(str(at))


def event_class() -> pl.Expr:
    """Classify by topic and sentence."""
    login = (
        (about("system") & pl.coalesce(group("admin", 3), group("admin", 7)).is_not_null())
        | (about("account") & group("tunnel", 1).is_not_null())
        | (about("hotspot") & group("hotspot", 1).is_not_null())
    )
    return word_of(
        ("connections", group("packet", 7).is_not_null()),
        ("http_requests", about("web-proxy") & group("proxied", 3).is_not_null()),
        ("logons", login),
        ("leases", about("dhcp") & group("lease", 2).is_not_null()),
        otherwise="system_events",
    )


def ends() -> dict[str, pl.Expr]:
    """Return both ends of a packet, as it was sent."""
    found = {}
    for side, at in (("sender", 7), ("target", 8)):
        text = group("packet", at)
        parts = text.str.extract_groups(END)
        bare = pl.coalesce(parts.struct.field("1"), parts.struct.field("2"), text)
        found[f"{side}_ip"] = address(bare)
        found[f"{side}_port"] = port(parts.struct.field("3"))
    return found


def flow(context: Context) -> dict[str, pl.Expr]:
    """Return source, target and result."""
    answer = group("packet", 6).is_in(["SYN,ACK", "ACK,SYN"]).fill_null(value=False)
    worn = group("packet", 9).str.extract_groups(NAT)
    login = pl.coalesce(
        group("admin", 2), group("admin", 6), group("tunnel", 4), group("hotspot", 2)
    )
    source = pl.when(answer).then("target_ip").otherwise("sender_ip")
    proxied = group("proxied", 4).replace({"allow": "allowed", "deny": "blocked"})
    return {
        "start_time": pl.col("time"),
        "src_ip": pl.coalesce(source, address(pl.coalesce(group("proxied", 1), login))),
        "src_port": pl.when(answer).then("target_port").otherwise("sender_port"),
        "dst_ip": pl.when(answer).then("sender_ip").otherwise("target_ip"),
        "dst_port": pl.when(answer).then("sender_port").otherwise("target_port"),
        "protocol": protocol(group("packet", 5)),
        "nat_ip": address(pl.coalesce(worn.struct.field("1"), worn.struct.field("2"))),
        "nat_port": port(worn.struct.field("3")),
        "disposition": pl.when(cls == "http_requests")
        .then(proxied)
        .otherwise(verdict(group("packet", 1), context.options)),
        "extras": extras(),
        "kind": pl.col("topics"),
        "reported_by": pl.col("syslog_host"),
        "message": pl.col("line"),
    }


def extras() -> pl.Expr:
    """Return the rule's prefix and chain, interfaces, state and last hop."""
    fields = {
        "rule": group("packet", 1).str.strip_chars(" :"),
        "in": group("packet", 2),
        "out": group("packet", 3).replace("(unknown 0)", None),
        "state": group("packet", 4).str.extract("connection-state:([^ ]+)"),
        "frame_mac": mac(group("packet", 4).str.extract("src-mac ([0-9a-fA-F:]+)")),
        "topics": pl.col("topics"),
        "via": pl.coalesce(group("admin", 3), group("admin", 7)),
    }
    named = [pl.when(text != "").then(text).alias(key) for key, text in fields.items()]
    return pl.when(cls != "system_events").then(json_of(named))


def web() -> dict[str, pl.Expr]:
    """Return columns of a request through the router's proxy."""
    url = group("proxied", 3)
    return {
        "method": group("proxied", 2),
        "url_scheme": url.str.extract("^([a-z]+)://"),
        "url_hostname": hostname(url),
        "url": url.str.slice(0, MAX_URL),
    }


def logon() -> dict[str, pl.Expr]:
    """Return columns of a login at the router, a tunnel or the hotspot."""
    did = pl.coalesce(group("admin", 5), group("tunnel", 2), group("hotspot", 3))
    failed = group("admin", 1).is_not_null() | (did == "login failed")
    left = did == "logged out"
    in_tunnel = about("account") & group("tunnel", 1).is_not_null()
    user = pl.coalesce(
        group("admin", 1), group("admin", 4), group("hotspot", 1), group("tunnel", 1)
    )
    return {
        "user_name": account(user),
        "activity": pl.when(left).then(pl.lit("logoff")).otherwise(pl.lit("logon")),
        "logon_kind": word_of(("proxy", about("hotspot")), ("vpn", in_tunnel), otherwise="remote"),
        "is_success": pl.when(failed)
        .then(pl.lit(value=False))
        .when(did == "logged in")
        .then(pl.lit(value=True)),
        "failure_reason": pl.when(failed).then(null_if_dash(group("hotspot", 4))),
        "event_code": pl.col("topics"),
        "assigned_ip": pl.when(~left).then(address(group("tunnel", 3))),
        "is_machine": user.str.ends_with("$"),
    }


def lease() -> dict[str, pl.Expr]:
    """Return columns of a lease."""
    return {
        "ip": address(group("lease", 2)),
        "mac": mac(group("lease", 3)),
        "hostname": name(group("lease", 4)),
        "action": pl.when(group("lease", 1).is_null())
        .then(pl.lit("assign"))
        .otherwise(pl.lit("release")),
    }


FORMAT = Format(
    name="mikrotik",
    product="MikroTik RouterOS",
    event_classes=(
        "connections",
        "http_requests",
        "logons",
        "leases",
        "system_events",
    ),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
