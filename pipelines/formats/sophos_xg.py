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
from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from pipelines import clock
from pipelines.errors import SettingsError
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    mac,
    media_type,
    name,
    null_if_dash,
    port,
    to_int,
    word_of,
)
from pipelines.formats.reading.flows import direction, is_machine, protocol, seconds, somewhere
from pipelines.formats.reading.keyvalue import json_of, with_values
from pipelines.formats.reading.pairs import Writers
from pipelines.formats.reading.syslog import HEADER_END
from pipelines.formats.reading.table import value

WRITERS = Writers(["user_name"], ["url", "user_agent"], " (?:user_agent|client_host_name)=.*$")
KEYS = [
    "date", "time", "timezone", "timestamp", "device_name", "log_id", "log_type",
    "log_component", "log_subtype", "status", "duration", "fw_rule_id", "user_name",
    "user_gp", "application", "application_name", "application_category", "src_mac",
    "src_ip", "dst_ip", "protocol", "src_port", "dst_port", "sent_bytes", "recv_bytes",
    "tran_src_ip", "tran_src_port", "srczonetype", "dstzonetype", "connevent", "connid",
    "category", "url", "domain", "domainname", "contenttype", "httpresponsecode",
    "status_code", "referer", "user_agent", "virus", "message", "reason", "auth_client",
    "usergroupname", "ipaddress", "remote_ip", "remoteinterfaceip", "remotenetwork",
    "sessionid", "client_physical_address", "client_host_name",
]  # fmt: skip
EXTRA = ["log_subtype", "log_component", "fw_rule_id", "user_gp", "virus", "message"]
COLLECTORS = ["CTA", "STAS", "SATC", "SSO"]

cls = pl.col("event_class")
log_type, component = value("log_type"), value("log_component")
subtype, said = value("log_subtype"), value("message")

BODY = r'^(?:<[0-9]{1,3}>)?(?:[^="]*[ >:])??((?:device|device_name|date|timestamp)=.*)$'
FLOWS = ["connections", "http_requests"]
HOURS = r"^([+-])([0-9])$"
OFFSET = r"^[+-](?:0[0-9]|1[0-4]):?[0-9]{2}$"

REJECT_RULES = {
    "not key=value pairs": pl.col("is_pairs"),
    "no log type": log_type.is_not_null(),
    "timezone is unknown: map it in the source's option `zones`": pl.col("offset").is_not_null(),
    "date and time are not a timestamp": pl.col("time").is_not_null(),
    "source is not an address": ~cls.is_in(FLOWS) | pl.col("src_ip").is_not_null(),
    "duration is not seconds": (cls != "connections")
    | value("duration").is_null()
    | to_int(value("duration"), 9).is_not_null(),
    "bytes are not a count": ~cls.is_in(FLOWS)
    | (
        (value("sent_bytes").is_null() | to_int(value("sent_bytes")).is_not_null())
        & (value("recv_bytes").is_null() | to_int(value("recv_bytes")).is_not_null())
    ),
    "lease without an address": (cls != "leases") | pl.col("ip").is_not_null(),
}


def flow() -> dict[str, pl.Expr]:
    """Return columns of a flow, and those that other classes share with it."""
    none = pl.duration(seconds=0, time_unit="us")
    interim = (value("connevent") == "Interim").fill_null(value=False)
    nat = somewhere(address(value("tran_src_ip")))
    zones = [value(key).str.to_lowercase() for key in ("srczonetype", "dstzonetype")]
    hardware = mac(value("src_mac"))
    return {
        "start_time": pl.col("time")
        - pl.when(cls == "connections")
        .then(seconds(value("duration")).fill_null(none))
        .otherwise(none),
        "src_ip": address(
            pl.coalesce(
                null_if_dash(value("src_ip")),
                null_if_dash(value("remote_ip")),
                null_if_dash(value("remoteinterfaceip")),
            )
        ),
        "src_port": port(value("src_port")),
        "src_mac": pl.when(hardware != "00:00:00:00:00:00").then(hardware),
        "dst_ip": address(value("dst_ip")),
        "dst_port": port(value("dst_port")),
        "protocol": protocol(value("protocol")),
        "bytes_in": pl.when(~interim).then(to_int(value("recv_bytes"))),
        "bytes_out": pl.when(~interim).then(to_int(value("sent_bytes"))),
        "nat_ip": nat,
        "nat_port": pl.when(nat.is_not_null()).then(
            port(value("tran_src_port").replace("0", None))
        ),
        "application": null_if_dash(pl.coalesce("key_application", "key_application_name")),
        "category": null_if_dash(pl.coalesce("key_category", "key_application_category")),
        "direction": direction(zones[0], zones[1], ["wan"]),
        "disposition": disposition(),
        "connection_uid": null_if_dash(value("connid")),
        "extras": extras(interim),
    }


def disposition() -> pl.Expr:
    """Return the action of the firewall or the filter."""
    stopped = ["Denied", "Warned", "Virus", "PUA", "Drop", "Dropped", "Rejected"]
    return word_of(
        ("blocked", subtype.is_in(stopped)),
        ("allowed", subtype.is_in(["Allowed", "Overridden", "Clean"])),
    )


