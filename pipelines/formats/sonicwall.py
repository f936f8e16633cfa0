"""SonicWall (SonicOS) enhanced syslog: one line of `key=value`.

    <134>id=firewall sn=02AA00000001 time="2026-11-23 14:15:00 UTC" fw=203.0.113.1
    pri=6 c=1024 m=537 msg="Connection Closed" n=7 usr="ada" src=10.20.1.7:50354:X0
    dst=198.51.100.7:443:X1 proto=tcp/https sent=923 rcvd=77654 cdur=126000 ...

(one line). `time` is the firewall's time: UTC if marked, otherwise local civil time; a relay's
header may be hours away and is not used.

- `src` and `dst` are address, port, interface and name, any but the first missing; IPv6 is in
  `srcV6` and `dstV6`. `proto` joins protocol and service.
- `Connection Closed` is written at the end: it began `cdur` milliseconds before, and without
  `cdur` its beginning is unknown. `sent` is what the source sent.
- `m` numbers the message; web requests name their host in `dstname`.
- Alerts of the intrusion or application engine name the packet's sender first,
  who may have answered: they are system events. So are administrators' logins.
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
from pipelines.formats.reading.flows import protocol
from pipelines.formats.reading.keyvalue import as_json, value, with_values
from pipelines.formats.reading.pairs import Writers
from pipelines.formats.reading.syslog import HEADER_END

BODY = r'^(?:<[0-9]{1,3}>)?(?:[^="]*[ >])??(id=.*)$'
WRITERS = Writers(["usr"], ["dstname", "arg"], " arg=.*$")
KEYS = [
    "time", "fw", "m", "msg", "n", "usr", "src", "dst", "srcV6", "dstV6", "srcMac",
    "natSrc", "proto", "sent", "rcvd", "cdur", "rule", "op", "result", "dstname", "arg",
    "Category", "webCategory", "website-category", "appName", "fw_action", "note",
    "sess",
]  # fmt: skip
END = r"^([0-9.]*)(?::([0-9]*))?(?::([^:]*))?(?::(.*))?$"
OPERATIONS = {"1": "GET", "2": "POST", "3": "HEAD"}
FLOW = r"(?i)^connection |\b(?:packet|connection)s? (?:was )?(?:dropped|denied|blocked)"
STOPPED = r"(?i)\b(?:dropped|denied|blocked|prevented|rejected)\b"
USER = r"(?i)\buser log(?:in|ged)\b"
cls, msg = pl.col("event_class"), value("msg")
FLOWS = ["connections", "http_requests"]

REJECT_RULES = {
    "not key=value pairs": pl.col("is_pairs"),
    "time is not a stamp": pl.col("time").is_not_null(),
    "source is not an address": ~cls.is_in(FLOWS) | pl.col("src_ip").is_not_null(),
    "target is not an address": ~cls.is_in(FLOWS) | pl.col("dst_ip").is_not_null(),
    "bytes are not a count": (value("sent").is_null() | pl.col("bytes_out").is_not_null())
    & (value("rcvd").is_null() | pl.col("bytes_in").is_not_null()),
    "duration is not milliseconds": value("cdur").is_null()
    | to_int(value("cdur"), 12).is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an id, a serial number and a quoted time, in this order."""
    return line.str.contains(HEADER_END + r'id=[^ "]+ (?:[a-z]+=[^ ]+ )*sn=[^ ]+ time="[0-9]{4}-')


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of each event class; null where a line has none."""
    text = pl.col("line").str.strip_chars("\x00 ").str.extract(BODY)
    utc = value("time").str.replace(" UTC$", "Z")
    stamp = clock.iso(utc, context.reading)
    return (
        with_values(
            batch,
            text,
            *KEYS,
            writers=WRITERS,
            escapes=False,
        )
        .with_columns(
            *(
                value(end).str.extract(END, at).alias(f"{end}_{part}")
                for end in ("src", "dst")
                for at, part in enumerate(("address", "port", "zone", "name"), start=1)
            ),
            time=stamp.time,
            time_quality=stamp.quality,
            user_name=account(value("usr")),
        )
        .with_columns(event_class=event_class())
        .with_columns(**flow(), **web(), **logon())
    )


def event_class() -> pl.Expr:
    """Classify by the requested host, or by the words of the message."""
    login = msg.str.contains(USER)
    return word_of(
        ("http_requests", null_if_dash(value("dstname")).is_not_null()),
        ("logons", login & pl.col("user_name").is_not_null()),
        ("connections", msg.str.contains(FLOW) & pl.col("key_dst").is_not_null()),
        otherwise="system_events",
    )


def flow() -> dict[str, pl.Expr]:
    """Return columns of a flow, and those that other classes share with it."""
    worn = value("natSrc").str.extract_groups(r"^([0-9.]+)(?::([0-9]+))?")
    spent = pl.duration(milliseconds=to_int(value("cdur"), 12), time_unit="us")
    closed = msg.str.contains("(?i)^connection closed")
    return {
        "start_time": pl.when(closed.fill_null(value=False))
        .then(pl.col("time") - spent)
        .otherwise("time"),
        "src_ip": address(pl.coalesce("key_srcV6", "src_address")),
        "src_port": port(pl.col("src_port")),
        "src_mac": mac(value("srcMac")),
        "src_hostname": name(pl.col("src_name")),
        "dst_ip": address(pl.coalesce("key_dstV6", "dst_address")),
        "dst_port": port(pl.col("dst_port")),
        "dst_hostname": name(pl.col("dst_name")),
        "protocol": protocol(value("proto").str.extract("^([^/]+)")),
        "bytes_in": to_int(value("rcvd")),
        "bytes_out": to_int(value("sent")),
        "nat_ip": address(worn.struct.field("1")),
        "nat_port": port(worn.struct.field("2")),
        "application": null_if_dash(value("appName")),
        "disposition": disposition(),
        "extras": pl.when(cls != "system_events").then(
            as_json("m", "msg", "proto", "rule", "note", "fw_action")
        ),
        "kind": msg,
        "reported_by": name(value("fw")),
        "message": pl.col("line"),
    }


def disposition() -> pl.Expr:
    """Return the firewall's own word for it, or that of the message."""
    action = value("fw_action").str.to_lowercase()
    stopped = (action == "drop") | msg.str.contains(STOPPED)
    return word_of(("blocked", stopped), ("allowed", (action == "forward") | cls.is_in(FLOWS)))


