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

import polars as pl

from pipelines import clock
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
from pipelines.formats.reading.flows import direction, is_machine, protocol, somewhere
from pipelines.formats.reading.keyvalue import as_json, named_twice
from pipelines.formats.reading.syslog import BEFORE_TAG
from pipelines.formats.reading.table import value

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
KEYS = [
    "action", "time", "start_time", "loguid", "origin", "product", "src", "dst",
    "s_port", "service", "service_id", "proto", "user", "src_user_name", "domain_name",
    "src_machine_name", "mac_address", "xlatesrc", "xlatesport", "inzone", "outzone",
    "appi_name", "matched_category", "app_category", "resource", "client_inbound_bytes",
    "client_outbound_bytes", "sent_bytes", "received_bytes", "identity_src",
    "auth_method", "auth_status", "reason", "rule", "rule_uid", "rule_name",
    "action_reason", "office_mode_ip", "session_uid", "method", "web_client_type",
]  # fmt: skip
STOPPED = ["drop", "reject", "block", "prevent", "quarantine"]
PASSED = ["accept", "allow", "encrypt", "decrypt", "bypass", "detect", "monitor"]
ACCOUNT = r"^[^()]*\(([^()]+)\)$"
COLLECTORS = ["AD Query", "Identity Collector", "Identity Agent", "Terminal Server"]
cls, act = pl.col("event_class"), value("action").str.to_lowercase()
FLOWS = ["connections", "http_requests"]