def extras(interim: pl.Expr) -> pl.Expr:
    """Return fields without a column; a system event keeps its whole line anyway."""
    so_far = [
        pl.when(interim).then(value(key)).alias(f"{key}_so_far")
        for key in ("sent_bytes", "recv_bytes")
    ]
    fields = [null_if_dash(value(key)).alias(key) for key in EXTRA]
    return pl.when(cls != "system_events").then(json_of([*fields, *so_far]))


def web() -> dict[str, pl.Expr]:
    """Return columns of a request."""
    url = null_if_dash(value("url"))
    status = to_int(pl.coalesce("key_status_code", "key_httpresponsecode"), 3)
    named = null_if_dash(pl.coalesce("key_domain", "key_domainname"))
    return {
        "url_scheme": url.str.extract("^([a-z]+)://"),
        "url_hostname": pl.coalesce(hostname(url), hostname(named)),
        "url": url.str.slice(0, MAX_URL),
        "status_code": pl.when(status >= 100).then(status).cast(pl.Int16),
        "content_type": media_type(value("contenttype")),
        "referrer_hostname": hostname(null_if_dash(value("referer"))),
        "user_agent": null_if_dash(value("user_agent")),
    }


def logon() -> dict[str, pl.Expr]:
    """Return columns of a login, a tunnel or a mapping."""
    left = said.str.contains("(?i)logged out|log out") | value("status").is_in(
        ["Terminated", "Disconnected"]
    )
    left = left.fill_null(value=False)
    failed = (value("status") == "Failed").fill_null(value=False)
    mapped = value("auth_client").is_in(COLLECTORS).fill_null(value=False) & ~failed
    vpn = component.str.contains("VPN|IPSec") | (value("auth_client") == "IPSec")
    inside = pl.coalesce(
        address(value("ipaddress")),
        address(value("remotenetwork").str.extract("^([^/]+)/(?:32|128)$")),
    )
    return {
        "activity": word_of(("logoff", left), ("mapping", mapped), otherwise="logon"),
        "logon_kind": word_of(("vpn", vpn), ("proxy", ~mapped)),
        "is_success": pl.when(~left & ~mapped).then(~failed),
        "failure_reason": pl.when(failed).then(pl.coalesce(null_if_dash(value("reason")), said)),
        "event_code": value("log_id"),
        "logon_uid": null_if_dash(value("sessionid")),
        "reported_by": name(value("device_name")),
        "assigned_ip": pl.when(vpn).then(inside),
        "is_machine": is_machine(pl.col("user_name")),
    }


def lease() -> dict[str, pl.Expr]:
    """Return columns of a lease."""
    return {
        "ip": address(value("ipaddress")),
        "mac": mac(value("client_physical_address")),
        "hostname": name(value("client_host_name")),
        "action": value("status").str.to_lowercase().replace({"lease": "assign"}),
    }


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an id, a type and a component of the log, in this order."""
    return line.str.contains(
        HEADER_END
        + r'(?:[a-z_]+=(?:"[^"]*"|[^ "]*) +)*log_id="?[0-9]+"? log_type="[^"]+" log_component="'
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of each event class; null where a line has none."""
    text = pl.col("line").str.strip_chars("\x00 ").str.extract(BODY)
    local = value("date") + " " + value("time") + pl.col("offset")
    stamp = clock.first(
        clock.iso(value("timestamp"), context.reading), clock.iso(local, context.reading)
    )
    return (
        with_values(
            batch,
            text,
            *KEYS,
            writers=WRITERS,
            escapes=False,
            loose=True,
        )
        .with_columns(offset=offset(context), user_name=account(value("user_name")))
        .with_columns(time=stamp.time, time_quality=stamp.quality, event_class=event_class())
        .with_columns(**flow(), **web(), **logon(), **lease())
        .with_columns(
            kind=pl.concat_str([log_type, component], separator=": ", ignore_nulls=True),
            message=pl.col("line"),
        )
    )


def offset(context: Context) -> pl.Expr:
    """Return the offset from UTC as text; empty if the source's zone decides, null if unknown.

    Raises:
        SettingsError: A zone of the option has no offset.
    """
    zone, year = ZoneInfo(context.reading.zone), context.reading.anchor.year
    moments = [datetime(year, month, 1, tzinfo=zone) for month in (1, 7)]
    told = context.options.get("zones", "").split()
    names = {"UTC": "Z", "GMT": "Z"}
    names |= {str(moment.tzname()): f"{moment:%z}" for moment in moments}
    for pair in told:
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


def event_class() -> pl.Expr:
    """Classify by type and component; a line without person or site is a system event."""
    person = pl.col("user_name").is_not_null()
    is_event = log_type == "Event"
    web_type = log_type.is_in(["Content Filtering", "Anti-Virus"])
    tunnel = component.is_in(["SSL VPN", "IPSec"]) & value("status").is_in(
        ["Established", "Connected", "Terminated", "Disconnected"]
    )
    status = value("status").str.to_lowercase()
    leased = status.is_in(["lease", "assign", "renew", "release", "expire"])
    filtered = (log_type == "Content Filtering") & address(value("dst_ip")).is_not_null()
    return word_of(
        ("connections", log_type == "Firewall"),
        ("http_requests", web_type & null_if_dash(value("url")).is_not_null()),
        ("connections", filtered),
        ("logons", is_event & person & ((subtype == "Authentication") | tunnel)),
        ("leases", is_event & (component == "DHCP Server") & leased),
        otherwise="system_events",
    )


FORMAT = Format(
    name="sophos_xg",
    product="Sophos Firewall (SFOS, XG)",
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
)
