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

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context, Format, of_header
from pipelines.formats.reading import logons
from pipelines.formats.reading.fields import (
    account,
    address,
    null_if_dash,
    one_of,
    port,
    to_int,
    word_of,
)
from pipelines.formats.reading.flows import by_words, is_machine, seconds, somewhere
from pipelines.formats.reading.keyvalue import named_twice
from pipelines.formats.reading.office import as_iso
from pipelines.formats.reading.syslog import HEADER_END, with_header
from pipelines.formats.reading.table import PREFIX, by_name, is_of, value

# CEF: a header cut by bars, then ` key=value` where a value may hold blanks.
#
# A value ends at the next blank, key and `=`; `\=` belongs to the value.

PART = r"((?:[^|\\]|\\.)*)"
HEAD = (
    rf"^(?:.*?[ >:])??(?:CEF: ?)?[01]\|{PART}\|{PART}\|{PART}\|{PART}\|"
    rf"{PART}\|{PART}\|(.*)$"
)
KEY = r"[A-Za-z0-9_.\[\]-]+"
USERS = ["suser", "susr", "duser", "loginID", "PanOSSourceUserName"]
STOPPED = r"(?i)den[yi]|drop|block|refuse|discard|reject|reset|prevent"
PASSED = r"(?i)allow|accept|permit|pass|bypass|forward|opened"
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
"""Vendors whose `in` counts the bytes that the source received."""

SENT = ["Palo Alto Networks"]
TIMES = [
    "rt", "end", "start", "tz", "dtz", "FTNTFGTtz", "FTNTFGTeventtime", "ad.eventtime",
    "PanOSLogTimeStamp", "UNIFIutcTime",
]  # fmt: skip
OFFSET = r"^(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})$"

