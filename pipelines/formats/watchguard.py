"""WatchGuard Firebox (Fireware) syslog, in the vendor's layout or LEEF.

    <142>Nov 23 08:15:00 fb01 firewall: msg_id="3000-0148" Allow 1-Trusted 0-External
    52 tcp 20 127 10.20.1.7 198.51.100.7 50354 443 offset 8 S 1 win 4 (HTTPS-00)

    <140>Nov 23 08:15:00 fb01 LEEF:1.0|WatchGuard|XTM|12.10|30000148|serial=0<tab>
    policy=Outgoing-00<tab>disp=Allow<tab>src=10.20.1.7<tab>srcPort=50354<tab>...

(one line each). The time is `devTime` if it is sent, otherwise the syslog header's; a
line with neither is rejected. It is the time of the decision about a packet; a line with
`duration` or `elapsed_time` was written at the end, so it began that much earlier.

- Collectors write the tabs as `#011` or cut off the word LEEF.
- Logins are in the text of `msg`: `SSL VPN user ada@example.edu@radius from ...`.
  The part after the last `@` is the authentication server, kept as the domain.
- Logins of administrators (`WSM User`) are system events.
"""

import polars as pl

from pipelines import clock
from pipelines.clock import Reading
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
    to_int,
    word_of,
)
from pipelines.formats.reading.flows import is_machine, protocol
from pipelines.formats.reading.keyvalue import as_json, named_twice, with_fields, with_leef
from pipelines.formats.reading.syslog import BEFORE_TAG, HEADER_END, with_header
from pipelines.formats.reading.table import value

# WatchGuard's own syslog lines, as the keys of its LEEF.
#
#     ... firewall: msg_id="3000-0148" Allow 1-Trusted 0-External 52 tcp 20 127 SRC DST
#         50354 443 offset 8 S 1 win 4 geo_dst="USA" src_user="ada@radius" (HTTPS-00)
#     ... https-proxy[812]: msg_id="2CFF-0000" Allow Trusted WAN tcp SRC DST 50354 443
#         msg="HTTPS Request" sni="www.example.org" sent_bytes="604" (HTTPS-proxy-00)
#
# The packet is first, by position; names of interfaces may contain blanks. A site cannot write a
# quote into a value; a repeated key counts as missing.

WRITTEN = (
    r"[A-Za-z][A-Za-z0-9_-]*(?:\[[0-9]*\])?: "
    r'msg_id="([0-9A-F]{4}-?[0-9A-F]{4})" '
)
MESSAGE = rf"{BEFORE_TAG}(?:[0-9A-F]+ )?(?:\([^)]*\) )?{WRITTEN}"
IP = "[0-9a-fA-F:.]{3,39}"
PACKET = (
    r"^([A-Z][A-Za-z]{2,15}) (.+?) (?:[0-9]{1,5} )?([a-z][a-z0-9/-]*|[0-9]{1,3}) "
    rf"(?:[0-9]{{1,3}} [0-9]{{1,3}} )?({IP}) ({IP})(?: ([0-9]{{1,5}}) ([0-9]{{1,5}}))?"
    r"(?: .*)?$"
)
SENTENCE = "^(?:Authentication of|Mobile VPN|DHCPACK on) "
POLICY = r"\(([^()]*)\) *$"
MOBILE = (
    r"^(Mobile VPN[a-zA-Z ]*) user ([^ ]+) logged (in|out)\. "
    r"(.*?)Real IP address is ([0-9a-fA-F.:]*[0-9a-fA-F])\.?.*$"
)
UTC_STAMP = r" \(([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8})\) "
SAME_CLOCK = pl.duration(minutes=5)
BY_PLACE = {
    "disp": "1", "in_if": "2", "proto": "3", "src": "4", "dst": "5", "srcPort": "6",
    "dstPort": "7",
}  # fmt: skip
BY_NAME = {
    "proxy_act": ("proxy_act",), "op": ("op",), "dstname": ("dstname", "sni"),
    "arg": ("arg",), "sent_bytes": ("sent_bytes",), "rcvd_bytes": ("rcvd_bytes",),
    "elapsed_time": ("elapsed_time",), "duration": ("duration",),
    "app_name": ("app_name",), "app_cat_name": ("app_cat_name",), "cats": ("cats",),
    "src_user": ("src_user",), "query_type": ("query_type", "record_type"),
    "question": ("question",), "srcPostNAT": ("src_ip_nat",),
    "srcPortPostNAT": ("src_port_nat",), "userAgent": ("userAgent", "user_agent"),
}  # fmt: skip


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
    r"^(?:Authentication of )?(.*?) [Uu]ser \[?(.+?)\]? from ([^ ]+) "
    r"(logged in|logged out|was accepted|was rejected)(.*)$"
)
LEASE = r"^DHCPACK on ([^ ]+) to ([^ ]+)(?: \(([^)]*)\))?"
VIRTUAL = r"[Vv]irtual IP(?: address)? is ([0-9a-fA-F.:]*[0-9a-fA-F])"
cls = pl.col("event_class")
FLOWS = ["connections", "http_requests", "dns_queries"]

