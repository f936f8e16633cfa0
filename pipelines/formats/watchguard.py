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

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Reading, Stamp
from pipelines.formats import Context, Format, of_header
from pipelines.formats.reading import logons
from pipelines.formats.reading.fields import null_if_dash, word_of
from pipelines.formats.reading.keyvalue import named_twice, with_fields, with_leef
from pipelines.formats.reading.syslog import BEFORE_TAG, HEADER_END, with_header
from pipelines.formats.reading.table import PREFIX, by_name, value

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
OTHER_NAMES = {
    "dstname": ("dstname", "sni"), "query_type": ("query_type", "record_type"),
    "srcPostNAT": ("src_ip_nat",), "srcPortPostNAT": ("src_port_nat",),
    "userAgent": ("userAgent", "user_agent"),
}  # fmt: skip
"""Names in the vendor's layout of keys that are called otherwise there."""

LOGIN = (
    r"^(?:Authentication of )?(.*?) [Uu]ser \[?(.+?)\]? from ([^ ]+) "
    r"(logged in|logged out|was accepted|was rejected)(.*)$"
)
LEASE = r"^DHCPACK on ([^ ]+) to ([^ ]+)(?: \(([^)]*)\))?"
VIRTUAL = r"[Vv]irtual IP(?: address)? is ([0-9a-fA-F.:]*[0-9a-fA-F])"

DISPOSITION, SENTENCE_OF = value("disp"), value("msg").str.extract_groups(LOGIN).struct
PORTAL, USER, CLIENT_IP, OUTCOME, REST = (SENTENCE_OF.field(str(at)) for at in range(1, 6))
LEASED = value("msg").str.extract_groups(LEASE).struct
WRITTEN_USER = pl.coalesce(USER, value("src_user"))
HAS_ENDS = value("src").is_not_null() & value("dst").is_not_null()
SECONDS = pl.coalesce(
    value("elapsed_time").str.strip_suffix(" sec(s)"), value("duration"), pl.lit("0")
).str.extract(r"^([0-9]{1,7}(?:\.[0-9]+)?)$", 1)
MICROSECONDS = (SECONDS.cast(pl.Float64, strict=False) * 1_000_000).cast(pl.Int64, strict=False)


def is_native(line: pl.Expr) -> pl.Expr:
    """Match a process of the Firebox and the number of its message."""
    return line.str.contains(MESSAGE)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match LEEF's header with the vendor's name, or the vendor's numbers of messages."""
    return line.str.contains(HEADER_END + r"(?:LEEF: ?)?1\.0\|WatchGuard\|") | is_native(line)


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut LEEF, or the vendor's layout into the same keys.

    Adds `native_time`, where the line holds its stamp in UTC as well and the header
    shows the same clock.
    """
    headed = with_leef(with_header(batch, context.reading), pl.col("line"))
    line = pl.col("line").str.strip_chars("\r\n\x00 ")
    native = pl.when(is_native(line)).then(line)
    body = native.str.replace(f"^.*?{WRITTEN}", "")
    utc = clock.iso(native.str.extract(UTC_STAMP, 1), Reading("UTC")).time
    is_same = (utc - pl.col("syslog_time")).abs() <= SAME_CLOCK
    return (
        with_fields(headed, *names, names=["src_user"])
        .with_columns(
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
            **{f"{PREFIX}{key}": pl.coalesce(value(key), _native(key)) for key in names},
        )
        .drop("packet")
    )


def _native(key: str) -> pl.Expr:
    """Return the value of a key in the vendor's layout."""
    native, packet = pl.col("native"), pl.col("packet").struct
    if key in BY_PLACE:
        text = packet.field(BY_PLACE[key])
        has_ports = packet.field("3").is_in(["tcp", "udp", "6", "17", "sctp"])
        return pl.when(has_ports).then(text) if key in ("srcPort", "dstPort") else text
    if key == "policy":
        return native.str.extract(POLICY, 1)
    if key == "msg":
        sentence = native.str.replace(MOBILE, "$1 user $2 from $5 logged $3. $4")
        is_packet = packet.field("1").is_not_null()
        return pl.when(is_packet).then(_quoted(native, "msg")).otherwise(sentence)
    text = pl.coalesce(null_if_dash(_quoted(native, name)) for name in OTHER_NAMES.get(key, (key,)))
    # a packet that no policy rewrote keeps its own address
    return text.replace("0.0.0.0", None) if key == "srcPostNAT" else text  # noqa: S104


