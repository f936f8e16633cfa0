"""ISC `dhcpd.leases`: the server's own file of leases, one block per change.

    lease 192.0.2.17 {
      starts 1 2026/11/02 14:15:00;
      ends 1 2026/11/02 18:15:00;
      binding state active;
      hardware ethernet 00:00:5e:00:53:01;
      client-hostname "lab-7";
    }

Times are UTC with the number of the weekday in front, or `epoch` and a count. The server adds a
block whenever a lease changes and rewrites the file now and then, so it contains an address many
times, and a renewed lease has one block per renewal: the time is that of the change. Data about
the server itself (`server-duid`, the state of its partner) is skipped like a comment. IPv6
leases (`ia-na`) name their client by a DUID, which is not a MAC: system events.
"""

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Reading, Stamp
from pipelines.formats import Context, Format
from pipelines.formats.reading.table import by_name, value, with_groups

BEGIN = r"^(?<kind>lease|ia-na|ia-ta|ia-pd)[ \t]+(?<ip>[^ \t{]+)?"
TALK = (
    r"^(?:#|(?:server-duid|default-duid|authoring-byte-order|failover|group|host|class"
    r"|subclass|option|zone|key|dynamic|deleted)\b)"
)
WHOLE = r"(?s)\{.*\}$"
STAMP = r"(?:[0-6] ([0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})|epoch ([0-9]+));"
FACTS = (
    r"(?m)^\s*binding state (?<state>[a-z]+);",
    r"(?m)^\s*hardware [a-z0-9-]+ (?<mac>[^;]+);",
    r'(?m)^\s*client-hostname "(?<name>(?:[^"\\]|\\.)*)";',
    r'(?m)^\s*uid "(?<uid>(?:[^"\\]|\\.)*)";',
)
ACTIONS = {
    "active": "assign",
    "free": "expire",
    "expired": "expire",
    "released": "release",
    "reset": "release",
    "abandoned": "decline",
    "bootp": "assign",
}
LINE, ACTION = (
    pl.col("line"),
    value("state")
    .fill_null("active")
    .replace_strict(ACTIONS, default=None, return_dtype=pl.String),
)
IS_GIVEN = ACTION == "assign"


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a lease, or an IPv6 association, in braces."""
    return line.str.contains(r"^(?:lease [0-9a-fA-F.:]+|ia-(?:na|ta|pd) \S+) \{")


def is_talk(line: pl.Expr) -> pl.Expr:
    """Match comments, and the server's own messages."""
    return line.str.contains(TALK)


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the statements of a block."""
    del context, names
    for shape in (BEGIN, *FACTS):
        batch = with_groups(batch, LINE, shape)
    return batch


def instant(word: str) -> pl.Expr:
    """Return the instant behind a word; null for `never` and where it is missing."""
    groups = LINE.str.extract_groups(rf"(?m)^\s*{word} {STAMP}").struct
    civil = clock.civil(groups.field("1"), "%Y/%m/%d %H:%M:%S", Reading("UTC"))
    return clock.first(civil, clock.epoch(groups.field("2"))).time


def stamp(context: Context) -> Stamp:
    """Return when a lease began, or when it ended."""
    del context  # the file is in UTC
    began = pl.coalesce(instant("starts"), instant("cltt"))
    time = pl.when(IS_GIVEN).then(began).otherwise(pl.coalesce(instant("ends"), began))
    return Stamp(time, pl.lit("exact"))


FORMAT = Format(
    name="isc_dhcpd_leases",
    product="ISC dhcpd",
    event_classes=("leases", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "action": ACTION,
        "ip": "ip",
        "mac": "mac",
        "hostname": "name",
        "kind": "kind",
    },
    classes={"leases": ACTION.is_not_null() & (value("kind") == "lease")},
    more={"lease_end_time": pl.when(IS_GIVEN).then(instant("ends"))},
    extras=by_name("state"),
    must={
        "not a message of this product": value("kind").is_not_null(),
        "a block that was cut off": LINE.str.contains(WHOLE),
        "lease without an address": (value("kind") != "lease") | pl.col("ip").is_not_null(),
    },
    required={"leases": ("mac",)},
    may_lack={"mac": value("uid").is_not_null() | ~IS_GIVEN},
    framing="blocks",
    comment=is_talk,
)
