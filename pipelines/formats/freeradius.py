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

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context, Format, of_header
from pipelines.formats.reading import radius
from pipelines.formats.reading.syslog import with_header, written_by
from pipelines.formats.reading.table import by_name, value, with_groups

OWN = (
    r"^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) +(?<day>[0-9]{1,2}) (?<time>[0-9:]{8}) "
    r"(?<year>[0-9]{4}) : (?<level>[A-Za-z]+): (?<own_body>.*)$"
)
NUMBERED = r"^(?:Auth: )?(?:\((?<number>[0-9]+)\) +)?(?:Auth: )?"
VERDICTS = "Login OK|Login incorrect|Invalid user"
LOGIN = (
    rf"^(?<verdict>{VERDICTS})(?: \((?<why>.*?)\))?: \[(?<user>.*)\] "
    r"\(from client (?<nas>[^ ]+) port (?<port>[0-9]+)(?: cli (?<station>[^ )]+))?"
    r"(?<tunnel> via TLS tunnel)?\)"
)
NAME = r"^((?i:host/)[^/]+|N/A|[^/]*)"
BODY, VERDICT = pl.col("body"), value("verdict")
IS_SUCCESS = VERDICT == "Login OK"


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match its own stamp with the level, or a syslog line of the server."""
    file_stamp = r"^[A-Z][a-z]{2} [A-Z][a-z]{2} +[0-9]{1,2} [0-9:]{8} [0-9]{4} : "
    levels = "(?:Auth|Info|Error|Warning|Proxy|Debug|Acct): "
    return line.str.contains(file_stamp + levels) | written_by(line, "radiusd|freeradius")


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the message behind either header, and the words of a login; adds `body`."""
    del names
    lines = with_groups(with_header(batch, context.reading), pl.col("syslog_body"), OWN)
    message = pl.coalesce(value("own_body"), "syslog_body").str.strip_chars(" ")
    lines = with_groups(lines, message, NUMBERED)
    return with_groups(lines.with_columns(body=message.str.replace(NUMBERED, "")), BODY, LOGIN)


def stamp(context: Context) -> Stamp:
    """Return the server's own local time, or the time in the syslog header."""
    text = pl.concat_str([value(part) for part in ("month", "day", "year", "time")], separator=" ")
    return clock.first(clock.civil(text, "%b %d %Y %H:%M:%S", context.reading), of_header(context))


def more(context: Context) -> dict[str, pl.Expr]:
    """Return the result of a login and its device."""
    is_tunnel = value("tunnel").is_not_null()
    station = radius.caller(value("station"))
    return {
        **radius.login(
            pl.col("user_name"), station, radius.kind(radius.NO_TEXT, station, context.options)
        ),
        "name_proof": radius.proof(pl.lit("outer"), context.options, tunnel=is_tunnel),
        "activity": pl.lit("logon"),
        "is_success": IS_SUCCESS,
        "failure_reason": pl.when(~IS_SUCCESS).then(value("why", "verdict")),
    }


FORMAT = Format(
    name="freeradius",
    product="FreeRADIUS",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "user_name": value("user").str.extract(NAME, 1),
        "event_code": "verdict",
        "kind": pl.coalesce(value("level"), "syslog_program", pl.lit("radius")),
        "reported_by": pl.col("syslog_host"),
    },
    classes={"logons": VERDICT.is_not_null()},
    more=more,
    extras={
        **by_name("nas", "port", "number"),
        "tunnel": value("tunnel").str.extract("via ([A-Z]+)", 1),
    },
    must={
        "a login whose words cannot be read": VERDICT.is_not_null()
        | ~BODY.str.contains(rf"^(?:{VERDICTS})\b"),
        "nothing said": BODY.str.len_bytes() > 0,
    },
)
