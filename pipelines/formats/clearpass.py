"""Aruba ClearPass, syslog export: network logins, and current sessions.

    Nov  2 08:15:02 192.0.2.30 2026-11-02 08:15:02,123 192.0.2.30 Session Logs 8100 1 0
    Common.Username=ada,Common.Service=Staff 802.1X,Common.Roles=Staff, [User
    Authenticated],Common.Host-MAC-Address=00005e005301,Common.NAS-IP-Address=192.0.2.40,
    Common.Error-Code=0,Common.Request-Timestamp=2026-11-02 08:15:00-06

(one line). Choose the fields at *External Servers > Syslog Export Filters*: session logs
with `Common.Username`, `Common.Host-MAC-Address`, `Common.Error-Code` and
`Common.Request-Timestamp` contain the most; RADIUS accounting (`RADIUS.Acct-...`) contains the
address of an account's session. A value ends where the next name with a dot begins, and may
contain commas. The time is that of the request, or of the line. The login's status, its error, or
the role shows whether it succeeded; otherwise the result is unknown. A name that is a MAC, or
begins with `host/`, belongs to a device. TACACS is for administrators. `Common.Username` is the
proven name, that of accounting is the client's. A line with a name twice (the name comes first and
may hold any other) is a login of no one.
"""

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context, Format
from pipelines.formats.reading import radius
from pipelines.formats.reading.fields import address, null_if_dash, word_of
from pipelines.formats.reading.flows import somewhere
from pipelines.formats.reading.syslog import BEFORE_TAG, with_header
from pipelines.formats.reading.table import PREFIX, by_name, value

NAMED = r"(?:Common|RADIUS|TACACS|WEBAUTH|CppmNode|CppmAlert|Endpoint)\.[A-Za-z-]+="
EXPORTED = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8},[0-9]{1,3}) ([^ ]+) (.+?) [0-9]+ [0-9]+ "
    rf"[0-9]+ ({NAMED}.*)$"
)
KEYS = {
    "user": ("Common.Username", "RADIUS.Acct-Username"),
    "card": ("Common.Host-MAC-Address", "RADIUS.Acct-Calling-Station-Id"),
    "ip": ("RADIUS.Acct-Framed-IP-Address",),
    "nas": ("Common.NAS-IP-Address", "RADIUS.Acct-NAS-IP-Address"),
    "service": ("Common.Service", "RADIUS.Acct-Service-Name"),
    "roles": ("Common.Roles",),
    "status": ("Common.Login-Status",),
    "error": ("Common.Error-Code",),
    "alerts": ("Common.Alerts",),
    "method": ("RADIUS.Auth-Method", "Common.Auth-Type"),
    "session": ("RADIUS.Acct-Session-Id",),
    "ended": ("RADIUS.Acct-Terminate-Cause", "RADIUS.Acct-Status-Type"),
    "time": (
        "Common.Request-Timestamp", "Common.Request-UpdatedAt",
        "RADIUS.Acct-Timestamp", "RADIUS.Acct-UpdatedAt",
    ),
}  # fmt: skip
IS_SUCCESS = {"ACCEPT": True, "REJECT": False}
IS_CARD = r"(?i)^(?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2}$"

PAIRS, USER = pl.col("pairs"), pl.col("user_name")
# a login's name may hold the key of accounting
IS_ACCOUNTING = PAIRS.str.contains(",RADIUS[.]Acct-Username=") & ~PAIRS.str.contains(
    ",Common[.]Username="
)
GOES_ON = value("ended").str.contains("(?i)^(?:start|interim|alive)")
SESSION_IP = somewhere(address(value("ip")))
ACTIVITY = word_of(
    ("logon", ~IS_ACCOUNTING), ("logoff", ~GOES_ON), ("mapping", SESSION_IP.is_not_null())
)
IS_NAMED = PAIRS.str.contains(r",(?:Common\.|RADIUS\.Acct-)Username=")
IS_IDLE = (ACTIVITY == "mapping") & USER.is_null()
BY_ROLE = pl.when(value("roles").str.contains(r"Authenticated\]")).then(pl.lit(value=True))
BY_STATUS = (
    value("status")
    .str.to_uppercase()
    .replace_strict(IS_SUCCESS, default=None, return_dtype=pl.Boolean)
)
# the name comes first in the line: a status in it does not outweigh the real error
RESULT = pl.min_horizontal(BY_STATUS, value("error") == "0", BY_ROLE)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match the stamp of the export, its name and numbers, then a name with a point."""
    return line.str.contains(
        rf"{BEFORE_TAG}[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9:]{{8}},[0-9]{{1,3}} [^ ]+ .+? [0-9]+ "
        rf"[0-9]+ [0-9]+ {NAMED}"
    )


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the head of the export, and the first of each field's keys.

    Adds `is_doubtful`: a key occurs twice, and the name, which comes first, may hold any.
    """
    del names
    parts = pl.col("line").str.extract_groups(EXPORTED).struct
    counts = [
        PAIRS.str.count_matches(f",{key}=", literal=True) for keys in KEYS.values() for key in keys
    ]
    users = [PAIRS.str.contains(f",{key}=", literal=True) for key in KEYS["user"]]
    return (
        with_header(batch, context.reading)
        .with_columns(
            sent=parts.field("1"),
            server=parts.field("2"),
            export=parts.field("3"),
            pairs="," + parts.field("4").str.strip_chars_end("\r\n\x00 "),
        )
        .with_columns(
            is_doubtful=pl.any_horizontal(
                pl.all_horizontal(users), *(count > 1 for count in counts)
            ),
            **{f"{PREFIX}{name}": null_if_dash(_first(*keys)) for name, keys in KEYS.items()},
        )
    )


def _first(*keys: str) -> pl.Expr:
    return pl.coalesce(PAIRS.str.extract(rf",{key}=(.*?)(?:,{NAMED}|$)", 1) for key in keys)


def stamp(context: Context) -> Stamp:
    """Return the time of the request, or that of the line."""
    request_time = value("time").str.replace(r"([+-][0-9]{2})$", "$1:00")
    return clock.first(
        clock.iso(request_time, context.reading), clock.iso(pl.col("sent"), context.reading)
    )


def more(context: Context) -> dict[str, pl.Expr]:
    """Return the result of a login and its device."""
    return {
        "name_proof": radius.proof(pl.when(IS_ACCOUNTING).then(pl.lit("said")), context.options),
        "activity": ACTIVITY,
        "logon_kind": pl.when(pl.col("src_mac").is_not_null()).then(pl.lit("wifi")),
        "is_success": pl.when((ACTIVITY == "logon") & ~pl.col("is_doubtful")).then(RESULT),
        "failure_reason": pl.when((ACTIVITY == "logon") & ~RESULT).then(
            pl.coalesce(value("alerts", "status"), "error " + value("error"))
        ),
        "src_ip": SESSION_IP,
        "host": radius.computer_name(USER),
        "src_hostname": radius.computer_name(USER),
        "is_machine": radius.is_computer(USER) | USER.str.contains(IS_CARD),
    }


FORMAT = Format(
    name="clearpass",
    product="Aruba ClearPass",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "user_name": "user",
        "src_mac": "card",
        "event_code": pl.col("export"),
        "logon_uid": "session",
        "kind": pl.col("export"),
        "reported_by": pl.col("server"),
    },
    classes={"logons": IS_NAMED & ACTIVITY.is_not_null() & ~IS_IDLE},
    more=more,
    extras=by_name("nas", "service", "roles", "method"),
    must={"not a message of this product": pl.col("export").is_not_null()},
)
