"""LEEF (QRadar's log format), from any product without a specific format here.

    <134>Nov 23 08:15:00 fw01 LEEF:2.0|Vendor|Product|1.0|allow|^|devTime=1795443300000^
    src=10.20.1.7^srcPort=50354^dst=198.51.100.7^dstPort=443^proto=tcp^usrName=ada

(one line). Version 1.0 separates by tab, version 2.0 also by a character that it names. The time
is `devTime`, or the syslog header's; a line with neither is rejected.

- `srcBytes` are the bytes that the source sent, `dstBytes` those that it received.
- The result of a flow is in `action`, or in the event id.
- Alerts name the sender of a packet, who need not have opened the connection, so they are system
  events, as is everything that is not a flow, a request or a login.
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
from pipelines.formats.reading.flows import is_machine, protocol
from pipelines.formats.reading.keyvalue import json_of, value, with_fields, with_leef
from pipelines.formats.reading.syslog import HEADER_END, with_header

KEYS = [
    "devTime", "src", "srcPort", "srcMAC", "srcPostNAT", "srcPostNATPort", "dst",
    "dstPort", "proto", "usrName", "domain", "identHostName", "srcBytes", "dstBytes",
    "url", "request", "method", "userAgent", "action", "act", "outcome", "name", "cat",
    "msg", "policy", "reason", "dvchost", "application",
]  # fmt: skip
ALERT = r"(?i)threat|alert|intrusion|ips\b|virus|malware|attack|detect|integrity"
LOGIN = r"(?i)\b(?:log ?in|logon|logged ?in|log ?out|log ?off|logged ?out|authentication)"
LEFT = r"(?i)log(?:ged)? ?(?:out|off)"
FAILED = r"(?i)fail|den[yi]|reject|invalid|refuse"
ENTERED = r"(?i)success|accept|allow"
STOPPED = r"(?i)den[yi]|drop|block|refuse|discard|reject|reset|prevent"
PASSED = r"(?i)allow|accept|permit|pass|forward"
cls, title = pl.col("event_class"), pl.col("title")
FLOWS = ["connections", "http_requests"]

REJECT_RULES = {
    "no LEEF header": pl.col("vendor").is_not_null(),
    "not pairs behind the header": pl.col("fields").is_not_null(),
    "neither devTime nor a syslog stamp": pl.col("time").is_not_null(),
    "source is not an address": ~cls.is_in(FLOWS) | pl.col("src_ip").is_not_null(),
    "target is not an address": ~cls.is_in(FLOWS)
    | value("dst").is_null()
    | pl.col("dst_ip").is_not_null(),
    "no host in the URL": (cls != "http_requests") | pl.col("url_hostname").is_not_null(),
    "bytes are not a count": (value("srcBytes").is_null() | pl.col("bytes_out").is_not_null())
    & (value("dstBytes").is_null() | pl.col("bytes_in").is_not_null()),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match the word LEEF and its version; WatchGuard's lines have their own format."""
    return line.str.contains(HEADER_END + r"LEEF: ?[12]\.0\|") & ~line.str.contains(
        "0|WatchGuard|", literal=True
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of each event class; null where a line has none."""
    when = value("devTime")
    counted = clock.epoch_by_size(when)
    worded, iso = clock.worded(when, context.reading), clock.iso(when, context.reading)
    text = pl.coalesce("key_name", "event_id", "key_cat")
    return (
        with_fields(
            with_leef(with_header(batch, context.reading), pl.col("line")),
            *KEYS,
            names=["usrName"],
            visitors=["userAgent"],
        )
        .with_columns(
            time=pl.coalesce(counted.time, worded.time, iso.time, "syslog_time"),
            time_quality=pl.coalesce(
                counted.quality, worded.quality, iso.quality, "syslog_time_quality"
            ),
            title=text.str.replace_all("_", " ", literal=True),
            user_name=account(value("usrName")),
        )
        .with_columns(event_class=event_class())
        .with_columns(**flow(), **web(), **logon())
    )


def event_class() -> pl.Expr:
    """Classify by the name of the event and by its content."""
    alert = pl.any_horizontal(
        [text.str.contains(ALERT) for text in (title, value("cat"))]
    ).fill_null(value=False)
    carried = pl.coalesce("key_proto", "key_dstPort").is_not_null()
    ends = value("src").is_not_null() & value("dst").is_not_null()
    asked = pl.coalesce("key_url", "key_request").is_not_null()
    return word_of(
        ("logons", title.str.contains(LOGIN) & pl.col("user_name").is_not_null()),
        ("http_requests", value("src").is_not_null() & asked & ~alert),
        ("connections", ends & carried & ~alert),
        otherwise="system_events",
    )


def flow() -> dict[str, pl.Expr]:
    """Return columns of a flow, and those that other classes share with it."""
    told = pl.coalesce("key_action", "key_act", "key_outcome", "event_id")
    stopped, passed = told.str.contains(STOPPED), told.str.contains(PASSED)
    fields = [pl.col("vendor"), pl.col("product"), pl.col("event_id"), title]
    fields += [value(key).alias(key) for key in ("action", "cat", "policy", "msg")]
    return {
        "start_time": pl.col("time"),
        "src_ip": address(value("src")),
        "src_port": port(value("srcPort")),
        "src_mac": mac(value("srcMAC")),
        "src_hostname": name(value("identHostName")),
        "dst_ip": address(value("dst")),
        "dst_port": port(value("dstPort")),
        "protocol": protocol(value("proto")),
        "bytes_in": to_int(value("dstBytes")),
        "bytes_out": to_int(value("srcBytes")),
        "nat_ip": address(value("srcPostNAT")),
        "nat_port": port(value("srcPostNATPort")),
        "application": null_if_dash(value("application")),
        "disposition": word_of(("blocked", stopped & ~passed), ("allowed", passed & ~stopped)),
        "extras": pl.when(cls != "system_events").then(json_of(fields)),
        "kind": title,
        "reported_by": name(pl.coalesce("key_dvchost", "syslog_host")),
        "message": pl.col("line"),
    }


def web() -> dict[str, pl.Expr]:
    """Return columns of a request."""
    url = null_if_dash(pl.coalesce("key_url", "key_request"))
    return {
        "method": null_if_dash(value("method")).str.to_uppercase(),
        "url_scheme": url.str.extract("^([a-z]+)://"),
        "url_hostname": hostname(url),
        "url": url.str.slice(0, MAX_URL),
        "user_agent": null_if_dash(value("userAgent")),
        "category": pl.when(cls == "http_requests").then(null_if_dash(value("cat"))),
    }


def logon() -> dict[str, pl.Expr]:
    """Return the columns of a login; its outcome or its name shows the result."""
    told = pl.coalesce("key_outcome", "key_action", "key_act", "title")
    left, failed = title.str.contains(LEFT), told.str.contains(FAILED)
    return {
        "user_domain": null_if_dash(value("domain")),
        "activity": pl.when(left).then(pl.lit("logoff")).otherwise(pl.lit("logon")),
        "logon_kind": pl.when(title.str.contains("(?i)vpn")).then(pl.lit("vpn")),
        "is_success": pl.when(left)
        .then(None)
        .when(failed)
        .then(pl.lit(value=False))
        .when(told.str.contains(ENTERED))
        .then(pl.lit(value=True)),
        "failure_reason": pl.when(failed & ~left).then(
            null_if_dash(pl.coalesce("key_reason", "key_msg"))
        ),
        "event_code": pl.col("event_id"),
        "is_machine": is_machine(pl.col("user_name")),
    }


FORMAT = Format(
    name="leef",
    product="any, in LEEF",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
