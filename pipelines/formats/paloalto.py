r"""PAN-OS of Palo Alto Networks: traffic, visited URLs, VPN logons, user mapping.

    Nov  2 08:15:00 pa1 1,2026/11/02 08:15:00,0123456789,TRAFFIC,end,2049,
    2026/11/02 08:15:00,192.0.2.17,198.51.100.7,203.0.113.1,...

(one line). Comma-separated, quoted where a value holds a comma, no header line; each version
appends columns. Three clocks: of the relay, of the receipt, and of the record, which counts
here. It is local and has no zone, unless the line ends in a stamp with an offset (from version
10 on), which then counts, or the syslog header shows the same time with its offset.

- A session may be reported at its start and again at its end (`phase` in `extras`), under one
  session number (`connection_uid`), which is reused later. A URL has no bytes, and contains the
  number of its session (`session` in `extras`). `bytes sent` is from the client. Traffic has a
  column for its start.
- The URL has no scheme. `block-continue` shows a page with a button to continue.
- User mapping is the firewall's guess about an address, from any source. A mapping of a range of
  ports is of a terminal server, whose address many people share: that is a system event.
- Options: `outside_zones` (`untrust,wan`) distinguishes inbound from outbound.
"""

from collections.abc import Mapping

import polars as pl

from pipelines import clock
from pipelines.clock import Reading, Stamp
from pipelines.formats import Context, Format
from pipelines.formats.reading.csv import cell, cells, width
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    media_type,
    name,
    null_if_dash,
    port,
    to_int,
    where_rare,
    word_of,
)
from pipelines.formats.reading.flows import direction, is_machine, protocol, seconds, somewhere
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import HEADER_END, with_header

# Columns of a PAN-OS log by the kind of line, its clock, and its logons.
#
# Positions count from 0, the reserved first column. New versions append columns,
# so a position holds for all of them.

WIDTHS = {"traffic": 46, "url": 42, "vpn": 36, "mapping": 20, "auth": 16}
"""The fewest columns that any version writes."""

PLACES: Mapping[str, Mapping[str, int]] = {
    "generated": {"traffic": 6, "url": 6, "vpn": 6, "mapping": 6, "auth": 6},
    "source": {"traffic": 7, "url": 7, "vpn": 15, "mapping": 8},
    "source_v6": {"vpn": 16},
    "target": {"traffic": 8, "url": 8},
    "nat": {"traffic": 9},
    "rule": {"traffic": 11, "url": 11},
    "user": {"traffic": 12, "url": 12, "vpn": 12, "mapping": 9},
    "app": {"traffic": 14, "url": 14},
    "from_zone": {"traffic": 16, "url": 16},
    "to_zone": {"traffic": 17, "url": 17},
    "session": {"traffic": 22, "url": 22},
    "repeats": {"traffic": 23, "url": 23},
    "from_port": {"traffic": 24, "url": 24},
    "to_port": {"traffic": 25, "url": 25},
    "worn_port": {"traffic": 26},
    "transport": {"traffic": 29, "url": 29},
    "action": {"traffic": 30, "url": 30},
    "sent": {"traffic": 32},
    "received": {"traffic": 33},
    "began": {"traffic": 35},
    "lasted": {"traffic": 36},
    "class": {"traffic": 37, "url": 33},
    "number": {"traffic": 39, "url": 36, "vpn": 34, "mapping": 18, "auth": 15},
    "end_reason": {"traffic": 46},
    "asked": {"url": 31},
    "media": {"url": 41},
    "agent": {"url": 46},
    "forwarded_for": {"url": 48},
    "referrer": {"url": 49},
    "verb": {"url": 63},
    "event": {"vpn": 8, "auth": 8},
    "told": {"auth": 14},
    "machine": {"vpn": 14},
    "inside": {"vpn": 17},
    "inside_v6": {"vpn": 18},
    "cause": {"vpn": 25},
    "error": {"vpn": 26},
    "status": {"vpn": 28},
    "portal": {"vpn": 33},
    "data_source": {"mapping": 16},
    "timeout_seconds": {"mapping": 13},
    "first_port": {"mapping": 14},
}

