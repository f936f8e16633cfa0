"""Cisco Meraki's event log, from its Dashboard API.

    {"occurredAt":"2026-11-02T14:15:05.123456Z","networkId":"N_1","type":
     "8021x_eap_success","clientMac":"02:00:5e:00:53:0a","deviceName":"MR-2",
     "eventData":{"identity":"ada","radio":"1","vap":"3"}}

(one object, alone or in an array: of an answer, the content of `events`). 802.1X logins are logons.
`identity` is the name that the client sent outside of its tunnel. The content of `eventData` is
published for no type of event, so that all others become system events, with their text.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading import json, radius
from pipelines.formats.reading.fields import null_if_dash
from pipelines.formats.reading.table import value

IS_SUCCESS = {"8021x_eap_success": True, "8021x_eap_failure": False}

KIND = null_if_dash(value("type"))
IDENTITY = null_if_dash(value("eventData/identity"))
RESULT = KIND.replace_strict(IS_SUCCESS, default=None, return_dtype=pl.Boolean)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with a network, a time, a type and the event's own data."""
    return json.has_keys(line, "occurredAt", "networkId", "type", "eventData")


def more(context: Context) -> dict[str, pl.Expr]:
    """Return what the type of the event decides."""
    return {
        "name_proof": radius.proof(pl.lit("said"), context.options),
        "activity": pl.lit("logon"),
        "logon_kind": pl.lit("wifi"),
        "is_success": RESULT,
        "is_machine": radius.is_computer(IDENTITY),
    }


FORMAT = Format(
    name="meraki_events",
    product="Cisco Meraki, Dashboard API",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    split=json.split,
    stamp=lambda context: clock.iso(value("occurredAt"), context.reading),
    fields={
        "event_code": KIND,
        "kind": KIND,
        "user_name": IDENTITY,
        "src_mac": "clientMac",
        "reported_by": ("deviceName", "deviceSerial"),
    },
    classes={"logons": RESULT.is_not_null() & IDENTITY.is_not_null()},
    more=more,
    extras={"vap": "eventData/vap"},
    must={**json.RULE, "no type of event": pl.col("event_code").is_not_null()},
    framing="json_array",
)
