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

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading import radius
from pipelines.formats.reading.fields import null_if_dash, port, word_of
from pipelines.formats.reading.syslog import HEADER_END
from pipelines.formats.reading.table import PREFIX, by_name, is_of, value, with_groups

LINE = (
    r"^(?:<[0-9]{1,3}>)?(?:.*? )??(?:1 )?"
    r"([0-9]{10}\.[0-9]{1,9}) ([^ ]+) ([a-z0-9_-]+) (.*)$"
)
HEAD = r"^(.*?)(?: agent='| request: | pattern: |$)"
FLOWS = ["flows", "firewall", "vpn_firewall", "cellular_firewall", "ip_flow_start"]
SENTENCES = (
    (
        r"^(?:type=)?(?:[a-z]+_)?vpn_(?<vpn_step>connect|disconnect) user id '(?<vpn_user>[^']*)' "
        r"local ip (?<vpn_inside>[^ ]+)(?: (?:re)?connected from (?<vpn_peer>[^ ]+))?"
    ),
    (
        r"^type=anyconnect_vpn_auth_(?<anyconnect>success|failure) .*"
        r"Peer IP=(?<anyconnect_peer>[^ ]+) Peer port=(?<anyconnect_port>[0-9]+)"
        r"(?: User=(?<anyconnect_user>.*?))?: (?<anyconnect_reason>.*?) *'?$"
    ),
    r"^type=8021x_eap_(?<eap>success|failure) ",
    r"^.* request: (?<method>[^ ]+) (?<url>[^ ]+)$",
    r"^content_filtering_block url='(?<blocked_url>[^']*)'",
    r"^dhcp lease of ip (?<lease_ip>[^ ]+) .*for client mac (?<lease_mac>[^ ]+)",
    r" agent='(?<agent>.*)' request: ",
)
WORDS = (
    "src", "dst", "server", "sport", "dport", "protocol", "mac", "client_mac", "client_ip",
    "identity", "translated_src_ip", "translated_port", "category0", "type", "vap",
)  # fmt: skip
GLUED = r"^(.*):([0-9]{1,5})$"

KIND, REST = pl.col("kind"), pl.col("rest")
IS_URLS, IS_EVENT, IS_WIFI = KIND == "urls", KIND == "events", value("eap").is_not_null()
IS_BLOCKED = value("blocked_url").is_not_null()
IS_LEFT = value("vpn_step") == "disconnect"
HAS_GLUED_PORTS = IS_URLS | IS_EVENT
SOURCE, TARGET = value("src"), value("dst", "server")
GLUED_SOURCE, GLUED_TARGET = (
    [pl.when(HAS_GLUED_PORTS).then(end.str.extract(GLUED, at)) for at in (1, 2)]
    for end in (SOURCE, TARGET)
)
IDENTITY = null_if_dash(value("identity"))
USER = pl.coalesce(value("vpn_user", "anyconnect"), value("eap") + IDENTITY)
VERDICT = pl.coalesce(
    REST.str.extract("^(allow|deny) "), REST.str.extract(r" pattern: ([01]|allow|deny)\b")
)
RESULT = value("anyconnect", "eap")


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an epoch with a long fraction, a device, a kind that Meraki has."""
    return line.str.contains(
        HEADER_END + r"[0-9]{10}\.[0-9]{6,9} [^ ]+ (?:urls|flows|events|ip_flow_start"
        r"|ip_flow_end|(?:vpn_|cellular_)?firewall|security_event|ids-alerts"
        r"|airmarshal_events) "
    )


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut a line into epoch, device, kind and the rest; the rest into words and sentences."""
    del context
    parts = pl.col("line").str.strip_chars_end("\x00\r\n ").str.extract_groups(LINE).struct
    lines = batch.with_columns(
        epoch=parts.field("1"),
        device=parts.field("2"),
        kind=parts.field("3"),
        rest=parts.field("4"),
    ).with_columns(head=" " + REST.str.extract(HEAD))
    for shape in SENTENCES:
        lines = with_groups(lines, REST, shape)
    return lines.with_columns(_word(key) for key in names if key in WORDS)


def _word(key: str) -> pl.Expr:
    """Return the value of a key, with or without single quotes; not from an agent or a URL."""
    text = pl.col("head").str.extract(rf" {key}=('[^']*'|[^ ']+)")
    return text.str.strip_chars("'").replace("", None).alias(f"{PREFIX}{key}")


def more(context: Context) -> dict[str, pl.Expr]:
    """Return what kind and sentence decide."""
    return {
        "name_proof": radius.proof(pl.when(IS_WIFI).then(pl.lit("said")), context.options),
        "nat_port": pl.when(value("translated_src_ip").is_not_null()).then(
            port(value("translated_port"))
        ),
        "disposition": word_of(
            ("blocked", VERDICT.is_in(["deny", "1"]) | IS_BLOCKED),
            ("allowed", VERDICT.is_in(["allow", "0"]) | IS_URLS),
        ),
        "activity": word_of(("logoff", IS_LEFT), otherwise="logon"),
        "logon_kind": word_of(("wifi", IS_WIFI), otherwise="vpn"),
        "is_success": pl.when(RESULT.is_not_null())
        .then(RESULT == "success")
        .when(~IS_LEFT)
        .then(pl.lit(value=True)),
        "failure_reason": pl.when(value("anyconnect") == "failure").then(
            null_if_dash(value("anyconnect_reason"))
        ),
        "is_machine": pl.col("user_name").str.contains(r"\$$|^host/"),
        "action": pl.lit("assign"),
    }


FORMAT = Format(
    name="meraki",
    product="Cisco Meraki",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "logons", "leases", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=lambda _: clock.epoch(pl.col("epoch")),
    fields={
        "src_ip": pl.coalesce(
            GLUED_SOURCE[0], SOURCE, value("vpn_peer", "anyconnect_peer", "client_ip")
        ),
        "src_port": pl.coalesce(GLUED_SOURCE[1], value("sport", "anyconnect_port")),
        "src_mac": value("mac", "client_mac"),
        "user_name": pl.coalesce(value("vpn_user", "anyconnect_user"), IDENTITY),
        "dst_ip": pl.coalesce(GLUED_TARGET[0], TARGET),
        "dst_port": pl.coalesce(GLUED_TARGET[1], value("dport")),
        "protocol": "protocol",
        "nat_ip": "translated_src_ip",
        "method": value("method").replace("UNKNOWN", None),
        "url": value("url", "blocked_url"),
        "user_agent": "agent",
        "category": "category0",
        "event_code": REST.str.extract("^(?:type=)?([a-z0-9_]+)"),
        "assigned_ip": "vpn_inside",
        "ip": "lease_ip",
        "mac": "lease_mac",
        "reported_by": pl.col("device"),
    },
    classes={
        "http_requests": IS_URLS | (IS_EVENT & IS_BLOCKED),
        "connections": KIND.is_in(FLOWS),
        "logons": IS_EVENT & null_if_dash(USER).is_not_null(),
        "leases": IS_EVENT & value("lease_ip").is_not_null(),
    },
    more=more,
    extras={
        "kind": KIND,
        "pattern": REST.str.extract(" pattern: (.*)$"),
        **by_name("type", "vap"),
    },
    must={
        "not a message of this product": KIND.is_not_null(),
        "target is not an address": ~is_of("http_requests")
        | ~IS_URLS
        | pl.col("dst_ip").is_not_null(),
    },
    required={"connections": ("dst_ip",), "leases": ("mac",)},
    may_lack={"src_ip": ~IS_URLS & is_of("http_requests") & pl.col("src_mac").is_not_null()},
)
