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
from pipelines.formats import Format
from pipelines.formats.reading import json
from pipelines.formats.reading.fields import address, name, null_if_dash, port, word_of
from pipelines.formats.reading.table import value
from pipelines.formats.reading.windows import elsewhere, logon_uid, short

LOGIN, SESSION, TICKET = "Authentication", "Authorization", "KDC Authorization"
OTHER_TYPES = (
    "dsdbChange", "dsdbTransaction", "passwordChange", "replicatedUpdate", "groupChange",
    "KDC Policy",
)  # fmt: skip
TYPES = "|".join([LOGIN, SESSION, TICKET, *OTHER_TYPES])
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

TYPE = value("type")
STATUS = value(f"{LOGIN}/status", f"{TICKET}/status")
SERVICE = value(
    f"{LOGIN}/serviceDescription", f"{TICKET}/serviceDescription", f"{SESSION}/serviceDescription"
)
REMOTE_ADDRESS = value(
    f"{LOGIN}/remoteAddress", f"{TICKET}/remoteAddress", f"{SESSION}/remoteAddress"
)
IS_ELSEWHERE = (TYPE == TICKET) | SERVICE.is_in([KDC, FOR_OTHERS])
IS_FOR_OTHER = (SERVICE == FOR_OTHERS).fill_null(value=False)
"""A check for another computer: the address is that one's, not the person's."""

IS_FIRST_STEP = (STATUS == ASKS_AGAIN) | (
    (value(f"{LOGIN}/authDescription") == WITHOUT_PROOF) & ~STATUS.is_in([NO_USER, OK])
).fill_null(value=False)
DECIDES = (
    pl.when(TYPE == LOGIN)
    .then(~IS_FIRST_STEP)
    .otherwise((TYPE == SESSION) | ((TYPE == TICKET) & (STATUS == OK)))
)
"""True for a line that accepts or refuses a login."""

IS_SUCCESS = (STATUS == OK) | (TYPE == SESSION)
UID = logon_uid(value(f"{SESSION}/sessionId", f"{LOGIN}/logonId"))


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with Samba's timestamp, then its type, then the object of the type."""
    shape = rf'^[ \t]*\{{"timestamp": "[^"]+", "type": "(?:{TYPES})", "(?:{TYPES})": \{{'
    return line.str.contains(shape)


FORMAT = Format(
    name="samba_audit",
    product="Samba",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    split=json.split,
    stamp=lambda context: clock.iso(value("timestamp"), context.reading),
    fields={
        "user_name": (
            f"{LOGIN}/becameAccount",
            f"{LOGIN}/mappedAccount",
            f"{LOGIN}/clientAccount",
            f"{SESSION}/account",
            f"{TICKET}/account",
        ),
        "user_domain": value(
            f"{LOGIN}/becameDomain",
            f"{LOGIN}/mappedDomain",
            f"{LOGIN}/clientDomain",
            f"{SESSION}/domain",
            f"{TICKET}/domain",
        ),
        "logon_type": f"{LOGIN}/logonType",
        "event_code": value(f"{LOGIN}/eventId", "type"),
        "kind": "type",
    },
    classes={"logons": DECIDES & pl.col("user_name").is_not_null()},
    more={
        "activity": word_of(("ticket", IS_ELSEWHERE), otherwise="logon"),
        "logon_kind": pl.when(~IS_ELSEWHERE).then(pl.lit("network")),
        "is_success": IS_SUCCESS,
        "failure_reason": pl.when(~IS_SUCCESS).then(
            pl.coalesce(
                STATUS.replace_strict(REASONS, default=None, return_dtype=pl.String), STATUS
            )
        ),
        "logon_uid": pl.when(UID != "0").then(UID),  # Samba writes 0 for none
        "src_ip": pl.when(~IS_FOR_OTHER).then(
            elsewhere(address(REMOTE_ADDRESS.str.extract(REMOTE, 1)))
        ),
        "src_port": pl.when(~IS_FOR_OTHER).then(port(REMOTE_ADDRESS.str.extract(REMOTE, 2))),
        **dict.fromkeys(
            ("src_hostname", "host"),
            short(name(value(f"{LOGIN}/workstation").str.strip_chars_start("\\"))),
        ),
        "reported_by": short(name(value(f"{TICKET}/logonServer"))),
    },
    extras={
        "service": null_if_dash(SERVICE),
        "method": null_if_dash(
            value(f"{LOGIN}/authDescription", f"{SESSION}/authType", f"{TICKET}/authType")
        ),
        "asked_by": f"{LOGIN}/netlogonComputer",
    },
    must={
        **json.RULE,
        "no type of event": TYPE.is_not_null(),
        "a login without a status": (TYPE != LOGIN) | STATUS.is_not_null(),
    },
)
