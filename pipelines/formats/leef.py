"""LEEF (QRadar's log format), from any product without a specific format here.

    <134>Nov 23 08:15:00 fw01 LEEF:2.0|Vendor|Product|1.0|allow|^|devTime=1795443300000^
    src=10.20.1.7^srcPort=50354^dst=198.51.100.7^dstPort=443^proto=tcp^usrName=ada

(one line). Version 1.0 separates by tab, version 2.0 also by a character that it names. The time
is `devTime`, or the syslog header's; a line with neither is rejected.

- `srcBytes` are the bytes that the source sent, `dstBytes` those that it received.
- The result of a flow is in `action`, or in the event id.
- Alerts name the sender of a packet, who need not have opened the connection, so they are system
  events, as is everything that is not a flow, a request or a login.
"""

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context, Format, of_header
from pipelines.formats.reading import logons
from pipelines.formats.reading.fields import null_if_dash
from pipelines.formats.reading.flows import by_words
from pipelines.formats.reading.keyvalue import with_fields, with_leef
from pipelines.formats.reading.syslog import HEADER_END, with_header
from pipelines.formats.reading.table import by_name, is_of, value

ALERT = r"(?i)threat|alert|intrusion|ips\b|virus|malware|attack|detect|integrity"
LOGIN = r"(?i)\b(?:log ?in|logon|logged ?in|log ?out|log ?off|logged ?out|authentication)"
LEFT = r"(?i)log(?:ged)? ?(?:out|off)"
FAILED = r"(?i)fail|den[yi]|reject|invalid|refuse"
ENTERED = r"(?i)success|accept|allow"
STOPPED = r"(?i)den[yi]|drop|block|refuse|discard|reject|reset|prevent"
PASSED = r"(?i)allow|accept|permit|pass|forward"

EVENT = pl.col("event_id")
TITLE = pl.coalesce(value("name"), EVENT, value("cat")).str.replace_all("_", " ", literal=True)
OUTCOME = pl.coalesce(value("outcome", "action", "act"), TITLE)

IS_ALERT = (TITLE.str.contains(ALERT) | value("cat").str.contains(ALERT)).fill_null(value=False)
HAS_SOURCE, HAS_TARGET = value("src").is_not_null(), value("dst").is_not_null()
HAS_URL, IS_CARRIED = value("url", "request").is_not_null(), value("proto", "dstPort").is_not_null()


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match the word LEEF and its version; WatchGuard's lines have their own format."""
    return line.str.contains(HEADER_END + r"LEEF: ?[12]\.0\|") & ~line.str.contains(
        "0|WatchGuard|", literal=True
    )


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the syslog header, the header of LEEF and the pairs behind it."""
    headed = with_leef(with_header(batch, context.reading), pl.col("line"))
    return with_fields(headed, *names, names=["usrName"], visitors=["userAgent"])


def stamp(context: Context) -> Stamp:
    """Return `devTime`, or the time in the syslog header."""
    when = value("devTime")
    return clock.first(
        clock.epoch_by_size(when),
        clock.worded(when, context.reading),
        clock.iso(when, context.reading),
        of_header(context),
    )


FORMAT = Format(
    name="leef",
    product="any, in LEEF",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "logons", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "src_ip": "src",
        "src_port": "srcPort",
        "src_mac": "srcMAC",
        "src_hostname": "identHostName",
        "user_name": "usrName",
        "user_domain": "domain",
        "dst_ip": "dst",
        "dst_port": "dstPort",
        "protocol": "proto",
        "bytes_in": "dstBytes",
        "bytes_out": "srcBytes",
        "nat_ip": "srcPostNAT",
        "nat_port": "srcPostNATPort",
        "application": "application",
        "url": ("url", "request"),
        "method": "method",
        "user_agent": "userAgent",
        "event_code": EVENT,
        "reported_by": pl.coalesce(value("dvchost"), "syslog_host"),
    },
    classes={
        "logons": TITLE.str.contains(LOGIN) & pl.col("user_name").is_not_null(),
        "http_requests": HAS_SOURCE & HAS_URL & ~IS_ALERT,
        "connections": HAS_SOURCE & HAS_TARGET & IS_CARRIED & ~IS_ALERT,
    },
    more={
        "kind": TITLE,
        "category": pl.when(is_of("http_requests")).then(null_if_dash(value("cat"))),
        "disposition": by_words(
            pl.coalesce(value("action", "act", "outcome"), EVENT), STOPPED, PASSED
        ),
        "logon_kind": pl.when(TITLE.str.contains("(?i)vpn")).then(pl.lit("vpn")),
        **logons.result(
            left=TITLE.str.contains(LEFT),
            failed=OUTCOME.str.contains(FAILED),
            entered=OUTCOME.str.contains(ENTERED),
            reason=value("reason", "msg"),
        ),
    },
    extras={
        "vendor": pl.col("vendor"),
        "product": pl.col("product"),
        "event_id": EVENT,
        "title": TITLE,
        **by_name("action", "cat", "policy", "msg"),
    },
    must={
        "no LEEF header": pl.col("vendor").is_not_null(),
        "no key=value pairs behind the header": pl.col("fields").is_not_null(),
    },
    required={"connections": ("dst_ip",)},
    checked=("dst_ip", "bytes_in", "bytes_out"),
)
