"""Juniper SRX (Junos), structured or plain syslog: sessions and the web filter.

    <14>1 2026-11-02T08:15:00.123-06:00 srx1 RT_FLOW - RT_FLOW_SESSION_CLOSE
    [junos@2636.1.1.1.2.142 reason="TCP FIN" source-address="192.0.2.17" ...]
    Nov  2 08:15:00 srx1 RT_FLOW: RT_FLOW_SESSION_CLOSE: session closed TCP FIN:
    192.0.2.17/37769->198.51.100.7/443 0x0 junos-https ... 6 web trust untrust 77
    60(52906) 47(26103) 3 UNKNOWN UNKNOWN ada(N/A) reth1 ...

(each one line). A session is reported at its creation, its close or its denial; only the close
has bytes and seconds, which give its beginning. A user name is the firewall's mapping of the
address. WEBFILTER lines (documented, not seen) are requests. Everything else is `system_events`,
such as logins of administrators.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import account, address, hostname, null_if_dash, port, to_int
from pipelines.formats.reading.flows import is_machine, protocol, seconds
from pipelines.formats.reading.json import json_text
from pipelines.formats.reading.keyvalue import with_values
from pipelines.formats.reading.pairs import Writers
from pipelines.formats.reading.syslog import HEADER_END, with_header
from pipelines.formats.reading.table import value

FLOW = "RT_FLOW_SESSION_(?:CREATE|CLOSE|DENY)"
EVENT = rf"({FLOW}|WEBFILTER_URL_[A-Z]+|[A-Z]+_[A-Z_]+)"
STRUCTURED = (
    rf"(?:^|[ >]){EVENT}(?:_LS)? \[junos@[0-9.]+ "
    r'((?:[A-Za-z0-9-]+="(?:[^"\\]|\\.)*" ?)+)\]'
)
PLAIN = rf" ({FLOW})(?:_LS)?: (.*)$"
OTHER = " ([A-Z0-9]+_[A-Z_]+): "
END = r"([0-9a-fA-F.:]+)/([0-9]{1,5})"
SESSION = (
    rf"^session (created|closed|denied)(?: (.*?):?)?? {END}->{END}(?: 0x[0-9a-f]+)? "
    rf"[^ ]+(?: {END}->{END}(?: 0x[0-9a-f]+)?)?.*? ([0-9]{{1,3}})(?:\([0-9]+\))? "
    r"([^ ]+) ([^ ]+) ([^ ]+)(?: ([0-9]{2,}))?"
    r"(?: [0-9]+\(([0-9]+)\) [0-9]+\(([0-9]+)\) ([0-9]+))?"
    r"(?: ([^ ]+) ([^ ]+))?? ([^ (]+)\("
)
PARTS = [
    "did", "because", "from", "from_port", "to", "to_port", "worn", "worn_port",
    "worn_to", "worn_to_port", "transport", "policy", "from_zone", "to_zone", "session",
    "sent", "received", "lasted", "app", "nested", "user",
]  # fmt: skip
WRITERS = Writers(["username"])
KEYS = {
    "because": "reason",
    "from": "source-address",
    "from_port": "source-port",
    "to": "destination-address",
    "to_port": "destination-port",
    "worn": "nat-source-address",
    "worn_port": "nat-source-port",
    "transport": "protocol-id",
    "policy": "policy-name",
    "from_zone": "source-zone-name",
    "to_zone": "destination-zone-name",
    "session": "session-id",
    "sent": "bytes-from-client",
    "received": "bytes-from-server",
    "lasted": "elapsed-time",
    "app": "application",
    "user": "username",
}
WEB = ("url", "obj", "category")
DENIED, CLOSED = "RT_FLOW_SESSION_DENY", "RT_FLOW_SESSION_CLOSE"
IS_FLOW = pl.col("event_class") == "connections"
UNKNOWN = {"UNKNOWN": None, "None": None, "N/A": None}

REJECT_RULES = {
    "no stamp that can be read": pl.col("time").is_not_null(),
    "no event of Junos": pl.col("event").is_not_null(),
    "a session whose words cannot be read": IS_FLOW
    | ~pl.col("event").str.starts_with("RT_FLOW_SESSION"),
    "an end is not an address": ~IS_FLOW
    | (pl.col("src_ip").is_not_null() & pl.col("dst_ip").is_not_null()),
    "bytes are not a count": (pl.col("event") != CLOSED)
    | (pl.col("bytes_in").is_not_null() & pl.col("bytes_out").is_not_null()),
    "no host in the URL": (pl.col("event_class") != "http_requests")
    | pl.col("url_hostname").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match data in the name of Junos, or an event of its flows."""
    return line.str.contains(
        r"^(?:<[0-9]{1,3}>)?1 [^ ]+ [^ ]+ [^ ]+ [^ ]+ [A-Z]+_[A-Z_]+ \[junos@"
    ) | line.str.contains(HEADER_END + r"RT_FLOW_SESSION_(?:CREATE|CLOSE|DENY)(?:_LS)?: session ")


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of the event class that the event belongs to."""
    line = pl.col("line").str.strip_chars_end("\r\n\x00 ")
    structured = line.str.extract_groups(STRUCTURED).struct
    plain = line.str.extract_groups(PLAIN).struct
    session = plain.field("2").str.extract_groups(SESSION).struct.rename_fields(PARTS)
    named = {
        part: pl.coalesce(value(key), pl.col("session").struct.field(part))
        for part, key in KEYS.items()
    }
    return (
        with_values(
            with_header(batch, context.reading),
            structured.field("2"),
            *KEYS.values(),
            *WEB,
            writers=WRITERS,
        )
        .with_columns(
            time="syslog_time",
            time_quality="syslog_time_quality",
            event=pl.coalesce(structured.field("1"), plain.field("1"), line.str.extract(OTHER, 1)),
            session=session,
        )
        .with_columns(**{f"said_{part}": null_if_dash(text) for part, text in named.items()})
        .with_columns(event_class=_event_class())
        .with_columns(**_flow(), **_request())
        .with_columns(
            user_name=account(pl.col("said_user")),
            is_machine=is_machine(account(pl.col("said_user"))),
            kind=pl.col("event"),
            reported_by=pl.col("syslog_host"),
            message=pl.col("line"),
            extras=_extras(),
        )
    )


def _event_class() -> pl.Expr:
    event = pl.col("event")
    return (
        pl.when(event.str.starts_with("RT_FLOW_SESSION") & pl.col("said_from").is_not_null())
        .then(pl.lit("connections"))
        .when(event.str.starts_with("WEBFILTER_URL"))
        .then(pl.lit("http_requests"))
        .otherwise(pl.lit("system_events"))
    )


def _flow() -> dict[str, pl.Expr]:
    lasted = seconds(pl.col("said_lasted")).fill_null(pl.duration(seconds=0, time_unit="us"))
    worn = address(pl.col("said_worn"))
    is_worn = worn != address(pl.col("said_from"))
    stopped = (pl.col("event") == DENIED) | pl.col("event").str.contains("BLOCKED")
    return {
        "start_time": pl.col("time") - lasted,
        "src_ip": address(pl.col("said_from")),
        "src_port": port(pl.col("said_from_port")),
        "dst_ip": address(pl.col("said_to")),
        "dst_port": port(pl.col("said_to_port")),
        "protocol": protocol(pl.col("said_transport")),
        "bytes_out": to_int(pl.col("said_sent")),
        "bytes_in": to_int(pl.col("said_received")),
        "nat_ip": pl.when(is_worn).then(worn),
        "nat_port": pl.when(is_worn).then(port(pl.col("said_worn_port"))),
        "application": pl.col("said_app").replace(UNKNOWN),
        "disposition": pl.when(stopped).then(pl.lit("blocked")).otherwise(pl.lit("allowed")),
        "connection_uid": pl.col("said_session"),
    }


def _request() -> dict[str, pl.Expr]:
    host, path = null_if_dash(value("url")), null_if_dash(value("obj"))
    return {
        "url_hostname": hostname(host),
        "url": host + path.fill_null(""),
        "category": null_if_dash(value("category")),
    }


def _extras() -> pl.Expr:
    names = ("because", "policy", "from_zone", "to_zone")
    phase = pl.when(pl.col("event").str.ends_with("CREATE")).then(pl.lit("start"))
    return pl.when(pl.col("event_class") != "system_events").then(
        json_text(phase=phase, **{key: pl.col(f"said_{key}") for key in names})
    )


FORMAT = Format(
    name="juniper_srx",
    product="Juniper SRX",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
