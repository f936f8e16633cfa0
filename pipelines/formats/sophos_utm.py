"""Sophos UTM (Astaro): packet filter, web proxy and logins, as `key="value"`.

    2026:11:02-08:15:00 utm ulogd[4711]: id="2002" severity="info" sys="SecureNet"
    sub="packetfilter" name="Packet accepted" action="accept" srcip="192.0.2.17" ...
    <30>Nov  2 08:15:00 utm httpproxy[9122]: id="0001" severity="info" sys="SecureWeb"
    sub="http" name="http access" action="pass" method="GET" srcip="192.0.2.17"
    user="ada" statuscode="200" size="2345" url="https://www.example.org/a" ...

(each one line). In the files of the UTM itself the date has colons. `sub="auth"` is a login to
the VPN, the portal or the console, depending on `caller`; a console login is not a user's.
Everything else is `system_events`.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    mac,
    media_type,
    name,
    null_if_dash,
    port,
    to_int,
    word_of,
)
from pipelines.formats.reading.flows import is_machine, protocol
from pipelines.formats.reading.keyvalue import as_json, with_values
from pipelines.formats.reading.pairs import Writers
from pipelines.formats.reading.syslog import HEADER_END, with_header
from pipelines.formats.reading.table import value
from pipelines.formats.reading.web import unless_challenged

OWN = (
    r"^(?:<[0-9]{1,3}>)?([0-9]{4}):([0-9]{2}):([0-9]{2})-([0-9:]{8}) ([^ ]+) "
    r"([^ \[:]+)(?:\[[0-9]+\])?: (.*)$"
)
WRITERS = Writers(["user"], ["url", "ua"], " (?:referer|ua)=.*$")
KEYS = [
    "id", "sub", "name", "action", "srcip", "dstip", "srcport", "dstport", "srcmac",
    "proto", "user", "method", "statuscode", "size", "url", "referer", "ua",
    "categoryname", "content-type", "caller", "reason", "fwrule", "profile",
    "filteraction",
]  # fmt: skip
EXTRA = ["action", "fwrule", "profile", "filteraction", "caller"]
CONSOLES = ["webadmin", "sshd", "login"]
TUNNELS = r"(?i)vpn|ipsec|l2tp|pptp"
FLOWS = ["connections", "http_requests"]
sub, cls = pl.col("sub"), pl.col("event_class")

REJECT_RULES = {
    "not key=value pairs": pl.col("is_pairs"),
    "no stamp that can be read": pl.col("time").is_not_null(),
    "source is not an address": ~cls.is_in(FLOWS) | pl.col("src_ip").is_not_null(),
    "no host in the URL": (cls != "http_requests") | pl.col("url_hostname").is_not_null(),
    "size is not a count": value("size").is_null() | to_int(value("size")).is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an id, a severity, a system and a part, one behind the other."""
    return line.str.contains(
        HEADER_END
        + r"(?:[0-9]{4}:[0-9]{2}:[0-9]{2}-[0-9:]{8} [^ ]+ [^ ]+: )?"
        + r'id="[0-9]{4}" severity="[a-z]+" sys="[A-Za-z]+" sub="[a-z]+"'
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of the event class that the part belongs to."""
    own = pl.col("line").str.strip_chars_end("\r\n\x00 ").str.extract_groups(OWN).struct
    date = pl.concat_str([own.field(at) for at in "123"], separator="-")
    stamp = clock.civil(date + " " + own.field("4"), "%Y-%m-%d %H:%M:%S", context.reading)
    text = pl.coalesce(own.field("7"), "syslog_body").str.extract(r"(id=.*)$")
    url = null_if_dash(value("url"))
    user = pl.col("user_name")
    return (
        with_values(
            with_header(batch, context.reading),
            text,
            *KEYS,
            writers=WRITERS,
            escapes=False,
        )
        .with_columns(
            time=pl.coalesce(stamp.time, "syslog_time"),
            time_quality=pl.coalesce(stamp.quality, "syslog_time_quality"),
            reported_by=pl.coalesce(name(own.field("5")), "syslog_host"),
            sub=value("sub"),
            user_name=account(value("user")),
        )
        .with_columns(event_class=_event_class())
        .with_columns(
            start_time=pl.col("time"),
            src_ip=address(value("srcip")),
            src_port=port(value("srcport")),
            src_mac=mac(value("srcmac")),
            dst_ip=address(value("dstip")),
            dst_port=port(value("dstport")),
            protocol=protocol(value("proto")),
            method=null_if_dash(value("method")).str.to_uppercase(),
            url_scheme=url.str.extract("^([a-z]+)://"),
            url_hostname=hostname(url),
            url=url.str.slice(0, MAX_URL),
            status_code=to_int(value("statuscode"), 3).cast(pl.Int16),
            bytes_in=to_int(value("size")),
            content_type=media_type(value("content-type")),
            referrer_hostname=hostname(null_if_dash(value("referer"))),
            user_agent=null_if_dash(value("ua")),
            category=null_if_dash(value("categoryname")),
            disposition=unless_challenged(to_int(value("statuscode"), 3), _disposition()),
            is_machine=is_machine(user),
            **_logon(),
            kind=pl.coalesce(value("name"), sub),
            message=pl.col("line"),
        )
        .with_columns(extras=pl.when(cls != "system_events").then(as_json(*EXTRA)))
    )


def _event_class() -> pl.Expr:
    is_console = value("caller").is_in(CONSOLES).fill_null(value=False)
    return word_of(
        ("connections", (sub == "packetfilter") & value("dstip").is_not_null()),
        ("http_requests", (sub == "http") & null_if_dash(value("url")).is_not_null()),
        ("logons", (sub == "auth") & pl.col("user_name").is_not_null() & ~is_console),
        otherwise="system_events",
    )


def _disposition() -> pl.Expr:
    did = value("action")
    return word_of(
        ("blocked", did.str.contains("(?i)drop|reject|block|warn")),
        ("allowed", did.str.contains("(?i)accept|pass|request")),
    )


def _logon() -> dict[str, pl.Expr]:
    failed = value("name").str.contains("(?i)fail")
    return {
        "activity": pl.lit("logon"),
        "logon_kind": pl.when(value("caller").str.contains(TUNNELS))
        .then(pl.lit("vpn"))
        .when(value("caller").is_not_null())
        .then(pl.lit("proxy")),
        "is_success": ~failed,
        "failure_reason": pl.when(failed).then(null_if_dash(value("reason"))),
        "event_code": value("id"),
    }


FORMAT = Format(
    name="sophos_utm",
    product="Sophos UTM",
    event_classes=("connections", "http_requests", "logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