REJECT_RULES = {
    "not WatchGuard's LEEF, nor its own layout": (pl.col("vendor") == "WatchGuard")
    & pl.col("fields").is_not_null(),
    "neither devTime nor a syslog stamp": pl.col("time").is_not_null(),
    "source is not an address": ~cls.is_in(FLOWS) | pl.col("src_ip").is_not_null(),
    "target is not an address": ~cls.is_in(FLOWS) | pl.col("dst_ip").is_not_null(),
    "duration is not seconds": pl.col("spent").is_not_null(),
    "lease without address and MAC": (cls != "leases")
    | (pl.col("ip").is_not_null() & pl.col("mac").is_not_null()),
}


def is_native(line: pl.Expr) -> pl.Expr:
    """Match a process of the Firebox and the number of its message."""
    return line.str.contains(MESSAGE)


def with_native(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Fill the `key_` columns, `vendor`, `event_id` and `fields` of native lines.

    Adds `native_time`, where the line holds its stamp in UTC as well and the header
    shows the same clock.
    """
    line = pl.col("line").str.strip_chars("\r\n\x00 ")
    native = pl.when(is_native(line)).then(line)
    body = native.str.replace(f"^.*?{WRITTEN}", "")
    utc = clock.iso(native.str.extract(UTC_STAMP, 1), Reading("UTC")).time
    is_same = (utc - pl.col("syslog_time")).abs() <= SAME_CLOCK
    return (
        lines.with_columns(
            native=body,
            event_id=pl.coalesce("event_id", native.str.extract(MESSAGE, 1)),
            native_time=pl.when(is_same).then(utc),
        )
        .with_columns(
            packet=pl.when(~pl.col("native").str.contains(SENTENCE))
            .then("native")
            .str.extract_groups(PACKET)
        )
        .with_columns(
            vendor=pl.when(pl.col("native").is_not_null())
            .then(pl.lit("WatchGuard"))
            .otherwise("vendor"),
            fields=pl.coalesce("fields", "native"),
            is_doubtful=pl.col("is_doubtful")
            | named_twice(native, r' src_user="[^"]*"').fill_null(value=False),
            **_keys(),
        )
        .drop("packet")
    )


def _keys() -> dict[str, pl.Expr]:
    native, packet = pl.col("native"), pl.col("packet").struct
    by_place = {key: packet.field(at) for key, at in BY_PLACE.items()}
    by_name = {
        key: pl.coalesce(null_if_dash(_quoted(native, name)) for name in names)
        for key, names in BY_NAME.items()
    }
    is_packet = packet.field("1").is_not_null()
    has_ports = packet.field("3").is_in(["tcp", "udp", "6", "17", "sctp"])
    for key in ("srcPort", "dstPort"):
        by_place[key] = pl.when(has_ports).then(by_place[key])
    text = native.str.replace(MOBILE, "$1 user $2 from $5 logged $3. $4")
    said = pl.when(is_packet).then(_quoted(native, "msg")).otherwise(text)
    more = {"policy": native.str.extract(POLICY, 1), "msg": said}
    # a packet that no policy rewrote keeps its own address
    worn = by_name["srcPostNAT"]
    by_name["srcPostNAT"] = pl.when(worn != "0.0.0.0").then(worn)  # noqa: S104
    return {
        f"key_{key}": pl.coalesce(f"key_{key}", found)
        for key, found in {**by_place, **by_name, **more}.items()
    }


def _quoted(text: pl.Expr, name: str) -> pl.Expr:
    count = text.str.count_matches(f' {name}="', literal=True)
    return pl.when(count == 1).then(text.str.extract(f' {name}="([^"]*)"', 1))


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match LEEF's header with the vendor's name, or the vendor's numbers of messages."""
    return line.str.contains(HEADER_END + r"(?:LEEF: ?)?1\.0\|WatchGuard\|") | is_native(line)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of each event class; null where a line has none."""
    stamp = clock.worded(value("devTime"), context.reading)
    headed = with_header(batch, context.reading)
    said = value("msg").str.extract_groups(LOGIN)
    leased = value("msg").str.extract_groups(LEASE)
    return (
        with_fields(with_leef(headed, pl.col("line")), *KEYS, names=["src_user"])
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
            event_class=event_class(), user_name=account(pl.col("who").str.replace("@[^@]*$", ""))
        )
        .with_columns(**flow(), **web(), **logon())
    )


def spent() -> pl.Expr:
    """Return microseconds from the beginning; null if the line lacks them."""
    text = pl.coalesce(
        value("elapsed_time").str.strip_suffix(" sec(s)"), "key_duration", pl.lit("0")
    )
    plain = text.str.extract(r"^([0-9]{1,7}(?:\.[0-9]+)?)$", 1)
    micros = plain.cast(pl.Float64, strict=False) * 1_000_000
    return pl.duration(microseconds=micros.cast(pl.Int64, strict=False), time_unit="us")


def event_class() -> pl.Expr:
    """Classify by the line's fields: a host, a question, two ends, a login, a lease."""
    ends = value("src").is_not_null() & value("dst").is_not_null()
    return word_of(
        ("http_requests", ends & null_if_dash(value("dstname")).is_not_null()),
        ("dns_queries", ends & null_if_dash(value("question")).is_not_null()),
        ("connections", ends & value("disp").is_not_null()),
        (
            "logons",
            pl.col("outcome").is_not_null() & pl.col("login").str.contains("VPN|Firewall"),
        ),
        ("leases", value("msg").str.starts_with("DHCPACK on ")),
        otherwise="system_events",
    )


def flow() -> dict[str, pl.Expr]:
    """Return columns of a flow, and those that other classes share with it."""
    said = value("disp")
    extra = ("disp", "policy", "proxy_act", "in_if", "out_if", "msg")
    return {
        "start_time": pl.col("time") - pl.col("spent"),
        "src_ip": address(pl.coalesce("key_src", "whence")),
        "src_port": port(value("srcPort")),
        "dst_ip": address(value("dst")),
        "dst_port": port(value("dstPort")),
        "protocol": protocol(value("proto").str.extract("^([^/]+)")),
        "bytes_in": to_int(value("rcvd_bytes")),
        "bytes_out": to_int(value("sent_bytes")),
        "nat_ip": address(value("srcPostNAT")),
        "nat_port": port(value("srcPortPostNAT")),
        "application": null_if_dash(pl.coalesce("key_app", "key_app_name")),
        "category": null_if_dash(pl.coalesce("key_cats", "key_app_cat", "key_app_cat_name")),
        "disposition": pl.when(said.str.contains("Deny|Block|Drop"))
        .then(pl.lit("blocked"))
        .when(said.str.contains("Allow|Strip|Monitor"))
        .then(pl.lit("allowed")),
        "extras": pl.when(cls != "system_events").then(as_json(*extra)),
        "kind": pl.col("event_id"),
        "reported_by": name(pl.coalesce("key_host_name", "key_sys_name", "syslog_host")),
        "message": pl.col("line"),
    }


def web() -> dict[str, pl.Expr]:
    """Return columns of a request and of a DNS question."""
    asked = null_if_dash(value("dstname"))
    return {
        "method": null_if_dash(value("op")).str.to_uppercase(),
        "url_hostname": hostname(asked),
        "url": (asked + value("arg").fill_null("")).str.slice(0, MAX_URL),
        "user_agent": null_if_dash(value("userAgent")),
        "query_name": name(value("question")),
        "query_type": null_if_dash(value("query_type")).str.to_uppercase(),
    }


def logon() -> dict[str, pl.Expr]:
    """Return columns of a login, from the words of the message."""
    outcome, vpn = pl.col("outcome"), pl.col("login").str.contains("VPN", literal=True)
    left, refused = outcome == "logged out", outcome == "was rejected"
    return {
        "user_domain": null_if_dash(pl.col("who").str.extract("@([^@]*)$")),
        "activity": pl.when(left).then(pl.lit("logoff")).otherwise(pl.lit("logon")),
        "logon_kind": pl.when(vpn).then(pl.lit("vpn")).otherwise(pl.lit("proxy")),
        "is_success": pl.when(~left).then(~refused),
        "failure_reason": pl.when(refused).then(
            null_if_dash(pl.col("more").str.strip_chars(" ,-."))
        ),
        "event_code": pl.col("event_id"),
        "assigned_ip": address(pl.col("more").str.extract(VIRTUAL)),
        "is_machine": is_machine(pl.col("user_name")),
    }


FORMAT = Format(
    name="watchguard",
    product="WatchGuard Firebox",
    name_proof="recorded",
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
    must=REJECT_RULES,
)