VENDOR, TITLE, PLAIN_TITLE = pl.col("vendor"), pl.col("title"), pl.col("plain_title")
STEP = value("PanOSEventID", "PanOSEventIDValue")
ACTIVITY = STEP.replace_strict(TUNNEL, default=None, return_dtype=pl.String)
SENDER = pl.coalesce(
    value("PanOSSourceUserName"),
    pl.when(~value("loginID").is_in(["-", ""])).then(value("loginID")),
    value("suser", "susr", "FTNTFGTunauthuser", "ad.unauthuser"),
)
LOGIN_USER = pl.coalesce(value("duser"), SENDER)
OUTCOME = pl.coalesce(value("PanOSEventStatus", "outcome", "act"), TITLE)
ACTION = pl.coalesce(value("act"), value("fw_action").replace("NA", None), value("outcome"), TITLE)
CATEGORY = pl.coalesce(
    pl.when(value(f"cs{at}Label").str.contains("(?i)category")).then(value(f"cs{at}"))
    for at in range(1, 7)
)
NAT = somewhere(address(value("sourceTranslatedAddress")))
IS_ALERT = PLAIN_TITLE.str.contains(ALERT)
HAS_SOURCE = value("src", "c6a2").is_not_null()
HAS_TARGET = value("dst", "c6a3").is_not_null()
IS_CARRIED = value("proto", "dpt").is_not_null()
IS_LOGIN = (
    pl.when(STEP.is_not_null())
    .then(ACTIVITY.is_not_null())
    .otherwise(PLAIN_TITLE.str.contains(LOGIN))
)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match seven parts after the word CEF, or after a bare 0."""
    parts = r"(?:[^|=]*\|){5}[A-Za-z0-9-]*\|"
    return line.str.contains(rf"{HEADER_END}(?:[^ |=]+ )?CEF: ?[01]\|{parts}") | line.str.contains(
        HEADER_END + r"[01]\|[A-Za-z][^|=]*\|(?:[^|=]*\|){4}[A-Za-z0-9-]*\|"
    )


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the syslog header, the header of CEF and the values behind it.

    Adds `vendor`, `product`, `event_id` and `title`, which are null if a line is not CEF,
    and `fields`: null if the text after the header is neither empty nor begins with a key.
    """
    groups = pl.col("line").str.strip_chars("\r\n\x00 ").str.extract_groups(HEAD)
    rest = groups.struct.field("7").str.strip_chars(" ")
    header = {"vendor": "1", "product": "2", "event_id": "4", "title": "5"}
    shapes = [rf" {key}=.*?(?: +{KEY}=|$)" for key in USERS]
    agent = rf" requestClientApplication=.* (?:{'|'.join(USERS)})="
    return (
        with_header(_joined(batch), context.reading)
        .with_columns(
            fields=pl.when(rest.str.contains(rf"^(?:{KEY}=|$)")).then(
                " " + rest.str.replace_all(r" (PanOS[A-Za-z]+) =", " $1=")
            ),
            **{key: _plain(groups.struct.field(at)) for key, at in header.items()},
        )
        .with_columns(
            *(_value(key).alias(f"{PREFIX}{key}") for key in dict.fromkeys((*names, *TIMES))),
            is_doubtful=named_twice(pl.col("fields"), *shapes)
            | pl.col("fields").str.contains(agent).fill_null(value=False),
            plain_title=TITLE.str.replace_all("_", " ", literal=True),
            line="as_written",
        )
        .collect()
        .rechunk()  # each text is a part of another one, which slows down all that reads it
        .lazy()
        .with_columns(**_stamps(context))
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


def _value(key: str) -> pl.Expr:
    text = pl.col("fields").str.extract(rf" {key}=(.*?)(?: +{KEY}=|$)", 1)
    return _plain(text.str.strip_chars(" ")).str.strip_chars('"').replace("", None)


def _plain(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(r"\\([=|\\])", "$1")


def _zone() -> pl.Expr:
    """Return the offset of times that lack one, behind a blank; or nothing."""
    zone = value("tz", "FTNTFGTtz", "dtz")
    return pl.when(zone.str.contains(OFFSET)).then(" " + zone).fill_null("")


def _stamps(context: Context) -> dict[str, pl.Expr]:
    """Return the time that counts in each of its spellings, the vendor's own before others."""
    vendor_time = value("FTNTFGTeventtime", "ad.eventtime")
    of_paloalto = pl.when(VENDOR == "Palo Alto Networks").then(value("PanOSLogTimeStamp", "start"))
    written = pl.coalesce(of_paloalto, value("rt", "end", "start"))
    when = pl.coalesce(vendor_time, written, value("UNIFIutcTime"))
    stamps = {
        "counted": clock.epoch_by_size(when),
        "worded": clock.worded(written + _zone(), context.reading),
        "iso": clock.iso(as_iso(when, "month_first"), context.reading),
    }
    return {f"{key}_time": stamp.time for key, stamp in stamps.items()} | {
        f"{key}_quality": stamp.quality for key, stamp in stamps.items()
    }


def stamp(context: Context) -> Stamp:
    """Return the first time that can be read."""
    return clock.first(
        *(
            Stamp(pl.col(f"{key}_time"), pl.col(f"{key}_quality"))
            for key in ("counted", "worded", "iso")
        ),
        of_header(context),
    )


def more(context: Context) -> dict[str, pl.Expr]:
    """Return what vendor and event decide."""
    began = pl.coalesce(
        clock.epoch_by_size(value("start")).time,
        clock.worded(value("start") + _zone(), context.reading).time,
    )
    lasted = seconds(value("FTNTFGTduration", "ad.duration")).fill_null(
        pl.duration(seconds=0, time_unit="us")
    )
    is_closed = TITLE.str.contains("(?i)closed").fill_null(value=False)
    option = pl.lit(one_of(context.options, "in", ("received", "sent")), pl.String)
    by_vendor = word_of(("received", VENDOR.is_in(RECEIVED)), ("sent", VENDOR.is_in(SENT)))
    is_received = pl.coalesce(option, by_vendor) == "received"
    into, out_of = to_int(value("in")), to_int(value("out"))
    return {
        "start_time": pl.when(VENDOR == "Fortinet")
        .then(pl.col("time") - lasted)
        .when(~is_closed)
        .then(pl.coalesce(began, "time"))
        .otherwise(began),
        "bytes_in": pl.when(is_received).then(into).when(~is_received).then(out_of),
        "bytes_out": pl.when(is_received).then(out_of).when(~is_received).then(into),
        "user_name": pl.coalesce(
            pl.when(is_of("logons")).then(account(value("duser"))), account(SENDER)
        ),
        "nat_ip": NAT,
        "nat_port": pl.when(NAT.is_not_null()).then(
            port(value("sourceTranslatedPort").replace("0", None))
        ),
        "disposition": by_words(ACTION, STOPPED, PASSED),
        **logons.result(
            left=pl.coalesce(ACTIVITY == "logoff", PLAIN_TITLE.str.contains(LEFT)),
            failed=OUTCOME.str.contains(FAILED),
            entered=OUTCOME.str.contains(ENTERED),
            reason=value("PanOSConnectionError", "PanOSDescription", "reason", "msg"),
        ),
        "logon_kind": word_of(("vpn", TITLE.str.contains("(?i)vpn") | ACTIVITY.is_not_null())),
        "assigned_ip": pl.when(STEP.is_in(["gateway-connected", "gateway-logout"])).then(
            pl.coalesce(somewhere(address(value(f"PanOSPrivateIPv{at}"))) for at in (4, 6))
        ),
        "is_machine": is_machine(LOGIN_USER) | SENDER.is_in(BEFORE_LOGON),
    }


FORMAT = Format(
    name="cef",
    product="any, in CEF",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "logons", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "src_ip": pl.coalesce(
            *(somewhere(address(value(f"PanOSPublicIPv{at}"))) for at in (4, 6)),
            value("src", "c6a2"),
        ),
        "src_port": "spt",
        "src_mac": "smac",
        "src_hostname": "shost",
        "user_domain": value("dntdom", "sntdom"),
        "dst_ip": value("dst", "c6a3"),
        "dst_port": "dpt",
        "dst_hostname": value("dhost", "destinationDnsDomain"),
        "protocol": value("proto").str.extract("^([^/]+)"),
        "application": value("appName", "app"),
        "category": CATEGORY,
        "method": "requestMethod",
        "url": "request",
        "referrer_hostname": "requestContext",
        "user_agent": "requestClientApplication",
        "host": "PanOSEndpointDeviceName",
        "event_code": pl.coalesce(STEP, "event_id"),
        "event_uid": "externalId",
        "kind": TITLE,
        "reported_by": pl.coalesce(value("dvchost", "dvc"), "syslog_host"),
    },
    classes={
        "logons": ~pl.col("is_rest") & IS_LOGIN & account(LOGIN_USER).is_not_null(),
        "system_events": pl.col("is_rest") | STEP.is_not_null() | IS_ALERT,
        "http_requests": HAS_SOURCE & null_if_dash(value("request")).is_not_null(),
        "connections": HAS_SOURCE & HAS_TARGET & IS_CARRIED,
    },
    more=more,
    extras={
        "vendor": VENDOR,
        "product": pl.col("product"),
        "name": TITLE,
        **by_name("act", "fw_action", "cat", "msg"),
    },
    must={
        "no CEF header of seven parts": VENDOR.is_not_null(),
        "no key=value pairs behind the header": pl.col("fields").is_not_null(),
    },
    required={"connections": ("dst_ip",)},
    checked=("dst_ip",),
)
