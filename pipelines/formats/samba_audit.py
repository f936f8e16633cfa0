"""The JSON audit of a Samba domain controller or file server: tickets, logins, changes.

    {"timestamp": "2026-11-02T08:15:00.123456-0600", "type": "Authentication", "Authentication":
     {"eventId": 4624, "logonType": 3, "status": "NT_STATUS_OK", "remoteAddress":
     "ipv4:192.0.2.17:52546", "serviceDescription": "Kerberos KDC", "authDescription":
     "ENC-TS Pre-authentication", "clientAccount": "ada@EXAMPLE.ORG", "becameAccount": "ada",...}}

(one line in the log, after two blanks). The line does not name the controller. Tickets and checks
of passwords for other computers (`NETLOGON`) happen elsewhere; other services are network logins.

- A client whose ticket does not fit into a UDP answer asks again over TCP. Samba records the first
  request as a failed login with `NT_STATUS_PROTOCOL_UNREACHABLE`: it is not a refusal.
- A client that has not sent proof yet (`AS-REQ`) is refused only if its account does not exist.
- A service ticket that is not issued is not a refused login.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import account, address, name, null_if_dash, port, to_int
from pipelines.formats.reading.flows import is_machine
from pipelines.formats.reading.json import json_text, with_fields
from pipelines.formats.reading.windows import elsewhere, logon_uid, short

LOGIN, SESSION, TICKET = "Authentication", "Authorization", "KDC Authorization"
OTHER_TYPES = (
    "dsdbChange", "dsdbTransaction", "passwordChange", "replicatedUpdate", "groupChange",
    "KDC Policy",
)  # fmt: skip
TYPES = "|".join([LOGIN, SESSION, TICKET, *OTHER_TYPES])
FIELDS = {
    "stamp": "timestamp",
    "kind": "type",
    "event_code": f"{LOGIN}/eventId",
    "uid": f"{LOGIN}/logonId",
    "kind_of_logon": f"{LOGIN}/logonType",
    "auth": f"{LOGIN}/authDescription",
    "client": f"{LOGIN}/clientAccount",
    "client_domain": f"{LOGIN}/clientDomain",
    "mapped": f"{LOGIN}/mappedAccount",
    "mapped_domain": f"{LOGIN}/mappedDomain",
    "became": f"{LOGIN}/becameAccount",
    "became_domain": f"{LOGIN}/becameDomain",
    "workstation": f"{LOGIN}/workstation",
    "computer": f"{LOGIN}/netlogonComputer",
    **{
        f"{ours}_{kind[0].lower()}": f"{kind}/{theirs}"
        for kind in (LOGIN, TICKET)
        for ours, theirs in {
            "status": "status", "remote": "remoteAddress", "service": "serviceDescription",
        }.items()
    },
    "session_remote": f"{SESSION}/remoteAddress",
    "session_service": f"{SESSION}/serviceDescription",
    "session_auth": f"{SESSION}/authType",
    "session_account": f"{SESSION}/account",
    "session_domain": f"{SESSION}/domain",
    "session_uid": f"{SESSION}/sessionId",
    "ticket_account": f"{TICKET}/account",
    "ticket_domain": f"{TICKET}/domain",
    "ticket_auth": f"{TICKET}/authType",
    "logon_server": f"{TICKET}/logonServer",
}  # fmt: skip
REASONS = {
    "NT_STATUS_NO_SUCH_USER": "no such user",
    "NT_STATUS_WRONG_PASSWORD": "wrong password",
    "NT_STATUS_LOGON_FAILURE": "wrong user name or password",
    "NT_STATUS_ACCOUNT_DISABLED": "account disabled",
    "NT_STATUS_ACCOUNT_EXPIRED": "account expired",
    "NT_STATUS_ACCOUNT_LOCKED_OUT": "account locked out",
    "NT_STATUS_PASSWORD_EXPIRED": "password expired",
    "NT_STATUS_PASSWORD_MUST_CHANGE": "password must be changed",
    "NT_STATUS_INVALID_LOGON_HOURS": "outside the hours allowed for the account",
    "NT_STATUS_INVALID_WORKSTATION": "not from this workstation",
}
OK, ASKS_AGAIN = "NT_STATUS_OK", "NT_STATUS_PROTOCOL_UNREACHABLE"
NO_USER, WITHOUT_PROOF = "NT_STATUS_NO_SUCH_USER", "AS-REQ"
KDC, FOR_OTHERS = "Kerberos KDC", "NETLOGON"
REMOTE = r"^ipv[46]:(.*):([0-9]+)$"

REJECT_RULES = {
    "not a JSON object": pl.col("is_object"),
    "no type of event": pl.col("kind").is_not_null(),
    "the timestamp cannot be read": pl.col("time").is_not_null(),
    "a login without a status": (pl.col("kind") != LOGIN) | pl.col("status").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with Samba's timestamp, then its type, then the object of the type."""
    shape = rf'^[ \t]*\{{"timestamp": "[^"]+", "type": "(?:{TYPES})", "(?:{TYPES})": \{{'
    return line.str.contains(shape)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons` and `system_events`."""
    found = with_fields(batch, FIELDS)
    stamp = clock.iso(pl.col("stamp"), context.reading)
    remote = pl.coalesce("remote_a", "remote_k", "session_remote").str.extract_groups(REMOTE)
    user = pl.coalesce(
        *(account(pl.col(key)) for key in ("became", "mapped", "client")),
        account(pl.coalesce("session_account", "ticket_account")),
    )
    status = pl.coalesce("status_a", "status_k")
    service = pl.coalesce("service_a", "service_k", "session_service")
    return (
        found.with_columns(
            time=stamp.time,
            time_quality=stamp.quality,
            status=status,
            service=service,
            user_name=user,
            is_logon=_is_logon(status, user),
            is_elsewhere=(pl.col("kind") == TICKET) | service.is_in([KDC, FOR_OTHERS]),
        )
        .with_columns(
            event_class=pl.when("is_logon")
            .then(pl.lit("logons"))
            .otherwise(pl.lit("system_events")),
            is_success=(pl.col("status") == OK) | (pl.col("kind") == SESSION),
            src_hostname=short(name(pl.col("workstation").str.strip_chars_start("\\"))),
            is_for_other=(pl.col("service") == FOR_OTHERS).fill_null(value=False)
        )
        .with_columns(
            user_domain=null_if_dash(
                pl.coalesce(
                    "became_domain", "mapped_domain", "client_domain", "session_domain",
                    "ticket_domain"
                )
            ),
            activity=pl.when("is_elsewhere").then(pl.lit("ticket")).otherwise(pl.lit("logon")),
            logon_kind=pl.when(~pl.col("is_elsewhere")).then(pl.lit("network")),
            logon_type=to_int(pl.col("kind_of_logon"), 4).cast(pl.Int16),
            failure_reason=pl.when(~pl.col("is_success")).then(
                pl.coalesce(
                    pl.col("status").replace_strict(
                        REASONS, default=None, return_dtype=pl.String
                    ),
                    "status"
                )
            ),
            event_code=pl.coalesce("event_code", "kind"),
            logon_uid=_uid(),
            # of a check for another computer, the address of that one and not of the person
            src_ip=pl.when(~pl.col("is_for_other")).then(
                elsewhere(address(remote.struct.field("1")))
            ),
            src_port=pl.when(~pl.col("is_for_other")).then(port(remote.struct.field("2"))),
            host=pl.col("src_hostname"),
            reported_by=short(name(pl.col("logon_server"))),
            is_machine=is_machine(pl.col("user_name")),
            message=pl.col("line"),
            extras=pl.when("is_logon").then(
                json_text(
                    service=null_if_dash(pl.col("service")),
                    method=null_if_dash(pl.coalesce("auth", "session_auth", "ticket_auth")),
                    asked_by=null_if_dash(pl.col("computer"))
                )
            ),
        )
    )  # fmt: skip


def _is_logon(status: pl.Expr, user: pl.Expr) -> pl.Expr:
    """Return whether the line decides about a login."""
    kind = pl.col("kind")
    is_first_step = (status == ASKS_AGAIN) | (
        (pl.col("auth") == WITHOUT_PROOF) & ~status.is_in([NO_USER, OK])
    ).fill_null(value=False)
    decides = (
        pl.when(kind == LOGIN)
        .then(~is_first_step)
        .otherwise((kind == SESSION) | ((kind == TICKET) & (status == OK)))
    )
    return (decides & user.is_not_null()).fill_null(value=False)


def _uid() -> pl.Expr:
    """Return the id of a session; Samba writes 0 for none."""
    uid = logon_uid(pl.coalesce("session_uid", "uid"))
    return pl.when(uid != "0").then(uid)


FORMAT = Format(
    name="samba_audit",
    product="Samba",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
