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

from collections.abc import Sequence

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import address, null_if_dash, port, word_of
from pipelines.formats.reading.flows import seconds
from pipelines.formats.reading.keyvalue import with_values
from pipelines.formats.reading.pairs import Writers
from pipelines.formats.reading.syslog import HEADER_END, with_header
from pipelines.formats.reading.table import PREFIX, value

FLOW = "RT_FLOW_SESSION_(?:CREATE|CLOSE|DENY)"
EVENT_NAME = rf"({FLOW}|WEBFILTER_URL_[A-Z]+|[A-Z]+_[A-Z_]+)"
STRUCTURED = (
    rf"(?:^|[ >]){EVENT_NAME}(?:_LS)? \[junos@[0-9.]+ "
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
PARTS = {
    "reason": "2", "source-address": "3", "source-port": "4", "destination-address": "5",
    "destination-port": "6", "nat-source-address": "7", "nat-source-port": "8",
    "protocol-id": "11", "policy-name": "12", "source-zone-name": "13",
    "destination-zone-name": "14", "session-id": "15", "bytes-from-client": "16",
    "bytes-from-server": "17", "elapsed-time": "18", "application": "19", "username": "21",
}  # fmt: skip
"""Fields of a plain line, by their place in its sentence."""

WRITERS = Writers(["username"])
UNKNOWN = {"UNKNOWN": None, "None": None, "N/A": None}
EVENT = pl.col("event")
SOURCE = null_if_dash(value("source-address"))
NAT = address(value("nat-source-address"))
IS_NAT = address(SOURCE) != NAT
IS_STOPPED = (EVENT == "RT_FLOW_SESSION_DENY") | EVENT.str.contains("BLOCKED")


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match data in the name of Junos, or an event of its flows."""
    return line.str.contains(
        r"^(?:<[0-9]{1,3}>)?1 [^ ]+ [^ ]+ [^ ]+ [^ ]+ [A-Z]+_[A-Z_]+ \[junos@"
    ) | line.str.contains(HEADER_END + r"RT_FLOW_SESSION_(?:CREATE|CLOSE|DENY)(?:_LS)?: session ")


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut structured data, or the words of a plain line into the same fields; adds `event`."""
    line = pl.col("line").str.strip_chars_end("\r\n\x00 ")
    structured = line.str.extract_groups(STRUCTURED).struct
    plain = line.str.extract_groups(PLAIN).struct
    headed = with_header(batch, context.reading)
    return (
        with_values(headed, structured.field("2"), *names, writers=WRITERS)
        .with_columns(
            event=pl.coalesce(structured.field("1"), plain.field("1"), line.str.extract(OTHER, 1)),
            session=plain.field("2").str.extract_groups(SESSION),
        )
        .with_columns(
            pl.coalesce(value(name), pl.col("session").struct.field(PARTS[name])).alias(
                f"{PREFIX}{name}"
            )
            for name in names
            if name in PARTS
        )
    )


FORMAT = Format(
    name="juniper_srx",
    product="Juniper SRX",
    name_proof="recorded",
    event_classes=("connections", "http_requests", "system_events"),
    looks_like=looks_like,
    split=split,
    fields={
        "src_ip": "source-address",
        "src_port": "source-port",
        "user_name": "username",
        "dst_ip": "destination-address",
        "dst_port": "destination-port",
        "protocol": "protocol-id",
        "bytes_out": "bytes-from-client",
        "bytes_in": "bytes-from-server",
        "application": value("application").replace(UNKNOWN),
        "connection_uid": "session-id",
        "url": null_if_dash(value("url")) + null_if_dash(value("obj")).fill_null(""),
        "url_hostname": "url",
        "category": "category",
        "kind": EVENT,
        "reported_by": pl.col("syslog_host"),
    },
    classes={
        "connections": EVENT.str.starts_with("RT_FLOW_SESSION") & SOURCE.is_not_null(),
        "http_requests": EVENT.str.starts_with("WEBFILTER_URL"),
    },
    more={
        "start_time": pl.col("time")
        - seconds(value("elapsed-time")).fill_null(pl.duration(seconds=0, time_unit="us")),
        "nat_ip": pl.when(IS_NAT).then(NAT),
        "nat_port": pl.when(IS_NAT).then(port(value("nat-source-port"))),
        "disposition": word_of(("blocked", IS_STOPPED), otherwise="allowed"),
    },
    extras={
        "phase": pl.when(EVENT.str.ends_with("CREATE")).then(pl.lit("start")),
        "because": "reason",
        "policy": "policy-name",
        "from_zone": "source-zone-name",
        "to_zone": "destination-zone-name",
    },
    must={
        "not a message of this product": EVENT.is_not_null(),
        "a session whose words cannot be read": SOURCE.is_not_null()
        | ~EVENT.str.starts_with("RT_FLOW_SESSION"),
        "bytes are not a count": (EVENT != "RT_FLOW_SESSION_CLOSE")
        | (pl.col("bytes_in").is_not_null() & pl.col("bytes_out").is_not_null()),
    },
    required={"connections": ("dst_ip",)},
)  # fmt: skip
