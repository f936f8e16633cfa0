r"""Palo Alto Networks logs as JSON: Strata Logging Service, Cortex, Prisma Access.

    {"LogType":"TRAFFIC","Subtype":"end","TimeGenerated":"2026-11-02T14:15:07.000000Z",
     "TimeGeneratedHighResolution":"2026-11-02T14:15:07.584000Z","SourceAddress":...,
     "SourceUser":"example\\ada","SessionID":17635,"BytesSent":74,...}

(one line). The content of the firewall's own CSV under other names. TRAFFIC is a flow, THREAT of
subtype `url` a request, GLOBALPROTECT a VPN login, USERID a mapping, SYSTEM `auth` the
firewall's own report of a login; everything else is `system_events`. As in the CSV, names are
guesses of the firewall, a TRAFFIC line is written at the session's end, and an administrator of
the firewall is not a network user.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    media_type,
    name,
    null_if_dash,
    port,
    to_int,
    word_of,
)
from pipelines.formats.reading.flows import is_machine, protocol, somewhere
from pipelines.formats.reading.json import json_text, with_fields

FIELDS = {
    "log_type": "LogType",
    "subtype": "Subtype",
    "precise": "TimeGeneratedHighResolution",
    "generated": "TimeGenerated",
    "source": "SourceAddress",
    "target": "DestinationAddress",
    "from_port": "SourcePort",
    "to_port": "DestinationPort",
    "worn": "NATSource",
    "worn_port": "NATSourcePort",
    "transport": "Protocol",
    "action": "Action",
    "app": "Application",
    "rule": "Rule",
    "from_zone": "FromZone",
    "to_zone": "ToZone",
    "session": "SessionID",
    "sent": "BytesSent",
    "received": "BytesReceived",
    "began": "SessionStartTime",
    "end_reason": "SessionEndReason",
    "category": "URLCategory",
    "asked": "URL",
    "verb": "HTTPMethod",
    "media": "ContentType",
    "agent": "UserAgent",
    "referrer": "Referer",
    "source_user": "SourceUser",
    "user": "SourceUserName",
    "mapped_user": "User",
    "mapped_ip": "SourceIP",
    "event": "EventIDValue",
    "status": "EventStatus",
    "error": "ConnectionError",
    "machine": "EndpointDeviceName",
    "outside": "PublicIPv4",
    "outside_v6": "PublicIPv6",
    "inside": "PrivateIPv4",
    "portal": "Portal",
    "system_event": "EventName",
    "told": "EventDescription",
    "number": "SequenceNo",
    "device": "DeviceName",
    "log_source": "LogSourceName",
}
ACTIVITIES = {
    "gw-auth": "logon",
    "portal-auth": "logon",
    "gateway-auth": "logon",
    "gateway-connected": "logon",
    "gateway-logout": "logoff",
}
WITH_INSIDE = ["gateway-connected", "gateway-logout"]
PROVEN = (
    r"^(failed authentication|authenticated) for user (?:'(.*)'|([^'].*?))\."
    r"(?: +(?:Reason: |auth profile )|$)"
)
BEFORE_LOGON = ["pre-logon", "pre-login"]
BLOCKS = r"^(?:deny|drop|reset|block|sinkhole|random-drop|override-lockout)"
FLOWS = ["connections", "http_requests"]
RECORD, cls = pl.col("record"), pl.col("event_class")

REJECT_RULES = {
    "not a JSON object": pl.col("is_object"),
    "no type of log": pl.col("log_type").is_not_null(),
    "time cannot be read": pl.col("time").is_not_null(),
    "source is not an address": ~cls.is_in(FLOWS) | pl.col("src_ip").is_not_null(),
    "target is not an address": (cls != "connections") | pl.col("dst_ip").is_not_null(),
    "no host in the URL": (cls != "http_requests") | pl.col("url_hostname").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with a type of log and a time, named as the service does."""
    return (
        line.str.contains(r"^[ \t]*\{")
        & line.str.contains(r'"LogType"\s*:\s*"[A-Z]')
        & line.str.contains(r'"TimeGenerated(?:HighResolution)?"\s*:')
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of the event class that the type of log belongs to."""
    stamp = clock.iso(pl.coalesce("precise", "generated"), context.reading)
    return (
        with_fields(batch, FIELDS)
        .with_columns(
            time=stamp.time,
            time_quality=stamp.quality,
            record=_record(),
            proven=pl.col("told").str.extract_groups(PROVEN),
        )
        .with_columns(**_who())
        .with_columns(event_class=_event_class(), is_machine=_is_machine())
        .with_columns(
            **_flow(),
            method=null_if_dash(pl.col("verb").str.to_uppercase().replace("UNKNOWN", None)),
            url_hostname=hostname(pl.col("asked")),
            url=pl.col("asked").str.slice(0, MAX_URL),
            content_type=media_type(pl.col("media")),
            user_agent=null_if_dash(pl.col("agent")),
            referrer_hostname=hostname(null_if_dash(pl.col("referrer"))),
            **_logon(),
        )
        .with_columns(
            kind=pl.concat_str("log_type", "subtype", separator="/", ignore_nulls=True),
            reported_by=name(pl.coalesce("device", "log_source")),
            message=pl.col("line"),
            event_uid=null_if_dash(pl.col("number")),
            extras=_extras(),
        )
    )


def _record() -> pl.Expr:
    kind, subtype = pl.col("log_type"), pl.col("subtype")
    records = {
        "traffic": kind == "TRAFFIC",
        "url": ((kind == "THREAT") & (subtype == "url")) | (kind == "URL"),
        "vpn": kind == "GLOBALPROTECT",
        "mapping": kind == "USERID",
        "auth": (kind == "SYSTEM") & (subtype == "auth"),
    }
    return pl.coalesce(pl.when(holds).then(pl.lit(word)) for word, holds in records.items())


def _who() -> dict[str, pl.Expr]:
    said = pl.col("proven").struct
    outside = pl.coalesce(
        somewhere(address(pl.col("outside"))), somewhere(address(pl.col("outside_v6")))
    )
    told = pl.col("told").str.extract(r"From: ([0-9a-fA-F.:]+?)\.?$", 1)
    source = {
        "vpn": outside,
        "mapping": address(pl.coalesce("mapped_ip", "source")),
        "auth": address(told),
    }
    return {
        "user_name": account(
            pl.coalesce(
                pl.when(RECORD == "mapping").then("mapped_user"),
                "source_user",
                "user",
                said.field("2"),
                said.field("3"),
            )
        ),
        "src_ip": pl.coalesce(
            pl.when(record == RECORD).then(value) for record, value in source.items()
        ).fill_null(pl.when(~RECORD.is_in([*source])).then(address(pl.col("source")))),
    }


def _event_class() -> pl.Expr:
    user = pl.col("user_name").is_not_null()
    is_admin = pl.col("told").str.contains("admin role", literal=True)
    logons = (
        ((RECORD == "vpn") & pl.col("event").is_in([*ACTIVITIES]))
        | ((RECORD == "mapping") & user & pl.col("src_ip").is_not_null())
        | ((RECORD == "auth") & user & ~is_admin.fill_null(value=False))
    )
    return word_of(
        ("connections", RECORD == "traffic"),
        ("http_requests", RECORD == "url"),
        ("logons", logons),
        otherwise="system_events",
    )


def _is_machine() -> pl.Expr:
    user = pl.col("user_name")
    return is_machine(user) | user.is_in(BEFORE_LOGON)


def _flow() -> dict[str, pl.Expr]:
    began = clock.iso(pl.col("began"), clock.Reading("UTC")).time
    worn = somewhere(address(pl.col("worn")))
    action = pl.col("action").str.to_lowercase()
    return {
        "start_time": pl.when(RECORD == "traffic")
        .then(pl.min_horizontal(began, "time"))
        .otherwise("time"),
        "src_port": port(pl.col("from_port")),
        "dst_ip": address(pl.col("target")),
        "dst_port": port(pl.col("to_port")),
        "protocol": protocol(pl.col("transport")),
        "bytes_out": to_int(pl.col("sent")),
        "bytes_in": to_int(pl.col("received")),
        "nat_ip": worn,
        "nat_port": pl.when(worn.is_not_null()).then(port(pl.col("worn_port").replace("0", None))),
        "application": null_if_dash(pl.col("app")),
        "category": null_if_dash(pl.col("category").replace("any", None)),
        "disposition": word_of(
            ("blocked", action.str.contains(BLOCKS)), ("allowed", action.is_not_null())
        ),
        "connection_uid": null_if_dash(pl.col("session").replace("0", None)),
    }


def _logon() -> dict[str, pl.Expr]:
    activity = pl.col("event").replace_strict(ACTIVITIES, default=None, return_dtype=pl.String)
    is_vpn, is_auth = RECORD == "vpn", RECORD == "auth"
    said = pl.col("proven").struct.field("1")
    entered = (
        pl.when(is_auth)
        .then(said == "authenticated")
        .when(is_vpn & (activity == "logon"))
        .then(pl.col("status") == "success")
    )
    left = (RECORD == "mapping") & (pl.col("subtype") == "logout")
    reason = pl.col("told").str.extract(r"Reason: (.*?)\.? +(?:auth profile|From:|$)", 1)
    return {
        "activity": pl.when(is_vpn)
        .then(activity)
        .when(is_auth)
        .then(pl.lit("logon"))
        .when(left)
        .then(pl.lit("logoff"))
        .otherwise(pl.lit("mapping")),
        "logon_kind": pl.when(is_vpn).then(pl.lit("vpn")),
        "is_success": entered,
        "failure_reason": pl.when(~entered).then(null_if_dash(pl.coalesce("error", reason))),
        "event_code": pl.coalesce("event", "system_event", "subtype"),
        "host": pl.when(is_vpn).then(name(pl.col("machine"))),
        "assigned_ip": pl.when(is_vpn & pl.col("event").is_in(WITH_INSIDE)).then(
            somewhere(address(pl.col("inside")))
        ),
    }


def _extras() -> pl.Expr:
    names = ("rule", "from_zone", "to_zone", "end_reason", "portal")
    phase = pl.when(RECORD == "traffic").then("subtype")
    return pl.when(cls != "system_events").then(
        json_text(phase=phase, **{key: null_if_dash(pl.col(key)) for key in names})
    )


FORMAT = Format(
    name="paloalto_json",
    product="Palo Alto Networks Strata Logging Service, Prisma Access",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
