"""`filterlog` of pfSense and OPNsense: a packet that a firewall rule logged.

    Nov  2 08:15:00 gate filterlog[812]: 53,,,1000000301,em0,match,block,in,4,0x0,,64,
    420,0,none,6,tcp,60,192.0.2.17,198.51.100.7,53742,443,0,S,29633380,,65535,,mss

(one line). Comma-separated without quotes; from the ninth column on they depend on the IP
version and the protocol. The stamp is when the packet was seen: a passed one is usually the
first of its flow, there are no bytes of the flow and no user. `in` and `out` are the direction
at that interface, which is inbound or outbound of the district only on the interfaces that the
option `outside_interfaces` names (`em0,pppoe0`). An answer (`SA`) comes from the one who did not
open the connection. IPv6 writes the protocol's name before its number. The other programs of the
firewall in the same stream are system events.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import address, cut, port, to_int
from pipelines.formats.reading.flows import protocol
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import BEFORE_TAG, with_header

RULE = [
    "rule", "sub_rule", "anchor", "tracker", "interface", "cause", "action", "way",
    "version", "rest",
]  # fmt: skip
V4 = [
    "tos", "ecn", "ttl", "packet_id", "offset", "fragment", "number", "protocol_name",
    "length", "from", "to", "more",
]  # fmt: skip
V6 = [
    "class", "flow_label", "hops", "name_6", "number_6", "length_6", "from_6", "to_6",
    "more_6",
]  # fmt: skip
MORE = ["from_port", "to_port", "data_length", "flags", "tail"]
RECORD = (
    r"^[0-9]*,[^,]*,[^,]*,[0-9a-fA-F-]*,[^, ]+,[a-z-]+,[a-z]+,"
    r"(?:in|out|fastroute),[46],"
)
ENDS = {"pass": "allowed", "block": "blocked", "reject": "blocked"}
IS_PACKET = pl.col("event_class") == "connections"
HAS_PORTS = pl.col("protocol").is_in(["tcp", "udp"])
IS_ANSWER = (pl.col("flags") == "SA").fill_null(value=False)
ODD = pl.col("more").str.contains("errormsg=", literal=True)

REJECT_RULES = {
    "no syslog stamp that can be read": pl.col("time").is_not_null(),
    "no program in the syslog header": pl.col("syslog_program").is_not_null(),
    "{columns} columns, not those of filterlog": ~IS_PACKET
    | pl.col("syslog_body").str.contains(RECORD),
    "action is none of pass, block, reject and translation": ~IS_PACKET
    | pl.col("action").is_in([*ENDS, "rdr", "nat", "binat", "scrub", "match"]),
    "source is not an address": ~IS_PACKET | pl.col("src_ip").is_not_null(),
    "target is not an address": ~IS_PACKET | pl.col("dst_ip").is_not_null(),
    "no protocol": ~IS_PACKET | pl.col("protocol").is_not_null(),
    "{columns} columns, not those of this protocol": ~IS_PACKET | pl.col("is_whole"),
    "port is not a number up to 65,535": pl.any_horizontal(
        ~IS_PACKET, ~HAS_PORTS, pl.col("src_port").is_not_null() & pl.col("dst_port").is_not_null()
    ),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match lines of filterlog, with any header."""
    return line.str.contains(
        BEFORE_TAG
        + r"(?:1 [^ ]+ [^ ]+ )?filterlog(?:\[[0-9]+\]: |: | [0-9-]+ [^ ]+ (?:-|\[.*?\]) )[0-9]*,"
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `connections`; other programs are system events."""
    outside = [name.strip() for name in context.options.get("outside_interfaces", "").split(",")]
    is_packet = pl.col("syslog_program") == "filterlog"
    headed = with_header(batch, context.reading)
    return (
        _cut(headed, pl.when(is_packet).then("syslog_body"))
        .with_columns(
            time=pl.col("syslog_time"),
            time_quality=pl.col("syslog_time_quality"),
            start_time=pl.col("syslog_time"),
            event_class=pl.when(is_packet)
            .then(pl.lit("connections"))
            .otherwise(pl.lit("system_events")),
            **_ends(),
            disposition=pl.col("action").replace_strict(ENDS, default=None, return_dtype=pl.String),
            is_whole=_is_whole(),
            kind=pl.col("syslog_program"),
            reported_by=pl.col("syslog_host"),
            message=pl.col("line"),
        )
        .with_columns(direction=direction(pl.col("interface").is_in(outside)), extras=_extras())
    )


def _cut(headed: pl.LazyFrame, record: pl.Expr) -> pl.LazyFrame:
    """Return the named columns, IPv6 under the names of IPv4."""
    is_v4 = pl.col("version") == "4"

    pairs = {"number": "number_6", "from": "from_6", "to": "to_6", "more": "more_6"}
    return (
        headed.pipe(cut, record.str.strip_chars_end(" "), RULE, ",")
        .pipe(cut, pl.when(is_v4).then("rest"), V4, ",")
        .pipe(cut, pl.when(pl.col("version") == "6").then("rest"), V6, ",")
        .with_columns(pl.when(is_v4).then(v4).otherwise(v6).alias(v4) for v4, v6 in pairs.items())
        .with_columns(protocol=protocol(to_int(pl.col("number"), 3).cast(pl.String)))
        .pipe(cut, pl.when(HAS_PORTS).then("more"), MORE, ",")
    )


def _ends() -> dict[str, pl.Expr]:
    """Return source and target; swapped for the answer to a SYN."""
    sender, target = address(pl.col("from")), address(pl.col("to"))
    near, far = port(pl.col("from_port")), port(pl.col("to_port"))
    return {
        "src_ip": pl.when(IS_ANSWER).then(target).otherwise(sender),
        "dst_ip": pl.when(IS_ANSWER).then(sender).otherwise(target),
        "src_port": pl.when(IS_ANSWER).then(far).otherwise(near),
        "dst_port": pl.when(IS_ANSWER).then(near).otherwise(far),
    }


def _is_whole() -> pl.Expr:
    """Return whether the protocol's columns are complete, or the firewall reports a fault."""
    commas = pl.col("more").str.count_matches(",", literal=True)
    return (
        pl.when(ODD)
        .then(pl.lit(value=True))
        .when(pl.col("protocol") == "tcp")
        .then(commas == 8)
        .when(pl.col("protocol") == "udp")
        .then(commas == 2)
        .otherwise(pl.col("more").is_not_null())
    )


def direction(is_outside: pl.Expr) -> pl.Expr:
    """Return inbound or outbound if the interface faces the outside; otherwise unknown."""
    opened = pl.col("way") == pl.when(IS_ANSWER).then(pl.lit("out")).otherwise(pl.lit("in"))
    inbound = pl.when(opened).then(pl.lit("inbound")).otherwise(pl.lit("outbound"))
    return pl.when(is_outside & pl.col("way").is_in(["in", "out"])).then(inbound)


def _extras() -> pl.Expr:
    """Return the rule and how the packet crossed which interface."""
    names = ["rule", "tracker", "interface", "way", "flags"]
    fields = [pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in names]
    is_icmp = pl.col("protocol").is_in(["icmp", "ipv6-icmp"])
    icmp = pl.when(is_icmp & (pl.col("more") != "")).then("more")
    return pl.when(IS_PACKET).then(json_of([*fields, icmp.alias("icmp")]))


FORMAT = Format(
    name="pfsense_filterlog",
    product="pfSense, OPNsense",
    event_classes=("connections", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    columns=pl.col("syslog_body").str.count_matches(",", literal=True) + 1,
)
