r"""CEF (ArcSight's log format), from any product without a specific format here.

    <134>Nov 23 08:15:00 fw01 CEF:0|Vendor|Product|1.0|98|Connection Opened|4|
    rt=1795443300000 src=10.20.1.7 spt=50354 dst=198.51.100.7 dpt=443 proto=TCP
    act=allow suser=ada ...

(one line). The word CEF may be missing, or be followed by a space. The time is the first that
exists of `rt`, `end`, `start` and the syslog header's; a line without any is rejected.
FortiGate's own `eventtime`, at the close of a session that began its duration before, and Palo
Alto's `start` take precedence, because there `rt` is when a collector received the line. `tz` or
`dtz` is the offset of the others.

- A value ends at the next ` key=` and may contain spaces; `\=`, `\|` and `\\` represent
  the character itself. Some products quote values.
- `in` and `out` have opposite meanings for different vendors. They are read where the
  vendor is known, or where the option `in` is `received` or `sent`; otherwise they are ignored.
- Forcepoint's `suser` is a directory path; the account is `loginID`. FortiGate's
  `unauthuser` is a name from the device's own traffic, without a login.
- GlobalProtect (`PanOSEventID`) records the user of a tunnel, the address outside, and the
  address that the laptop received inside; its other steps are system events.
- A message of Check Point may contain a line break: the next line, which has no header,
  belongs to the line above, and is a system event that repeats it.
- Alerts name the sender of a packet, who need not have opened the connection, so they are system
  events, as is everything that is not a flow, a request or a login.
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
    name,
    null_if_dash,
    one_of,
    port,
    to_int,
    word_of,
)
from pipelines.formats.reading.flows import is_machine, protocol, seconds, somewhere
from pipelines.formats.reading.keyvalue import json_of, named_twice
from pipelines.formats.reading.office import as_iso
from pipelines.formats.reading.syslog import HEADER_END, with_header
from pipelines.formats.reading.table import value

# CEF: a header cut by bars, then ` key=value` where a value may hold blanks.
#
# A value ends at the next blank, key and `=`; `\=` belongs to the value.

PART = r"((?:[^|\\]|\\.)*)"
HEAD = (
    rf"^(?:.*?[ >:])??(?:CEF: ?)?[01]\|{PART}\|{PART}\|{PART}\|{PART}\|"
    rf"{PART}\|{PART}\|(.*)$"
)
KEY = r"[A-Za-z0-9_.\[\]-]+"
KEYS = [
    "rt", "end", "start", "UNIFIutcTime", "src", "spt", "smac", "shost", "suser",
    "susr", "sntdom", "dst", "dpt", "dhost", "duser", "dntdom", "destinationDnsDomain",
    "proto", "act", "fw_action", "outcome", "reason", "msg", "in", "out", "app",
    "appName", "request", "requestMethod", "requestContext", "requestClientApplication",
    "sourceTranslatedAddress", "sourceTranslatedPort", "c6a2", "c6a3", "dvc", "dvchost",
    "externalId", "cat", "cs1", "cs2", "cs3", "cs4", "cs5", "cs6", "cs1Label",
    "cs2Label", "cs3Label", "cs4Label", "cs5Label", "cs6Label", "tz", "dtz", "loginID",
    "FTNTFGTtz", "FTNTFGTeventtime", "ad.eventtime", "FTNTFGTunauthuser",
    "ad.unauthuser", "FTNTFGTduration", "ad.duration", "PanOSEventID",
    "PanOSEventIDValue", "PanOSLogTimeStamp", "PanOSSourceUserName", "PanOSPublicIPv4",
    "PanOSPublicIPv6", "PanOSPrivateIPv4", "PanOSPrivateIPv6", "PanOSEventStatus",
    "PanOSEndpointDeviceName", "PanOSConnectionError", "PanOSDescription",
]  # fmt: skip
EXTRA = ["act", "fw_action", "cat", "msg"]
STOPPED = r"(?i)den[yi]|drop|block|refuse|discard|reject|reset|prevent"
PASSED = r"(?i)allow|accept|permit|pass|bypass|forward|opened"
CATEGORIES = pl.coalesce(
    [
        pl.when(value(f"cs{at}Label").str.contains("(?i)category")).then(value(f"cs{at}"))
        for at in range(1, 7)
    ]
)

TUNNEL = {
    "gw-auth": "logon", "gateway-auth": "logon", "gateway-connected": "logon",
    "portal-auth": "logon", "gateway-logout": "logoff",
}  # fmt: skip
"""Steps of GlobalProtect in which a user signed in or left."""
BEFORE_LOGON = ["pre-logon"]
"""User names of a tunnel before anyone has logged in."""
HEADED = r"[01]\|Check Point\|"
BEHIND = rf"^[^|]*(?:^| ){KEY}="
"""The rest of a line that was cut in two."""
ALERT = r"(?i)threat|alert|intrusion|ips\b|virus|malware|attack|detect|file"
LOGIN = (
    r"(?i)\b(?:log[io]n|log ?in|logged in|log ?out|log ?off|logged out"
    r"|authentication)\b"
)
LEFT = r"(?i)log(?:ged)? ?(?:out|off)"
FAILED = r"(?i)fail|den[yi]|reject|invalid|refuse"
ENTERED = r"(?i)success|accept|allow"
RECEIVED = [
    "SonicWall", "Fortinet", "Check Point", "FORCEPOINT", "Forcepoint", "Zscaler",
]  # fmt: skip
SENT = ["Palo Alto Networks"]
cls, title = pl.col("event_class"), pl.col("title")
STEP = pl.coalesce("key_PanOSEventID", "key_PanOSEventIDValue")

SENDER = pl.coalesce(
    "key_PanOSSourceUserName",
    pl.when(~pl.col("key_loginID").is_in(["-", ""])).then("key_loginID"),
    "key_suser",
    "key_susr",
    "key_FTNTFGTunauthuser",
    "key_ad.unauthuser",
)
OFFSET = r"^(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})$"
FLOWS = ["connections", "http_requests"]

REJECT_RULES = {
    "no CEF header of seven parts": pl.col("vendor").is_not_null(),
    "no key=value behind the header": pl.col("fields").is_not_null(),
    "no time": pl.col("time").is_not_null(),
    "source is not an address": ~cls.is_in(FLOWS) | pl.col("src_ip").is_not_null(),
    "target is not an address": ~cls.is_in(FLOWS)
    | value("dst").is_null()
    | pl.col("dst_ip").is_not_null(),
    "no host in the URL": (cls != "http_requests") | pl.col("url_hostname").is_not_null(),
}


def with_cef(batch: pl.LazyFrame) -> pl.LazyFrame:
    """Add the header's `vendor`, `product`, `event_id` and `title`, and the values.

    All are null if a line is not CEF; `fields` is null if the text after the
    header is neither empty nor begins with a key.
    """
    groups = pl.col("line").str.strip_chars("\r\n\x00 ").str.extract_groups(HEAD)
    rest = groups.struct.field("7").str.strip_chars(" ")
    named = {"vendor": "1", "product": "2", "event_id": "4", "title": "5"}
    names = ["suser", "susr", "duser", "loginID", "PanOSSourceUserName"]
    shapes = [rf" {key}=.*?(?: +{KEY}=|$)" for key in names]
    agent = rf" requestClientApplication=.* (?:{'|'.join(names)})="
    return batch.with_columns(
        fields=pl.when(rest.str.contains(rf"^(?:{KEY}=|$)")).then(
            " " + rest.str.replace_all(r" (PanOS[A-Za-z]+) =", " $1=")
        ),
        **{key: _plain(groups.struct.field(at)) for key, at in named.items()},
    ).with_columns(
        *(_found(key).alias(f"key_{key}") for key in KEYS),
        is_doubtful=named_twice(pl.col("fields"), *shapes)
        | pl.col("fields").str.contains(agent).fill_null(value=False),
    )


def disposition(title: pl.Expr) -> pl.Expr:
    """Return the action's words, or those of the event's name."""
    told = pl.coalesce("key_act", value("fw_action").replace("NA", None), "key_outcome", title)
    stopped, passed = told.str.contains(STOPPED), told.str.contains(PASSED)
    return word_of(("blocked", stopped & ~passed), ("allowed", passed & ~stopped))


def _found(key: str) -> pl.Expr:
    found = pl.col("fields").str.extract(rf" {key}=(.*?)(?: +{KEY}=|$)", 1)
    return _plain(found.str.strip_chars(" ")).str.strip_chars('"').replace("", None)


def _plain(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(r"\\([=|\\])", "$1")


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match seven parts after the word CEF, or after a bare 0."""
    parts = r"(?:[^|=]*\|){5}[A-Za-z0-9-]*\|"
    return line.str.contains(rf"{HEADER_END}(?:[^ |=]+ )?CEF: ?[01]\|{parts}") | line.str.contains(
        HEADER_END + r"[01]\|[A-Za-z][^|=]*\|(?:[^|=]*\|){4}[A-Za-z0-9-]*\|"
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of each event class; null where a line has none."""
    is_paloalto = pl.col("vendor") == "Palo Alto Networks"
    zone = pl.coalesce("key_tz", "key_FTNTFGTtz", "key_dtz")
    zone = pl.when(zone.str.contains(OFFSET)).then(" " + zone).fill_null("")
    own = pl.coalesce("key_FTNTFGTeventtime", "key_ad.eventtime")
    told = pl.coalesce(
        pl.when(is_paloalto).then(pl.coalesce("key_PanOSLogTimeStamp", "key_start")),
        "key_rt",
        "key_end",
        "key_start",
    )
    when_written = as_iso(pl.coalesce(own, told, "key_UNIFIutcTime"), "month_first")
    when = pl.coalesce(own, told, "key_UNIFIutcTime")
    began = pl.col("key_start")
    stamps = {
        "counted": clock.epoch_by_size(when),
        "worded": clock.worded(told + zone, context.reading),
        "iso": clock.iso(when_written, context.reading),
        "began": clock.epoch_by_size(began),
        "began_worded": clock.worded(began + zone, context.reading),
    }
    columns = {f"{key}_time": stamp.time for key, stamp in stamps.items()}
    columns |= {f"{key}_time_quality": stamp.quality for key, stamp in stamps.items()}
    lasted = seconds(pl.coalesce("key_FTNTFGTduration", "key_ad.duration")).fill_null(
        pl.duration(seconds=0, time_unit="us")
    )
    closed = title.str.contains("(?i)closed").fill_null(value=False)
    stamp = clock.first(*(column(key) for key in ("counted", "worded", "iso", "syslog")))
    return (
        with_cef(with_header(_joined(batch), context.reading))
        .with_columns(**columns)
        .with_columns(
            time=stamp.time,
            time_quality=stamp.quality,
            start_time=pl.coalesce("began_time", "began_worded_time"),
            event_class=event_class(),
        )
        .with_columns(
            start_time=pl.when(pl.col("vendor") == "Fortinet")
            .then(pl.col("time") - lasted)
            .otherwise("start_time")
        )
        .with_columns(
            start_time=pl.when(~closed | pl.col("start_time").is_not_null()).then(
                pl.coalesce("start_time", "time")
            )
        )
        .with_columns(**flow(context), **web(), **logon())
        .with_columns(line="as_written", message="as_written")
    )


def _joined(batch: pl.LazyFrame) -> pl.LazyFrame:
    """Join both halves of a line that was cut in two.

    Adds `as_written`, and `is_rest`: it is the second half.
    """
    line = pl.col("line")
    is_next = (pl.col("line_no").diff() == 1) & (pl.col("file_id").diff() == 0)
    is_rest = is_next & line.shift(1).str.contains(HEADED) & line.str.contains(BEHIND)
    is_rest = is_rest.fill_null(value=False)
    is_begun = is_rest.shift(-1, fill_value=False)
    return batch.with_columns(
        as_written=line,
        is_rest=is_rest,
        line=pl.when(is_begun)
        .then(pl.concat_str(line, line.shift(-1), separator=" "))
        .when(is_rest)
        .then(pl.concat_str(line.shift(1), line, separator=" "))
        .otherwise(line),
    )


def column(key: str) -> clock.Stamp:
    """Return a timestamp that `read` has put into two columns."""
    return clock.Stamp(pl.col(f"{key}_time"), pl.col(f"{key}_time_quality"))


def event_class() -> pl.Expr:
    """Classify by the name of the event and by its content."""
    source = pl.coalesce("key_src", "key_c6a2").is_not_null()
    target = pl.coalesce("key_dst", "key_c6a3").is_not_null()
    carried = pl.coalesce("key_proto", "key_dpt").is_not_null()
    person = account(pl.coalesce(value("duser"), SENDER)).is_not_null()
    plain = title.str.replace_all("_", " ", literal=True)
    alert = plain.str.contains(ALERT)
    return (
        pl.when(pl.col("is_rest"))
        .then(pl.lit("system_events"))
        .when(STEP.is_not_null())
        .then(
            pl.when(STEP.is_in(list(TUNNEL)) & person)
            .then(pl.lit("logons"))
            .otherwise(pl.lit("system_events"))
        )
        .when(plain.str.contains(LOGIN) & person)
        .then(pl.lit("logons"))
        .when(source & null_if_dash(value("request")).is_not_null() & ~alert)
        .then(pl.lit("http_requests"))
        .when(source & target & carried & ~alert)
        .then(pl.lit("connections"))
        .otherwise(pl.lit("system_events"))
    )


def flow(context: Context) -> dict[str, pl.Expr]:
    """Return columns of a flow, and those that other classes share with it."""
    outside = somewhere(address(value("sourceTranslatedAddress")))
    option = pl.lit(one_of(context.options, "in", ("received", "sent")), pl.String)
    vendor = pl.col("vendor")
    meaning = pl.coalesce(
        option,
        pl.when(vendor.is_in(RECEIVED)).then(pl.lit("received")),
        pl.when(vendor.is_in(SENT)).then(pl.lit("sent")),
    )
    first, second = to_int(value("in")), to_int(value("out"))
    user = pl.when(cls == "logons").then(account(value("duser")))
    public = [somewhere(address(value(f"PanOSPublicIPv{at}"))) for at in (4, 6)]
    return {
        "src_ip": pl.coalesce(*public, address(pl.coalesce("key_src", "key_c6a2"))),
        "src_port": port(value("spt")),
        "src_mac": mac(value("smac")),
        "src_hostname": name(value("shost")),
        "user_name": pl.coalesce(user, account(SENDER)),
        "dst_ip": address(pl.coalesce("key_dst", "key_c6a3")),
        "dst_port": port(value("dpt")),
        "dst_hostname": name(pl.coalesce("key_dhost", "key_destinationDnsDomain")),
        "protocol": protocol(value("proto").str.extract("^([^/]+)")),
        "bytes_in": pl.when(meaning == "received").then(first).when(meaning == "sent").then(second),
        "bytes_out": pl.when(meaning == "received")
        .then(second)
        .when(meaning == "sent")
        .then(first),
        "nat_ip": outside,
        "nat_port": pl.when(outside.is_not_null()).then(
            port(value("sourceTranslatedPort").replace("0", None))
        ),
        "application": null_if_dash(pl.coalesce("key_appName", "key_app")),
        "category": null_if_dash(CATEGORIES),
        "disposition": disposition(title),
        "event_uid": null_if_dash(value("externalId")),
        "extras": extras(),
        "kind": title,
        "reported_by": name(pl.coalesce("key_dvchost", "key_dvc", "syslog_host")),
        "message": pl.col("line"),
    }


def extras() -> pl.Expr:
    """Return the header, and fields without a column."""
    fields = [pl.col("vendor"), pl.col("product"), title.alias("name")]
    fields += [null_if_dash(value(key)).alias(key) for key in EXTRA]
    return pl.when(cls != "system_events").then(json_of(fields))


def web() -> dict[str, pl.Expr]:
    """Return columns of a request."""
    url = null_if_dash(value("request"))
    return {
        "method": null_if_dash(value("requestMethod")).str.to_uppercase(),
        "url_scheme": url.str.extract("^([a-z]+)://"),
        "url_hostname": hostname(url),
        "url": url.str.slice(0, MAX_URL),
        "referrer_hostname": hostname(null_if_dash(value("requestContext"))),
        "user_agent": null_if_dash(value("requestClientApplication")),
    }


def logon() -> dict[str, pl.Expr]:
    """Return the columns of a login; its outcome or its name shows the result."""
    told = pl.coalesce("key_PanOSEventStatus", "key_outcome", "key_act", "title")
    step = STEP.replace_strict(TUNNEL, default=None, return_dtype=pl.String)
    left = pl.coalesce(
        step == "logoff", title.str.replace_all("_", " ", literal=True).str.contains(LEFT)
    )
    private = [somewhere(address(value(f"PanOSPrivateIPv{at}"))) for at in (4, 6)]
    failed = told.str.contains(FAILED)
    return {
        "user_domain": null_if_dash(pl.coalesce("key_dntdom", "key_sntdom")),
        "activity": pl.when(left).then(pl.lit("logoff")).otherwise(pl.lit("logon")),
        "logon_kind": pl.when(title.str.contains("(?i)vpn") | step.is_not_null()).then(
            pl.lit("vpn")
        ),
        "host": name(value("PanOSEndpointDeviceName")),
        "assigned_ip": pl.when(STEP.is_in(["gateway-connected", "gateway-logout"])).then(
            pl.coalesce(*private)
        ),
        "is_success": pl.when(left)
        .then(None)
        .when(failed)
        .then(pl.lit(value=False))
        .when(told.str.contains(ENTERED))
        .then(pl.lit(value=True)),
        "failure_reason": pl.when(failed & ~left).then(
            null_if_dash(
                pl.coalesce(
                    "key_PanOSConnectionError", "key_PanOSDescription", "key_reason", "key_msg"
                )
            )
        ),
        "event_code": pl.coalesce(STEP, "event_id"),
        "is_machine": is_machine(pl.coalesce(value("duser"), SENDER)) | SENDER.is_in(BEFORE_LOGON),
    }


FORMAT = Format(
    name="cef",
    product="any, in CEF",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
