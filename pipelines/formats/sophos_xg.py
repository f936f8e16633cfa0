"""Sophos Firewall (SFOS, XG) syslog: one line of `key=value`.

    <30>device="SFW" date=2026-11-23 time=08:15:00 timezone="CST" device_name="fw01"
    log_id=010101600001 log_type="Firewall" log_component="Firewall Rule"
    log_subtype="Allowed" duration=11 user_name="ada" src_ip=10.20.1.7 ...

(one line). Date and time are local, and `timezone` an abbreviation that means several zones
(IST, BST, CST). It is understood if the source's own zone uses it, and then distinguishes the
two halves of a repeated hour; others are mapped by the option `zones` (`IST=+0530 CEST=+0200`),
and rejected without it: the wrong zone would shift everything that a person did.

- Values of several words may lack their quotes (`ether_type=Unknown (0x0000)`).
- A firewall line with `connevent="Stop"` is written at the end: it began `duration`
  seconds before. `Interim` lines hold running totals, which go to `extras`.
- `Warned` is a page instead of the site, so blocked; continuing is another line.
- `CTA` and `STAS` are collectors that mapped an address to an account.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.errors import SettingsError
from pipelines.formats import Context, Format
from pipelines.formats.reading import logons
from pipelines.formats.reading.fields import address, mac, null_if_dash, port, to_int, word_of
from pipelines.formats.reading.flows import direction, seconds, somewhere
from pipelines.formats.reading.keyvalue import with_values
from pipelines.formats.reading.pairs import Writers
from pipelines.formats.reading.syslog import HEADER_END
from pipelines.formats.reading.table import are_counts, by_name, is_of, value

WRITERS = Writers(["user_name"], ["url", "user_agent"], " (?:user_agent|client_host_name)=.*$")
EXTRA = ["log_subtype", "log_component", "fw_rule_id", "user_gp", "message"]
COLLECTORS = ["CTA", "STAS", "SATC", "SSO"]
STOPPED = ["Denied", "Warned", "Virus", "PUA", "Drop", "Dropped", "Rejected"]
PASSED = ["Allowed", "Overridden", "Clean"]
BODY = r'^(?:<[0-9]{1,3}>)?(?:[^="]*[ >:])??((?:device|device_name|date|timestamp)=.*)$'
HOURS = r"^([+-])([0-9])$"
OFFSET = r"^[+-](?:0[0-9]|1[0-4]):?[0-9]{2}$"

LOG_TYPE, COMPONENT, SUBTYPE = (value(f"log_{part}") for part in ("type", "component", "subtype"))
STATUS, MESSAGE, AUTH_CLIENT = value("status"), value("message"), value("auth_client")
IS_INTERIM = (value("connevent") == "Interim").fill_null(value=False)
SRC_MAC, NAT = mac(value("src_mac")), somewhere(address(value("tran_src_ip")))
SOURCE_ZONE, TARGET_ZONE = (value(key).str.to_lowercase() for key in ("srczonetype", "dstzonetype"))
NONE = pl.duration(seconds=0, time_unit="us")

IS_EVENT, IS_FILTER = LOG_TYPE == "Event", LOG_TYPE == "Content Filtering"
IS_FAILED = (STATUS == "Failed").fill_null(value=False)
IS_MAPPED = AUTH_CLIENT.is_in(COLLECTORS).fill_null(value=False) & ~IS_FAILED
IS_VPN = COMPONENT.str.contains("VPN|IPSec") | (AUTH_CLIENT == "IPSec")
IS_TUNNEL = COMPONENT.is_in(["SSL VPN", "IPSec"]) & STATUS.is_in(
    ["Established", "Connected", "Terminated", "Disconnected"]
)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an id, a type and a component of the log, in this order."""
    return line.str.contains(
        HEADER_END
        + r'(?:[a-z_]+=(?:"[^"]*"|[^ "]*) +)*log_id="?[0-9]+"? log_type="[^"]+" log_component="'
    )


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the pairs; adds `offset`, that of the line's zone."""
    text = pl.col("line").str.strip_chars("\x00 ").str.extract(BODY)
    keys = dict.fromkeys((*names, "timezone"))
    lines = with_values(batch, text, *keys, writers=WRITERS, escapes=False, loose=True)
    return lines.with_columns(offset=offset(context))


def stamp(context: Context) -> Stamp:
    """Return the time with its offset, or the local time in the line's zone."""
    local = value("date") + " " + value("time") + pl.col("offset")
    return clock.first(
        clock.iso(value("timestamp"), context.reading), clock.iso(local, context.reading)
    )


