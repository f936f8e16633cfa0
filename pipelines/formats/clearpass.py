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

from collections.abc import Mapping

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading import radius
from pipelines.formats.reading.fields import account, address, mac, null_if_dash, word_of
from pipelines.formats.reading.flows import somewhere
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import BEFORE_TAG, with_header

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
    "asked": (
        "Common.Request-Timestamp", "Common.Request-UpdatedAt",
        "RADIUS.Acct-Timestamp", "RADIUS.Acct-UpdatedAt",
    ),
}  # fmt: skip
IS_SUCCESS = {"ACCEPT": True, "REJECT": False}
IS_LOGON = pl.col("event_class") == "logons"
IS_CARD = r"(?i)^(?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2}$"

REJECT_RULES = {
    "not an export of ClearPass": pl.col("export").is_not_null(),
    "no time that can be read": pl.col("time").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match the stamp of the export, its name and numbers, then a name with a point."""
    return line.str.contains(
        rf"{BEFORE_TAG}[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9:]{{8}},[0-9]{{1,3}} [^ ]+ .+? [0-9]+ "
        rf"[0-9]+ [0-9]+ {NAMED}"
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons` and `system_events`."""
    said = pl.col("line").str.extract_groups(EXPORTED).struct
    asked = pl.col("asked").str.replace(r"([+-][0-9]{2})$", "$1:00")
    stamp = clock.first(
        clock.iso(asked, context.reading), clock.iso(pl.col("sent"), context.reading)
    )
    return (
        with_header(batch, context.reading)
        .with_columns(
            sent=said.field("1"),
            server=said.field("2"),
            export=said.field("3"),
            pairs="," + said.field("4").str.strip_chars_end("\r\n\x00 "),
        )
        .with_columns(
            **{
                name: null_if_dash(
                    pl.coalesce(
                        pl.col("pairs").str.extract(rf",{key}=(.*?)(?:,{NAMED}|$)", 1)
                        for key in keys
                    )
                )
                for name, keys in KEYS.items()
            }
        )
        .with_columns(time=stamp.time, time_quality=stamp.quality, is_doubtful=_is_doubtful())
        .with_columns(**_logon(context.options))
        .with_columns(
            extras=pl.when(IS_LOGON).then(
                json_of([pl.col(key) for key in ("nas", "service", "roles", "method")])
            )
        )
    )


def _is_doubtful() -> pl.Expr:
    """Return whether a key occurs twice: the name comes first, and may hold any of them."""
    counts = [
        pl.col("pairs").str.count_matches(f",{key}=", literal=True)
        for keys in KEYS.values()
        for key in keys
    ]
    users = [pl.col("pairs").str.contains(f",{key}=", literal=True) for key in KEYS["user"]]
    return pl.any_horizontal(pl.all_horizontal(users), *(count > 1 for count in counts))


def _logon(options: Mapping[str, str]) -> dict[str, pl.Expr]:
    user = account(pl.col("user"))
    # a login's name may hold the key of accounting
    is_accounting = pl.col("pairs").str.contains(",RADIUS[.]Acct-Username=")
    is_accounting &= ~pl.col("pairs").str.contains(",Common[.]Username=")
    goes_on = pl.col("ended").str.contains("(?i)^(?:start|interim|alive)")
    computer = radius.computer_name(user)
    by_role = pl.when(pl.col("roles").str.contains(r"Authenticated\]")).then(pl.lit(value=True))
    by_status = (
        pl.col("status")
        .str.to_uppercase()
        .replace_strict(IS_SUCCESS, default=None, return_dtype=pl.Boolean)
    )
    # the name comes first in the line: a status in it does not outweigh the real error
    is_success = pl.min_horizontal(by_status, pl.col("error") == "0", by_role)
    activity = word_of(
        ("logon", ~is_accounting),
        ("logoff", ~goes_on),
        ("mapping", somewhere(address(pl.col("ip"))).is_not_null()),
    )
    is_logon = activity == "logon"
    is_named = pl.col("pairs").str.contains(r",(?:Common\.|RADIUS\.Acct-)Username=")
    is_idle = (activity == "mapping") & user.is_null()
    return {
        "event_class": pl.when(is_named & activity.is_not_null() & ~is_idle)
        .then(pl.lit("logons"))
        .otherwise(pl.lit("system_events")),
        "user_name": user,
        "name_proof": radius.proof(pl.when(is_accounting).then(pl.lit("said")), options),
        "activity": activity,
        "logon_kind": pl.when(mac(pl.col("card")).is_not_null()).then(pl.lit("wifi")),
        "is_success": pl.when(is_logon & ~pl.col("is_doubtful")).then(is_success),
        "failure_reason": pl.when(is_logon & ~is_success).then(
            pl.coalesce("alerts", "status", "error " + pl.col("error"))
        ),
        "event_code": pl.col("export"),
        "logon_uid": pl.col("session"),
        "src_mac": mac(pl.col("card")),
        "src_ip": somewhere(address(pl.col("ip"))),
        "host": computer,
        "src_hostname": computer,
        "reported_by": pl.col("server"),
        "is_machine": radius.is_computer(user) | user.str.contains(IS_CARD),
        "kind": pl.col("export"),
        "message": pl.col("line"),
    }


FORMAT = Format(
    name="clearpass",
    product="Aruba ClearPass",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
