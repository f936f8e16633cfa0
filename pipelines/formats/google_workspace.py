"""Google Workspace audit events, from the Reports API or an export of it.

    {"kind":"admin#reports#activity","id":{"time":"2026-03-02T14:00:05.123Z",
     "uniqueQualifier":"-5603","applicationName":"login"},"actor":{"email":
     "ada@example.org"},"ipAddress":"203.0.113.7","events":[{"type":"login",
     "name":"login_success","parameters":[{"name":"login_type","value":...}]}]}

(one object, alone, in an array or under `items`). One sign-in produces several events: the first
with success, failure or logout counts, in any position; challenges, verifications and warnings
alone become `system_events`. The actor of a login is its user; the user of a warning is in a
parameter. A SAML event is an application opened by an existing session: no keyboard, hence
`network`. In some exports `events` is an object instead of an array. `uniqueQualifier` is a
64-bit number as text, and may be negative.

The application `chrome` covers ChromeOS devices: logins at the keyboard, logouts, refusals,
locks and unlocks. The user is in DEVICE_USER, the device in DEVICE_NAME (host name, serial
number or asset tag, as the district has it) and DIRECTORY_DEVICE_ID. Kiosk and guest sessions
have no user.

A second factor that was enrolled or reset, by its user or by an administrator, is in the extras of
a system event: `factor`, the account, who did it and from where.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import account, address, name, null_if_dash
from pipelines.formats.reading.json import json_text, with_fields

MAX_EVENTS = 10
"""Events of an activity that are searched for the one that decides."""

PARAMETERS = 20
"""Parameters of that event that are read."""

HEAD = {
    "stamp": "id/time",
    "uid": "id/uniqueQualifier",
    "application": "id/applicationName",
    "caller": "actor/callerType",
    "email": "actor/email",
    "ip": "ipAddress",
}
EVENTS = {"only_event": "events"} | {f"event_{n}": f"events/{n}" for n in range(MAX_EVENTS)}
NAMES = {f"name_{n}": f"events/{n}/name" for n in range(MAX_EVENTS)}
EVENT = {"event_name": "name"} | {
    f"{part}_{n}": f"parameters/{n}/{key}"
    for n in range(PARAMETERS)
    for part, key in (("key", "name"), ("value", "value"))
}

ACTIVITY = {
    "login_success": "logon",
    "login_failure": "logon",
    "logout": "logoff",
    "CHROME_OS_LOGIN_EVENT": "logon",
    "CHROME_OS_LOGIN_FAILURE_EVENT": "logon",
    "CHROME_OS_LOGOUT_EVENT": "logoff",
    "CHROMEOS_AFFILIATED_LOCK_SUCCESS": "lock",
    "CHROMEOS_AFFILIATED_UNLOCK_SUCCESS": "unlock",
    "CHROMEOS_AFFILIATED_UNLOCK_FAILURE": "logon",
}
"""Events that decide. A refused unlock is a refused logon, as on Windows."""

EITHER = "CHROME_OS_LOGIN_LOGOUT_EVENT"
"""Its reason decides between the two."""

IS_SUCCESS = {
    "login_success": True,
    "login_failure": False,
    "CHROME_OS_LOGIN_EVENT": True,
    "CHROME_OS_LOGIN_FAILURE_EVENT": False,
    "CHROMEOS_AFFILIATED_UNLOCK_FAILURE": False,
}
LOGON_KIND = {"login": "cloud", "saml": "network", "chrome": "interactive"}
NOBODY = "_(?:KIOSK|GUEST|MANAGED_GUEST)_"
"""Part of the reason of a session without an account."""

FACTORS = {
    "GENERATE_2SV_SCRATCH_CODES": "enrolled",
    "SECURITY_KEY_REGISTERED_FOR_USER": "enrolled",
    "2sv_enroll": "enrolled",
    "TURN_OFF_2_STEP_VERIFICATION": "reset",
    "UNENROLL_USER_FROM_STRONG_AUTH": "reset",
    "REVOKE_SECURITY_KEY": "reset",
    "2sv_disable": "reset",
}
"""Second factors: backup codes count as one."""

IS_LOGON = pl.col("event_class") == "logons"
IS_CHROME = pl.col("application") == "chrome"

REJECT_RULES = {
    "not a JSON object": pl.col("is_object"),
    "no application or no event name": pl.col("application").is_not_null()
    & pl.col("event_name").is_not_null(),
    "id.time cannot be read": pl.col("time").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with an application and a unique qualifier."""
    return (
        line.str.starts_with("{")
        & line.str.contains('"uniqueQualifier":', literal=True)
        & line.str.contains('"applicationName":', literal=True)
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons` and `system_events`."""
    stamp = clock.iso(pl.col("stamp"), context.reading)
    return (
        _with_deciding_event(batch)
        .with_columns(
            event_name=null_if_dash(pl.col("event_name")), reason=parameter("EVENT_REASON")
        )
        .with_columns(activity=_activity())
        .with_columns(event_class=_event_class())
        .with_columns(
            time=stamp.time,
            time_quality=stamp.quality,
            event_uid=pl.col("uid"),
            event_code=pl.col("event_name"),
            kind=pl.concat_str("application", "event_name", separator=":"),
            message=pl.col("line"),
            src_ip=address(pl.col("ip")),
            **_who(),
            logon_kind=pl.col("application").replace_strict(
                LOGON_KIND, default=None, return_dtype=pl.String
            ),
            is_success=_is_success(),
            failure_reason=_failure_reason(),
            extras=_extras(),
        )
    )


def _with_deciding_event(batch: pl.LazyFrame) -> pl.LazyFrame:
    """Return text columns of each line, and of the one of its events that decides."""
    line = with_fields(batch, HEAD | EVENTS | NAMES).rename({"is_object": "is_whole"})
    decides = [*ACTIVITY, EITHER]
    only = pl.col("only_event")
    event = pl.coalesce(
        *(
            pl.when(pl.col(f"name_{n}").is_in(decides)).then(f"event_{n}")
            for n in range(MAX_EVENTS)
        ),
        pl.when(only.str.starts_with("{")).then(only),
        "event_0",
    )
    return with_fields(line, EVENT, event).with_columns(is_object="is_whole")


def _activity() -> pl.Expr:
    said = pl.col("event_name").replace_strict(ACTIVITY, default=None, return_dtype=pl.String)
    either = pl.when(pl.col("event_name") == EITHER).then(
        pl.when(pl.col("reason").str.ends_with("LOGOUT"))
        .then(pl.lit("logoff"))
        .when(pl.col("reason").str.ends_with("LOGIN"))
        .then(pl.lit("logon"))
    )
    return pl.coalesce(said, either)


def _event_class() -> pl.Expr:
    is_logon = pl.col("application").is_in([*LOGON_KIND]) & pl.col("activity").is_not_null()
    return pl.when(is_logon).then(pl.lit("logons")).otherwise(pl.lit("system_events"))


def _who() -> dict[str, pl.Expr]:
    """Return the account, its device, and whether it is a person's."""
    email = account(pl.col("email"))
    is_nobody = IS_CHROME & pl.col("reason").str.contains(NOBODY)
    device_user = account(parameter("DEVICE_USER"))
    device_id = name(parameter("DIRECTORY_DEVICE_ID"))
    device = pl.coalesce(name(parameter("DEVICE_NAME")), device_id)
    is_key = (pl.col("caller") == "KEY").fill_null(value=False)
    is_machine = email.str.ends_with(".gserviceaccount.com") | (is_key & email.is_not_null())
    return {
        "user_name": pl.when(IS_CHROME)
        .then(pl.when(~is_nobody.fill_null(value=False)).then(pl.coalesce(device_user, email)))
        .otherwise(email),
        "host": pl.when(IS_CHROME).then(device),
        "reported_by": pl.when(IS_CHROME).then(device),
        "src_hostname": pl.when(IS_CHROME).then(device_id),
        "is_machine": pl.when(IS_CHROME)
        .then(is_nobody.fill_null(value=False))
        .otherwise(is_machine),
    }


def parameter(key: str) -> pl.Expr:
    """Return the value of the event's parameter of that name."""
    return pl.coalesce(
        pl.when(pl.col(f"key_{n}") == key).then(pl.col(f"value_{n}")) for n in range(PARAMETERS)
    )


def _is_success() -> pl.Expr:
    said = pl.col("event_name").replace_strict(IS_SUCCESS, default=None, return_dtype=pl.Boolean)
    is_either = (pl.col("event_name") == EITHER) & (pl.col("activity") == "logon")
    return pl.coalesce(said, pl.when(is_either).then(pl.lit(value=True)))


def _failure_reason() -> pl.Expr:
    keys = ("login_failure_type", "failure_type", "LOGIN_FAILURE_REASON")
    return null_if_dash(pl.coalesce(parameter(key) for key in keys))


def _extras() -> pl.Expr:
    factor = pl.col("event_name").replace_strict(FACTORS, default=None, return_dtype=pl.String)
    actor = account(pl.col("email"))
    logon = pl.when(IS_LOGON).then(
        json_text(
            application=pl.when(pl.col("application") == "saml").then(
                pl.coalesce(parameter("application_name"), pl.col("application"))
            ),
            login_type=parameter("login_type"),
            challenge=parameter("login_challenge_method"),
            reason=pl.when(IS_CHROME).then("reason"),
            org_unit=pl.when(IS_CHROME).then(parameter("ORG_UNIT_NAME")),
        )
    )
    change = pl.when(factor.is_not_null()).then(
        json_text(
            factor=factor,
            user=pl.coalesce(account(parameter("USER_EMAIL")), actor),
            by=actor,
            ip=address(pl.col("ip")),
        )
    )
    return pl.coalesce(logon, change)


FORMAT = Format(
    name="google_workspace",
    product="Google Workspace",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    framing="json_array",
)
