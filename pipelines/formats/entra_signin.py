"""Microsoft Entra ID sign-ins: Graph API, diagnostic export, Office 365 audit.

    {"createdDateTime":"2026-03-02T14:00:05.0729893Z","userPrincipalName":
     "ada@example.org","ipAddress":"203.0.113.7","isInteractive":true,
     "status":{"errorCode":0},"appDisplayName":"Office 365","id":"8a4de8b5-..."}

(one object, alone, in an array or under `value`). The diagnostic export wraps the same in
`properties` and names a `category`; the Office 365 audit has `Operation` and a `CreationTime` in
UTC without a mark.

Only interactive sign-ins are a person at a keyboard: non-interactive ones renew tokens
automatically (`network`), those of service principals and managed identities are services. Some
error codes are steps of a sign-in that goes on (50140 is "keep me signed in"): neither success
nor failure. Other audit lines become `system_events`. The device is the one that Entra knows.
`push` in the extras is the answer to a notification of the authenticator app, if the line has it.
`factor` in those of an audit line is security information that was registered or deleted, with the
account, who did it and from where.
"""

import polars as pl

from pipelines import clock
from pipelines.clock import Reading, Stamp
from pipelines.formats import Context, Format
from pipelines.formats.reading import json
from pipelines.formats.reading.fields import account, address, null_if_dash, word_of
from pipelines.formats.reading.json import json_text
from pipelines.formats.reading.table import is_of, value

FACTORS = {
    "user registered security info": "enrolled",
    "user registered all required security info": "enrolled",
    "admin registered security info": "enrolled",
    "admin updated security info": "enrolled",
    "user deleted security info": "reset",
    "admin deleted security info": "reset",
}
STEPS_OF_A_SIGN_IN = [
    "16000", "50058", "50072", "50074", "50076", "50078", "50079", "50097", "50125",
    "50127", "50129", "50140", "50203", "50206", "51006", "52004", "65001",
]  # fmt: skip
OFFICE_SUCCESS = {"UserLoggedIn": True, "UserLoginFailed": False}
AT_THE_KEYBOARD = ["Login:login", "Kmsi:kmsi", "SAS:ProcessAuth", "Login:reprocess"]
"""Office 365 request types of a person who types; the others present a token."""

PUSH_METHOD = "^(Mobile app notification|PhoneAppNotification)$"
PUSH_STEP = r'(\{[^{}]*"authenticationMethod"\s*:\s*"Mobile app notification"[^{}]*\})'

SERVICES = ["ServicePrincipalSignInLogs", "ManagedIdentitySignInLogs"]


def either(path: str) -> pl.Expr:
    """Return a field of the diagnostic export or of the same object without its wrapping."""
    return value(f"properties/{path}", path)


CREATED, CODE, CATEGORY = either("createdDateTime"), either("status/errorCode"), value("category")
USER, OPERATION = either("userPrincipalName"), value("Operation")
IS_OFFICE = value("CreationTime").is_not_null()
IS_SIGN_IN = (
    CATEGORY.str.ends_with("SignInLogs").fill_null(value=False)
    | (CREATED.is_not_null() & CODE.is_not_null())
    | OPERATION.is_in(list(OFFICE_SUCCESS)).fill_null(value=False)
)

CLIENT = pl.coalesce(either("ipAddress"), value("ClientIP", "ActorIpAddress"))
CLIENT_PARTS = CLIENT.str.extract_groups(
    r"^\[([^\]]+)\](?::([0-9]+))?$|^([0-9.]+)(?::([0-9]+))?$"
).struct
"""`10.1.2.3:443`, `[2001:db8::1]:443` or `10.1.2.3`."""

REQUEST_TYPE = pl.coalesce(
    pl.when(value(f"ExtendedProperties/{n}/Name") == "RequestType").then(
        value(f"ExtendedProperties/{n}/Value")
    )
    for n in range(8)
)
BY_PERSON = (
    pl.when(IS_OFFICE)
    .then(REQUEST_TYPE.is_in(AT_THE_KEYBOARD))
    .otherwise(CATEGORY.fill_null("SignInLogs") == "SignInLogs")
)
IS_INTERACTIVE = (either("isInteractive") != "false").fill_null(value=True)
IS_SERVICE = CATEGORY.is_in(SERVICES) | (
    USER.is_null() & null_if_dash(either("servicePrincipalId")).is_not_null()
)
IS_SUCCESS = (
    pl.when(IS_OFFICE)
    .then(OPERATION.replace_strict(OFFICE_SUCCESS, default=None, return_dtype=pl.Boolean))
    .when(CODE.is_not_null() & ~CODE.is_in(STEPS_OF_A_SIGN_IN))
    .then(CODE == "0")
)
WORDS = pl.coalesce(null_if_dash(either("status/failureReason")), null_if_dash(value("LogonError")))
REASON = pl.concat_str(
    WORDS, pl.when(CODE != "0").then("(" + CODE + ")"), separator=" ", ignore_nulls=True
)

