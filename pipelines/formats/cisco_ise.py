r"""Cisco ISE, remote syslog: logins to Wi-Fi, a port or a tunnel.

    <181>Nov  2 08:15:00 ise1 CISE_Passed_Authentications 0000453439 2 0 2026-11-02
    08:15:00.365 -06:00 0007121364 5200 NOTICE Passed-Authentication: Authentication
    succeeded, UserName=ada, Calling-Station-ID=00-00-5E-00-53-01, SSID=Staff, ...

(one line in the log). A message is split into several lines: its number, their total, this
line's index from 0. The first contains the timestamp, the verdict and nearly always the account;
missing values are taken from the others of the same batch, which become `system_events`. Commas
inside a value are written `\,`.

The calling station is a MAC on Wi-Fi or a port, an address in a tunnel. `USERNAME` and `INVALID`
replace names that ISE hides. A name that is a MAC is a device that no person logged in to (MAB).
Device administration and profiling are `system_events`. `UserName` is the proven name; `User-Name`
and the name of accounting are the client's, and count if a login of the session or the card does.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading import radius
from pipelines.formats.reading.fields import account, address, mac, name, null_if_dash, to_int
from pipelines.formats.reading.flows import somewhere
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import HEADER_END, with_header

STAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\.[0-9]{3} [+-][0-9]{2}:[0-9]{2}"
NUMBERED = r"(?:^|[ >:])(?:(CISE_[A-Za-z_]+) )?([0-9]{10}) ([0-9]{1,3}) ([0-9]{1,3}) (.*)$"
FIRST = rf"^({STAMP}) [0-9]+ ([0-9]{{4,5}}) [A-Z]+ +([A-Za-z -]+): ([^,]*)"
FIELDS = {
    "UserName": "sent_name",
    "User-Name": "radius_name",
    "Calling-Station-ID": "station",
    "EndPointMACAddress": "endpoint",
    "Called-Station-ID": "called",
    "SSID": "ssid",
    "NetworkDeviceName": "nas",
    "NAS-IP-Address": "nas_ip",
    "NAS-Port-Type": "port_type",
    "NAS-Port-Id": "port",
    "Framed-IP-Address": "framed_ip",
    "Acct-Status-Type": "status",
    "Acct-Session-Id": "accounted",
    "CPMSessionID": "session",
    "AcsSessionID": "acs_session",
    "RadiusFlowType": "flow",
    "FailureReason": "reason",
    "SelectedAuthorizationProfiles": "policy",
    "IdentityGroup": "group",
    "Acct-Session-Time": "lasted",
}
"""ISE's names, and ours."""

NAMES = ("UserName", "User-Name")
LOGINS = {"Passed-Authentication": True, "Failed-Attempt": False}
STATUSES = {"Start": "logon", "Stop": "logoff", "Interim-Update": "mapping"}
HIDDEN = ["USERNAME", "INVALID"]
IS_LOGON = pl.col("event_class") == "logons"

