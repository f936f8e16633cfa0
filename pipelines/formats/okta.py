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
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import account, address, null_if_dash
from pipelines.formats.reading.json import json_text, with_fields

FIELDS = {
    "stamp": "published",
    "uuid": "uuid",
    "event_type": "eventType",
    "actor": "actor/alternateId",
    "actor_type": "actor/type",
    "ip": "client/ipAddress",
    "agent": "client/userAgent/rawUserAgent",
    "device": "client/device",
    "session": "authenticationContext/externalSessionId",
    "result": "outcome/result",
    "reason": "outcome/reason",
    "factor": "debugContext/debugData/factor",
    "response": "debugContext/debugData/pushOnlyResponseType",
    **{f"target_{n}": f"target/{n}/alternateId" for n in range(4)},
    **{f"target_type_{n}": f"target/{n}/type" for n in range(4)},
}
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
RESULTS = {
    "SUCCESS": True,
    "ALLOW": True,
    "FAILURE": False,
    "DENY": False,
}

REJECT_RULES = {
    "not a JSON object": pl.col("is_object"),
    "no event type": pl.col("event_code").is_not_null(),
    "published cannot be read": pl.col("time").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with Okta's event type, stamp and id."""
    keys = [rf'"{key}"\s*:' for key in ("eventType", "published", "uuid")]
    held = [line.str.contains(key) for key in keys]
    return line.str.starts_with("{") & pl.all_horizontal(held)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons` and `system_events`."""
    stamp = clock.iso(pl.col("stamp"), context.reading)
    event_type = null_if_dash(pl.col("event_type"))
    activity = event_type.replace_strict(ACTIVITY, default=None, return_dtype=pl.String)
    is_logon = activity.is_not_null()
    return with_fields(batch, FIELDS).with_columns(
        time=stamp.time,
        time_quality=stamp.quality,
        event_class=pl.when(is_logon).then(pl.lit("logons")).otherwise(pl.lit("system_events")),
        event_uid=null_if_dash(pl.col("uuid")),
        event_code=event_type,
        kind=event_type,
        message=pl.col("line"),
        activity=activity,
        logon_kind=pl.when(event_type == "user.authentication.sso")
        .then(pl.lit("network"))
        .otherwise(pl.lit("cloud")),
        extras=pl.when(is_logon)
        .then(
            json_text(
                user_agent=null_if_dash(pl.col("agent")), device=null_if_dash(pl.col("device"))
            )
        )
        .when(_push_answer(event_type).is_not_null())
        .then(
            json_text(
                push=_push_answer(event_type),
                user=account(pl.col("actor")),
                ip=address(pl.col("ip")),
            )
        )
        .when(_factor(event_type).is_not_null())
        .then(
            json_text(
                factor=_factor(event_type),
                user=account(
                    pl.coalesce(
                        pl.when(pl.col(f"target_type_{n}") == "User").then(f"target_{n}")
                        for n in range(4)
                    )
                ),
                by=account(pl.col("actor")),
                ip=address(pl.col("ip")),
            )
        ),
        **_who(),
        **_outcome(activity == "logon"),
    )


def _push_answer(event_type: pl.Expr) -> pl.Expr:
    """Return the answer to a push: one that failed is unanswered, if it was not denied."""
    is_push = (event_type == "user.authentication.auth_via_mfa") & (
        pl.col("factor") == "OKTA_VERIFY_PUSH"
    )
    is_denied = pl.col("response") == "OV_RESPONSE_DENY"
    return (
        pl.when(event_type == "user.mfa.okta_verify.deny_push")
        .then(pl.lit("denied"))
        .when(is_push & (pl.col("result") == "SUCCESS"))
        .then(pl.lit("accepted"))
        .when(is_push & (pl.col("result") == "FAILURE") & is_denied)
        .then(pl.lit("denied"))
        .when(is_push & (pl.col("result") == "FAILURE"))
        .then(pl.lit("unanswered"))
    )


def _factor(event_type: pl.Expr) -> pl.Expr:
    """Return whether a factor was enrolled or reset; null for attempts and other events."""
    change = event_type.replace_strict(FACTORS, default=None, return_dtype=pl.String)
    return pl.when(pl.col("result") == "SUCCESS").then(change)


def _who() -> dict[str, pl.Expr]:
    """Return the account, where it is used, and its session."""
    user = account(pl.col("actor"))
    return {
        "user_name": user,
        "is_machine": pl.when(user.is_not_null()).then(pl.col("actor_type") != "User"),
        "src_ip": address(pl.col("ip")),
        "logon_uid": null_if_dash(pl.col("session")),
    }


def _outcome(is_logon: pl.Expr) -> dict[str, pl.Expr]:
    """Return null for other results, such as a challenge that is still open."""
    result = pl.col("result").replace_strict(RESULTS, default=None, return_dtype=pl.Boolean)
    is_success = pl.when(is_logon).then(result)
    return {
        "is_success": is_success,
        "failure_reason": pl.when(~is_success).then(null_if_dash(pl.col("reason"))),
    }


FORMAT = Format(
    name="okta",
    product="Okta",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    framing="json_array",
)
