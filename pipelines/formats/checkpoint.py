r"""Check Point firewall: Log Exporter's syslog, and the older text export.

    <134>1 2026-11-23T14:15:00Z fw01 CheckPoint 2700 - [action:"Accept";
    loguid:"{0x1,0x0,0x1,0x1}"; time:"1795443300"; dst:"198.51.100.7";
    product:"VPN-1 & FireWall-1"; proto:"6"; s_port:"50354"; service:"443"; ...]
    Nov 23 08:15:00 gw Checkpoint: 23Nov2026 08:15:00 drop 10.20.0.1 >eth0 rule: 9;
    src: 192.0.2.9; dst: 10.20.1.7; proto: tcp; service: 22; s_port: 50001;

(one line each). The stamp is when the connection *began* and was judged; `time`
counts from 1970, the text export is in local time.

- A key may have two colons. Values hold `;`, `\"` and `\]`.
- `service` is the target port, `s_port` the source's. Bytes are counted at the gateway: bytes in
  from the client were sent by the source.
- A user is written `Ada Byron (ada)`: the account is in the brackets.
- Identity Awareness: `AD Query` and `Identity Collector` mapped an address to an account;
  `Captive Portal` requested a password.
- Updates of a session (`Log Update`) name no ends and are system events.
"""

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context, Format
from pipelines.formats.reading import logons
from pipelines.formats.reading.fields import address, null_if_dash, port, word_of
from pipelines.formats.reading.flows import direction, somewhere
from pipelines.formats.reading.keyvalue import named_twice
from pipelines.formats.reading.syslog import BEFORE_TAG
from pipelines.formats.reading.table import PREFIX, by_name, value

EXPORTED = (
    r'^(?:<[0-9]{1,3}>)?(?:[^"\[]* )?1 ([^ ]+) ([^ ]+) [Cc]heck[Pp]oint [^ ]+ - '
    r"\[(.*)\][ \r\x00]*$"
)
TEXT = (
    r"^(?:.* )?[Cc]heck[Pp]oint: +([0-9]{1,2}[A-Z][a-z]{2}[0-9]{4}) +"
    r"([0-9]{1,2}:[0-9]{2}:[0-9]{2}) "
    r"([a-z]+) +([^ ]+) [<>][^ ]+ (.*)$"
)
QUOTED = r'"(?:[^"\\]|\\.)*"'
SHAPE = rf"^(?:; [A-Za-z0-9_ ]+::?{QUOTED};? *)*$"
STOPPED = ["drop", "reject", "block", "prevent", "quarantine"]
PASSED = ["accept", "allow", "encrypt", "decrypt", "bypass", "detect", "monitor"]
ACCOUNT = r"^[^()]*\(([^()]+)\)$"
COLLECTORS = ["AD Query", "Identity Collector", "Identity Agent", "Terminal Server"]

ACTION, PRODUCT, IDENTITY = (
    value("action").str.to_lowercase(),
    value("product"),
    value("identity_src"),
)
WRITTEN_USER = value("user", "src_user_name")
MACHINE = value("src_machine_name").str.replace("@.*$", "")
NAT = somewhere(address(value("xlatesrc")))
INSIDE, OUTSIDE = (value(key).str.to_lowercase() for key in ("inzone", "outzone"))
HAS_SOURCE, HAS_TARGET = value("src").is_not_null(), value("dst").is_not_null()

