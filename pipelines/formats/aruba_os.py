"""Aruba wireless controllers and Instant access points, syslog: logins to the network.

    Nov  2 08:15:00 wlc1 authmgr[4211]: <522008> <4211> <NOTI> <wlc1 192.0.2.20>  User
    Authentication Successful: username=ada MAC=00:00:5e:00:53:01 IP=192.0.2.117
    role=staff VLAN=20 AP=AP-HS-12 SSID=Staff AAA profile=staff auth method=802.1x
    Nov  2 08:15:00 ap7 stm[4826]: <501199> <NOTI> AP:ap7 <192.0.2.21 00:00:5E:00:53:F7>
    User authenticated, mac-00:00:5e:00:53:01, username-ada, IP-192.0.2.117, ...

(each one line in the log). 522008 and 501199 are logins, 522275 is a refusal. Every
other number is a `system_events` line. No documented message reports that a user left: the
next login, or half a day, ends the session. A name that is a MAC is a device. Of 802.1X the
controller has the name that the client sent in front of its tunnel: it counts if the log of the
RADIUS server proves it, or with `options.name_proof = "authenticated"` if that server returns the
proven name (`User-Name` in its answer).
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading import radius
from pipelines.formats.reading.fields import account, address, mac
from pipelines.formats.reading.flows import somewhere
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import BEFORE_TAG, with_header

PROGRAMS = r"[a-z0-9_-]+(?::[0-9]+)?"
HEAD = rf"{BEFORE_TAG}{PROGRAMS}\[[0-9]+\]: +<([0-9]{{6}})> (?:<[0-9]+> )?(?:<[A-Z]{{3,4}}> )"
SAID = rf"{HEAD}(?:<[^>]*>|AP:[^ ]+ <[^>]*>|\|[^|]*\|) *(.*)$"
LOGIN, REFUSED, INSTANT = "522008", "522275", "501199"
USER = r"[ .]username=(.+) (?:MAC=[^ ]+ IP=|ip=[^ ]+ usermac=)"
LISTED_USER = ", username-(.*), IP-[^,]*, method-"
"""A name may hold anything: it ends at the last words that can follow it."""

PAIRS = {
    "card": "(?i:(?:user)?mac)=([^ ]+)",
    "ip": "(?i:(?:user)?ip)=([^ ]+)",
    "role": "role=(.+?)",
    "vlan": "(?i:vlan)=([^ ]+)",
    "nas": "(?:AP|apname)=([^ ]+)",
    "ssid": "SSID=(.+?)",
    "method": "auth ?method=([^ ]+)",
}
KEYS = r"(?: [A-Za-z]+=| (?:AAA|auth) [a-z]+=|$)"
LISTED = {
    "card": "mac-([^,]*)",
    "ip": "IP-([^,]*)",
    "role": "role-([^,]*)",
    "method": "method-([^,]*)",
}
IS_LOGON = pl.col("event_class") == "logons"

REJECT_RULES = {
    "not a numbered message of an Aruba device": pl.col("code").is_not_null(),
    "no time that can be read": pl.col("time").is_not_null(),
    "a login whose words cannot be read": IS_LOGON
    | ~pl.col("code").is_in([LOGIN, REFUSED, INSTANT]),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a process, a number of six digits and a severity, each in angle brackets."""
    return line.str.contains(HEAD)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons`, or of `system_events` for all else."""
    said = pl.col("line").str.strip_chars_end("\r\n\x00 ").str.extract_groups(SAID)
    code = pl.col("code")
    return (
        with_header(batch, context.reading)
        .with_columns(code=said.struct.field("1"), text=said.struct.field("2"))
        .with_columns(
            user=pl.when(pl.col("code") == INSTANT)
            .then(pl.col("text").str.extract(LISTED_USER, 1))
            .otherwise(pl.col("text").str.extract(USER, 1)),
            **{key: _value(key) for key in PAIRS},
        )
        .with_columns(
            time="syslog_time",
            time_quality="syslog_time_quality",
            user_name=account(pl.col("user")),
            name_proof=radius.proof(
                pl.when(
                    ~pl.col("method").str.contains("(?i)web|captive").fill_null(value=False)
                ).then(pl.lit("said")),
                context.options,
            ),
            src_mac=mac(pl.col("card")),
            src_ip=somewhere(address(pl.col("ip"))),
            reported_by="syslog_host",
            event_code=code,
            kind=code,
            message=pl.col("line"),
        )
        .with_columns(
            event_class=pl.when(
                code.is_in([LOGIN, REFUSED, INSTANT]) & pl.col("user").is_not_null()
            )
            .then(pl.lit("logons"))
            .otherwise(pl.lit("system_events")),
            activity=pl.lit("logon"),
            logon_kind=pl.when(pl.col("method").str.contains("(?i)web|captive"))
            .then(pl.lit("proxy"))
            .otherwise(pl.lit("wifi")),
            is_success=code != REFUSED,
            failure_reason=pl.when(code == REFUSED).then(pl.lit("refused")),
            is_machine=radius.is_computer(pl.col("user_name"))
            | mac(pl.col("user_name")).is_not_null(),
            host=radius.computer_name(pl.col("user_name")),
        )
        .with_columns(extras=_extras())
    )


def _value(key: str) -> pl.Expr:
    text = pl.col("text")
    is_instant = pl.col("code") == INSTANT
    # the last of them: the name in front may hold the same words
    pair = text.str.extract(rf"^.*[ .]{PAIRS[key]}{KEYS}", 1)
    if key not in LISTED:
        return pl.when(~is_instant).then(pair)
    front = "" if key == "card" else "^.*"
    listed = text.str.extract(rf"{front}, {LISTED[key]}", 1)
    return pl.when(is_instant).then(listed).otherwise(pair)


def _extras() -> pl.Expr:
    fields = [pl.col(key) for key in ("nas", "ssid", "role", "vlan", "method")]
    return pl.when(IS_LOGON).then(json_of(fields))


FORMAT = Format(
    name="aruba_os",
    product="Aruba wireless",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
