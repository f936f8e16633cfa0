"""Cisco Meraki MX and MR syslog: an epoch, the device, a kind, then its own words.

    <134>1 1795443300.257656306 MX_01 urls src=10.20.1.7:51960 dst=198.51.100.7:443
    mac=02:00:5E:00:53:07 request: UNKNOWN https://www.example.com/...
    1795443301.253011885 MX_01 flows allow src=10.20.1.7 dst=198.51.100.7 ...

(one line each). The epoch is UTC with nanoseconds, when the flow or request began.

- An agent may contain anything, so keys count only before it, and only the last `request:`.
- An HTTPS request has the method `UNKNOWN`, and its path is cut to `...`.
- A port is glued to IPv6 by one more colon: the last colon is the one.
- Flows contain `allow` or `deny`; older firmware ends in the rule that matched, where `pattern:
  0` or `allow` lets pass and `pattern: 1` or `deny` stops.
- `ip_flow_end` repeats the ends of a flow without bytes: a system event.
- `content_filtering_block` identifies the client only by its MAC.
- Users are in the words of `events`: client VPN, AnyConnect, 802.1X.
"""

from collections.abc import Mapping

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading import radius
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    mac,
    name,
    null_if_dash,
    port,
)
from pipelines.formats.reading.flows import protocol
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import HEADER_END

LINE = (
    r"^(?:<[0-9]{1,3}>)?(?:.*? )??(?:1 )?"
    r"([0-9]{10}\.[0-9]{1,9}) ([^ ]+) ([a-z0-9_-]+) (.*)$"
)
HEAD = r"^(.*?)(?: agent='| request: | pattern: |$)"
FLOWS = ["flows", "firewall", "vpn_firewall", "cellular_firewall", "ip_flow_start"]
TUNNEL = (
    r"^(?:type=)?(?:[a-z]+_)?vpn_(connect|disconnect) user id '([^']*)' local ip ([^ ]+)"
    r"(?: (?:re)?connected from ([^ ]+))?"
)
ANYCONNECT = (
    r"^type=anyconnect_vpn_auth_(success|failure) .*Peer IP=([^ ]+) "
    r"Peer port=([0-9]+)(?: User=(.*?))?: (.*?) *'?$"
)
EAP = r"^type=8021x_eap_(success|failure) "
LEASE = r"^dhcp lease of ip ([^ ]+) .*for client mac ([^ ]+)"
cls, kind, rest = pl.col("event_class"), pl.col("kind"), pl.col("rest")

