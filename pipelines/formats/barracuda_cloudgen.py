"""Barracuda CloudGen Firewall, syslog: connections that its rules allow or block.

    <14>Nov  2 08:15:00 gate gate/box_Firewall_Activity:  Info  gate Remove: type=FWD|
    proto=TCP|srcIF=p1|srcIP=10.20.1.7|srcPort=50354|srcMAC=00:00:5e:00:53:01|dstIP=...|
    dstPort=443|dstService=https|dstIF=p2|rule=LAN-2-INTERNET|info=...|srcNAT=...|
    duration=42|receivedBytes=9000|sentBytes=604|user=ada|application=...|urlcat=...

(one line). A session is logged when it begins (`Allow`) and again when it ends (`Remove`,
`phase` in `extras`), with its bytes and its seconds since it began. The vendor does not
document which side received and which side sent them, so they are kept only in `extras`. The
user is the firewall's guess for the address. Lines of all other boxes (logins of
administrators, services) are system events.
"""

from collections.abc import Sequence

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import address, null_if_dash, word_of
from pipelines.formats.reading.flows import seconds, somewhere
from pipelines.formats.reading.syslog import BEFORE_TAG, HEADER_END, with_header
from pipelines.formats.reading.table import PREFIX, value

ACTIVITY = r"([A-Z][A-Za-z]+): (type=[A-Z]+\|proto=.*)$"
BOX = BEFORE_TAG + r"(?:[^ ]*/)?(box_[A-Za-z]+(?:_[A-Za-z]+)*|srv_[A-Za-z0-9_]+): "
DISPOSITIONS = {
    "allow": "allowed", "remove": "allowed", "localallow": "allowed",
    "localremove": "allowed", "block": "blocked", "localblock": "blocked",
    "drop": "blocked", "deny": "blocked",
}  # fmt: skip
"""Of `fail` and `detect` it is not known."""

ACTION = pl.coalesce(value("action"), "activity").str.to_lowercase()
IS_OVER = ACTION.str.ends_with("remove")
NAT = somewhere(address(value("srcNAT")))
DURATION = seconds(value("duration")).fill_null(pl.duration(seconds=0, time_unit="us"))


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match the name of a box's log, or an activity separated by bars."""
    return line.str.contains(BOX) | line.str.contains(
        HEADER_END + r"(?:[A-Za-z0-9_-]+:? +){0,4}type=[A-Z]+\|proto=[^ ]*\|srcIF="
    )


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the pairs between bars; adds the activity in front of them, and the box."""
    parts = pl.col("line").str.extract_groups(ACTIVITY).struct
    return (
        with_header(batch, context.reading)
        .with_columns(
            activity=parts.field("1"),
            pairs="|" + parts.field("2").str.strip_chars_end("\r\n\x00 ") + "|",
            box=pl.col("line").str.extract(BOX, 1),
        )
        .with_columns(
            null_if_dash(pl.col("pairs").str.extract(rf"\|{key}=([^|]*)\|", 1)).alias(
                f"{PREFIX}{key}"
            )
            for key in names
        )
    )


FORMAT = Format(
    name="barracuda_cloudgen",
    product="Barracuda CloudGen Firewall",
    name_proof="recorded",
    event_classes=("connections", "system_events"),
    looks_like=looks_like,
    split=split,
    fields={
        "src_ip": "srcIP",
        "src_port": "srcPort",
        "src_mac": "srcMAC",
        "user_name": "user",
        "dst_ip": "dstIP",
        "dst_port": "dstPort",
        "protocol": value("proto").str.replace(r"^.*\(([0-9]+)\)$", "$1"),
        "application": "application",
        "category": "urlcat",
        "kind": pl.col("box"),
        "reported_by": pl.col("syslog_host"),
    },
    classes={"connections": value("proto").is_not_null()},
    more={
        "start_time": pl.when(IS_OVER).then(pl.col("time") - DURATION).otherwise("time"),
        "nat_ip": pl.when(pl.col("src_ip") != NAT).then(NAT),
        "disposition": ACTION.replace_strict(DISPOSITIONS, default=None, return_dtype=pl.String),
    },
    extras={
        "phase": word_of(("end", IS_OVER), ("start", ACTION.str.ends_with("allow"))),
        "rule": "rule",
        "info": "info",
        "service": "dstService",
        "target": "target",
        "received": pl.when(IS_OVER).then(value("receivedBytes")),
        "sent": pl.when(IS_OVER).then(value("sentBytes")),
    },
    required={"connections": ("dst_ip",)},
)
