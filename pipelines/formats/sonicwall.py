"""SonicWall (SonicOS) enhanced syslog: one line of `key=value`.

    <134>id=firewall sn=02AA00000001 time="2026-11-23 14:15:00 UTC" fw=203.0.113.1
    pri=6 c=1024 m=537 msg="Connection Closed" n=7 usr="ada" src=10.20.1.7:50354:X0
    dst=198.51.100.7:443:X1 proto=tcp/https sent=923 rcvd=77654 cdur=126000 ...

(one line). `time` is the firewall's time: UTC if marked, otherwise local civil time; a relay's
header may be hours away and is not used.

- `src` and `dst` are address, port, interface and name, any but the first missing; IPv6 is in
  `srcV6` and `dstV6`. `proto` joins protocol and service.
- `Connection Closed` is written at the end: it began `cdur` milliseconds before, and without
  `cdur` its beginning is unknown. `sent` is what the source sent.
- `m` numbers the message; web requests name their host in `dstname`.
- Alerts of the intrusion or application engine name the packet's sender first,
  who may have answered: they are system events. So are administrators' logins.
"""

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading import logons
from pipelines.formats.reading.fields import null_if_dash, to_int, word_of
from pipelines.formats.reading.keyvalue import with_values
from pipelines.formats.reading.pairs import Writers
from pipelines.formats.reading.syslog import HEADER_END
from pipelines.formats.reading.table import by_name, is_of, value

BODY = r'^(?:<[0-9]{1,3}>)?(?:[^="]*[ >])??(id=.*)$'
WRITERS = Writers(["usr"], ["dstname", "arg"], " arg=.*$")
END = r"^([0-9.]*)(?::([0-9]*))?(?::([^:]*))?(?::(.*))?$"
NAT = r"^([0-9.]+)(?::([0-9]+))?"
OPERATIONS = {"0": None, "1": "GET", "2": "POST", "3": "HEAD"}
FLOW = r"(?i)^connection |\b(?:packet|connection)s? (?:was )?(?:dropped|denied|blocked)"
STOPPED = r"(?i)\b(?:dropped|denied|blocked|prevented|rejected)\b"
USER = r"(?i)\buser log(?:in|ged)\b"

MESSAGE, DURATION = value("msg"), to_int(value("cdur"), 12)
SERVICE = value("proto").str.extract("/(https?)$")

ACTION = value("fw_action").str.to_lowercase()
IS_CLOSED = MESSAGE.str.contains("(?i)^connection closed").fill_null(value=False)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an id, a serial number and a quoted time, in this order."""
    return line.str.contains(HEADER_END + r'id=[^ "]+ (?:[a-z]+=[^ ]+ )*sn=[^ ]+ time="[0-9]{4}-')


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the pairs behind the header."""
    del context
    text = pl.col("line").str.strip_chars("\x00 ").str.extract(BODY)
    return with_values(batch, text, *names, writers=WRITERS, escapes=False)


FORMAT = Format(
    name="sonicwall",
    product="SonicWall SonicOS",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "logons", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=lambda context: clock.iso(value("time").str.replace(" UTC$", "Z"), context.reading),
    fields={
        "src_ip": pl.coalesce(value("srcV6"), value("src").str.extract(END, 1)),
        "src_port": value("src").str.extract(END, 2),
        "src_hostname": value("src").str.extract(END, 4),
        "src_mac": "srcMac",
        "user_name": "usr",
        "dst_ip": pl.coalesce(value("dstV6"), value("dst").str.extract(END, 1)),
        "dst_port": value("dst").str.extract(END, 2),
        "dst_hostname": value("dst").str.extract(END, 4),
        "protocol": value("proto").str.extract("^([^/]+)"),
        "bytes_in": "rcvd",
        "bytes_out": "sent",
        "nat_ip": value("natSrc").str.extract(NAT, 1),
        "nat_port": value("natSrc").str.extract(NAT, 2),
        "application": "appName",
        "method": value("op").replace(OPERATIONS),
        "url_scheme": SERVICE,
        "url_hostname": "dstname",
        "url": (SERVICE + "://").fill_null("") + value("dstname") + value("arg").fill_null(""),
        "status_code": "result",
        "category": value("Category", "webCategory", "website-category"),
        "event_code": "m",
        "logon_uid": "sess",
        "kind": "msg",
        "reported_by": "fw",
    },
    classes={
        "http_requests": null_if_dash(value("dstname")).is_not_null(),
        "logons": MESSAGE.str.contains(USER) & pl.col("user_name").is_not_null(),
        "connections": MESSAGE.str.contains(FLOW) & value("dst").is_not_null(),
    },
    more={
        "start_time": pl.when(IS_CLOSED)
        .then(pl.col("time") - pl.duration(milliseconds=DURATION, time_unit="us"))
        .otherwise("time"),
        "disposition": word_of(
            ("blocked", (ACTION == "drop") | MESSAGE.str.contains(STOPPED)),
            ("allowed", (ACTION == "forward") | is_of("connections", "http_requests")),
        ),
        "logon_kind": word_of(
            ("vpn", MESSAGE.str.contains("(?i)vpn|remote user")), otherwise="proxy"
        ),
        **logons.result(
            left=MESSAGE.str.contains("(?i)logged out|logout"),
            failed=MESSAGE.str.contains("(?i)denied|fail|reject"),
            entered=MESSAGE.str.contains("(?i)allowed|success"),
            reason=value("note", "msg"),
        ),
    },
    extras={
        **by_name("m", "msg", "proto", "rule", "note"),
        "fw_action": value("fw_action"),  # `NA` is the firewall's own word
    },
    must={
        "not key=value pairs": pl.col("is_pairs"),
        "beginning or duration cannot be read": value("cdur").is_null() | DURATION.is_not_null(),
    },
    required={"connections": ("dst_ip",), "http_requests": ("dst_ip",)},
    checked=("bytes_in", "bytes_out"),
)