REJECT_RULES = {
    "not an epoch, a device, a kind and its words": kind.is_not_null(),
    "epoch is not a time": pl.col("time").is_not_null(),
    "source is not an address": ~(
        (cls == "connections") | ((cls == "http_requests") & (kind == "urls"))
    )
    | pl.col("src_ip").is_not_null(),
    "target is not an address": ~(
        (cls == "connections") | ((cls == "http_requests") & (kind == "urls"))
    )
    | pl.col("dst_ip").is_not_null(),
    "no host in the URL": (cls != "http_requests") | pl.col("url_hostname").is_not_null(),
    "neither address nor MAC of the client": (cls != "http_requests")
    | pl.coalesce("src_ip", "src_mac").is_not_null(),
    "lease without address and MAC": (cls != "leases")
    | (pl.col("ip").is_not_null() & pl.col("mac").is_not_null()),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an epoch with a long fraction, a device, a kind that Meraki has."""
    return line.str.contains(
        HEADER_END + r"[0-9]{10}\.[0-9]{6,9} [^ ]+ (?:urls|flows|events|ip_flow_start"
        r"|ip_flow_end|(?:vpn_|cellular_)?firewall|security_event|ids-alerts"
        r"|airmarshal_events) "
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of each event class; null where a line has none."""
    parts = pl.col("line").str.strip_chars_end("\x00\r\n ").str.extract_groups(LINE)
    stamp = clock.epoch(parts.struct.field("1"))
    return (
        batch.with_columns(
            time=stamp.time,
            time_quality=stamp.quality,
            reported_by=name(parts.struct.field("2")),
            kind=parts.struct.field("3"),
            rest=parts.struct.field("4"),
            head=" " + parts.struct.field("4").str.extract(HEAD),
        )
        .with_columns(
            tunnel=rest.str.extract_groups(TUNNEL),
            anyconnect=rest.str.extract_groups(ANYCONNECT),
            eap=rest.str.extract(EAP),
            asked=rest.str.extract_groups(r"^.* request: ([^ ]+) ([^ ]+)$"),
            blocked_url=rest.str.extract("^content_filtering_block url='([^']*)'"),
            identity=null_if_dash(word("identity")),
        )
        .with_columns(event_class=event_class())
        .with_columns(**flow(), **web(), **logon(context.options), **lease())
        .with_columns(
            start_time=pl.col("time"),
            is_machine=pl.col("user_name").str.contains(r"\$$|^host/"),
            message=pl.col("line"),
            extras=extras(),
        )
    )


def word(key: str) -> pl.Expr:
    """Return the value of a key, with or without single quotes; not from an agent or a URL."""
    found = pl.col("head").str.extract(rf" {key}=('[^']*'|[^ ']+)")
    return found.str.strip_chars("'").replace("", None)


def group(column: str, at: int) -> pl.Expr:
    """Return a group of a pattern that `read` has tried."""
    return pl.col(column).struct.field(str(at))


def event_class() -> pl.Expr:
    """Classify by kind, and by the words of an event."""
    is_event = kind == "events"
    login = pl.coalesce(
        group("tunnel", 2), group("anyconnect", 1), pl.col("eap") + pl.col("identity")
    )
    return (
        pl.when((kind == "urls") | (is_event & pl.col("blocked_url").is_not_null()))
        .then(pl.lit("http_requests"))
        .when(kind.is_in(FLOWS))
        .then(pl.lit("connections"))
        .when(is_event & null_if_dash(login).is_not_null())
        .then(pl.lit("logons"))
        .when(is_event & rest.str.contains(LEASE))
        .then(pl.lit("leases"))
        .otherwise(pl.lit("system_events"))
    )


def flow() -> dict[str, pl.Expr]:
    """Return source, target and result."""
    urls = kind == "urls"
    glued = r"^(.*):([0-9]{1,5})$"
    source, target = word("src"), pl.coalesce(word("dst"), word("server"))
    split = urls | (kind == "events")
    peer = pl.coalesce(group("tunnel", 4), group("anyconnect", 2), word("client_ip"))
    matched = rest.str.extract(r" pattern: ([01]|allow|deny)\b")
    verdict = pl.coalesce(rest.str.extract("^(allow|deny) "), matched)
    return {
        "src_ip": address(
            pl.coalesce(pl.when(split).then(source.str.extract(glued)), source, peer)
        ),
        "src_port": port(
            pl.coalesce(
                pl.when(split).then(source.str.extract(glued, 2)),
                word("sport"),
                group("anyconnect", 3),
            )
        ),
        "src_mac": mac(pl.coalesce(word("mac"), word("client_mac"))),
        "dst_ip": address(pl.coalesce(pl.when(split).then(target.str.extract(glued)), target)),
        "dst_port": port(
            pl.coalesce(pl.when(split).then(target.str.extract(glued, 2)), word("dport"))
        ),
        "protocol": protocol(word("protocol")),
        "nat_ip": address(word("translated_src_ip")),
        "nat_port": pl.when(word("translated_src_ip").is_not_null()).then(
            port(word("translated_port"))
        ),
        "disposition": pl.when(verdict.is_in(["deny", "1"]) | pl.col("blocked_url").is_not_null())
        .then(pl.lit("blocked"))
        .when(verdict.is_in(["allow", "0"]) | urls)
        .then(pl.lit("allowed")),
    }


def web() -> dict[str, pl.Expr]:
    """Return columns of a request."""
    url = pl.coalesce(group("asked", 2), "blocked_url")
    return {
        "method": group("asked", 1).replace("UNKNOWN", None).str.to_uppercase(),
        "url_scheme": url.str.extract("^([a-z]+)://"),
        "url_hostname": hostname(url),
        "url": url.str.slice(0, MAX_URL),
        "user_agent": null_if_dash(rest.str.extract(" agent='(.*)' request: ")),
        "category": null_if_dash(word("category0")),
    }


def logon(options: Mapping[str, str]) -> dict[str, pl.Expr]:
    """Return columns of a VPN login or an 802.1X one."""
    left = group("tunnel", 1) == "disconnect"
    outcome = pl.coalesce(group("anyconnect", 1), "eap")
    wifi = pl.col("eap").is_not_null()
    return {
        "user_name": account(pl.coalesce(group("tunnel", 2), group("anyconnect", 4), "identity")),
        "name_proof": radius.proof(pl.when(wifi).then(pl.lit("said")), options),
        "activity": pl.when(left).then(pl.lit("logoff")).otherwise(pl.lit("logon")),
        "logon_kind": pl.when(wifi).then(pl.lit("wifi")).otherwise(pl.lit("vpn")),
        "is_success": pl.when(outcome.is_not_null())
        .then(outcome == "success")
        .when(~left)
        .then(pl.lit(value=True)),
        "failure_reason": pl.when(group("anyconnect", 1) == "failure").then(
            null_if_dash(group("anyconnect", 5))
        ),
        "event_code": rest.str.extract("^(?:type=)?([a-z0-9_]+)"),
        "assigned_ip": address(group("tunnel", 3)),
    }


def lease() -> dict[str, pl.Expr]:
    """Return columns of a lease."""
    found = rest.str.extract_groups(LEASE)
    return {
        "ip": address(found.struct.field("1")),
        "mac": mac(found.struct.field("2")),
        "action": pl.lit("assign"),
    }


def extras() -> pl.Expr:
    """Return the kind, and the rule that matched."""
    fields = [
        pl.col("kind").alias("kind"),
        rest.str.extract(" pattern: (.*)$").alias("pattern"),
        word("type").alias("type"),
        word("vap").alias("vap"),
    ]
    return pl.when(cls != "system_events").then(json_of(fields))


FORMAT = Format(
    name="meraki",
    product="Cisco Meraki",
    name_proof="recorded",
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
    may_lack={"src_ip": pl.col("src_mac").is_not_null()},
)