REJECT_RULES = {
    "neither a bracket of key:value pairs nor a text export": pl.col("fields")
    .str.contains(SHAPE)
    .fill_null(value=False),
    "no stamp": pl.col("time").is_not_null(),
    "source is not an address": ~cls.is_in(FLOWS) | pl.col("src_ip").is_not_null(),
    "target is not an address": ~cls.is_in(FLOWS)
    | value("dst").is_null()
    | pl.col("dst_ip").is_not_null(),
    "no host in the URL": (cls != "http_requests") | pl.col("url_hostname").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match the product's name, then a bracket or a day written as one word."""
    exported = line.str.contains(
        BEFORE_TAG + r"1 [^ ]+ [^ ]+ [Cc]heck[Pp]oint [^ ]+ - \[[a-zA-Z_]+::?\""
    )
    text = line.str.contains(BEFORE_TAG + r"[Cc]heck[Pp]oint: +[0-9]{1,2}[A-Z][a-z]{2}[0-9]{4} ")
    return exported | text


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of each event class; null where a line has none."""
    line = pl.col("line")
    parts, old = line.str.extract_groups(EXPORTED), line.str.extract_groups(TEXT)
    fields = pl.coalesce("; " + parts.struct.field("3"), quoted(old.struct.field("5")))
    stamp = clock.first(
        clock.epoch(value("time")),
        clock.iso(pl.col("header_stamp"), context.reading),
        clock.civil(pl.col("text_stamp"), "%d%b%Y %H:%M:%S", context.reading),
    )
    began = clock.epoch(value("start_time"))
    return (
        batch.with_columns(
            fields=fields,
            header_stamp=parts.struct.field("1"),
            text_stamp=old.struct.field("1").str.zfill(9) + " " + old.struct.field("2"),
            gateway=pl.coalesce(parts.struct.field("2"), old.struct.field("4")),
            did=old.struct.field("3"),
        )
        .with_columns(
            *(found(key).alias(f"key_{key}") for key in KEYS),
            is_doubtful=named_twice(
                pl.col("fields"), *(rf"; {key}::?{QUOTED}" for key in ("user", "src_user_name"))
            ),
        )
        .with_columns(key_action=pl.coalesce("key_action", "did"))
        .with_columns(time=stamp.time, time_quality=stamp.quality)
        .with_columns(
            start_time=pl.coalesce(began.time, "time"),
            user_name=person(pl.coalesce("key_user", "key_src_user_name")),
        )
        .with_columns(event_class=event_class())
        .with_columns(**flow(), **web(), **logon())
    )


def quoted(text: pl.Expr) -> pl.Expr:
    """`; src:"192.0.2.9"` of `src: 192.0.2.9;`, pair by pair."""
    return text.str.replace_all(r'([A-Za-z_ ]+): ([^;"]*);', '; $1:"$2"').str.replace_all(
        "; +", "; "
    )


def found(key: str) -> pl.Expr:
    """Return the value of a key; a literal quote has a backslash before it."""
    text = pl.col("fields").str.extract(rf"; {key}::?({QUOTED})", 1)
    plain = text.str.strip_prefix('"').str.strip_suffix('"')
    return plain.str.replace_all(r"\\(.)", "$1").replace("", None)


def person(user: pl.Expr) -> pl.Expr:
    """`ada` of `Ada Byron (ada)`; else as written."""
    return account(pl.coalesce(user.str.extract(ACCOUNT), user))


def event_class() -> pl.Expr:
    """Classify by the action and its object."""
    ends = value("src").is_not_null() & value("dst").is_not_null()
    asked = null_if_dash(value("resource")).is_not_null() & value("src").is_not_null()
    login = act.is_in(["log in", "failed log in", "log out"])
    return word_of(
        ("logons", login & pl.col("user_name").is_not_null()),
        ("system_events", login | (value("product") == "SmartConsole")),
        ("http_requests", asked & value("resource").str.contains("^[a-z]+://")),
        ("connections", ends & value("proto").is_not_null()),
        otherwise="system_events",
    )


def flow() -> dict[str, pl.Expr]:
    """Return columns of a flow, and those that other classes share with it."""
    outside = somewhere(address(value("xlatesrc")))
    zones = [value(key).str.to_lowercase() for key in ("inzone", "outzone")]
    extra = (
        "action", "product", "service_id", "rule", "rule_name", "action_reason",
        "appi_name",
    )  # fmt: skip
    return {
        "src_ip": address(value("src")),
        "src_port": port(value("s_port")),
        "src_mac": mac(value("mac_address")),
        "src_hostname": name(value("src_machine_name").str.replace("@.*$", "")),
        "dst_ip": address(value("dst")),
        "dst_port": port(value("service")),
        "protocol": protocol(value("proto")),
        "bytes_in": to_int(pl.coalesce("key_client_outbound_bytes", "key_received_bytes")),
        "bytes_out": to_int(pl.coalesce("key_client_inbound_bytes", "key_sent_bytes")),
        "nat_ip": outside,
        "nat_port": pl.when(outside.is_not_null()).then(
            port(value("xlatesport").replace("0", None))
        ),
        "application": null_if_dash(value("appi_name")),
        "category": null_if_dash(pl.coalesce("key_matched_category", "key_app_category")),
        "direction": direction(zones[0], zones[1], ["external"]),
        "disposition": word_of(("blocked", act.is_in(STOPPED)), ("allowed", act.is_in(PASSED))),
        "event_uid": null_if_dash(value("loguid")),
        "extras": pl.when(cls != "system_events").then(as_json(*extra)),
        "kind": pl.coalesce("key_product", pl.lit("log")),
        "reported_by": name(pl.col("gateway")),
        "message": pl.col("line"),
    }


def web() -> dict[str, pl.Expr]:
    """Return columns of a request."""
    url = value("resource")
    return {
        "method": null_if_dash(value("method")).str.to_uppercase(),
        "url_scheme": url.str.extract("^([a-z]+)://"),
        "url_hostname": hostname(url),
        "url": url.str.slice(0, MAX_URL),
        "user_agent": null_if_dash(value("web_client_type")),
    }


def logon() -> dict[str, pl.Expr]:
    """Return columns of a login or a mapping."""
    source, failed = value("identity_src"), act == "failed log in"
    left, identity = act == "log out", value("product") == "Identity Awareness"
    mapped = identity & source.is_in(COLLECTORS) & (act == "log in")
    portal = source.str.contains("(?i)portal")
    return {
        "user_domain": null_if_dash(value("domain_name")),
        "activity": word_of(("logoff", left), ("mapping", mapped), otherwise="logon"),
        "logon_kind": pl.when(portal)
        .then(pl.lit("proxy"))
        .when(~identity | source.str.contains("(?i)remote access"))
        .then(pl.lit("vpn")),
        "is_success": pl.when(~left & ~mapped.fill_null(value=False)).then(~failed),
        "failure_reason": pl.when(failed).then(
            pl.coalesce(null_if_dash(value("reason")), "key_auth_status")
        ),
        "event_code": value("action"),
        "logon_uid": null_if_dash(value("session_uid")),
        "host": name(value("src_machine_name").str.replace("@.*$", "")),
        "assigned_ip": somewhere(address(value("office_mode_ip"))),
        "is_machine": is_machine(pl.col("user_name")),
    }


FORMAT = Format(
    name="checkpoint",
    product="Check Point",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