SEVENTH = r"^(?:[^,]*,){6}([0-9][^,]*),"
OFFSET = r"T[0-9:.]{8,16}[+-][0-9]{2}:[0-9]{2}(?:,|$)"
OFFSET_STAMP = r",([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,16}[+-][0-9]{2}:[0-9]{2})(?:,|$)"
HEADER_STAMP = r"^[^,]*?([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8})[0-9.]*(Z|[+-][0-9]{2}:[0-9]{2}) "
SAME_CLOCK = pl.duration(minutes=5)
"""A header this near by the clock on the wall was written by the same clock."""

STAMPED = r"^(?:[0-9]{4}[/-][0-9]{2}[/-][0-9]{2}[ T][0-9:]{8}|$)"
FLAGS, COUNT, NUMBERED = "^0x[0-9a-fA-F]+$", "^[0-9]+$", r"\(?[0-9]+\)?$"
SEVERITIES = ["informational", "low", "medium", "high", "critical"]
DIRECTIONS = ["client-to-server", "server-to-client", "0", "1", "unknown", ""]
VPN_STATUS = ["success", "failure", ""]

ACTIVITIES = {
    "gw-auth": "logon",
    "portal-auth": "logon",
    "gateway-auth": "logon",
    "gateway-connected": "logon",
    "gateway-logout": "logoff",
}
PROVEN = (
    r"^(failed authentication|authenticated) for user (?:'(.*)'|([^'].*?))\."
    r"(?: +(?:Reason: |auth profile )|$)"
)
"""PAN-OS's own messages about a login to GlobalProtect or a captive portal."""

BEFORE_LOGON = ["pre-logon", "pre-login"]
RECORD = pl.col("record")

HEAD = (
    r"^[0-9]*,[0-9]{4}[/-][0-9]{2}[/-][0-9]{2}[ T][0-9:.]{8,18}Z?,[^,]*,"
    r"([A-Z][A-Z_-]+),([^,]*),"
)
CLASSES = {
    "traffic": "connections",
    "url": "http_requests",
    "vpn": "logons",
    "mapping": "logons",
    "auth": "logons",
}
BLOCKS = r"^(?:deny|drop|reset|block|sinkhole|random-drop|override-lockout|continue-lockout)"
IS_RECORD = pl.col("event_class") != "system_events"
IS_FLOW = pl.col("event_class").is_in(["connections", "http_requests"])


def values() -> dict[str, pl.Expr]:
    """Return a text column `raw_<name>` for each name in `PLACES`, by `record`."""
    return {f"raw_{name}": _value(by_kind) for name, by_kind in PLACES.items()}


def raw(name: str) -> pl.Expr:
    """Return the text of a column of the line."""
    return pl.col(f"raw_{name}")


def _value(by_kind: Mapping[str, int]) -> pl.Expr:
    kinds_at: dict[int, list[str]] = {}
    for kind, place in by_kind.items():
        kinds_at.setdefault(place, []).append(kind)
    return pl.coalesce(
        [
            pl.when(pl.col("record").is_in(kinds)).then(cell(place))
            for place, kinds in kinds_at.items()
        ]
    )


def in_place() -> pl.Expr:
    """Return whether the columns with recognizable values are in their positions.

    A value with a comma and no quotes, or a layout of the administrator's own, moves
    others to the right: a rule would be read as a user.
    """
    flow = (
        cell(21).str.contains(STAMPED)
        & cell(28).str.contains(FLAGS)
        & cell(9).str.contains(r"^[0-9a-fA-F:.]*$")
        & cell(10).str.contains(r"^[0-9a-fA-F:.]*$")
    )
    url = cell(32).str.contains(NUMBERED) & cell(34).is_in(SEVERITIES) & cell(35).is_in(DIRECTIONS)
    vpn = cell(28).is_in(VPN_STATUS) & pl.all_horizontal(
        cell(at).str.contains(r"^(?:[0-9a-fA-F.:]*[.:][0-9a-fA-F.:]*)?$") for at in (15, 16, 17, 18)
    )
    mapping = ~cell(16).str.contains(COUNT) & pl.all_horizontal(
        cell(at).str.contains(COUNT) for at in (12, 13, 14, 18)
    )
    return (
        pl.when(RECORD == "traffic")
        .then(flow)
        .when(RECORD == "url")
        .then(flow & url)
        .when(RECORD == "vpn")
        .then(vpn)
        .when(RECORD == "mapping")
        .then(mapping)
        .when(RECORD == "auth")
        .then(cell(13).is_in(SEVERITIES) & cell(15).str.contains(COUNT))
    )


