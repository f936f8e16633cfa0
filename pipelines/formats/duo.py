"""Duo's authentication log, from its Admin API (version 2) or an export of it.

    {"timestamp":1793628905,"isotimestamp":"2026-11-02T14:15:05.123456+00:00","txid":
     "00000000-...","event_type":"authentication","result":"success","reason":
     "user_approved","factor":"duo_push","user":{"name":"ada","key":"DU..."},
     "access_device":{"ip":"203.0.113.7","hostname":"LAB-07"},"application":{"name":"VPN"}}

(one object, alone or in an array: of an answer, the content of `authlogs`). It is the second
factor of a login to something else, which Duo names: no keyboard. Denied and reported as fraud
are refusals. Enrollments are system events. `push` in the extras is the answer to a push, if the
line is about one: a cancel at the login page is none.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Format
from pipelines.formats.reading import json
from pipelines.formats.reading.fields import address, null_if_dash
from pipelines.formats.reading.flows import somewhere
from pipelines.formats.reading.table import value

IS_SUCCESS = {"success": True, "denied": False, "failure": False, "fraud": False}
PUSH_ANSWERS = {
    "user_approved": "accepted",
    "verification_code_correct": "accepted",
    "user_marked_fraud": "denied",
    "user_mistake": "denied",
    "no_response": "unanswered",
}
"""Answers at the phone, by their reason; `user_mistake` is the button for a push that was denied
and not suspicious."""

RESULT = (
    value("result")
    .str.to_lowercase()
    .replace_strict(IS_SUCCESS, default=None, return_dtype=pl.Boolean)
)
ANSWER = value("reason").replace_strict(PUSH_ANSWERS, default=None, return_dtype=pl.String)
IS_PUSH = value("factor").str.contains("(?i)push")
PUSH = pl.when(IS_PUSH & ((ANSWER == "accepted") == RESULT)).then(ANSWER)
"""The answer to a push, where reason and result agree on it."""


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with Duo's transaction, type of event and device of access."""
    return json.has_keys(line, "txid", "event_type", "access_device")


FORMAT = Format(
    name="duo",
    product="Duo",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    split=json.split,
    stamp=lambda context: clock.first(
        clock.iso(value("isotimestamp"), context.reading), clock.epoch_by_size(value("timestamp"))
    ),
    fields={
        "event_uid": "txid",
        "event_code": "event_type",
        "kind": "event_type",
        "user_name": ("user/name", "email"),
        "src_hostname": "access_device/hostname",
    },
    classes={"logons": value("event_type") == "authentication"},
    more={
        "activity": pl.lit("logon"),
        "logon_kind": pl.lit("cloud"),
        "src_ip": somewhere(address(value("access_device/ip"))),
        "is_success": RESULT,
        "failure_reason": pl.when(~RESULT).then(null_if_dash(value("reason"))),
    },
    extras={
        "application": "application/name",
        "factor": "factor",
        "phone_ip": "auth_device/ip",
        "push": PUSH,
    },
    must={**json.RULE, "no type of event": value("event_type").is_not_null()},
    framing="json_array",
)