def offset(context: Context) -> pl.Expr:
    """Return the offset from UTC as text; empty if the source's zone decides, null if unknown.

    Raises:
        SettingsError: A zone of the option has no offset.
    """
    zone, year = ZoneInfo(context.reading.zone), context.reading.anchor.year
    moments = [datetime(year, month, 1, tzinfo=zone) for month in (1, 7)]
    names = {"UTC": "Z", "GMT": "Z"}
    names |= {str(moment.tzname()): f"{moment:%z}" for moment in moments}
    for pair in context.options.get("zones", "").split():
        name, _, behind = pair.partition("=")
        if not re.match(OFFSET, behind):
            raise SettingsError(
                f"{pair!r} is not a zone with its offset",
                where="options.zones",
                remedy="Write it as in `CST=-06:00 CDT=-05:00`.",
            )
        names[name] = behind
    # `+11` is a number of hours
    abbreviation = value("timezone").str.replace(HOURS, "${1}0${2}:00")
    abbreviation = abbreviation.str.replace("^([+-][0-9]{2})$", "${1}:00")
    return (
        pl.when(abbreviation.is_null())
        .then(pl.lit(""))
        .when(abbreviation.str.contains(OFFSET))
        .then(abbreviation)
        .otherwise(abbreviation.replace_strict(names, default=None, return_dtype=pl.String))
    )


FORMAT = Format(
    name="sophos_xg",
    product="Sophos Firewall (SFOS, XG)",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "logons", "leases", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "src_ip": pl.coalesce(
            null_if_dash(value(key)) for key in ("src_ip", "remote_ip", "remoteinterfaceip")
        ),
        "src_port": "src_port",
        "user_name": "user_name",
        "dst_ip": "dst_ip",
        "dst_port": "dst_port",
        "protocol": "protocol",
        "application": value("application", "application_name"),
        "category": value("category", "application_category"),
        "connection_uid": "connid",
        "url": "url",
        "url_hostname": ("url", value("domain", "domainname")),
        "status_code": value("status_code", "httpresponsecode"),
        "content_type": "contenttype",
        "referrer_hostname": "referer",
        "user_agent": "user_agent",
        "event_code": "log_id",
        "threat": "virus",
        "logon_uid": "sessionid",
        "reported_by": "device_name",
        "ip": "ipaddress",
        "mac": "client_physical_address",
        "hostname": "client_host_name",
        "action": STATUS.str.to_lowercase().replace({"lease": "assign"}),
    },
    classes={
        "http_requests": LOG_TYPE.is_in(["Content Filtering", "Anti-Virus"])
        & null_if_dash(value("url")).is_not_null(),
        "connections": (LOG_TYPE == "Firewall") | (IS_FILTER & pl.col("dst_ip").is_not_null()),
        "logons": IS_EVENT
        & pl.col("user_name").is_not_null()
        & ((SUBTYPE == "Authentication") | IS_TUNNEL),
        "leases": IS_EVENT
        & (COMPONENT == "DHCP Server")
        & pl.col("action").is_in(["assign", "renew", "release", "expire"]),
    },
    more={
        "start_time": pl.col("time")
        - pl.when(is_of("connections"))
        .then(seconds(value("duration")).fill_null(NONE))
        .otherwise(NONE),
        "src_mac": pl.when(SRC_MAC != "00:00:00:00:00:00").then(SRC_MAC),
        "bytes_in": pl.when(~IS_INTERIM).then(to_int(value("recv_bytes"))),
        "bytes_out": pl.when(~IS_INTERIM).then(to_int(value("sent_bytes"))),
        "nat_ip": NAT,
        "nat_port": pl.when(NAT.is_not_null()).then(
            port(value("tran_src_port").replace("0", None))
        ),
        "direction": direction(SOURCE_ZONE, TARGET_ZONE, ["wan"]),
        "disposition": word_of(
            ("blocked", SUBTYPE.is_in(STOPPED)), ("allowed", SUBTYPE.is_in(PASSED))
        ),
        **logons.result(
            left=MESSAGE.str.contains("(?i)logged out|log out")
            | STATUS.is_in(["Terminated", "Disconnected"]),
            mapped=IS_MAPPED,
            failed=IS_FAILED,
            reason=pl.coalesce(null_if_dash(value("reason")), MESSAGE),
        ),
        "logon_kind": word_of(("vpn", IS_VPN), ("proxy", ~IS_MAPPED)),
        "assigned_ip": pl.when(IS_VPN).then(
            pl.coalesce(
                address(value("ipaddress")),
                address(value("remotenetwork").str.extract("^([^/]+)/(?:32|128)$")),
            )
        ),
        "kind": pl.concat_str([LOG_TYPE, COMPONENT], separator=": ", ignore_nulls=True),
    },
    extras={
        **by_name(*EXTRA),
        "message": null_if_dash(MESSAGE),
        "sent_bytes_so_far": pl.when(IS_INTERIM).then(value("sent_bytes")),
        "recv_bytes_so_far": pl.when(IS_INTERIM).then(value("recv_bytes")),
    },
    must={
        "not key=value pairs": pl.col("is_pairs"),
        "no type of event": LOG_TYPE.is_not_null(),
        "timezone is unknown: map it in the source's option `zones`": pl.col(
            "offset"
        ).is_not_null(),
        "beginning or duration cannot be read": ~is_of("connections")
        | are_counts("duration", digits=9),
        "bytes are not a count": is_of("logons", "leases", "system_events")
        | are_counts("sent_bytes", "recv_bytes"),
    },
)
