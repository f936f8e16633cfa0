r"""Packets that a Linux firewall logs: iptables, nftables, ufw, Ubiquiti, Proxmox.

    Nov 23 08:15:00 gw kernel: [123.456] [UFW BLOCK] IN=eth0 OUT= MAC=02:00:5e:00:
    53:01:02:00:5e:00:53:02:08:00 SRC=192.0.2.7 DST=10.20.1.9 LEN=60 TOS=0x00
    PREC=0x00 TTL=54 ID=1 DF PROTO=TCP SPT=52220 DPT=22 WINDOW=1024 SYN URGP=0

(one line). A line is one packet, not a flow: the stamp is its time, without bytes of a flow and
without a user.

- The action on the packet is only in the prefix that the rule's author chose: `UFW BLOCK`,
  `DROP:`, `policy ACCEPT:`, or Ubiquiti's `-A` (accept), `-D` (drop), `-R` (reject) at the end
  of a rule's name. A prefix with neither or both leaves the disposition unknown; the option
  `unmarked` (`allowed`, `blocked`) sets the meaning of a source's unmarked lines.
- The prefix may touch `IN=`. `LEN=` comes twice; an ICMP error quotes a whole
  packet in brackets, which is not this one. IPv6 is written in full.
- An answer (`SYN ACK`) comes from the one who did not open the connection.
- `MAC=` holds target, sender and type. The sender is the last hop: it is the source's own only
  if the TTL is a fresh one (64, 128, 255).
- Proxmox writes its own date first, with an offset, and no syslog header.
"""

from collections.abc import Mapping

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import address, mac, port
from pipelines.formats.reading.flows import protocol, verdict
from pipelines.formats.reading.keyvalue import json_of, with_values
from pipelines.formats.reading.syslog import BEFORE_TAG, with_header
from pipelines.formats.reading.table import value

PACKET = r"(?:^|[ \]:])((?:IN|OUT|PHYSIN|MAC|SRC)=.*)$"
HALF_PER_PACKET = r"(?:^| )(?:SRC|DST|SPT|DPT|PROTO)="
RULE_LETTER = r"-([ADR])(?:-[0-9]+)?\]"
PROXMOX = r"^[0-9]+ [0-9] [^ ]+ ([0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}) "
UPTIME = r"^\[ *[0-9]+\.[0-9]+\] *"
UNROUTED = ["64", "128", "255"]
KEYS = [
    "SRC", "DST", "SPT", "DPT", "PROTO", "IN", "OUT", "MAC", "TTL", "HOPLIMIT", "LEN",
    "TYPE",
]  # fmt: skip
is_packet = pl.col("event_class") == "connections"

BEGINS = (
    BEFORE_TAG + r"(?:[^ =\"\[\]]+ +){0,6}(?:\[[^\]\"]*\] ?){0,2}(?:DESCR=\"[^\"]*\" )?"
    r"(?:[^ =\"\[\]]+ ){0,3}(?:[A-Z]+=[^ ]* +)*"
)
"""The header, the kernel's clock, the words of the rule and the fields in front of the source."""