AUDIT_KIND = value("activityDisplayName", "operationName").str.to_lowercase()
FACTOR = pl.when(either("result").str.to_lowercase() == "success").then(
    AUDIT_KIND.replace_strict(FACTORS, default=None, return_dtype=pl.String)
)
"""Whether security information was registered or deleted; null for attempts."""


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object of one of the three layouts."""
    graph = json.has_keys(line, "createdDateTime", "(?:userPrincipalName|servicePrincipalId)")
    office = json.has_keys(line, "CreationTime", "RecordType")
    return graph | office | json.has_keys(line, "activityDateTime")


def stamp(context: Context) -> Stamp:
    """Return the time of a sign-in; Office means UTC without stating it."""
    times = (CREATED, value("time"), value("activityDateTime"))
    office = clock.iso(value("CreationTime"), Reading(zone="UTC"))
    return clock.first(
        *(clock.iso(time, context.reading) for time in times),
        Stamp(office.time, pl.lit("exact")),
    )


def push_answer() -> pl.Expr:
    """Return the answer to a notification: of its step, or of a sign-in without other steps.

    A notification of an earlier sign-in that still counts is not a step of this one.
    """
    steps = either("authenticationDetails")
    step = steps.str.extract(PUSH_STEP, 1)
    is_method = either("mfaDetail/authMethod").str.contains(PUSH_METHOD)
    has_steps = steps.str.contains('"authenticationMethod"', literal=True)
    is_push = step.is_not_null() | (
        ~has_steps.fill_null(value=False) & is_method.fill_null(value=True)
    )
    outcome = pl.coalesce(
        step.str.extract(r'"authenticationStepResultDetail"\s*:\s*"([^"]*)"', 1),
        either("status/additionalDetails"),
    )
    is_accepted = step.str.contains(r'"succeeded"\s*:\s*true') | (
        is_method & outcome.str.starts_with("MFA completed")
    )
    is_refused = is_push & (CODE == "500121")
    return word_of(
        ("accepted", (CODE == "0") & is_push & is_accepted),
        (
            "denied",
            is_refused & outcome.str.contains("^MFA denied.*(user declined|app reported fraud)"),
        ),
        (
            "unanswered",
            is_refused & outcome.str.contains("^MFA denied.*did not respond to .*app notification"),
        ),
    )


FORMAT = Format(
    name="entra_signin",
    product="Microsoft Entra ID",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    split=json.split,
    stamp=stamp,
    fields={
        "event_uid": pl.coalesce(either("id"), value("Id")),
        "event_code": pl.coalesce(OPERATION, CODE),
        "kind": pl.coalesce(
            OPERATION,
            value("category", "operationName", "activityDisplayName", "RecordType"),
            CODE,
        ),
        # Office writes `Not Available` for none
        "user_name": pl.coalesce(USER, value("UserId"), either("servicePrincipalName")).replace(
            "Not Available", None
        ),
        "src_ip": pl.coalesce(CLIENT_PARTS.field("1"), CLIENT_PARTS.field("3"), CLIENT),
        "src_port": pl.coalesce(CLIENT_PARTS.field("2"), CLIENT_PARTS.field("4")),
        "src_hostname": either("deviceDetail/displayName"),
        "host": either("deviceDetail/displayName"),
    },
    classes={"logons": IS_SIGN_IN},
    more={
        "activity": pl.lit("logon"),
        "logon_kind": word_of(
            ("service", IS_SERVICE), ("cloud", BY_PERSON & IS_INTERACTIVE), otherwise="network"
        ),
        "is_success": IS_SUCCESS,
        "failure_reason": pl.when(~IS_SUCCESS).then(null_if_dash(REASON)),
        "is_machine": pl.when(pl.col("user_name").is_not_null()).then(
            IS_SERVICE.fill_null(value=False)
        ),
        "extras": pl.when(is_of("logons"))
        .then(
            json_text(
                app=null_if_dash(either("appDisplayName")),
                client=null_if_dash(either("clientAppUsed")),
                interrupted_by=pl.when(CODE.is_in(STEPS_OF_A_SIGN_IN)).then(CODE),
                push=push_answer(),
            )
        )
        .when(FACTOR.is_not_null())
        .then(
            json_text(
                factor=FACTOR,
                user=account(either("targetResources/0/userPrincipalName")),
                by=account(either("initiatedBy/user/userPrincipalName")),
                ip=address(either("initiatedBy/user/ipAddress")),
            )
        ),
    },
    must={
        **json.RULE,
        "neither a sign-in nor an audit record": pl.col("kind").is_not_null(),
    },
    framing="json_array",
)
