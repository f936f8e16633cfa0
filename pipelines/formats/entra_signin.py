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
from pipelines.formats.reading.fields import account, address, name, null_if_dash, port
from pipelines.formats.reading.json import json_text, with_fields

SIGN_IN = {
    "id": "id",
    "created": "createdDateTime",
    "user": "userPrincipalName",
    "principal": "servicePrincipalName",
    "principal_id": "servicePrincipalId",
    "ip": "ipAddress",
    "app": "appDisplayName",
    "client": "clientAppUsed",
    "interactive": "isInteractive",
    "code": "status/errorCode",
    "reason": "status/failureReason",
    "device": "deviceDetail/displayName",
    "details": "status/additionalDetails",
    "method": "mfaDetail/authMethod",
    "steps": "authenticationDetails",
}
AUDIT = {
    "audit_result": "result",
    "target": "targetResources/0/userPrincipalName",
    "initiator": "initiatedBy/user/userPrincipalName",
    "initiator_ip": "initiatedBy/user/ipAddress",
}
FACTORS = {
    "user registered security info": "enrolled",
    "user registered all required security info": "enrolled",
    "admin registered security info": "enrolled",
    "admin updated security info": "enrolled",
    "user deleted security info": "reset",
    "admin deleted security info": "reset",
}
FIELDS = {
    **SIGN_IN,
    **AUDIT,
    **{f"inner_{ours}": f"properties/{path}" for ours, path in AUDIT.items()},
    **{f"inner_{ours}": f"properties/{path}" for ours, path in SIGN_IN.items()},
    "category": "category",
    "logged": "time",
    "audited": "activityDateTime",
    "audit_kind": "activityDisplayName",
    "operation_name": "operationName",
    "operation": "Operation",
    "office_id": "Id",
    "office_created": "CreationTime",
    "office_user": "UserId",
    "office_ip": "ClientIP",
    "office_actor_ip": "ActorIpAddress",
    "office_error": "LogonError",
    "office_kind": "RecordType",
    **{f"office_key_{n}": f"ExtendedProperties/{n}/Name" for n in range(8)},
    **{f"office_value_{n}": f"ExtendedProperties/{n}/Value" for n in range(8)},
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

REJECT_RULES = {
    "not a JSON object": pl.col("is_object"),
    "no time that can be read": pl.col("time").is_not_null(),
    "neither a sign-in nor an audit record": pl.col("kind").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object of one of the three layouts."""
    graph = line.str.contains(r'"createdDateTime"\s*:') & line.str.contains(
        r'"(?:userPrincipalName|servicePrincipalId)"\s*:'
    )
    audit = line.str.contains(r'"activityDateTime"\s*:')
    office = line.str.contains(r'"CreationTime"\s*:') & line.str.contains(r'"RecordType"\s*:')
    return line.str.starts_with("{") & (graph | audit | office)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons` and `system_events`."""
    chosen = {ours: pl.coalesce(f"inner_{ours}", ours) for ours in [*SIGN_IN, *AUDIT]}
    stamp = _stamp(context.reading)
    return (
        with_fields(batch, FIELDS)
        .with_columns(**chosen)
        .with_columns(is_office=pl.col("office_created").is_not_null())
        .with_columns(event_class=_event_class(), logon_kind=_logon_kind())
        .with_columns(
            time=stamp.time,
            time_quality=stamp.quality,
            event_uid=null_if_dash(pl.coalesce("id", "office_id")),
            event_code=null_if_dash(pl.coalesce("operation", "code")),
            kind=null_if_dash(
                pl.coalesce(
                    "operation", "category", "operation_name", "audit_kind", "office_kind", "code"
                )
            ),
            message=pl.col("line"),
            activity=pl.lit("logon"),
            user_name=_user_name(),
            is_success=_is_success(),
            src_ip=address(client_address()),
            src_port=port(client_address(with_port=True)),
            src_hostname=name(pl.col("device")),
            host=name(pl.col("device")),
        )
        .with_columns(
            is_machine=pl.when(pl.col("user_name").is_not_null()).then(
                pl.col("logon_kind") == "service"
            ),
            failure_reason=_failure_reason(),
            extras=_extras(),
        )
    )


def _stamp(reading: Reading) -> Stamp:
    """Return the time of a sign-in; Office means UTC without stating it."""
    fields = ("created", "logged", "audited")
    stamps = [clock.iso(pl.col(field), reading) for field in fields]
    office = clock.iso(pl.col("office_created"), Reading(zone="UTC"))
    return clock.first(*stamps, Stamp(office.time, pl.lit("exact")))


def client_address(*, with_port: bool = False) -> pl.Expr:
    """Return the address of `10.1.2.3:443`, `[2001:db8::1]:443` or `10.1.2.3`; or its port."""
    text = pl.coalesce("ip", "office_ip", "office_actor_ip")
    shape = r"^\[([^\]]+)\](?::([0-9]+))?$|^([0-9.]+)(?::([0-9]+))?$"
    parts = text.str.extract_groups(shape).struct
    if with_port:
        return pl.coalesce(parts.field("2"), parts.field("4"))
    return pl.coalesce(parts.field("1"), parts.field("3"), text)


def _user_name() -> pl.Expr:
    """Return the user; Office writes `Unknown` or `Not Available` for none."""
    found = account(pl.coalesce("user", "office_user", "principal"))
    return pl.when(found != "Not Available").then(found)


def _event_class() -> pl.Expr:
    is_sign_in = (
        pl.col("category").str.ends_with("SignInLogs")
        | (pl.col("created").is_not_null() & pl.col("code").is_not_null())
        | pl.col("operation").is_in(list(OFFICE_SUCCESS))
    )
    return pl.when(is_sign_in).then(pl.lit("logons")).otherwise(pl.lit("system_events"))


def _logon_kind() -> pl.Expr:
    request = pl.coalesce(
        pl.when(pl.col(f"office_key_{n}") == "RequestType").then(f"office_value_{n}")
        for n in range(8)
    )
    by_person = (
        pl.when(pl.col("is_office"))
        .then(request.is_in(AT_THE_KEYBOARD))
        .otherwise(pl.col("category").fill_null("SignInLogs") == "SignInLogs")
    )
    is_interactive = (pl.col("interactive") != "false").fill_null(value=True)
    is_service = pl.col("category").is_in(SERVICES) | (
        pl.col("user").is_null() & null_if_dash(pl.col("principal_id")).is_not_null()
    )
    return (
        pl.when(is_service)
        .then(pl.lit("service"))
        .when(by_person & is_interactive)
        .then(pl.lit("cloud"))
        .otherwise(pl.lit("network"))
    )


def _is_success() -> pl.Expr:
    code = pl.col("code")
    return (
        pl.when(pl.col("is_office"))
        .then(
            pl.col("operation").replace_strict(
                OFFICE_SUCCESS, default=None, return_dtype=pl.Boolean
            )
        )
        .when(code.is_not_null() & ~code.is_in(STEPS_OF_A_SIGN_IN))
        .then(code == "0")
    )


def _failure_reason() -> pl.Expr:
    words = pl.coalesce(null_if_dash(pl.col("reason")), null_if_dash(pl.col("office_error")))
    coded = pl.concat_str(
        words,
        pl.when(pl.col("code") != "0").then("(" + pl.col("code") + ")"),
        separator=" ",
        ignore_nulls=True,
    )
    return pl.when(~pl.col("is_success")).then(null_if_dash(coded))


def _extras() -> pl.Expr:
    code = pl.col("code")
    factor = _factor()
    return (
        pl.when(pl.col("event_class") == "logons")
        .then(
            json_text(
                app=null_if_dash(pl.col("app")),
                client=null_if_dash(pl.col("client")),
                interrupted_by=pl.when(code.is_in(STEPS_OF_A_SIGN_IN)).then(code),
                push=_push_answer(),
            )
        )
        .when(factor.is_not_null())
        .then(
            json_text(
                factor=factor,
                user=account(pl.col("target")),
                by=account(pl.col("initiator")),
                ip=address(pl.col("initiator_ip")),
            )
        )
    )


def _factor() -> pl.Expr:
    """Return whether security information was registered or deleted; null for attempts."""
    change = (
        pl.coalesce("audit_kind", "operation_name")
        .str.to_lowercase()
        .replace_strict(FACTORS, default=None, return_dtype=pl.String)
    )
    return pl.when(pl.col("audit_result").str.to_lowercase() == "success").then(change)


def _push_answer() -> pl.Expr:
    """Return the answer to a notification: of its step, or of a sign-in without other steps.

    A notification of an earlier sign-in that still counts is not a step of this one.
    """
    step = pl.col("steps").str.extract(PUSH_STEP, 1)
    is_method = pl.col("method").str.contains(PUSH_METHOD)
    has_steps = pl.col("steps").str.contains('"authenticationMethod"', literal=True)
    is_push = step.is_not_null() | (
        ~has_steps.fill_null(value=False) & is_method.fill_null(value=True)
    )
    outcome = pl.coalesce(
        step.str.extract(r'"authenticationStepResultDetail"\s*:\s*"([^"]*)"', 1), "details"
    )
    is_accepted = step.str.contains(r'"succeeded"\s*:\s*true') | (
        is_method & outcome.str.starts_with("MFA completed")
    )
    is_unanswered = outcome.str.contains("^MFA denied.*did not respond to .*app notification")
    return (
        pl.when((pl.col("code") == "0") & is_push & is_accepted)
        .then(pl.lit("accepted"))
        .when(~is_push | (pl.col("code") != "500121"))
        .then(None)
        .when(outcome.str.contains("^MFA denied.*(user declined|app reported fraud)"))
        .then(pl.lit("denied"))
        .when(is_unanswered)
        .then(pl.lit("unanswered"))
    )


FORMAT = Format(
    name="entra_signin",
    product="Microsoft Entra ID",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    framing="json_array",
)