def timed(lines: pl.LazyFrame, reading: Reading) -> pl.LazyFrame:
    """Add `time`, `time_quality` and `start_time`."""
    generated, body = pl.col("generated"), pl.col("syslog_body")
    local, began = pl.col("local").struct, pl.col("began").struct
    # few lines have an offset at their end, or a record whose columns are not known
    offset = pl.when(body.str.contains(OFFSET)).then(body)
    unread = pl.when(raw("generated").is_null()).then(body)
    at_end = where_rare(offset, lambda one: one.str.extract(OFFSET_STAMP, 1))
    sure = pl.coalesce(clock.iso(at_end, reading).time, _by_header(generated))
    # an offset changes the hour only; a stamp further away is of something else
    is_near = (sure - pl.col("local_time")).abs() <= pl.duration(hours=26)
    lasted = pl.coalesce(
        pl.col("local_time") - pl.col("began_time"),
        pl.when(null_if_dash(raw("began")).is_null()).then(seconds(raw("lasted"))),
    )
    return (
        lines.with_columns(
            generated=pl.coalesce(
                raw("generated"), where_rare(unread, lambda one: one.str.extract(SEVENTH, 1))
            )
        )
        .with_columns(
            local=_stamp_pair(generated, reading), began=_stamp_pair(raw("began"), reading)
        )
        .with_columns(
            local_time=local.field("time"),
            local_quality=local.field("quality"),
            began_time=began.field("time"),
        )
        .with_columns(time=pl.when(is_near).then(sure))
        .with_columns(
            time_quality=pl.when(pl.col("time").is_not_null())
            .then(pl.lit("exact"))
            .otherwise("local_quality"),
            time=pl.coalesce("time", "local_time"),
        )
        .with_columns(
            start_time=pl.when(RECORD == "traffic").then(pl.col("time") - lasted).otherwise("time")
        )
    )


def _by_header(generated: pl.Expr) -> pl.Expr:
    """Return the record's stamp with the header's offset, where one clock wrote both."""
    # a stamp with its offset is that long; records themselves begin with a number
    has_header = pl.col("line").str.find(",", literal=True) >= len("2026-11-02T08:15:00Z")
    headed = pl.when(has_header).then("line")
    header = headed.str.extract_groups(HEADER_STAMP).struct
    own = pl.when(header.field("1").is_not_null()).then(generated)
    walls = [_stamp(text, Reading("UTC")) for text in (own, header.field("1"))]
    is_same = (walls[0].time - walls[1].time).abs() <= SAME_CLOCK
    return pl.when(is_same).then(_stamp(generated + header.field("2"), Reading("UTC")).time)


def _stamp(text: pl.Expr, reading: Reading) -> Stamp:
    pair = _stamp_pair(text, reading).struct
    return Stamp(pair.field("time"), pair.field("quality"))


def _stamp_pair(text: pl.Expr, reading: Reading) -> pl.Expr:
    return clock.iso_pair(text.str.replace_all("/", "-", literal=True), reading)


