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
from pipelines.formats import Format
from pipelines.formats.reading import json
from pipelines.formats.reading.fields import address, name, null_if_dash, port, word_of
from pipelines.formats.reading.flows import is_machine, somewhere
from pipelines.formats.reading.table import value

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
REASON = r"Reason: (.*?)\.? +(?:auth profile|From:|$)"
BEFORE_LOGON = ["pre-logon", "pre-login"]
BLOCKS = r"^(?:deny|drop|reset|block|sinkhole|random-drop|override-lockout)"

LOG_TYPE, SUBTYPE, EVENT = value("LogType"), value("Subtype"), value("EventIDValue")
DESCRIPTION, USER = value("EventDescription"), pl.col("user_name")
PROOF = DESCRIPTION.str.extract_groups(PROVEN).struct
IS_TRAFFIC = LOG_TYPE == "TRAFFIC"
IS_VPN, IS_MAPPING = LOG_TYPE == "GLOBALPROTECT", LOG_TYPE == "USERID"
IS_AUTH = (LOG_TYPE == "SYSTEM") & (SUBTYPE == "auth")
IS_ADMIN = DESCRIPTION.str.contains("admin role", literal=True).fill_null(value=False)

STEP = EVENT.replace_strict(ACTIVITIES, default=None, return_dtype=pl.String)
IS_SUCCESS = (
    pl.when(IS_AUTH)
    .then(PROOF.field("1") == "authenticated")
    .when(IS_VPN & (STEP == "logon"))
    .then(value("EventStatus") == "success")
)
ACTION = value("Action").str.to_lowercase()
NAT = somewhere(address(value("NATSource")))
MAPPED_IP = address(value("SourceIP", "SourceAddress"))
BEGAN = clock.iso(value("SessionStartTime"), clock.Reading("UTC")).time


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with a type of log and a time, named as the service does."""
    return json.has_keys(line, "TimeGenerated(?:HighResolution)?") & line.str.contains(
        r'"LogType"\s*:\s*"[A-Z]'
    )


FORMAT = Format(
    name="paloalto_json",
    product="Palo Alto Networks Strata Logging Service, Prisma Access",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "logons", "system_events"),
    looks_like=looks_like,
    split=json.split,
    stamp=lambda context: clock.iso(
        value("TimeGeneratedHighResolution", "TimeGenerated"), context.reading
    ),
    fields={
        "user_name": pl.coalesce(
            pl.when(IS_MAPPING).then(value("User")),
            value("SourceUser", "SourceUserName"),
            PROOF.field("2"),
            PROOF.field("3"),
        ),
        "src_port": "SourcePort",
        "dst_ip": "DestinationAddress",
        "dst_port": "DestinationPort",
        "protocol": "Protocol",
        "bytes_out": "BytesSent",
        "bytes_in": "BytesReceived",
        "application": "Application",
        "category": value("URLCategory").replace("any", None),
        "connection_uid": value("SessionID").replace("0", None),
        "method": value("HTTPMethod").str.to_uppercase().replace("UNKNOWN", None),
        "url": "URL",
        "content_type": "ContentType",
        "user_agent": "UserAgent",
        "referrer_hostname": "Referer",
        "event_code": pl.coalesce(EVENT, value("EventName"), SUBTYPE),
        "event_uid": "SequenceNo",
        "reported_by": value("DeviceName", "LogSourceName"),
    },
    classes={
        "connections": IS_TRAFFIC,
        "http_requests": ((LOG_TYPE == "THREAT") & (SUBTYPE == "url")) | (LOG_TYPE == "URL"),
        "logons": (IS_VPN & STEP.is_not_null())
        | (IS_MAPPING & USER.is_not_null() & MAPPED_IP.is_not_null())
        | (IS_AUTH & USER.is_not_null() & ~IS_ADMIN),
    },
    more={
        "src_ip": pl.when(IS_VPN)
        .then(
            pl.coalesce(somewhere(address(value(f"PublicIPv{version}"))) for version in (4, 6))
        )
        .when(IS_MAPPING)
        .then(MAPPED_IP)
        .when(IS_AUTH)
        .then(address(DESCRIPTION.str.extract(r"From: ([0-9a-fA-F.:]+?)\.?$", 1)))
        .otherwise(address(value("SourceAddress"))),
        "start_time": pl.when(IS_TRAFFIC)
        .then(pl.min_horizontal(BEGAN, "time"))
        .otherwise("time"),
        "nat_ip": NAT,
        "nat_port": pl.when(NAT.is_not_null()).then(
            port(value("NATSourcePort").replace("0", None))
        ),
        "disposition": word_of(
            ("blocked", ACTION.str.contains(BLOCKS)), ("allowed", ACTION.is_not_null())
        ),
        "activity": pl.when(IS_VPN)
        .then(STEP)
        .otherwise(
            word_of(
                ("logon", IS_AUTH),
                ("logoff", IS_MAPPING & (SUBTYPE == "logout")),
                otherwise="mapping",
            )
        ),
        "logon_kind": pl.when(IS_VPN).then(pl.lit("vpn")),
        "is_success": IS_SUCCESS,
        "failure_reason": pl.when(~IS_SUCCESS).then(
            null_if_dash(pl.coalesce(value("ConnectionError"), DESCRIPTION.str.extract(REASON, 1)))
        ),
        "host": pl.when(IS_VPN).then(name(value("EndpointDeviceName"))),
        "assigned_ip": pl.when(IS_VPN & EVENT.is_in(WITH_INSIDE)).then(
            somewhere(address(value("PrivateIPv4")))
        ),
        "is_machine": is_machine(USER) | USER.is_in(BEFORE_LOGON),
        "kind": pl.concat_str(LOG_TYPE, SUBTYPE, separator="/", ignore_nulls=True),
    },
    extras={
        "phase": pl.when(IS_TRAFFIC).then(SUBTYPE),
        "rule": "Rule",
        "from_zone": "FromZone",
        "to_zone": "ToZone",
        "end_reason": "SessionEndReason",
        "portal": "Portal",
    },
    must={**json.RULE, "no type of event": LOG_TYPE.is_not_null()},
    required={"connections": ("dst_ip",)},
)  # fmt: skip
