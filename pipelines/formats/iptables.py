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

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context, Format, of_header
from pipelines.formats.reading.fields import mac
from pipelines.formats.reading.flows import verdict
from pipelines.formats.reading.keyvalue import with_values
from pipelines.formats.reading.syslog import BEFORE_TAG, with_header
from pipelines.formats.reading.table import value

PACKET = r"(?:^|[ \]:])((?:IN|OUT|PHYSIN|MAC|SRC)=.*)$"
PART_OF_PACKET = r"(?:^| )(?:SRC|DST|SPT|DPT|PROTO)="
RULE_LETTER = r"-([ADR])(?:-[0-9]+)?\]"
PROXMOX = r"^[0-9]+ [0-9] [^ ]+ ([0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}) "
UPTIME = r"^\[ *[0-9]+\.[0-9]+\] *"
UNROUTED = ["64", "128", "255"]
FRAME = "^(?:[0-9a-f]{2}:){6}((?:[0-9a-f]{2}:){6})(?:08:00|86:dd)"
BEGINS = (
    BEFORE_TAG + r"(?:[^ =\"\[\]]+ +){0,6}(?:\[[^\]\"]*\] ?){0,2}(?:DESCR=\"[^\"]*\" )?"
    r"(?:[^ =\"\[\]]+ ){0,3}(?:[A-Z]+=[^ ]* +)*"
)
"""The header, the kernel's clock, the words of the rule and the fields in front of the source."""

BODY, PAIRS, PREFIX = pl.col("syslog_body"), pl.col("pairs"), pl.col("prefix")
IS_ANSWER = PAIRS.str.contains(r" PROTO=TCP .* (?:ACK SYN|SYN ACK) ").fill_null(value=False)
IS_ADJACENT = value("TTL", "HOPLIMIT").is_in(UNROUTED) & value("IN").is_not_null() & ~IS_ANSWER


def opener(key: str, other: str) -> pl.Expr:
    """Return a field of the end that opened the connection: of an answer, the other end's."""
    return pl.when(IS_ANSWER).then(value(other)).otherwise(value(key))


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match source, target and length of a packet, in this order."""
    return line.str.contains(BEGINS + r"SRC=[0-9a-fA-F.:]+ DST=[0-9a-fA-F.:]+ LEN=[0-9]+ ")


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the packet's pairs; adds `prefix`, the words of the rule."""
    packet = BODY.str.extract(PACKET)
    # a word before `IN=` may look like a program's name
    program = pl.col("syslog_program").replace("kernel", None) + ": "
    words = BODY.str.strip_suffix(packet).str.replace(UPTIME, "")
    lines = with_header(batch, context.reading).with_columns(
        pairs=packet.str.replace(r" \[.*$", ""),
        prefix=(program.fill_null("") + words).str.strip_chars(" "),
    )
    return with_values(lines, PAIRS, *names, escapes=False, strict=False)


def stamp(context: Context) -> Stamp:
    """Return `20/Nov/2026:13:09:14 -0600` of Proxmox, or the time in the syslog header."""
    proxmox = clock.worded(pl.col("line").str.extract(PROXMOX), context.reading)
    return clock.first(proxmox, of_header(context))


def more(context: Context) -> dict[str, pl.Expr]:
    """Return the prefix's action; a rule's letter counts before its words."""
    words = PREFIX.str.replace(r'DESCR="[^"]*"', "")
    letter = words.str.extract(RULE_LETTER)
    by_letter = letter.replace({"A": "allowed", "D": "blocked", "R": "blocked"})
    frame = value("MAC").str.extract(FRAME, 1)
    return {
        "src_mac": pl.when(IS_ADJACENT).then(mac(frame.str.strip_suffix(":"))),
        "disposition": pl.coalesce(by_letter, verdict(words, context.options)),
        "kind": pl.col("syslog_program").fill_null("kernel"),
    }


FORMAT = Format(
    name="iptables",
    product="Linux netfilter: iptables, nftables, ufw, Ubiquiti, Proxmox",
    event_classes=("connections", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "src_ip": opener("SRC", "DST"),
        "src_port": opener("SPT", "DPT"),
        "dst_ip": opener("DST", "SRC"),
        "dst_port": opener("DPT", "SPT"),
        "protocol": "PROTO",
        "reported_by": pl.col("syslog_host"),
    },
    classes={"connections": BODY.str.contains(PART_OF_PACKET)},
    more=more,
    extras={
        "prefix": PREFIX.replace("", None),
        "in": "IN",
        "out": "OUT",
        "length": "LEN",
        "icmp_type": "TYPE",
    },
    required={"connections": ("dst_ip", "protocol")},
    checked=("src_port", "dst_port"),
)