REJECT_RULES = {
    "no stamp": pl.col("time").is_not_null(),
    "source is not an address": ~is_packet | pl.col("src_ip").is_not_null(),
    "target is not an address": ~is_packet | pl.col("dst_ip").is_not_null(),
    "no protocol": ~is_packet | pl.col("protocol").is_not_null(),
    "not a port": ~is_packet
    | (
        (value("SPT").is_null() | pl.col("sender_port").is_not_null())
        & (value("DPT").is_null() | pl.col("target_port").is_not_null())
    ),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match source, target and length of a packet, in this order."""
    return line.str.contains(BEGINS + r"SRC=[0-9a-fA-F.:]+ DST=[0-9a-fA-F.:]+ LEN=[0-9]+ ")


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `connections`; other lines are system events."""
    own = proxmox(pl.col("line"), context)
    body = pl.col("syslog_body")
    packet = body.str.extract(PACKET)
    outer = packet.str.replace(r" \[.*$", "")
    framed = with_header(batch, context.reading).with_columns(pairs=outer)
    return (
        with_values(framed, pl.col("pairs"), *KEYS, escapes=False, strict=False)
        .with_columns(
            sender_ip=address(value("SRC")),
            target_ip=address(value("DST")),
            sender_port=port(value("SPT")),
            target_port=port(value("DPT")),
            prefix=prefix(body.str.strip_suffix(packet)),
            time=pl.coalesce(own.time, "syslog_time"),
            time_quality=pl.coalesce(own.quality, "syslog_time_quality"),
            event_class=pl.when(body.str.contains(HALF_PER_PACKET))
            .then(pl.lit("connections"))
            .otherwise(pl.lit("system_events")),
        )
        .with_columns(**ends(), **rest(context))
    )


def prefix(before: pl.Expr) -> pl.Expr:
    """Return the rule's words; a word before `IN=` may look like a program's name."""
    program = pl.col("syslog_program")
    word = pl.when(program != "kernel").then(program + ": ")
    text = pl.coalesce(word, pl.lit("")) + before.str.replace(UPTIME, "")
    return text.str.strip_chars(" ")


def proxmox(line: pl.Expr, context: Context) -> clock.Stamp:
    """Return the stamp `20/Nov/2026:13:09:14 -0600` of Proxmox."""
    return clock.worded(line.str.extract(PROXMOX), context.reading)


def ends() -> dict[str, pl.Expr]:
    """Return source and target; swapped for an answer to a SYN."""
    answer = (pl.col("pairs").str.contains(r" PROTO=TCP .* (?:ACK SYN|SYN ACK) ")).fill_null(
        value=False
    )
    fresh = pl.coalesce(value("TTL"), value("HOPLIMIT")).is_in(UNROUTED)
    adjacent = fresh & value("IN").is_not_null() & ~answer
    frame = value("MAC").str.extract("^(?:[0-9a-f]{2}:){6}((?:[0-9a-f]{2}:){6})(?:08:00|86:dd)", 1)
    turned = {
        f"{side}_{part}": pl.when(answer).then(f"{other}_{part}").otherwise(f"{own}_{part}")
        for side, own, other in (
            ("src", "sender", "target"),
            ("dst", "target", "sender"),
        )
        for part in ("ip", "port")
    }
    return {
        **turned,
        "src_mac": pl.when(adjacent).then(mac(frame.str.strip_suffix(":"))),
    }


def rest(context: Context) -> dict[str, pl.Expr]:
    """Return everything except the ends of the connection."""
    fields = {
        "prefix": pl.col("prefix"),
        "in": value("IN"),
        "out": value("OUT"),
        "length": value("LEN"),
        "icmp_type": value("TYPE"),
    }
    found = [pl.when(text != "").then(text).alias(key) for key, text in fields.items()]
    return {
        "start_time": pl.col("time"),
        "protocol": protocol(value("PROTO")),
        "disposition": disposition(context.options),
        "extras": pl.when(is_packet).then(json_of(found)),
        "kind": pl.coalesce("syslog_program", pl.lit("kernel")),
        "reported_by": pl.col("syslog_host"),
        "message": pl.col("line"),
    }


def disposition(options: Mapping[str, str]) -> pl.Expr:
    """Return the prefix's action; a rule's letter counts before its words."""
    words = pl.col("prefix").str.replace(r'DESCR="[^"]*"', "")
    letter = words.str.extract(RULE_LETTER)
    said = letter.replace({"A": "allowed", "D": "blocked", "R": "blocked"})
    return pl.coalesce(said, verdict(words, options))


FORMAT = Format(
    name="iptables",
    product="Linux netfilter: iptables, nftables, ufw, Ubiquiti, Proxmox",
    event_classes=("connections", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