IS_LOGIN = ACTION.is_in(["log in", "failed log in", "log out"])
IS_FAILED, IS_LEFT = ACTION == "failed log in", ACTION == "log out"
IS_IDENTITY = PRODUCT == "Identity Awareness"
IS_MAPPED = IS_IDENTITY & IDENTITY.is_in(COLLECTORS) & (ACTION == "log in")


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match the product's name, then a bracket or a day written as one word."""
    exported = line.str.contains(
        BEFORE_TAG + r"1 [^ ]+ [^ ]+ [Cc]heck[Pp]oint [^ ]+ - \[[a-zA-Z_]+::?\""
    )
    text = line.str.contains(BEFORE_TAG + r"[Cc]heck[Pp]oint: +[0-9]{1,2}[A-Z][a-z]{2}[0-9]{4} ")
    return exported | text


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the pairs of either layout; adds both layouts' stamps, and the gateway."""
    del context
    line = pl.col("line")
    parts, old = line.str.extract_groups(EXPORTED).struct, line.str.extract_groups(TEXT).struct
    # `; src:"192.0.2.9"` of `src: 192.0.2.9;`, pair by pair
    quoted = old.field("5").str.replace_all(r'([A-Za-z_ ]+): ([^;"]*);', '; $1:"$2"')
    twice = (rf"; {key}::?{QUOTED}" for key in ("user", "src_user_name"))
    return (
        batch.with_columns(
            fields=pl.coalesce("; " + parts.field("3"), quoted.str.replace_all("; +", "; ")),
            header_stamp=parts.field("1"),
            text_stamp=old.field("1").str.zfill(9) + " " + old.field("2"),
            gateway=pl.coalesce(parts.field("2"), old.field("4")),
            text_action=old.field("3"),
        )
        .with_columns(
            *(_value(key).alias(f"{PREFIX}{key}") for key in names),
            is_doubtful=named_twice(pl.col("fields"), *twice),
        )
        .with_columns(key_action=pl.coalesce("key_action", "text_action"))
    )


def _value(key: str) -> pl.Expr:
    """Return the value of a key; a literal quote has a backslash before it."""
    text = pl.col("fields").str.extract(rf"; {key}::?({QUOTED})", 1)
    plain = text.str.strip_prefix('"').str.strip_suffix('"')
    return plain.str.replace_all(r"\\(.)", "$1").replace("", None)


def stamp(context: Context) -> Stamp:
    """Return the time counted from 1970, or that of the header or the text."""
    return clock.first(
        clock.epoch(value("time")),
        clock.iso(pl.col("header_stamp"), context.reading),
        clock.civil(pl.col("text_stamp"), "%d%b%Y %H:%M:%S", context.reading),
    )


FORMAT = Format(
    name="checkpoint",
    product="Check Point",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "logons", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "src_ip": "src",
        "src_port": "s_port",
        "src_mac": "mac_address",
        "src_hostname": MACHINE,
        "host": MACHINE,
        "user_name": pl.coalesce(WRITTEN_USER.str.extract(ACCOUNT), WRITTEN_USER),
        "user_domain": "domain_name",
        "dst_ip": "dst",
        "dst_port": "service",
        "protocol": "proto",
        "bytes_in": value("client_outbound_bytes", "received_bytes"),
        "bytes_out": value("client_inbound_bytes", "sent_bytes"),
        "application": "appi_name",
        "category": value("matched_category", "app_category"),
        "method": "method",
        "url": "resource",
        "user_agent": "web_client_type",
        "event_code": "action",
        "event_uid": "loguid",
        "logon_uid": "session_uid",
        "reported_by": pl.col("gateway"),
    },
    classes={
        "logons": IS_LOGIN & pl.col("user_name").is_not_null(),
        "system_events": IS_LOGIN | (PRODUCT == "SmartConsole"),
        "http_requests": HAS_SOURCE & value("resource").str.contains("^[a-z]+://"),
        "connections": HAS_SOURCE & HAS_TARGET & value("proto").is_not_null(),
    },
    more={
        "start_time": pl.coalesce(clock.epoch(value("start_time")).time, "time"),
        "nat_ip": NAT,
        "nat_port": pl.when(NAT.is_not_null()).then(port(value("xlatesport").replace("0", None))),
        "direction": direction(INSIDE, OUTSIDE, ["external"]),
        "disposition": word_of(
            ("blocked", ACTION.is_in(STOPPED)), ("allowed", ACTION.is_in(PASSED))
        ),
        **logons.result(
            left=IS_LEFT,
            mapped=IS_MAPPED,
            failed=IS_FAILED,
            reason=pl.coalesce(null_if_dash(value("reason")), value("auth_status")),
        ),
        "logon_kind": word_of(
            ("proxy", IDENTITY.str.contains("(?i)portal")),
            ("vpn", ~IS_IDENTITY | IDENTITY.str.contains("(?i)remote access")),
        ),
        "assigned_ip": somewhere(address(value("office_mode_ip"))),
        "kind": PRODUCT.fill_null("log"),
    },
    extras=by_name(
        "action", "product", "service_id", "rule", "rule_name", "action_reason", "appi_name"
    ),
    must={
        "neither a bracket of key:value pairs nor a text export": pl.col("fields").str.contains(
            SHAPE
        )
    },
    required={"connections": ("dst_ip",)},
    checked=("dst_ip",),
)