def _quoted(text: pl.Expr, name: str) -> pl.Expr:
    count = text.str.count_matches(f' {name}="', literal=True)
    return pl.when(count == 1).then(text.str.extract(f' {name}="([^"]*)"', 1))


def stamp(context: Context) -> Stamp:
    """Return `devTime`, the line's stamp in UTC, or the time in the syslog header."""
    return clock.first(
        clock.worded(value("devTime"), context.reading),
        Stamp(pl.col("native_time"), pl.lit("exact")),
        of_header(context),
    )


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
    split=split,
    stamp=stamp,
    fields={
        "src_ip": pl.coalesce(value("src"), CLIENT_IP),
        "src_port": "srcPort",
        "user_name": WRITTEN_USER.str.replace("@[^@]*$", ""),
        "user_domain": WRITTEN_USER.str.extract("@([^@]*)$"),
        "dst_ip": "dst",
        "dst_port": "dstPort",
        "protocol": value("proto").str.extract("^([^/]+)"),
        "bytes_in": "rcvd_bytes",
        "bytes_out": "sent_bytes",
        "nat_ip": "srcPostNAT",
        "nat_port": "srcPortPostNAT",
        "application": value("app", "app_name"),
        "category": value("cats", "app_cat", "app_cat_name"),
        "method": "op",
        "url": null_if_dash(value("dstname")) + value("arg").fill_null(""),
        "url_hostname": "dstname",
        "user_agent": "userAgent",
        "query_name": "question",
        "query_type": "query_type",
        "event_code": pl.col("event_id"),
        "assigned_ip": REST.str.extract(VIRTUAL),
        "ip": LEASED.field("1"),
        "mac": LEASED.field("2"),
        "hostname": LEASED.field("3"),
        "kind": pl.col("event_id"),
        "reported_by": pl.coalesce(value("host_name", "sys_name"), "syslog_host"),
    },
    classes={
        "http_requests": HAS_ENDS & null_if_dash(value("dstname")).is_not_null(),
        "dns_queries": HAS_ENDS & null_if_dash(value("question")).is_not_null(),
        "connections": HAS_ENDS & DISPOSITION.is_not_null(),
        "logons": OUTCOME.is_not_null() & PORTAL.str.contains("VPN|Firewall"),
        "leases": value("msg").str.starts_with("DHCPACK on "),
    },
    more={
        "start_time": pl.col("time") - pl.duration(microseconds=MICROSECONDS, time_unit="us"),
        "disposition": word_of(
            ("blocked", DISPOSITION.str.contains("Deny|Block|Drop")),
            ("allowed", DISPOSITION.str.contains("Allow|Strip|Monitor")),
        ),
        **logons.result(
            left=OUTCOME == "logged out",
            failed=OUTCOME == "was rejected",
            reason=REST.str.strip_chars(" ,-."),
        ),
        "logon_kind": word_of(("vpn", PORTAL.str.contains("VPN", literal=True)), otherwise="proxy"),
        "action": pl.lit("assign"),
    },
    extras=by_name("disp", "policy", "proxy_act", "in_if", "out_if", "msg"),
    must={
        "not a message of this product": (pl.col("vendor") == "WatchGuard")
        & pl.col("fields").is_not_null(),
        "beginning or duration cannot be read": MICROSECONDS.is_not_null(),
    },
    required={
        "connections": ("dst_ip",),
        "http_requests": ("dst_ip",),
        "dns_queries": ("dst_ip",),
        "leases": ("mac",),
    },
)
