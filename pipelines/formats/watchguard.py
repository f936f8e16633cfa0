"""WatchGuard Firebox (Fireware) syslog, its own layout or LEEF.

    <142>Nov 23 08:15:00 fb01 firewall: msg_id="3000-0148" Allow 1-Trusted 0-External
    52 tcp 20 127 10.20.1.7 198.51.100.7 50354 443 offset 8 S 1 win 4 (HTTPS-00)

    <140>Nov 23 08:15:00 fb01 LEEF:1.0|WatchGuard|XTM|12.10|30000148|serial=0<tab>
    policy=Outgoing-00<tab>disp=Allow<tab>src=10.20.1.7<tab>srcPort=50354<tab>...

(one line each). The time is `devTime` where it is sent, else the syslog header's; a
line with neither is refused. It is when a packet was judged; where `duration` or
`elapsed_time` stand, the line was written at the end, so it began that much before.

- Collectors write the tabs as `#011` or cut the word LEEF off.
- Logins stand in the text of `msg`: `SSL VPN user ada@example.edu@radius from ...`.
  What follows the last `@` is the authentication server, kept as the domain.
- Logins of administrators (`WSM User`) are system events.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    known,
    mac,
    name,
    port,
    whole,
)
from pipelines.formats.reading.flows import is_machine, protocol
from pipelines.formats.reading.keyvalue import as_json, value
from pipelines.formats.reading.leef import with_fields, with_leef
from pipelines.formats.reading.syslog import with_header
from pipelines.formats.reading.watchguard import is_native, with_native

KEYS = [
    "devTime", "host_name", "sys_name", "policy", "disp", "src", "srcPort",
    "srcPostNAT",
    "srcPortPostNAT", "dst", "dstPort", "proto", "proxy_act", "op", "dstname", "arg",
    "sent_bytes", "rcvd_bytes", "elapsed_time", "duration", "app", "app_name",
    "app_cat",
    "app_cat_name", "cats", "src_user", "query_type", "question", "msg", "in_if",
    "out_if", "userAgent",
]  # fmt: skip
LOGIN = (
    r"^(?:Authentication of )?(.*?) [Uu]ser \[?([^\] ]+)\]? from ([^ ]+) "
    r"(logged in|logged out|was accepted|was rejected)(.*)$"
)
LEASE = r"^DHCPACK on ([^ ]+) to ([^ ]+)(?: \(([^)]*)\))?"
VIRTUAL = r"[Vv]irtual IP(?: address)? is ([0-9a-fA-F.:]*[0-9a-fA-F])"
cls = pl.col("event_class")
FLOWS = ["connections", "http_requests", "dns_queries"]

MUST = {
    "not WatchGuard's LEEF, nor its own layout": (pl.col("vendor") == "WatchGuard")
    & pl.col("fields").is_not_null(),
    "neither devTime nor a syslog stamp": pl.col("time").is_not_null(),
    "source is not an address": ~cls.is_in(FLOWS) | pl.col("src_ip").is_not_null(),
    "target is not an address": ~cls.is_in(FLOWS) | pl.col("dst_ip").is_not_null(),
    "duration is not seconds": pl.col("spent").is_not_null(),
    "lease without address and MAC": (cls != "leases")
    | (pl.col("ip").is_not_null() & pl.col("mac").is_not_null()),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """LEEF's header with the vendor's name, or the vendor's numbers of messages."""
    return line.str.contains("1.0|WatchGuard|", literal=True) | is_native(line)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of each event class; null where a line has none."""
    stamp = clock.worded(value("devTime"), context.reading)
    headed = with_header(batch, context.reading)
    said = value("msg").str.extract_groups(LOGIN)
    leased = value("msg").str.extract_groups(LEASE)
    return (
        with_fields(with_leef(headed, pl.col("line")), *KEYS)
        .pipe(with_native)
        .with_columns(
            time=pl.coalesce(stamp.time, "native_time", "syslog_time"),
            time_quality=pl.when(pl.col("native_time").is_not_null())
            .then(pl.lit("exact"))
            .otherwise(pl.coalesce(stamp.quality, "syslog_time_quality")),
            spent=spent(),
            login=said.struct.field("1"),
            who=pl.coalesce(said.struct.field("2"), "key_src_user"),
            whence=said.struct.field("3"),
            outcome=said.struct.field("4"),
            more=said.struct.field("5"),
            ip=address(leased.struct.field("1")),
            mac=mac(leased.struct.field("2")),
            hostname=name(leased.struct.field("3")),
            action=pl.lit("assign"),
        )
        .with_columns(
            event_class=event_class(),
            user_name=account(pl.col("who").str.replace("@[^@]*$", "")),
        )
        .with_columns(**flow(), **web(), **logon())
    )


def spent() -> pl.Expr:
    """Microseconds from the beginning; nothing where the line does not tell."""
    text = pl.coalesce(
        value("elapsed_time").str.strip_suffix(" sec(s)"), "key_duration", pl.lit("0")
    )
    plain = text.str.extract(r"^([0-9]{1,7}(?:\.[0-9]+)?)$", 1)
    micros = plain.cast(pl.Float64, strict=False) * 1_000_000
    return pl.duration(microseconds=micros.cast(pl.Int64, strict=False), time_unit="us")


def event_class() -> pl.Expr:
    """By what the line names: a host, a question, two ends, a login, a lease."""
    ends = value("src").is_not_null() & value("dst").is_not_null()
    return (
        pl.when(ends & known(value("dstname")).is_not_null())
        .then(pl.lit("http_requests"))
        .when(ends & known(value("question")).is_not_null())
        .then(pl.lit("dns_queries"))
        .when(ends & value("disp").is_not_null())
        .then(pl.lit("connections"))
        .when(
            pl.col("outcome").is_not_null()
            & pl.col("login").str.contains("VPN|Firewall")
        )
        .then(pl.lit("logons"))
        .when(value("msg").str.starts_with("DHCPACK on "))
        .then(pl.lit("leases"))
        .otherwise(pl.lit("system_events"))
    )


def flow() -> dict[str, pl.Expr]:
    """Columns of a flow, and those that other classes share with it."""
    said = value("disp")
    extra = ("disp", "policy", "proxy_act", "in_if", "out_if", "msg")
    return {
        "start_time": pl.col("time") - pl.col("spent"),
        "src_ip": address(pl.coalesce("key_src", "whence")),
        "src_port": port(value("srcPort")),
        "dst_ip": address(value("dst")),
        "dst_port": port(value("dstPort")),
        "protocol": protocol(value("proto").str.extract("^([^/]+)")),
        "bytes_in": whole(value("rcvd_bytes")),
        "bytes_out": whole(value("sent_bytes")),
        "nat_ip": address(value("srcPostNAT")),
        "nat_port": port(value("srcPortPostNAT")),
        "application": known(pl.coalesce("key_app", "key_app_name")),
        "category": known(pl.coalesce("key_cats", "key_app_cat", "key_app_cat_name")),
        "disposition": pl.when(said.str.contains("Deny|Block|Drop"))
        .then(pl.lit("blocked"))
        .when(said.str.contains("Allow|Strip|Monitor"))
        .then(pl.lit("allowed")),
        "extras": pl.when(cls != "system_events").then(as_json(*extra)),
        "kind": pl.col("event_id"),
        "reported_by": name(
            pl.coalesce("key_host_name", "key_sys_name", "syslog_host")
        ),
        "message": pl.col("line"),
    }


def web() -> dict[str, pl.Expr]:
    """Columns of a request and of a DNS question."""
    asked = known(value("dstname"))
    return {
        "method": known(value("op")).str.to_uppercase(),
        "url_hostname": hostname(asked),
        "url": (asked + value("arg").fill_null("")).str.slice(0, MAX_URL),
        "user_agent": known(value("userAgent")),
        "query_name": name(value("question")),
        "query_type": known(value("query_type")).str.to_uppercase(),
    }


def logon() -> dict[str, pl.Expr]:
    """Columns of a login, from the words of the message."""
    outcome, vpn = pl.col("outcome"), pl.col("login").str.contains("VPN", literal=True)
    left, refused = outcome == "logged out", outcome == "was rejected"
    return {
        "user_domain": known(pl.col("who").str.extract("@([^@]*)$")),
        "activity": pl.when(left).then(pl.lit("logoff")).otherwise(pl.lit("logon")),
        "logon_kind": pl.when(vpn).then(pl.lit("vpn")).otherwise(pl.lit("proxy")),
        "is_success": pl.when(~left).then(~refused),
        "failure_reason": pl.when(refused).then(
            known(pl.col("more").str.strip_chars(" ,-."))
        ),
        "event_code": pl.col("event_id"),
        "assigned_ip": address(pl.col("more").str.extract(VIRTUAL)),
        "is_machine": is_machine(pl.col("user_name")),
    }


FORMAT = Format(
    name="watchguard",
    product="WatchGuard Firebox",
    user_is_mapped=True,
    event_classes=(
        "connections",
        "http_requests",
        "dns_queries",
        "logons",
        "leases",
        "system_events",
    ),
    looks_like=looks_like,
    read=read,
    must=MUST,
)
