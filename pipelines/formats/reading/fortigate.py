"""The columns that a FortiGate line gives to each event class.

All are read from the values of `KEYS` (see `_keyvalue.py`) and from the columns
`type`, `subtype`, `logid`, `did` (its action), `user` and `host_asked`.
"""

from collections.abc import Mapping
from functools import cache

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
from pipelines.formats.reading.flows import direction, protocol, seconds, somewhere
from pipelines.formats.reading.keyvalue import json_of, value

REFUSED = ["deny", "block", "blocked", "drop", "dropped", "redirect", "reset"]
PASSED = [
    "accept", "close", "start", "timeout", "client-rst", "server-rst", "ip-conn",
    "dns", "pass", "passthrough", "monitor", "exempt", "permit", "allow", "log-only",
]  # fmt: skip
MAPPING = ["FSSO-logon", "auth-logon"]
LEAVING = ["FSSO-logoff", "auth-logout", "tunnel-down"]
EXTRA = [
    "subtype", "action", "policyid", "service", "profile", "group", "utmaction",
    "unauthuser",
]  # fmt: skip

KEYS = [
    *EXTRA, "agent", "app", "appcat", "assignip", "catdesc", "contenttype", "date",
    "desc", "devname", "dhcp_msg", "dstintfrole", "dstip", "dstname", "dstport",
    "duration", "eventtime", "hostname", "httpmethod", "ip", "ipaddr", "lease",
    "logdesc", "logid", "mac", "msg", "proto", "qname", "qtype", "rcode", "rcvdbyte",
    "reason", "referralurl", "remip", "sentbyte", "sessionid", "srcintfrole", "srcip",
    "srcmac", "srcname", "srcport", "status", "time", "trandisp", "transip",
    "transport", "tunnelid", "tunnelip", "tunneltype", "type", "tz", "url", "user",
    "xauthuser",
]  # fmt: skip

did, cls = pl.col("did"), pl.col("event_class")
is_interim = (
    (pl.col("type") == "traffic") & pl.col("logid").str.ends_with("000020")
).fill_null(value=False)


@cache
def endpoints() -> Mapping[str, pl.Expr]:
    """Who opened it and who answered."""
    vpn = pl.col("subtype") == "vpn"
    outside = pl.when(vpn).then(value("remip"))
    xauth = pl.when(vpn).then(known(value("xauthuser")))
    return {
        "src_ip": address(pl.coalesce(value("srcip"), outside)),
        "src_port": port(value("srcport")),
        "src_mac": mac(value("srcmac")),
        "src_hostname": name(value("srcname")),
        "user_name": pl.coalesce(xauth, "user"),
        "dst_ip": address(value("dstip")),
        "dst_port": port(value("dstport")),
        "bytes_in": pl.when(~is_interim).then(whole(value("rcvdbyte"))),
        "bytes_out": pl.when(~is_interim).then(whole(value("sentbyte"))),
        "disposition": disposition(),
        "category": known(
            pl.when(pl.col("type") == "traffic")
            .then(value("appcat"))
            .otherwise(pl.coalesce(value("catdesc"), value("appcat")))
            .replace("unscanned", None)
        ),
    }


def disposition() -> pl.Expr:
    """What the policy or, after it, the filter did."""
    stopped = did.is_in(REFUSED) | value("utmaction").is_in(REFUSED)
    return (
        pl.when(stopped.fill_null(value=False))
        .then(pl.lit("blocked"))
        .when(did.is_in(PASSED))
        .then(pl.lit("allowed"))
    )


@cache
def web() -> Mapping[str, pl.Expr]:
    """Columns of a request; a path is put behind scheme and host."""
    service = value("service").str.to_lowercase()
    scheme = pl.when(service.is_in(["http", "https", "ftp"])).then(service)
    path = value("url")
    front = pl.coalesce(scheme + "://", pl.lit("")) + pl.col("host_asked")
    whole_url = pl.when(path.str.starts_with("/")).then(front + path).otherwise(path)
    return {
        "method": known(value("httpmethod")).str.to_uppercase(),
        "url_scheme": pl.coalesce(path.str.extract("^([a-z]+)://"), scheme),
        "url_hostname": pl.col("host_asked"),
        "url": whole_url.str.slice(0, MAX_URL),
        "content_type": media_type(value("contenttype")),
        "referrer_hostname": hostname(known(value("referralurl"))),
        "user_agent": known(value("agent")),
    }