def logon() -> dict[str, pl.Expr]:
    """Return the columns of `logons`, of the VPN and of user mapping."""
    activity = raw("event").replace_strict(ACTIVITIES, default=None, return_dtype=pl.String)
    user, is_logon = pl.col("user_name"), (RECORD == "vpn") & (activity == "logon")
    proven, told = raw("told").str.extract(PROVEN, 1), raw("told")
    is_proven = pl.when(RECORD == "auth").then(proven == "authenticated")
    is_vpn = (RECORD == "vpn") | (raw("data_source") == "vpn-client")
    inside = pl.coalesce(somewhere(address(raw("inside"))), somewhere(address(raw("inside_v6"))))
    has_inside = raw("event").is_in(["gateway-connected", "gateway-logout"])
    gone = pl.col("subtype") == "logout"
    mapped = pl.when(gone).then(pl.lit("logoff")).otherwise(pl.lit("mapping"))
    return {
        "activity": pl.when(RECORD == "mapping")
        .then(mapped)
        .when(RECORD == "auth")
        .then(pl.lit("logon"))
        .otherwise(activity),
        "logon_kind": pl.when(is_vpn).then(pl.lit("vpn")),
        "is_success": pl.when(is_logon)
        .then(
            raw("status").replace_strict(
                {"success": True, "failure": False}, default=None, return_dtype=pl.Boolean
            )
        )
        .otherwise(is_proven),
        "failure_reason": pl.when(is_logon & (raw("status") != "success"))
        .then(pl.coalesce(null_if_dash(raw("error")), null_if_dash(raw("cause"))))
        .when(~is_proven)
        .then(null_if_dash(told.str.extract(r"Reason: (.*?)\.? +(?:auth profile|From:|$)", 1))),
        "event_code": pl.coalesce(raw("event"), "subtype"),
        "host": name(raw("machine")),
        "assigned_ip": pl.when(has_inside).then(inside),
        "is_machine": is_machine(user) | user.is_in(BEFORE_LOGON),
    }


HAS_PORTS = raw("transport").is_in(["tcp", "udp", "sctp"])

