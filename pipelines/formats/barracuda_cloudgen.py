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

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import account, address, mac, null_if_dash, port, word_of
from pipelines.formats.reading.flows import protocol, seconds, somewhere
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import BEFORE_TAG, HEADER_END, with_header

ACTIVITY = r"([A-Z][A-Za-z]+): (type=[A-Z]+\|proto=.*)$"
BOX = BEFORE_TAG + r"(?:[^ ]*/)?(box_[A-Za-z]+(?:_[A-Za-z]+)*|srv_[A-Za-z0-9_]+): "
KEYS = [
    "type", "proto", "srcIP", "srcPort", "srcMAC", "dstIP", "dstPort", "dstService",
    "rule", "info", "srcNAT", "duration", "receivedBytes", "sentBytes", "user",
    "application", "target", "urlcat", "action",
]  # fmt: skip
DID = {
    "allow": "allowed", "remove": "allowed", "localallow": "allowed",
    "localremove": "allowed", "block": "blocked", "localblock": "blocked",
    "drop": "blocked", "deny": "blocked", "fail": None, "detect": None,
}  # fmt: skip
IS_FLOW = pl.col("event_class") == "connections"

REJECT_RULES = {
    "no time that can be read": pl.col("time").is_not_null(),
    "source is not an address": ~IS_FLOW | pl.col("src_ip").is_not_null(),
    "target is not an address": ~IS_FLOW | pl.col("dst_ip").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match the name of a box's log, or an activity separated by bars."""
    return line.str.contains(BOX) | line.str.contains(
        HEADER_END + r"(?:[A-Za-z0-9_-]+:? +){0,4}type=[A-Z]+\|proto=[^ ]*\|srcIF="
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `connections` and `system_events`."""
    said = pl.col("line").str.extract_groups(ACTIVITY).struct
    fields = with_header(batch, context.reading).with_columns(
        said=said.field("1"),
        pairs="|" + said.field("2").str.strip_chars_end("\r\n\x00 ") + "|",
        box=pl.col("line").str.extract(BOX, 1),
    )
    lasted = seconds(pl.col("duration")).fill_null(pl.duration(seconds=0, time_unit="us"))
    did = pl.coalesce("action", "said").str.to_lowercase()
    is_over = did.str.ends_with("remove")
    outside = somewhere(address(pl.col("srcNAT")))
    return (
        fields.with_columns(
            null_if_dash(pl.col("pairs").str.extract(rf"\|{key}=([^|]*)\|", 1)).alias(key)
            for key in KEYS
        )
        .with_columns(
            event_class=pl.when(pl.col("proto").is_not_null())
            .then(pl.lit("connections"))
            .otherwise(pl.lit("system_events")),
            time=pl.col("syslog_time"),
            time_quality=pl.col("syslog_time_quality"),
        )
        .with_columns(
            start_time=pl.when(is_over).then(pl.col("time") - lasted).otherwise(pl.col("time")),
            src_ip=address(pl.col("srcIP")),
            src_port=port(pl.col("srcPort")),
            src_mac=mac(pl.col("srcMAC")),
            user_name=account(pl.col("user")),
            dst_ip=address(pl.col("dstIP")),
            dst_port=port(pl.col("dstPort")),
            protocol=protocol(pl.col("proto").str.replace(r"^.*\(([0-9]+)\)$", "$1")),
            nat_ip=pl.when(outside != address(pl.col("srcIP"))).then(outside),
            application=pl.col("application"),
            category=pl.col("urlcat"),
            disposition=did.replace_strict(DID, default=None, return_dtype=pl.String),
            kind=pl.col("box"),
            reported_by=pl.col("syslog_host"),
            message=pl.col("line"),
            extras=pl.when(IS_FLOW).then(
                json_of(
                    [
                        word_of(("end", is_over), ("start", did.str.ends_with("allow"))).alias(
                            "phase"
                        ),
                        pl.col("rule"),
                        pl.col("info"),
                        pl.col("dstService").alias("service"),
                        pl.col("target"),
                        pl.when(is_over).then("receivedBytes").alias("received"),
                        pl.when(is_over).then("sentBytes").alias("sent"),
                    ]
                )
            ),
        )
    )


FORMAT = Format(
    name="barracuda_cloudgen",
    product="Barracuda CloudGen Firewall",
    name_proof="recorded",
    event_classes=("connections", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
