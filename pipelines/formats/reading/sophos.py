"""The columns that a Sophos Firewall line gives to each event class.

All are read from the values of `KEYS` (see `_keyvalue.py`) and from `event_class`,
`time` and `user_name`.
"""

import polars as pl

from pipelines.formats.reading.fields import (
    MAX_URL,
    address,
    hostname,
    known,
    mac,
    media_type,
    name,
    port,
    whole,
)
from pipelines.formats.reading.flows import (
    direction,
    is_machine,
    protocol,
    seconds,
    somewhere,
)
from pipelines.formats.reading.keyvalue import json_of, value

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


def flow() -> dict[str, pl.Expr]:
    """Columns of a flow, and those that other classes share with it."""
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
                known(value("src_ip")),
                known(value("remote_ip")),
                known(value("remoteinterfaceip")),
            )
        ),
        "src_port": port(value("src_port")),
        "src_mac": pl.when(hardware != "00:00:00:00:00:00").then(hardware),
        "dst_ip": address(value("dst_ip")),
        "dst_port": port(value("dst_port")),
        "protocol": protocol(value("protocol")),
        "bytes_in": pl.when(~interim).then(whole(value("recv_bytes"))),
        "bytes_out": pl.when(~interim).then(whole(value("sent_bytes"))),
        "nat_ip": nat,
        "nat_port": pl.when(nat.is_not_null()).then(
            port(value("tran_src_port").replace("0", None))
        ),
        "application": known(pl.coalesce("key_application", "key_application_name")),
        "category": known(pl.coalesce("key_category", "key_application_category")),
        "direction": direction(zones[0], zones[1], ["wan"]),
        "disposition": disposition(),
        "connection_uid": known(value("connid")),
        "extras": extras(interim),
    }


def disposition() -> pl.Expr:
    """What the firewall or the filter did."""
    stopped = ["Denied", "Warned", "Virus", "PUA", "Drop", "Dropped", "Rejected"]
    return (
        pl.when(subtype.is_in(stopped))
        .then(pl.lit("blocked"))
        .when(subtype.is_in(["Allowed", "Overridden", "Clean"]))
        .then(pl.lit("allowed"))
    )


def extras(interim: pl.Expr) -> pl.Expr:
    """What has no column; a system event keeps its whole line anyway."""
    so_far = [
        pl.when(interim).then(value(key)).alias(f"{key}_so_far")
        for key in ("sent_bytes", "recv_bytes")
    ]
    fields = [known(value(key)).alias(key) for key in EXTRA]
    return pl.when(cls != "system_events").then(json_of([*fields, *so_far]))


def web() -> dict[str, pl.Expr]:
    """Columns of a request."""
    url = known(value("url"))
    status = whole(pl.coalesce("key_status_code", "key_httpresponsecode"), 3)
    named = known(pl.coalesce("key_domain", "key_domainname"))
    return {
        "url_scheme": url.str.extract("^([a-z]+)://"),
        "url_hostname": pl.coalesce(hostname(url), hostname(named)),
        "url": url.str.slice(0, MAX_URL),
        "status_code": pl.when(status >= 100).then(status).cast(pl.Int16),
        "content_type": media_type(value("contenttype")),
        "referrer_hostname": hostname(known(value("referer"))),
        "user_agent": known(value("user_agent")),
    }


def logon() -> dict[str, pl.Expr]:
    """Columns of a login, a tunnel or a mapping."""
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
        "activity": pl.when(left)
        .then(pl.lit("logoff"))
        .when(mapped)
        .then(pl.lit("mapping"))
        .otherwise(pl.lit("logon")),
        "logon_kind": pl.when(vpn)
        .then(pl.lit("vpn"))
        .when(~mapped)
        .then(pl.lit("proxy")),
        "is_success": pl.when(~left & ~mapped).then(~failed),
        "failure_reason": pl.when(failed).then(
            pl.coalesce(known(value("reason")), said)
        ),
        "event_code": value("log_id"),
        "logon_uid": known(value("sessionid")),
        "reported_by": name(value("device_name")),
        "assigned_ip": pl.when(vpn).then(inside),
        "is_machine": is_machine(pl.col("user_name")),
    }


def lease() -> dict[str, pl.Expr]:
    """Columns of a lease."""
    return {
        "ip": address(value("ipaddress")),
        "mac": mac(value("client_physical_address")),
        "hostname": name(value("client_host_name")),
        "action": value("status").str.to_lowercase().replace({"lease": "assign"}),
    }
