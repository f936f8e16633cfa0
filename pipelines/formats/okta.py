"""Okta's system log, from its API or an export of it.

    {"actor":{"alternateId":"ada@example.org","type":"User"},"client":{"ipAddress":
     "203.0.113.7"},"eventType":"user.session.start","outcome":{"result":"SUCCESS"},
     "published":"2026-03-02T14:00:05.123Z","uuid":"faf7398a-..."}

(one object, alone or in an array). `published` is UTC. A sign-in produces several events, but only
`user.session.start` counts: `policy.evaluate_sign_on` with ALLOW is not a sign-in, and factors
and verifications belong to the same sign-in. `user.authentication.sso` is an application
opened by an existing session: no keyboard, hence `network`. The rest become `system_events`.
One of them is the answer to a push: its extras contain `push`, the account and the address.
Another is a factor that was enrolled or reset: its extras contain `factor`, the account,
who did it and from where.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Format
from pipelines.formats.reading import json
from pipelines.formats.reading.fields import account, address, null_if_dash, word_of
from pipelines.formats.reading.json import json_text
from pipelines.formats.reading.table import value

FACTORS = {
    "user.mfa.factor.activate": "enrolled",
    "user.mfa.factor.deactivate": "reset",
    "user.mfa.factor.reset_all": "reset",
}
ACTIVITY = {
    "user.session.start": "logon",
    "user.authentication.sso": "logon",
    "user.session.end": "logoff",
}
RESULTS = {"SUCCESS": True, "ALLOW": True, "FAILURE": False, "DENY": False}
"""Others, such as a challenge that is still open, are no result."""

EVENT, RESULT = null_if_dash(value("eventType")), value("outcome/result")
ACTOR, CLIENT_IP = account(value("actor/alternateId")), address(value("client/ipAddress"))
ACTIVITIES = EVENT.replace_strict(ACTIVITY, default=None, return_dtype=pl.String)
IS_SUCCESS = pl.when(ACTIVITIES == "logon").then(
    RESULT.replace_strict(RESULTS, default=None, return_dtype=pl.Boolean)
)
IS_PUSH = (EVENT == "user.authentication.auth_via_mfa") & (
    value("debugContext/debugData/factor") == "OKTA_VERIFY_PUSH"
)
IS_DENIED = value("debugContext/debugData/pushOnlyResponseType") == "OV_RESPONSE_DENY"
PUSH = word_of(
    ("denied", EVENT == "user.mfa.okta_verify.deny_push"),
    ("accepted", IS_PUSH & (RESULT == "SUCCESS")),
    ("denied", IS_PUSH & (RESULT == "FAILURE") & IS_DENIED),
    ("unanswered", IS_PUSH & (RESULT == "FAILURE")),
)
"""The answer to a push: one that failed is unanswered, if it was not denied."""

FACTOR = pl.when(RESULT == "SUCCESS").then(
    EVENT.replace_strict(FACTORS, default=None, return_dtype=pl.String)
)
"""Whether a factor was enrolled or reset; null for attempts and other events."""

TARGET = pl.coalesce(
    pl.when(value(f"target/{n}/type") == "User").then(value(f"target/{n}/alternateId"))
    for n in range(4)
)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with Okta's event type, stamp and id."""
    return json.has_keys(line, "eventType", "published", "uuid")


FORMAT = Format(
    name="okta",
    product="Okta",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    split=json.split,
    stamp=lambda context: clock.iso(value("published"), context.reading),
    fields={
        "event_uid": "uuid",
        "event_code": "eventType",
        "kind": "eventType",
        "user_name": "actor/alternateId",
        "src_ip": "client/ipAddress",
        "logon_uid": "authenticationContext/externalSessionId",
    },
    classes={"logons": ACTIVITIES.is_not_null()},
    more={
        "activity": ACTIVITIES,
        "logon_kind": word_of(("network", EVENT == "user.authentication.sso"), otherwise="cloud"),
        "is_machine": pl.when(ACTOR.is_not_null()).then(value("actor/type") != "User"),
        "is_success": IS_SUCCESS,
        "failure_reason": pl.when(~IS_SUCCESS).then(null_if_dash(value("outcome/reason"))),
        "extras": pl.when(ACTIVITIES.is_not_null())
        .then(
            json_text(
                user_agent=null_if_dash(value("client/userAgent/rawUserAgent")),
                device=null_if_dash(value("client/device")),
            )
        )
        .when(PUSH.is_not_null())
        .then(json_text(push=PUSH, user=ACTOR, ip=CLIENT_IP))
        .when(FACTOR.is_not_null())
        .then(json_text(factor=FACTOR, user=account(TARGET), by=ACTOR, ip=CLIENT_IP)),
    },
    must={**json.RULE, "no type of event": pl.col("event_code").is_not_null()},
    framing="json_array",
)