REJECT_RULES = {
    "not the first columns of a PAN-OS log": pl.col("type").is_not_null(),
    "quotes do not match": pl.col("cells").is_not_null() | RECORD.is_null(),
    "{columns} columns, fewer than any version of PAN-OS writes": ~IS_RECORD
    | (width() >= RECORD.replace_strict(WIDTHS, default=0)),
    "{columns} columns, not in the places of PAN-OS": ~IS_RECORD | in_place(),
    "time cannot be read": pl.col("time").is_not_null(),
    "start time cannot be read": (RECORD != "traffic").fill_null(value=True)
    | pl.col("start_time").is_not_null(),
    "source is not an address": ~IS_RECORD | (RECORD == "auth") | pl.col("src_ip").is_not_null(),
    "target is not an address": ~IS_FLOW | pl.col("dst_ip").is_not_null(),
    "port is not a number up to 65,535": ~(IS_FLOW & HAS_PORTS)
    | (pl.col("src_port").is_not_null() & pl.col("dst_port").is_not_null()),
    "no protocol": ~IS_FLOW | protocol(raw("transport")).is_not_null(),
    "bytes are not a count": (RECORD != "traffic").fill_null(value=True)
    | (pl.col("bytes_in").is_not_null() & pl.col("bytes_out").is_not_null()),
    "no host in the URL": (RECORD != "url").fill_null(value=True)
    | pl.col("url_hostname").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a receive time, a serial number and a kind in capitals, after any header."""
    return line.str.contains(HEADER_END + HEAD.removeprefix("^"))


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of the event class that the line's kind belongs to."""
    body = pl.col("syslog_body")
    head = body.str.extract_groups(HEAD).struct
    return (
        with_header(batch, context.reading)
        .with_columns(type=head.field("1"), subtype=head.field("2"))
        .with_columns(record=_record())
        .with_columns(cells=cells(pl.when(RECORD.is_not_null()).then(body)))
        .with_columns(**values())
        .pipe(timed, context.reading)
        .with_columns(event_class=_event_class())
        .with_columns(**_ends())
        .with_columns(**_flow(context), **_request(), **logon())
        .with_columns(
            kind=pl.concat_str("type", "subtype", separator="/"),
            reported_by=pl.col("syslog_host"),
            message=pl.col("line"),
            event_uid=null_if_dash(raw("number")),
            extras=_extras(),
        )
    )


def _record() -> pl.Expr:
    kind, subtype = pl.col("type"), pl.col("subtype")
    return word_of(
        ("traffic", kind == "TRAFFIC"),
        ("url", (kind == "THREAT") & (subtype == "url")),
        ("vpn", kind == "GLOBALPROTECT"),
        ("mapping", kind == "USERID"),
        ("auth", (kind == "SYSTEM") & (subtype == "auth")),
    )


def _event_class() -> pl.Expr:
    """Classify; VPN messages, and mappings without a user or of a port range, are not logons."""
    own = RECORD.replace_strict(CLASSES, default=None, return_dtype=pl.String)
    is_talk = (RECORD == "vpn") & ~raw("event").is_in(list(ACTIVITIES))
    is_range = (RECORD == "mapping") & (to_int(raw("first_port")) > 0)
    is_of_nobody = (RECORD == "mapping") & account(raw("user")).is_null()
    # an administrator of the firewall is not a network user
    is_other = (RECORD == "auth") & (
        ~raw("told").str.contains(PROVEN) | raw("told").str.contains("admin role", literal=True)
    )
    other = pl.any_horizontal(
        talk.fill_null(value=False) for talk in (is_talk, is_range, is_of_nobody, is_other)
    )
    return pl.when(own.is_null() | other).then(pl.lit("system_events")).otherwise(own)


def _ends() -> dict[str, pl.Expr]:
    told = raw("told")
    source = pl.coalesce(
        address(raw("source")),
        address(raw("source_v6")),
        address(told.str.extract(r"From: ([0-9a-fA-F.:]+?)\.?$", 1)),
    )
    return {
        "src_ip": pl.when(RECORD == "vpn").then(somewhere(source)).otherwise(source),
        "src_port": pl.when(HAS_PORTS).then(port(raw("from_port"))),
        "dst_ip": address(raw("target")),
        "dst_port": pl.when(HAS_PORTS).then(port(raw("to_port"))),
        "user_name": account(
            pl.coalesce(raw("user"), told.str.extract(PROVEN, 2), told.str.extract(PROVEN, 3))
        ),
    }


def _flow(context: Context) -> dict[str, pl.Expr]:
    outside = context.options.get("outside_zones", "").lower().split(",")
    source, target = name(raw("from_zone")), name(raw("to_zone"))
    worn = somewhere(address(raw("nat")))
    category = null_if_dash(raw("class"))
    return {
        "protocol": protocol(raw("transport")),
        "bytes_in": to_int(raw("received")),
        "bytes_out": to_int(raw("sent")),
        "nat_ip": worn,
        "nat_port": pl.when(worn.is_not_null() & HAS_PORTS).then(port(raw("worn_port"))),
        "application": null_if_dash(raw("app")),
        "category": pl.when(category != "any").then(category),
        "direction": direction(source, target, outside) if any(outside) else pl.lit(None),
        "disposition": pl.when(raw("action").str.contains(BLOCKS))
        .then(pl.lit("blocked"))
        .when(null_if_dash(raw("action")).is_not_null())
        .then(pl.lit("allowed")),
        "connection_uid": pl.when(RECORD == "traffic").then(null_if_dash(raw("session"))),
    }


def _request() -> dict[str, pl.Expr]:
    is_secure = (raw("app") == "ssl") & (RECORD == "url")
    return {
        "method": null_if_dash(raw("verb")).str.to_uppercase(),
        "url_scheme": pl.when(is_secure).then(pl.lit("https")),
        "url_hostname": hostname(raw("asked")),
        "url": raw("asked").str.slice(0, MAX_URL),
        "content_type": media_type(raw("media")),
        "referrer_hostname": hostname(null_if_dash(raw("referrer"))),
        "user_agent": null_if_dash(raw("agent")),
    }


def _extras() -> pl.Expr:
    """Return fields without a column; `repeats` counts sessions in one line."""
    names = [
        "rule", "from_zone", "to_zone", "end_reason", "forwarded_for", "portal",
        "data_source", "timeout_seconds",
    ]  # fmt: skip
    repeats = pl.when(raw("repeats") != "1").then(raw("repeats"))
    action = pl.when(raw("action") != "allow").then(raw("action"))
    fields = [null_if_dash(raw(name)).alias(name) for name in names]
    phase = pl.when(RECORD == "traffic").then(null_if_dash(pl.col("subtype")))
    more = {
        "phase": phase,
        "repeats": null_if_dash(repeats),
        "action": null_if_dash(action),
        "session": pl.when(RECORD == "url").then(null_if_dash(raw("session"))),
    }
    named = [text.alias(key) for key, text in more.items()]
    return pl.when(IS_RECORD).then(json_of([*named, *fields]))


FORMAT = Format(
    name="paloalto",
    product="Palo Alto Networks PAN-OS",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    columns=width(),
)