REJECT_RULES = {
    "not a numbered message of ISE": pl.col("number").is_not_null(),
    "no time that can be read": pl.col("time").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a category of ISE with three numbers, or its numbers, stamp and code."""
    return line.str.contains(
        rf"{HEADER_END}(?:CISE_[A-Za-z_]+ [0-9]{{10}} [0-9]{{1,3}} [0-9]{{1,3}} "
        rf"|[0-9]{{10}} [0-9]{{1,3}} 0 {STAMP} [0-9]{{10}} [0-9]{{4,5}} [A-Z]+ )"
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons`, or of `system_events` for all else."""
    part = pl.col("line").str.strip_chars_end("\r\n\x00 ").str.extract_groups(NUMBERED)
    text = pl.col("text")
    first = text.str.extract_groups(FIRST).struct
    stamp = clock.iso(first.field("1").str.replace(r" ([+-][0-9:]+)$", "$1"), context.reading)
    return (
        with_header(batch, context.reading)
        .with_columns(
            category=part.struct.field("1"),
            number=part.struct.field("2"),
            place=part.struct.field("4"),
            text=part.struct.field("5"),
        )
        .with_columns(
            time=pl.coalesce(stamp.time, "syslog_time"),
            time_quality=pl.coalesce(stamp.quality, "syslog_time_quality"),
            code=first.field("2"),
            verdict=first.field("3"),
            **{ours: _field(theirs) for theirs, ours in FIELDS.items()},
        )
        .with_columns(_of_message(column) for column in FIELDS.values())
        .with_columns(**_who(context))
        .with_columns(**_what())
        .with_columns(
            event_class=pl.when(pl.col("activity").is_not_null() & pl.col("sent").is_not_null())
            .then(pl.lit("logons"))
            .otherwise(pl.lit("system_events"))
        )
        .with_columns(extras=_extras())
    )


def _field(key: str) -> pl.Expr:
    """Return the first value of a key."""
    value = pl.col("text").str.extract(rf"(?:^|,) *{key}=((?:[^,\\]|\\.)*)", 1)
    plain = value.str.replace_all(r"\\(.)", "$1").replace("", None)
    # `account` recognizes placeholder names, and the line remains a login
    return plain if key in NAMES else null_if_dash(plain)


def _of_message(column: str) -> pl.Expr:
    """Return this line's value, or that of another line of the message."""
    own, is_first = pl.col(column), pl.col("code").is_not_null()
    other = own.filter(~is_first).drop_nulls().first()
    spread = other.over("file_id", "syslog_host", "number")
    return pl.coalesce(own, pl.when(is_first).then(spread)).alias(column)


def _who(context: Context) -> dict[str, pl.Expr]:
    """Return the account, its card or address, and by which way it came."""
    sent = pl.coalesce("sent_name", "radius_name")
    user = account(pl.when(~sent.is_in(HIDDEN)).then(sent))
    station = radius.caller(pl.coalesce("station", "endpoint"))
    medium = pl.col("port_type")
    by_port = (
        pl.when(medium.str.contains("802.11|Wireless|Ethernet"))
        .then(pl.lit("wifi"))
        .when(medium == "Virtual")
        .then(pl.lit("vpn"))
    )
    return {
        "sent": sent,
        "user_name": user,
        "name_proof": radius.proof(
            pl.when(pl.col("verdict") == "Radius-Accounting")
            .then(pl.lit("said"))
            .when(pl.col("sent_name").is_null())
            .then(pl.lit("outer")),
            context.options,
        ),
        "is_machine": radius.is_computer(user) | mac(user).is_not_null(),
        "host": radius.computer_name(user),
        "src_hostname": radius.computer_name(user),
        "src_mac": pl.coalesce(station[0], mac(pl.col("endpoint"))),
        "far_ip": station[1],
        "given": somewhere(address(pl.col("framed_ip"))),
        "logon_kind": radius.kind(by_port, station, context.options),
        "reported_by": name(pl.col("syslog_host")),
    }


def _what() -> dict[str, pl.Expr]:
    """Return the activity and its result."""
    verdict = pl.col("verdict")
    is_success = verdict.replace_strict(LOGINS, default=None, return_dtype=pl.Boolean)
    counted = pl.col("status").replace_strict(STATUSES, default=None, return_dtype=pl.String)
    is_idle = (counted == "mapping") & pl.col("given").is_null()
    activity = (
        pl.when(is_success.is_not_null())
        .then(pl.lit("logon"))
        .when((verdict == "Radius-Accounting") & ~is_idle.fill_null(value=False))
        .then(counted)
    )
    is_vpn = pl.col("logon_kind") == "vpn"
    return {
        "activity": activity,
        "is_success": pl.when(activity == "logon").then(is_success.fill_null(value=True)),
        "failure_reason": pl.when(~is_success).then(pl.coalesce("reason", pl.lit("refused"))),
        "event_code": pl.col("code"),
        "kind": pl.concat_str(
            pl.coalesce("category", pl.lit("CISE")), "code", separator=":", ignore_nulls=True
        ),
        "message": pl.col("line"),
        "logon_uid": pl.coalesce("session", "accounted", "acs_session"),
        "assigned_ip": pl.when(is_vpn).then("given"),
        "src_ip": pl.when(is_vpn).then("far_ip").otherwise(pl.coalesce("given", "far_ip")),
    }


def _extras() -> pl.Expr:
    fields = [
        pl.coalesce("nas", "nas_ip").alias("nas"),
        pl.col("port"),
        pl.coalesce("ssid", "called").alias("called"),
        pl.col("policy"),
        pl.col("group"),
        pl.col("flow"),
        to_int(pl.col("lasted")).cast(pl.String).alias("seconds"),
    ]
    return pl.when(IS_LOGON).then(json_of(fields))


FORMAT = Format(
    name="cisco_ise",
    product="Cisco ISE",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
