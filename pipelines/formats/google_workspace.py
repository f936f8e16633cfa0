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

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading import json
from pipelines.formats.reading.fields import account, address, name, null_if_dash
from pipelines.formats.reading.json import json_text
from pipelines.formats.reading.table import is_of, value

MAX_EVENTS = 10
"""Events of an activity that are searched for the one that decides."""

PARAMETERS = 20
"""Parameters of that event that are read."""

EVENTS = {"only_event": "events"} | {f"event_{n}": f"events/{n}" for n in range(MAX_EVENTS)}
NAMES = {f"name_{n}": f"events/{n}/name" for n in range(MAX_EVENTS)}
EVENT = {"event_name": "name"} | {
    f"parameter_{part}_{n}": f"parameters/{n}/{part}"
    for n in range(PARAMETERS)
    for part in ("name", "value")
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


def parameter(key: str) -> pl.Expr:
    """Return the value of the event's parameter of that name."""
    return pl.coalesce(
        pl.when(pl.col(f"parameter_name_{n}") == key).then(pl.col(f"parameter_value_{n}"))
        for n in range(PARAMETERS)
    )


APPLICATION, EMAIL = value("id/applicationName"), account(value("actor/email"))
EVENT_NAME, REASON = null_if_dash(pl.col("event_name")), pl.col("reason")
IS_CHROME = APPLICATION == "chrome"
IS_EITHER = EVENT_NAME == EITHER
ACTIVITIES = pl.coalesce(
    EVENT_NAME.replace_strict(ACTIVITY, default=None, return_dtype=pl.String),
    pl.when(IS_EITHER & REASON.str.ends_with("LOGOUT")).then(pl.lit("logoff")),
    pl.when(IS_EITHER & REASON.str.ends_with("LOGIN")).then(pl.lit("logon")),
)
IS_NOBODY = (IS_CHROME & REASON.str.contains(NOBODY)).fill_null(value=False)
DEVICE_ID = name(parameter("DIRECTORY_DEVICE_ID"))
DEVICE = pl.coalesce(name(parameter("DEVICE_NAME")), DEVICE_ID)
IS_KEY = (value("actor/callerType") == "KEY").fill_null(value=False)
FACTOR = EVENT_NAME.replace_strict(FACTORS, default=None, return_dtype=pl.String)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with an application and a unique qualifier."""
    return json.has_keys(line, "uniqueQualifier", "applicationName")


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the object, and the one of its events that decides."""
    lines = json.split(batch, context, names)
    events = json.with_fields(lines.drop("is_object"), EVENTS | NAMES)
    lines = events.rename({"is_object": "is_whole"})
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
    return json.with_fields(lines, EVENT, event).with_columns(
        is_object="is_whole", reason=parameter("EVENT_REASON")
    )


FORMAT = Format(
    name="google_workspace",
    product="Google Workspace",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=lambda context: clock.iso(value("id/time"), context.reading),
    fields={
        "event_uid": "id/uniqueQualifier",
        "event_code": EVENT_NAME,
        "kind": pl.concat_str(APPLICATION, EVENT_NAME, separator=":"),
        "src_ip": "ipAddress",
    },
    classes={
        "logons": APPLICATION.is_in([*LOGON_KIND]).fill_null(value=False) & ACTIVITIES.is_not_null()
    },
    more={
        "user_name": pl.when(IS_CHROME)
        .then(pl.when(~IS_NOBODY).then(pl.coalesce(account(parameter("DEVICE_USER")), EMAIL)))
        .otherwise(EMAIL),
        "host": pl.when(IS_CHROME).then(DEVICE),
        "reported_by": pl.when(IS_CHROME).then(DEVICE),
        "src_hostname": pl.when(IS_CHROME).then(DEVICE_ID),
        "is_machine": pl.when(IS_CHROME)
        .then(IS_NOBODY)
        .otherwise(EMAIL.str.ends_with(".gserviceaccount.com") | (IS_KEY & EMAIL.is_not_null())),
        "activity": ACTIVITIES,
        "logon_kind": APPLICATION.replace_strict(LOGON_KIND, default=None, return_dtype=pl.String),
        "is_success": pl.coalesce(
            EVENT_NAME.replace_strict(IS_SUCCESS, default=None, return_dtype=pl.Boolean),
            pl.when(IS_EITHER & (ACTIVITIES == "logon")).then(pl.lit(value=True)),
        ),
        "failure_reason": null_if_dash(
            pl.coalesce(
                parameter(key)
                for key in ("login_failure_type", "failure_type", "LOGIN_FAILURE_REASON")
            )
        ),
        "extras": pl.when(is_of("logons"))
        .then(
            json_text(
                application=pl.when(APPLICATION == "saml").then(
                    pl.coalesce(parameter("application_name"), APPLICATION)
                ),
                login_type=parameter("login_type"),
                challenge=parameter("login_challenge_method"),
                reason=pl.when(IS_CHROME).then(REASON),
                org_unit=pl.when(IS_CHROME).then(parameter("ORG_UNIT_NAME")),
            )
        )
        .when(FACTOR.is_not_null())
        .then(
            json_text(
                factor=FACTOR,
                user=pl.coalesce(account(parameter("USER_EMAIL")), EMAIL),
                by=EMAIL,
                ip=address(value("ipAddress")),
            )
        ),
    },
    must={
        **json.RULE,
        "no application or no event name": APPLICATION.is_not_null() & EVENT_NAME.is_not_null(),
    },
    framing="json_array",
)
