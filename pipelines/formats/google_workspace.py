"""Google Workspace audit events, from the Reports API or an export of it.

    {"kind":"admin#reports#activity","id":{"time":"2026-03-02T14:00:05.123Z",
     "uniqueQualifier":"-5603","applicationName":"login"},"actor":{"email":
     "ada@example.org"},"ipAddress":"203.0.113.7","events":[{"type":"login",
     "name":"login_success","parameters":[{"name":"login_type","value":...}]}]}

(one object, alone, in an array or under `items`). One sign-in gives several
events: success and failure are counted, its challenges and verifications and
all warnings become `system_events`. The actor of a login is its user; the
user of a warning stands in a parameter. A SAML event is an application let in
by a session that exists already: no keyboard, hence `network`. Some exports
hold `events` as an object instead of an array. `uniqueQualifier` is a number of
64 bits as text, and may be negative.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import account, address, known
from pipelines.formats.reading.json import json_text, with_fields

PARAMETERS = 10
"""How many parameters of the event are looked through."""

HEAD = {
    "stamp": "id/time",
    "uid": "id/uniqueQualifier",
    "application": "id/applicationName",
    "caller": "actor/callerType",
    "email": "actor/email",
    "ip": "ipAddress",
}


def _event_fields(event: str, prefix: str) -> dict[str, str]:
    fields = {f"{prefix}name": f"{event}/name"}
    for n in range(PARAMETERS):
        place = f"{event}/parameters/{n}"
        fields |= {
            f"{prefix}key_{n}": f"{place}/name",
            f"{prefix}value_{n}": f"{place}/value",
        }
    return fields


IN_ARRAY = _event_fields("events/0", "a_") | {"second_name": "events/1/name"}
IN_OBJECT = _event_fields("events", "o_")
NAMES = ["login_success", "login_failure", "logout"]
IS_LOGON = pl.col("event_class") == "logons"

MUST = {
    "not a JSON object": pl.col("is_object"),
    "no application or no event name": pl.col("application").is_not_null()
    & pl.col("event_name").is_not_null(),
    "id.time cannot be read": pl.col("time").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """An object with an application and a unique qualifier."""
    return (
        line.str.starts_with("{")
        & line.str.contains('"uniqueQualifier":', literal=True)
        & line.str.contains('"applicationName":', literal=True)
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons` and `system_events`."""
    stamp = clock.iso(pl.col("stamp"), context.reading)
    return (
        _with_either_shape(batch)
        .with_columns(event_name=_event_name())
        .with_columns(event_class=_event_class())
        .with_columns(
            time=stamp.time,
            time_quality=stamp.quality,
            event_uid=pl.col("uid"),
            event_code=pl.col("event_name"),
            kind=pl.concat_str("application", "event_name", separator=":"),
            message=pl.col("line"),
            src_ip=address(pl.col("ip")),
            user_name=account(pl.col("email")),
            is_machine=_is_machine(),
            extras=_extras(),
            **_logon(),
        )
    )


def _with_either_shape(batch: pl.LazyFrame) -> pl.LazyFrame:
    """Text columns of each line, read by the shape that its `events` has."""
    line = pl.col("line")
    is_single = line.str.contains(r'"events"\s*:\s*\{')
    shared = {name: f"array_{name}" for name in [*HEAD, "is_object"]}
    as_array = with_fields(batch, HEAD | IN_ARRAY, pl.when(~is_single).then(line))
    as_object = with_fields(
        as_array.rename(shared), HEAD | IN_OBJECT, pl.when(is_single).then(line)
    )
    return as_object.with_columns(
        *(pl.coalesce(f"array_{name}", name).alias(name) for name in HEAD),
        is_object=pl.col("array_is_object") | pl.col("is_object"),
    )


def _logon() -> dict[str, pl.Expr]:
    """What kind of logon or logoff it is, and how it ended."""
    is_off = pl.col("event_name") == "logout"
    is_saml = pl.col("application") == "saml"
    reason = pl.coalesce(parameter("login_failure_type"), parameter("failure_type"))
    return {
        "activity": pl.when(is_off).then(pl.lit("logoff")).otherwise(pl.lit("logon")),
        "logon_kind": pl.when(is_saml)
        .then(pl.lit("network"))
        .otherwise(pl.lit("cloud")),
        "is_success": _is_success(),
        "failure_reason": known(reason),
    }


def _event_name() -> pl.Expr:
    """The first event, unless the second is the one that decides."""
    first = known(pl.coalesce("a_name", "o_name"))
    second = pl.col("second_name")
    return (
        pl.when(second.is_in(NAMES) & ~first.is_in(NAMES)).then(second).otherwise(first)
    )


def _event_class() -> pl.Expr:
    is_logon = pl.col("application").is_in(["login", "saml"]) & pl.col(
        "event_name"
    ).is_in(NAMES)
    return pl.when(is_logon).then(pl.lit("logons")).otherwise(pl.lit("system_events"))


def parameter(key: str) -> pl.Expr:
    """The value of the event's parameter of that name."""
    return pl.coalesce(
        pl.when(pl.col(f"{prefix}key_{n}") == key).then(pl.col(f"{prefix}value_{n}"))
        for prefix in ("a_", "o_")
        for n in range(PARAMETERS)
    )


def _is_success() -> pl.Expr:
    return (
        pl.when(pl.col("event_name") == "login_success")
        .then(pl.lit(value=True))
        .when(pl.col("event_name") == "login_failure")
        .then(pl.lit(value=False))
    )


def _is_machine() -> pl.Expr:
    email = account(pl.col("email"))
    is_key = (pl.col("caller") == "KEY").fill_null(value=False)
    return email.str.ends_with(".gserviceaccount.com") | (is_key & email.is_not_null())


def _extras() -> pl.Expr:
    return pl.when(IS_LOGON).then(
        json_text(
            application=pl.when(pl.col("application") == "saml").then(
                pl.coalesce(parameter("application_name"), pl.col("application"))
            ),
            login_type=parameter("login_type"),
            challenge=parameter("login_challenge_method"),
        )
    )


FORMAT = Format(
    name="google_workspace",
    product="Google Workspace",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=MUST,
    framing="json_array",
)
