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

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context, Format, of_header
from pipelines.formats.reading import radius
from pipelines.formats.reading.fields import address, mac, null_if_dash, to_int, word_of
from pipelines.formats.reading.flows import somewhere
from pipelines.formats.reading.syslog import HEADER_END, with_header
from pipelines.formats.reading.table import PREFIX, value

STAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\.[0-9]{3} [+-][0-9]{2}:[0-9]{2}"
NUMBERED = r"(?:^|[ >:])(?:(CISE_[A-Za-z_]+) )?([0-9]{10}) ([0-9]{1,3}) ([0-9]{1,3}) (.*)$"
FIRST = rf"^({STAMP}) [0-9]+ ([0-9]{{4,5}}) [A-Z]+ +([A-Za-z -]+): ([^,]*)"
NAMES = ("UserName", "User-Name")
LOGINS = {"Passed-Authentication": True, "Failed-Attempt": False}
STATUSES = {"Start": "logon", "Stop": "logoff", "Interim-Update": "mapping"}
HIDDEN = ["USERNAME", "INVALID"]

CODE, VERDICT, USER = pl.col("code"), pl.col("verdict"), pl.col("user_name")
WRITTEN_USER = value(*NAMES)
IS_SUCCESS = VERDICT.replace_strict(LOGINS, default=None, return_dtype=pl.Boolean)
STATUS = value("Acct-Status-Type").replace_strict(STATUSES, default=None, return_dtype=pl.String)
GIVEN_IP = somewhere(address(value("Framed-IP-Address")))
IS_ACCOUNTING = VERDICT == "Radius-Accounting"
IS_IDLE = ((STATUS == "mapping") & GIVEN_IP.is_null()).fill_null(value=False)
ACTIVITY = (
    pl.when(IS_SUCCESS.is_not_null())
    .then(pl.lit("logon"))
    .when(IS_ACCOUNTING & ~IS_IDLE)
    .then(STATUS)
)
MEDIUM = value("NAS-Port-Type")
BY_PORT = word_of(
    ("wifi", MEDIUM.str.contains("802.11|Wireless|Ethernet")), ("vpn", MEDIUM == "Virtual")
)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a category of ISE with three numbers, or its numbers, stamp and code."""
    return line.str.contains(
        rf"{HEADER_END}(?:CISE_[A-Za-z_]+ [0-9]{{10}} [0-9]{{1,3}} [0-9]{{1,3}} "
        rf"|[0-9]{{10}} [0-9]{{1,3}} 0 {STAMP} [0-9]{{10}} [0-9]{{4,5}} [A-Z]+ )"
    )


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the fields of a line; the first of a message has those of its other lines too."""
    part = pl.col("line").str.strip_chars_end("\r\n\x00 ").str.extract_groups(NUMBERED).struct
    first = pl.col("text").str.extract_groups(FIRST).struct
    return (
        with_header(batch, context.reading)
        .with_columns(category=part.field("1"), number=part.field("2"), text=part.field("5"))
        .with_columns(
            written=first.field("1").str.replace(r" ([+-][0-9:]+)$", "$1"),
            code=first.field("2"),
            verdict=first.field("3"),
            **{f"{PREFIX}{name}": _field(name) for name in names},
        )
        .with_columns(_of_message(f"{PREFIX}{name}") for name in names)
    )


def _field(name: str) -> pl.Expr:
    """Return the first value of a key."""
    text = pl.col("text").str.extract(rf"(?:^|,) *{name}=((?:[^,\\]|\\.)*)", 1)
    plain = text.str.replace_all(r"\\(.)", "$1").replace("", None)
    # `account` recognizes placeholder names, and the line remains a login
    return plain if name in NAMES else null_if_dash(plain)


def _of_message(column: str) -> pl.Expr:
    """Return this line's value, or that of another line of the message."""
    text, is_first = pl.col(column), CODE.is_not_null()
    other = text.filter(~is_first).drop_nulls().first()
    spread = other.over("file_id", "syslog_host", "number")
    return pl.coalesce(text, pl.when(is_first).then(spread)).alias(column)


def stamp(context: Context) -> Stamp:
    """Return the time of the message, or that of the syslog header."""
    return clock.first(clock.iso(pl.col("written"), context.reading), of_header(context))


def more(context: Context) -> dict[str, pl.Expr]:
    """Return the result of a login and its device."""
    endpoint = value("EndPointMACAddress")
    card, far_ip = radius.caller(pl.coalesce(value("Calling-Station-ID"), endpoint))
    logon_kind = radius.kind(BY_PORT, (card, far_ip), context.options)
    login = radius.login(USER, (card, far_ip), logon_kind, given_ip=GIVEN_IP)
    return {
        **login,
        "src_mac": pl.coalesce(card, mac(endpoint)),
        "is_machine": login["is_machine"] | mac(USER).is_not_null(),
        "name_proof": radius.proof(
            word_of(("said", IS_ACCOUNTING), ("outer", value("UserName").is_null())),
            context.options,
        ),
        "activity": ACTIVITY,
        "is_success": pl.when(ACTIVITY == "logon").then(IS_SUCCESS.fill_null(value=True)),
        "failure_reason": pl.when(~IS_SUCCESS).then(value("FailureReason").fill_null("refused")),
        "kind": pl.concat_str(
            pl.coalesce("category", pl.lit("CISE")), CODE, separator=":", ignore_nulls=True
        ),
    }


FORMAT = Format(
    name="cisco_ise",
    product="Cisco ISE",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "user_name": pl.when(~WRITTEN_USER.is_in(HIDDEN)).then(WRITTEN_USER),
        "event_code": CODE,
        "logon_uid": value("CPMSessionID", "Acct-Session-Id", "AcsSessionID"),
        "reported_by": pl.col("syslog_host"),
    },
    classes={"logons": ACTIVITY.is_not_null() & WRITTEN_USER.is_not_null()},
    more=more,
    extras={
        "nas": value("NetworkDeviceName", "NAS-IP-Address"),
        "port": "NAS-Port-Id",
        "called": value("SSID", "Called-Station-ID"),
        "policy": "SelectedAuthorizationProfiles",
        "group": "IdentityGroup",
        "flow": "RadiusFlowType",
        "seconds": to_int(value("Acct-Session-Time")).cast(pl.String),
    },
    must={"not a message of this product": pl.col("number").is_not_null()},
)
