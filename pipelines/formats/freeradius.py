"""FreeRADIUS `radius.log`, in its own file or in syslog: logins and their ports.

    Mon Nov  2 08:15:00 2026 : Auth: (549) Login OK: [ada] (from client WLAN port 9 cli 00-00-5E-00-53-01)
    Nov  2 08:15:00 rad1 radiusd[812]: (549) Login OK: [ada] (from client WLAN port 9 cli ...)

`cli` is a MAC on a wireless network or port, an address behind a VPN gateway, or missing
(`options.logon_kind` may then set the type). `[host/pc.example.org]` is a computer. A login
inside a TLS tunnel is written twice: `via TLS tunnel` with the name that was proven, then
without, with the name that the client gave in front of the tunnel, which need not be the same;
the first is marked in `extras`, and counts for both. An access point for which the server writes no
inner name has no tunnels, and its names count (with EAP-TLS set `check_cert_cn`). Servers may be set to write passwords (`[ada/secret]`): they are
cut off. The stamp is local time.
"""  # noqa: E501

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading import radius as _radius
from pipelines.formats.reading.fields import account
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import with_header, written_by

OWN = (
    r"^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +([0-9]{1,2}) ([0-9:]{8}) ([0-9]{4}) : "
    r"([A-Za-z]+): (.*)$"
)
NUMBER = r"^(?:Auth: )?\(([0-9]+)\)"
NUMBERED = r"^(?:Auth: )?(?:\([0-9]+\) +)?(?:Auth: )?"
VERDICTS = "Login OK|Login incorrect|Invalid user"
LOGIN = (
    rf"^({VERDICTS})(?: \((.*?)\))?: \[(.*)\] "
    r"\(from client ([^ ]+) port ([0-9]+)(?: cli ([^ )]+))?( via TLS tunnel)?\)"
)
NAME = r"^((?i:host/)[^/]+|N/A|[^/]*)"
BODY = pl.col("body")
IS_LOGON = pl.col("verdict").is_not_null()

REJECT_RULES = {
    "no time that can be read": pl.col("time").is_not_null(),
    "a login whose words cannot be read": IS_LOGON | ~BODY.str.contains(rf"^(?:{VERDICTS})\b"),
    "nothing said": BODY.str.len_bytes() > 0,
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match its own stamp with the level, or a syslog line of the server."""
    own = rf"{OWN[: OWN.index(' : ')]} : (?:Auth|Info|Error|Warning|Proxy|Debug|Acct): "
    return line.str.contains(own) | written_by(line, "radiusd|freeradius")


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons`, or of `system_events` for all other talk."""
    own = pl.col("syslog_body").str.extract_groups(OWN).struct
    spelled = [own.field(place) for place in ("1", "2", "4", "3")]
    stamp = clock.civil(pl.concat_str(spelled, separator=" "), "%b %d %Y %H:%M:%S", context.reading)
    said = pl.coalesce(own.field("6"), "syslog_body").str.strip_chars(" ")
    login = BODY.str.extract_groups(LOGIN).struct
    return (
        with_header(batch, context.reading)
        .with_columns(
            time=pl.coalesce(stamp.time, "syslog_time"),
            time_quality=pl.coalesce(stamp.quality, "syslog_time_quality"),
            kind=pl.coalesce(own.field("5"), "syslog_program", pl.lit("radius")),
            body=said.str.replace(NUMBERED, ""),
            number=said.str.extract(NUMBER, 1),
        )
        .with_columns(
            verdict=login.field("1"),
            why=login.field("2"),
            user_name=account(login.field("3").str.extract(NAME, 1)),
            nas=login.field("4"),
            at_port=login.field("5"),
            station=login.field("6"),
            name_proof=_radius.proof(
                pl.lit("outer"), context.options, tunnel=login.field("7").is_not_null()
            ),
            tunnel=login.field("7").str.extract("via ([A-Z]+)", 1),
        )
        .with_columns(**_logon(context))
        .with_columns(extras=_extras())
    )


def _logon(context: Context) -> dict[str, pl.Expr]:
    verdict, user = pl.col("verdict"), pl.col("user_name")
    station = _radius.caller(pl.col("station"))
    is_success = verdict == "Login OK"
    return {
        "event_class": pl.when(IS_LOGON).then(pl.lit("logons")).otherwise(pl.lit("system_events")),
        "src_mac": station[0],
        "src_ip": station[1],
        "src_hostname": _radius.computer_name(user),
        "host": _radius.computer_name(user),
        "activity": pl.lit("logon"),
        "logon_kind": _radius.kind(pl.lit(None, pl.String), station, context.options),
        "is_success": is_success,
        "failure_reason": pl.when(~is_success).then(pl.coalesce("why", verdict)),
        "event_code": verdict,
        "is_machine": _radius.is_computer(user),
        "reported_by": pl.col("syslog_host"),
        "message": pl.col("line"),
    }


def _extras() -> pl.Expr:
    fields = [
        pl.col("nas"),
        pl.col("at_port").alias("port"),
        pl.col("number"),
        pl.col("tunnel"),
    ]
    return pl.when(IS_LOGON).then(json_of(fields))


FORMAT = Format(
    name="freeradius",
    product="FreeRADIUS",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
