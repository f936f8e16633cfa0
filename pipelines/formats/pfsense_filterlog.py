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

from collections.abc import Sequence

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import cut, to_int, word_of
from pipelines.formats.reading.flows import protocol
from pipelines.formats.reading.syslog import BEFORE_TAG, with_header
from pipelines.formats.reading.table import is_of

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
DISPOSITIONS = {"pass": "allowed", "block": "blocked", "reject": "blocked"}
TRANSLATIONS = ["rdr", "nat", "binat", "scrub", "match"]

BODY, PROGRAM, PROTOCOL = pl.col("syslog_body"), pl.col("syslog_program"), pl.col("protocol_word")
DETAILS, DIRECTION = pl.col("more"), pl.col("way")
IS_OTHER = is_of("system_events")
HAS_PORTS = PROTOCOL.is_in(["tcp", "udp"])
IS_ANSWER = (pl.col("flags") == "SA").fill_null(value=False)
HAS_ERROR = DETAILS.str.contains("errormsg=", literal=True)
COMMAS = DETAILS.str.count_matches(",", literal=True)
IS_WHOLE = (
    pl.when(HAS_ERROR)
    .then(pl.lit(value=True))
    .when(PROTOCOL == "tcp")
    .then(COMMAS == 8)
    .when(PROTOCOL == "udp")
    .then(COMMAS == 2)
    .otherwise(DETAILS.is_not_null())
)
"""The protocol's columns are complete, or the firewall reports a fault."""


def opener(column: str, other: str) -> pl.Expr:
    """Return a column of the end that opened the connection: of an answer, the other end's."""
    return pl.when(IS_ANSWER).then(other).otherwise(column)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match lines of filterlog, with any header."""
    return line.str.contains(
        BEFORE_TAG
        + r"(?:1 [^ ]+ [^ ]+ )?filterlog(?:\[[0-9]+\]: |: | [0-9-]+ [^ ]+ (?:-|\[.*?\]) )[0-9]*,"
    )


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the columns, those of IPv6 under the names of IPv4."""
    del names
    record = pl.when(PROGRAM == "filterlog").then(BODY.str.strip_chars_end(" "))
    is_v4 = pl.col("version") == "4"
    pairs = {"number": "number_6", "from": "from_6", "to": "to_6", "more": "more_6"}
    return (
        with_header(batch, context.reading)
        .pipe(cut, record, RULE, ",")
        .pipe(cut, pl.when(is_v4).then("rest"), V4, ",")
        .pipe(cut, pl.when(pl.col("version") == "6").then("rest"), V6, ",")
        .with_columns(pl.when(is_v4).then(v4).otherwise(v6).alias(v4) for v4, v6 in pairs.items())
        .with_columns(protocol_word=protocol(to_int(pl.col("number"), 3).cast(pl.String)))
        .pipe(cut, pl.when(HAS_PORTS).then("more"), MORE, ",")
    )


def more(context: Context) -> dict[str, pl.Expr]:
    """Return the direction, on interfaces that face the outside; otherwise it is unknown."""
    outside = [name.strip() for name in context.options.get("outside_interfaces", "").split(",")]
    opened = pl.when(IS_ANSWER).then(pl.lit("out")).otherwise(pl.lit("in")) == DIRECTION
    is_known = pl.col("interface").is_in(outside) & DIRECTION.is_in(["in", "out"])
    return {
        "direction": word_of(("inbound", is_known & opened), ("outbound", is_known)),
        "disposition": pl.col("action").replace_strict(
            DISPOSITIONS, default=None, return_dtype=pl.String
        ),
    }


FORMAT = Format(
    name="pfsense_filterlog",
    product="pfSense, OPNsense",
    event_classes=("connections", "system_events"),
    looks_like=looks_like,
    split=split,
    fields={
        "src_ip": opener("from", "to"),
        "src_port": opener("from_port", "to_port"),
        "dst_ip": opener("to", "from"),
        "dst_port": opener("to_port", "from_port"),
        "protocol": PROTOCOL,
        "kind": PROGRAM,
        "reported_by": pl.col("syslog_host"),
    },
    classes={"connections": PROGRAM == "filterlog"},
    more=more,
    extras={
        **{
            key: pl.col(key).replace("", None)
            for key in ("rule", "tracker", "interface", "way", "flags")
        },
        "icmp": pl.when(PROTOCOL.is_in(["icmp", "ipv6-icmp"])).then(DETAILS.replace("", None)),
    },
    must={
        "no program in the syslog header": PROGRAM.is_not_null(),
        "{columns} columns, not those of this log": IS_OTHER | BODY.str.contains(RECORD),
        "action is none of pass, block, reject and translation": IS_OTHER
        | pl.col("action").is_in([*DISPOSITIONS, *TRANSLATIONS]),
        "{columns} columns, not those of this protocol": IS_OTHER | IS_WHOLE,
        "port is not a number up to 65,535": IS_OTHER
        | ~HAS_PORTS
        | (pl.col("src_port").is_not_null() & pl.col("dst_port").is_not_null()),
    },
    required={"connections": ("dst_ip", "protocol")},
    columns=BODY.str.count_matches(",", literal=True) + 1,
)
