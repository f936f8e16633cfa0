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

from collections.abc import Sequence

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading import radius
from pipelines.formats.reading.fields import address, mac, word_of
from pipelines.formats.reading.flows import somewhere
from pipelines.formats.reading.syslog import BEFORE_TAG, with_header
from pipelines.formats.reading.table import PREFIX, by_name, value

PROGRAMS = r"[a-z0-9_-]+(?::[0-9]+)?"
HEAD = rf"{BEFORE_TAG}{PROGRAMS}\[[0-9]+\]: +<([0-9]{{6}})> (?:<[0-9]+> )?(?:<[A-Z]{{3,4}}> )"
MESSAGE = rf"{HEAD}(?:<[^>]*>|AP:[^ ]+ <[^>]*>|\|[^|]*\|) *(.*)$"
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
CODE, TEXT, ACCOUNT = pl.col("code"), pl.col("text"), pl.col("user_name")
IS_PORTAL = value("method").str.contains("(?i)web|captive").fill_null(value=False)
IS_LOGIN = CODE.is_in([LOGIN, REFUSED, INSTANT])


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a process, a number of six digits and a severity, each in angle brackets."""
    return line.str.contains(HEAD)


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the number of the message, and the pairs or the list of a login."""
    del names
    parts = pl.col("line").str.strip_chars_end("\r\n\x00 ").str.extract_groups(MESSAGE).struct
    lines = with_header(batch, context.reading).with_columns(
        code=parts.field("1"), text=parts.field("2")
    )
    user = pl.when(CODE == INSTANT).then(TEXT.str.extract(LISTED_USER, 1))
    return lines.with_columns(
        user.otherwise(TEXT.str.extract(USER, 1)).alias(f"{PREFIX}user"),
        *(_value(key).alias(f"{PREFIX}{key}") for key in PAIRS),
    )


def _value(key: str) -> pl.Expr:
    # the last of them: the name in front may hold the same words
    pair = TEXT.str.extract(rf"^.*[ .]{PAIRS[key]}{KEYS}", 1)
    if key not in LISTED:
        return pl.when(CODE != INSTANT).then(pair)
    front = "" if key == "card" else "^.*"
    listed = TEXT.str.extract(rf"{front}, {LISTED[key]}", 1)
    return pl.when(CODE == INSTANT).then(listed).otherwise(pair)


def more(context: Context) -> dict[str, pl.Expr]:
    """Return the result of a login and its device."""
    return {
        "src_ip": somewhere(address(value("ip"))),
        "name_proof": radius.proof(pl.when(~IS_PORTAL).then(pl.lit("said")), context.options),
        "activity": pl.lit("logon"),
        "logon_kind": word_of(("proxy", IS_PORTAL), otherwise="wifi"),
        "is_success": CODE != REFUSED,
        "failure_reason": pl.when(CODE == REFUSED).then(pl.lit("refused")),
        "is_machine": radius.is_computer(ACCOUNT) | mac(ACCOUNT).is_not_null(),
        "host": radius.computer_name(ACCOUNT),
    }


FORMAT = Format(
    name="aruba_os",
    product="Aruba wireless",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    split=split,
    fields={
        "user_name": "user",
        "src_mac": "card",
        "event_code": CODE,
        "kind": CODE,
        "reported_by": pl.col("syslog_host"),
    },
    classes={"logons": IS_LOGIN & value("user").is_not_null()},
    more=more,
    extras=by_name("nas", "ssid", "role", "vlan", "method"),
    must={
        "not a message of this product": CODE.is_not_null(),
        "a login whose words cannot be read": value("user").is_not_null() | ~IS_LOGIN,
    },
)
