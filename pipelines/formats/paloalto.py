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

from collections.abc import Mapping, Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Reading, Stamp
from pipelines.formats import Context, Format
from pipelines.formats.reading.csv import cell, cells, width
from pipelines.formats.reading.fields import (
    account,
    address,
    name,
    null_if_dash,
    port,
    to_int,
    where_rare,
    word_of,
)
from pipelines.formats.reading.flows import direction, is_machine, seconds, somewhere
from pipelines.formats.reading.syslog import HEADER_END, with_header
from pipelines.formats.reading.table import PREFIX, by_name, is_of, value

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
    "message": {"auth": 14},
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
BLOCKS = r"^(?:deny|drop|reset|block|sinkhole|random-drop|override-lockout|continue-lockout)"
KEPT = [
    "rule", "from_zone", "to_zone", "end_reason", "forwarded_for", "portal",
    "data_source", "timeout_seconds",
]  # fmt: skip

USER, MESSAGE, EVENT = pl.col("user_name"), value("message"), value("event")
IS_TRAFFIC, IS_URL, IS_VPN = RECORD == "traffic", RECORD == "url", RECORD == "vpn"
IS_MAPPING, IS_AUTH = RECORD == "mapping", RECORD == "auth"
IS_FLOW = is_of("connections", "http_requests")
IS_OTHER = is_of("system_events")
HAS_PORTS = value("transport").is_in(["tcp", "udp", "sctp"])
SOURCE = pl.coalesce(
    address(value("source")),
    address(value("source_v6")),
    address(MESSAGE.str.extract(r"From: ([0-9a-fA-F.:]+?)\.?$", 1)),
)
NAT = somewhere(address(value("nat")))
INSIDE = pl.coalesce(somewhere(address(value("inside"))), somewhere(address(value("inside_v6"))))
STEP = EVENT.replace_strict(ACTIVITIES, default=None, return_dtype=pl.String)
IS_VPN_LOGON = IS_VPN & (STEP == "logon")
IS_PROVEN = pl.when(IS_AUTH).then(MESSAGE.str.extract(PROVEN, 1) == "authenticated")
REASON = MESSAGE.str.extract(r"Reason: (.*?)\.? +(?:auth profile|From:|$)", 1)

