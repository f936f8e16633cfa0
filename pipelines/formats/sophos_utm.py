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

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context, Format, of_header
from pipelines.formats.reading.fields import null_if_dash, word_of
from pipelines.formats.reading.keyvalue import with_values
from pipelines.formats.reading.pairs import Writers
from pipelines.formats.reading.syslog import HEADER_END, with_header
from pipelines.formats.reading.table import are_counts, by_name, value
from pipelines.formats.reading.web import unless_challenged

OWN = (
    r"^(?:<[0-9]{1,3}>)?([0-9]{4}):([0-9]{2}):([0-9]{2})-([0-9:]{8}) ([^ ]+) "
    r"([^ \[:]+)(?:\[[0-9]+\])?: (.*)$"
)
WRITERS = Writers(["user"], ["url", "ua"], " (?:referer|ua)=.*$")
CONSOLES = ["webadmin", "sshd", "login"]
TUNNELS = r"(?i)vpn|ipsec|l2tp|pptp"

PARTS = pl.col("line").str.strip_chars_end("\r\n\x00 ").str.extract_groups(OWN).struct
SUB, ACTION, CALLER = value("sub"), value("action"), value("caller")
IS_CONSOLE = CALLER.is_in(CONSOLES).fill_null(value=False)
IS_FAILED = value("name").str.contains("(?i)fail")


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an id, a severity, a system and a part, one behind the other."""
    return line.str.contains(
        HEADER_END
        + r"(?:[0-9]{4}:[0-9]{2}:[0-9]{2}-[0-9:]{8} [^ ]+ [^ ]+: )?"
        + r'id="[0-9]{4}" severity="[a-z]+" sys="[A-Za-z]+" sub="[a-z]+"'
    )


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the pairs behind the UTM's own header or that of syslog."""
    text = pl.coalesce(PARTS.field("7"), "syslog_body").str.extract(r"(id=.*)$")
    headed = with_header(batch, context.reading)
    return with_values(headed, text, *names, writers=WRITERS, escapes=False)


def stamp(context: Context) -> Stamp:
    """Return the UTM's own time, or that of the syslog header."""
    date = pl.concat_str([PARTS.field(at) for at in "123"], separator="-")
    utm_stamp = clock.civil(date + " " + PARTS.field("4"), "%Y-%m-%d %H:%M:%S", context.reading)
    return clock.first(utm_stamp, of_header(context))


FORMAT = Format(
    name="sophos_utm",
    product="Sophos UTM",
    event_classes=("connections", "http_requests", "logons", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "src_ip": "srcip",
        "src_port": "srcport",
        "src_mac": "srcmac",
        "user_name": "user",
        "dst_ip": "dstip",
        "dst_port": "dstport",
        "protocol": "proto",
        "method": "method",
        "url": "url",
        "status_code": "statuscode",
        "bytes_in": "size",
        "content_type": "content-type",
        "referrer_hostname": "referer",
        "user_agent": "ua",
        "category": "categoryname",
        "event_code": "id",
        "kind": value("name", "sub"),
        "reported_by": (PARTS.field("5"), pl.col("syslog_host")),
    },
    classes={
        "connections": (SUB == "packetfilter") & value("dstip").is_not_null(),
        "http_requests": (SUB == "http") & null_if_dash(value("url")).is_not_null(),
        "logons": (SUB == "auth") & pl.col("user_name").is_not_null() & ~IS_CONSOLE,
    },
    more={
        "disposition": unless_challenged(
            value("statuscode"),
            word_of(
                ("blocked", ACTION.str.contains("(?i)drop|reject|block|warn")),
                ("allowed", ACTION.str.contains("(?i)accept|pass|request")),
            ),
        ),
        "activity": pl.lit("logon"),
        "logon_kind": word_of(
            ("vpn", CALLER.str.contains(TUNNELS)), ("proxy", CALLER.is_not_null())
        ),
        "is_success": ~IS_FAILED,
        "failure_reason": pl.when(IS_FAILED).then(null_if_dash(value("reason"))),
    },
    extras=by_name("action", "fwrule", "profile", "filteraction", "caller"),
    must={"not key=value pairs": pl.col("is_pairs"), "bytes are not a count": are_counts("size")},
)
