r"""PAN-OS of Palo Alto Networks: traffic, visited URLs, VPN logons, user mapping.

    Nov  2 08:15:00 pa1 1,2026/11/02 08:15:00,0123456789,TRAFFIC,end,2049,
    2026/11/02 08:15:00,192.0.2.17,198.51.100.7,203.0.113.1,...

(one line). Comma-separated, quoted where a value holds a comma, no header line;
each version appends columns. Three clocks: of the relay, of the receipt, and
of the record, which counts here. It is local and says no zone, unless the line
ends in a stamp with an offset (from version 10 on), which then counts, or the
syslog header shows the same clock with its offset.

- A session may be told at its start and again at its end (`phase` in `extras`),
  under one session number (`connection_uid`), which is used again later.
  `bytes sent` is from the client. Traffic has a column for its start.
- The URL has no scheme. `block-continue` shows a page that asks to go on.
- User mapping is what the firewall believes of an address, from wherever. A
  mapping of a range of ports is of a terminal server, whose address is many
  people's: that is a system event.
- Options: `outside_zones` (`untrust,wan`) tells inbound from outbound.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading.csv import cells, width
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    known,
    media_type,
    name,
    port,
    whole,
)
from pipelines.formats.reading.flows import direction, protocol, somewhere
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.paloalto import (
    ACTIVITIES,
    WIDTHS,
    in_place,
    logon,
    raw,
    timed,
    values,
)
from pipelines.formats.reading.syslog import with_header

HEAD = (
    r"^[0-9]*,[0-9]{4}[/-][0-9]{2}[/-][0-9]{2}[ T][0-9:.]{8,18}Z?,[^,]*,"
    r"([A-Z][A-Z_-]+),([^,]*),"
)
CLASSES = {
    "traffic": "connections",
    "url": "http_requests",
    "vpn": "logons",
    "mapping": "logons",
}
BLOCKS = (
    r"^(?:deny|drop|reset|block|sinkhole|random-drop|override-lockout|continue-lockout)"
)
RECORD = pl.col("record")
IS_RECORD = pl.col("event_class") != "system_events"
HAS_PORTS = raw("transport").is_in(["tcp", "udp", "sctp"])
IS_FLOW = pl.col("event_class").is_in(["connections", "http_requests"])

MUST = {
    "not the first columns of a PAN-OS log": pl.col("type").is_not_null(),
    "quotes do not match": pl.col("cells").is_not_null() | RECORD.is_null(),
    "{columns} columns, fewer than any version of PAN-OS writes": ~IS_RECORD
    | (width() >= RECORD.replace_strict(WIDTHS, default=0)),
    "{columns} columns, not in the places of PAN-OS": ~IS_RECORD | in_place(),
    "time can not be read": pl.col("time").is_not_null(),
    "start time can not be read": (RECORD != "traffic").fill_null(value=True)
    | pl.col("start_time").is_not_null(),
    "source is not an address": ~IS_RECORD | pl.col("src_ip").is_not_null(),
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
    """A receive time, a serial number and a kind in capitals, after any header."""
    return line.str.contains("(?:^|[ >:])" + HEAD.removeprefix("^"))


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
        .with_columns(**_ends(), **_flow(context), **_request(), **logon())
        .with_columns(
            kind=pl.concat_str("type", "subtype", separator="/"),
            reported_by=pl.col("syslog_host"),
            message=pl.col("line"),
            event_uid=known(raw("number")),
            extras=_extras(),
        )
    )


def _record() -> pl.Expr:
    kind, subtype = pl.col("type"), pl.col("subtype")
    return (
        pl.when(kind == "TRAFFIC")
        .then(pl.lit("traffic"))
        .when((kind == "THREAT") & (subtype == "url"))
        .then(pl.lit("url"))
        .when(kind == "GLOBALPROTECT")
        .then(pl.lit("vpn"))
        .when(kind == "USERID")
        .then(pl.lit("mapping"))
    )


def _event_class() -> pl.Expr:
    """Talk of the VPN, and mappings of nobody or of a range of ports, are none."""
    own = RECORD.replace_strict(CLASSES, default=None, return_dtype=pl.String)
    is_talk = (RECORD == "vpn") & ~raw("event").is_in(list(ACTIVITIES))
    is_range = (RECORD == "mapping") & (whole(raw("first_port")) > 0)
    is_of_nobody = (RECORD == "mapping") & account(raw("user")).is_null()
    other = pl.any_horizontal(
        talk.fill_null(value=False) for talk in (is_talk, is_range, is_of_nobody)
    )
    return pl.when(own.is_null() | other).then(pl.lit("system_events")).otherwise(own)


def _ends() -> dict[str, pl.Expr]:
    source = pl.coalesce(address(raw("source")), address(raw("source_v6")))
    return {
        "src_ip": pl.when(RECORD == "vpn").then(somewhere(source)).otherwise(source),
        "src_port": pl.when(HAS_PORTS).then(port(raw("from_port"))),
        "dst_ip": address(raw("target")),
        "dst_port": pl.when(HAS_PORTS).then(port(raw("to_port"))),
        "user_name": account(raw("user")),
    }


def _flow(context: Context) -> dict[str, pl.Expr]:
    outside = context.options.get("outside_zones", "").lower().split(",")
    source, target = name(raw("from_zone")), name(raw("to_zone"))
    worn = somewhere(address(raw("nat")))
    category = known(raw("class"))
    return {
        "protocol": protocol(raw("transport")),
        "bytes_in": whole(raw("received")),
        "bytes_out": whole(raw("sent")),
        "nat_ip": worn,
        "nat_port": pl.when(worn.is_not_null() & HAS_PORTS).then(
            port(raw("worn_port"))
        ),
        "application": known(raw("app")),
        "category": pl.when(category != "any").then(category),
        "direction": direction(source, target, outside)
        if any(outside)
        else pl.lit(None),
        "disposition": pl.when(raw("action").str.contains(BLOCKS))
        .then(pl.lit("blocked"))
        .when(known(raw("action")).is_not_null())
        .then(pl.lit("allowed")),
        "connection_uid": known(raw("session")),
    }


def _request() -> dict[str, pl.Expr]:
    is_secure = (raw("app") == "ssl") & (RECORD == "url")
    return {
        "method": known(raw("verb")).str.to_uppercase(),
        "url_scheme": pl.when(is_secure).then(pl.lit("https")),
        "url_hostname": hostname(raw("asked")),
        "url": raw("asked").str.slice(0, MAX_URL),
        "content_type": media_type(raw("media")),
        "referrer_hostname": hostname(known(raw("referrer"))),
        "user_agent": known(raw("agent")),
    }


def _extras() -> pl.Expr:
    """What has no column; `repeats` counts sessions told in one line."""
    names = [
        "rule", "from_zone", "to_zone", "end_reason", "forwarded_for", "portal",
        "data_source", "timeout_seconds",
    ]  # fmt: skip
    repeats = pl.when(raw("repeats") != "1").then(raw("repeats"))
    action = pl.when(raw("action") != "allow").then(raw("action"))
    fields = [known(raw(name)).alias(name) for name in names]
    phase = pl.when(RECORD == "traffic").then(known(pl.col("subtype")))
    more = {"phase": phase, "repeats": known(repeats), "action": known(action)}
    named = [text.alias(key) for key, text in more.items()]
    return pl.when(IS_RECORD).then(json_of([*named, *fields]))


FORMAT = Format(
    name="paloalto",
    product="Palo Alto Networks PAN-OS",
    user_is_mapped=True,
    event_classes=("connections", "http_requests", "logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=MUST,
    columns=width(),
)