@cache
def traffic() -> Mapping[str, pl.Expr]:
    """Columns of a flow."""
    worn = value("trandisp").str.contains("snat", literal=True)
    outside_ip = somewhere(address(value("transip")))
    session = value("sessionid")
    roles = [
        known(pl.when(value(role) != "undefined").then(value(role)))
        for role in ("srcintfrole", "dstintfrole")
    ]
    return {
        "dst_hostname": pl.coalesce("host_asked", name(value("dstname"))),
        "protocol": protocol(value("proto")),
        "nat_ip": pl.when(worn).then(outside_ip),
        "nat_port": pl.when(worn & outside_ip.is_not_null()).then(
            port(value("transport"))
        ),
        "application": known(value("app")),
        "direction": direction(roles[0], roles[1], ["wan"]),
        "connection_uid": pl.when(session != "0").then(session),
    }


@cache
def lookup() -> Mapping[str, pl.Expr]:
    """Columns of a DNS query or answer."""
    return {
        "query_name": name(value("qname")),
        "query_type": known(value("qtype")).str.to_uppercase(),
        "response_code": known(value("rcode")).str.to_uppercase(),
        "answers": known(value("ipaddr")).str.replace_all(" ", "", literal=True),
    }


@cache
def logon() -> Mapping[str, pl.Expr]:
    """Columns of a tunnel, an authentication or a mapping."""
    vpn = pl.col("subtype") == "vpn"
    status = value("status")
    ended = did.is_in(LEAVING) | status.is_in(["timed_out", "logout"])
    inside = pl.coalesce(known(value("tunnelip")), known(value("assignip")))
    refused = (did == "ssl-login-fail") | status.str.starts_with("fail")
    entered = (did == "tunnel-up") | status.is_in(["success"])
    tunnel = value("tunnelid")
    return {
        "activity": pl.when(ended.fill_null(value=False))
        .then(pl.lit("logoff"))
        .when(did.is_in(MAPPING))
        .then(pl.lit("mapping"))
        .otherwise(pl.lit("logon")),
        "logon_kind": pl.when(vpn)
        .then(pl.lit("vpn"))
        .when(did == "authentication")
        .then(pl.lit("proxy")),
        "is_success": pl.when(ended | did.is_in(MAPPING))
        .then(None)
        .when(refused)
        .then(pl.lit(value=False))
        .when(entered)
        .then(pl.lit(value=True)),
        "failure_reason": pl.when(refused).then(
            pl.coalesce(known(value("reason")), value("msg"))
        ),
        "event_code": pl.col("logid"),
        "logon_uid": pl.when(tunnel != "0").then(tunnel),
        "reported_by": name(value("devname")),
        "assigned_ip": somewhere(address(inside)),
    }


@cache
def lease() -> Mapping[str, pl.Expr]:
    """Columns of a lease; `lease` counts seconds from now."""
    given = value("dhcp_msg") == "Ack"
    return {
        "ip": address(value("ip")),
        "mac": mac(value("mac")),
        "hostname": name(value("hostname")),
        "action": pl.when(given).then(pl.lit("assign")).otherwise(pl.lit("release")),
        "lease_end_time": pl.when(given).then(pl.col("time") + seconds(value("lease"))),
    }


@cache
def extras() -> pl.Expr:
    """What has no column; a system event keeps its whole line anyway."""
    so_far = [
        pl.when(is_interim).then(value(key)).alias(f"{key}_so_far")
        for key in ("sentbyte", "rcvdbyte")
    ]
    fields = [known(value(key)).alias(key) for key in EXTRA]
    return pl.when(cls != "system_events").then(json_of([*fields, *so_far]))