def web() -> dict[str, pl.Expr]:
    """Return columns of a request, whose host and path are separate fields."""
    service = value("proto").str.extract("/(https?)$")
    operation = null_if_dash(value("op").replace("0", None))
    front = pl.coalesce(service + "://", pl.lit(""))
    status = to_int(value("result"), 3)
    return {
        "method": operation.replace(OPERATIONS).str.to_uppercase(),
        "url_scheme": service,
        "url_hostname": hostname(value("dstname")),
        "url": (front + value("dstname") + value("arg").fill_null("")).str.slice(0, MAX_URL),
        "status_code": pl.when(status >= 100).then(status).cast(pl.Int16),
        "category": null_if_dash(
            pl.coalesce("key_Category", "key_webCategory", "key_website-category")
        ),
    }


def logon() -> dict[str, pl.Expr]:
    """Return columns of a user's login at the firewall."""
    left = msg.str.contains("(?i)logged out|logout")
    passed = msg.str.contains("(?i)allowed|success")
    refused = msg.str.contains("(?i)denied|fail|reject")
    vpn = msg.str.contains("(?i)vpn|remote user")
    return {
        "activity": pl.when(left).then(pl.lit("logoff")).otherwise(pl.lit("logon")),
        "logon_kind": pl.when(vpn).then(pl.lit("vpn")).otherwise(pl.lit("proxy")),
        "is_success": pl.when(left)
        .then(None)
        .when(refused)
        .then(pl.lit(value=False))
        .when(passed)
        .then(pl.lit(value=True)),
        "failure_reason": pl.when(refused & ~left).then(pl.coalesce(value("note"), msg)),
        "event_code": value("m"),
        "logon_uid": null_if_dash(value("sess")),
        "is_machine": pl.col("user_name").str.ends_with("$"),
    }


FORMAT = Format(
    name="sonicwall",
    product="SonicWall SonicOS",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