IS_MESSAGE = IS_VPN & ~EVENT.is_in(list(ACTIVITIES))
IS_RANGE = IS_MAPPING & (to_int(value("first_port")) > 0)
IS_UNNAMED = IS_MAPPING & account(value("user")).is_null()
# an administrator of the firewall is not a network user
IS_ADMIN = IS_AUTH & (
    ~MESSAGE.str.contains(PROVEN) | MESSAGE.str.contains("admin role", literal=True)
)
IS_LOGON = (IS_VPN | IS_MAPPING | IS_AUTH) & ~pl.any_horizontal(
    other.fill_null(value=False) for other in (IS_MESSAGE, IS_RANGE, IS_UNNAMED, IS_ADMIN)
)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a receive time, a serial number and a kind in capitals, after any header."""
    return line.str.contains(HEADER_END + HEAD.removeprefix("^"))


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the columns, whose places depend on the kind of line; adds the three times."""
    body = pl.col("syslog_body")
    head = body.str.extract_groups(HEAD).struct
    keys = dict.fromkeys((*names, "generated", "began", "lasted"))
    return (
        with_header(batch, context.reading)
        .with_columns(type=head.field("1"), subtype=head.field("2"))
        .with_columns(record=_record())
        .with_columns(cells=cells(pl.when(RECORD.is_not_null()).then(body)))
        .with_columns(_value(PLACES[key]).alias(f"{PREFIX}{key}") for key in keys)
        .pipe(timed, context.reading)
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
    """Add `record_time`, `record_quality` and `start`."""
    generated, body = pl.col("generated"), pl.col("syslog_body")
    local, began = pl.col("local").struct, pl.col("began").struct
    # few lines have an offset at their end, or a record whose columns are not known
    offset = pl.when(body.str.contains(OFFSET)).then(body)
    unread = pl.when(value("generated").is_null()).then(body)
    at_end = where_rare(offset, lambda line: line.str.extract(OFFSET_STAMP, 1))
    sure = pl.coalesce(clock.iso(at_end, reading).time, _by_header(generated))
    # an offset changes the hour only; a stamp further away is of something else
    is_near = (sure - pl.col("local_time")).abs() <= pl.duration(hours=26)
    lasted = pl.coalesce(
        pl.col("local_time") - pl.col("began_time"),
        pl.when(null_if_dash(value("began")).is_null()).then(seconds(value("lasted"))),
    )
    return (
        lines.with_columns(
            generated=pl.coalesce(
                value("generated"), where_rare(unread, lambda line: line.str.extract(SEVENTH, 1))
            )
        )
        .with_columns(
            local=_stamp_pair(generated, reading), began=_stamp_pair(value("began"), reading)
        )
        .with_columns(
            local_time=local.field("time"),
            local_quality=local.field("quality"),
            began_time=began.field("time"),
        )
        .with_columns(record_time=pl.when(is_near).then(sure))
        .with_columns(
            record_quality=pl.when(pl.col("record_time").is_not_null())
            .then(pl.lit("exact"))
            .otherwise("local_quality"),
            record_time=pl.coalesce("record_time", "local_time"),
        )
        .with_columns(
            start=pl.when(IS_TRAFFIC).then(pl.col("record_time") - lasted).otherwise("record_time")
        )
    )


def _by_header(generated: pl.Expr) -> pl.Expr:
    """Return the record's stamp with the header's offset, where one clock wrote both."""
    # a stamp with its offset is that long; records themselves begin with a number
    has_header = pl.col("line").str.find(",", literal=True) >= len("2026-11-02T08:15:00Z")
    headed = pl.when(has_header).then("line")
    header = headed.str.extract_groups(HEADER_STAMP).struct
    record_stamp = pl.when(header.field("1").is_not_null()).then(generated)
    walls = [_stamp(text, Reading("UTC")) for text in (record_stamp, header.field("1"))]
    is_same = (walls[0].time - walls[1].time).abs() <= SAME_CLOCK
    return pl.when(is_same).then(_stamp(generated + header.field("2"), Reading("UTC")).time)


def _stamp(text: pl.Expr, reading: Reading) -> Stamp:
    pair = _stamp_pair(text, reading).struct
    return Stamp(pair.field("time"), pair.field("quality"))


def _stamp_pair(text: pl.Expr, reading: Reading) -> pl.Expr:
    return clock.iso_pair(text.str.replace_all("/", "-", literal=True), reading)


def more(context: Context) -> dict[str, pl.Expr]:
    """Return what kind and event decide."""
    outside = context.options.get("outside_zones", "").lower().split(",")
    source_zone, target_zone = name(value("from_zone")), name(value("to_zone"))
    return {
        "start_time": pl.col("start"),
        "src_ip": pl.when(IS_VPN).then(somewhere(SOURCE)).otherwise(SOURCE),
        "src_port": pl.when(HAS_PORTS).then("src_port"),
        "dst_port": pl.when(HAS_PORTS).then("dst_port"),
        "nat_ip": NAT,
        "nat_port": pl.when(NAT.is_not_null() & HAS_PORTS).then(port(value("worn_port"))),
        "direction": direction(source_zone, target_zone, outside)
        if any(outside)
        else pl.lit(None, pl.String),
        "disposition": word_of(
            ("blocked", value("action").str.contains(BLOCKS)),
            ("allowed", null_if_dash(value("action")).is_not_null()),
        ),
        "connection_uid": pl.when(IS_TRAFFIC).then(null_if_dash(value("session"))),
        "url_scheme": pl.when(IS_URL & (value("app") == "ssl")).then(pl.lit("https")),
        "activity": pl.when(IS_MAPPING)
        .then(word_of(("logoff", pl.col("subtype") == "logout"), otherwise="mapping"))
        .when(IS_AUTH)
        .then(pl.lit("logon"))
        .otherwise(STEP),
        "logon_kind": word_of(("vpn", IS_VPN | (value("data_source") == "vpn-client"))),
        "is_success": pl.when(IS_VPN_LOGON)
        .then(
            value("status").replace_strict(
                {"success": True, "failure": False}, default=None, return_dtype=pl.Boolean
            )
        )
        .otherwise(IS_PROVEN),
        "failure_reason": pl.when(IS_VPN_LOGON & (value("status") != "success"))
        .then(pl.coalesce(null_if_dash(value("error")), null_if_dash(value("cause"))))
        .when(~IS_PROVEN)
        .then(null_if_dash(REASON)),
        "assigned_ip": pl.when(EVENT.is_in(["gateway-connected", "gateway-logout"])).then(INSIDE),
        "is_machine": is_machine(USER) | USER.is_in(BEFORE_LOGON),
        "kind": pl.concat_str("type", "subtype", separator="/"),
    }


FORMAT = Format(
    name="paloalto",
    product="Palo Alto Networks PAN-OS",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "logons", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=lambda _: Stamp(pl.col("record_time"), pl.col("record_quality")),
    fields={
        "src_port": "from_port",
        "user_name": pl.coalesce(
            value("user"), MESSAGE.str.extract(PROVEN, 2), MESSAGE.str.extract(PROVEN, 3)
        ),
        "dst_ip": "target",
        "dst_port": "to_port",
        "protocol": "transport",
        "bytes_in": "received",
        "bytes_out": "sent",
        "application": "app",
        "category": value("class").replace("any", None),
        "method": "verb",
        "url": "asked",
        "content_type": "media",
        "referrer_hostname": "referrer",
        "user_agent": "agent",
        "event_code": pl.coalesce(EVENT, "subtype"),
        "event_uid": "number",
        "host": "machine",
        "reported_by": pl.col("syslog_host"),
    },
    classes={"connections": IS_TRAFFIC, "http_requests": IS_URL, "logons": IS_LOGON},
    more=more,
    extras={
        "phase": pl.when(IS_TRAFFIC).then(null_if_dash(pl.col("subtype"))),
        "repeats": null_if_dash(value("repeats").replace("1", None)),
        "action": null_if_dash(value("action").replace("allow", None)),
        "session": pl.when(IS_URL).then(null_if_dash(value("session"))),
        **by_name(*KEPT),
    },
    must={
        "not the columns of this log": pl.col("type").is_not_null(),
        "quotes do not match": pl.col("cells").is_not_null() | RECORD.is_null(),
        "{columns} columns, not those of this log": IS_OTHER
        | (width() >= RECORD.replace_strict(WIDTHS, default=0)),
        "{columns} columns, not in the places of this log": IS_OTHER | in_place(),
        "source is not an address": IS_OTHER | IS_AUTH | pl.col("src_ip").is_not_null(),
        "port is not a number up to 65,535": ~(IS_FLOW & HAS_PORTS)
        | (pl.col("src_port").is_not_null() & pl.col("dst_port").is_not_null()),
    },
    required={
        "connections": ("start_time", "dst_ip", "protocol", "bytes_in", "bytes_out"),
        "http_requests": ("dst_ip", "protocol"),
    },
    columns=width(),
)
