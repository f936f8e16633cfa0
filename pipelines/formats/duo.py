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
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import account, address, name, null_if_dash
from pipelines.formats.reading.flows import is_machine, somewhere
from pipelines.formats.reading.json import json_text, with_fields

FIELDS = {
    "iso": "isotimestamp",
    "count": "timestamp",
    "txid": "txid",
    "event_type": "event_type",
    "result": "result",
    "reason": "reason",
    "factor": "factor",
    "user": "user/name",
    "email": "email",
    "ip": "access_device/ip",
    "hostname": "access_device/hostname",
    "application": "application/name",
    "phone_ip": "auth_device/ip",
}
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

REJECT_RULES = {
    "not a JSON object": pl.col("is_object"),
    "no event type": pl.col("event_type").is_not_null(),
    "neither isotimestamp nor timestamp can be read": pl.col("time").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with Duo's transaction, type of event and device of access."""
    keys = [rf'"{key}"\s*:' for key in ("txid", "event_type", "access_device")]
    return line.str.starts_with("{") & pl.all_horizontal(line.str.contains(key) for key in keys)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons` and `system_events`."""
    stamp = clock.first(
        clock.iso(pl.col("iso"), context.reading), clock.epoch_by_size(pl.col("count"))
    )
    is_logon = pl.col("event_type") == "authentication"
    user = account(pl.coalesce(account(pl.col("user")), "email"))
    is_success = (
        pl.col("result")
        .str.to_lowercase()
        .replace_strict(IS_SUCCESS, default=None, return_dtype=pl.Boolean)
    )
    return with_fields(batch, FIELDS).with_columns(
        time=stamp.time,
        time_quality=stamp.quality,
        event_class=pl.when(is_logon).then(pl.lit("logons")).otherwise(pl.lit("system_events")),
        event_uid=null_if_dash(pl.col("txid")),
        event_code=null_if_dash(pl.col("event_type")),
        kind=null_if_dash(pl.col("event_type")),
        message=pl.col("line"),
        activity=pl.lit("logon"),
        logon_kind=pl.lit("cloud"),
        user_name=user,
        src_ip=somewhere(address(pl.col("ip"))),
        src_hostname=name(pl.col("hostname")),
        is_success=is_success,
        failure_reason=pl.when(~is_success).then(null_if_dash(pl.col("reason"))),
        is_machine=is_machine(user),
        extras=pl.when(is_logon).then(
            json_text(
                **{key: null_if_dash(pl.col(key)) for key in ("application", "factor", "phone_ip")},
                push=_push_answer(is_success),
            )
        ),
    )


def _push_answer(is_success: pl.Expr) -> pl.Expr:
    """Return the answer to a push, where reason and result agree on it."""
    answer = pl.col("reason").replace_strict(PUSH_ANSWERS, default=None, return_dtype=pl.String)
    is_push = pl.col("factor").str.contains("(?i)push")
    return pl.when(is_push & ((answer == "accepted") == is_success)).then(answer)


FORMAT = Format(
    name="duo",
    product="Duo",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    framing="json_array",
)
