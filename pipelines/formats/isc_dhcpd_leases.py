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

import polars as pl

from pipelines import clock
from pipelines.clock import Reading
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import address, mac, name, null_if_dash
from pipelines.formats.reading.keyvalue import json_of

LEASE = r"^lease[ \t]+([^ \t{]+)[ \t]*\{"
OTHER = r"^(ia-na|ia-ta|ia-pd)[ \t]"
TALK = (
    r"^(?:#|(?:server-duid|default-duid|authoring-byte-order|failover|group|host|class"
    r"|subclass|option|zone|key|dynamic|deleted)\b)"
)
WHOLE = r"(?s)\{.*\}$"
STAMP = r"(?:[0-6] ([0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})|epoch ([0-9]+));"
ACTIONS = {
    "active": "assign",
    "free": "expire",
    "expired": "expire",
    "released": "release",
    "reset": "release",
    "abandoned": "decline",
    "bootp": "assign",
}
LINE = pl.col("line")
IS_LEASE = pl.col("event_class") == "leases"

REJECT_RULES = {
    "no lease": pl.col("kind").is_not_null(),
    "a block that was cut off": LINE.str.contains(WHOLE),
    "no time that can be read": pl.col("time").is_not_null(),
    "lease of no address": pl.col("ip").is_not_null() | (pl.col("kind") != "lease"),
    "client of the lease is not known": pl.any_horizontal(
        pl.col("mac").is_not_null(),
        pl.col("uid").is_not_null(),
        pl.col("action") != "assign",
        ~IS_LEASE,
    ),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a lease, or an IPv6 association, in braces."""
    return line.str.contains(r"^(?:lease [0-9a-fA-F.:]+|ia-(?:na|ta|pd) \S+) \{")


def is_talk(line: pl.Expr) -> pl.Expr:
    """Match comments, and the server's own messages."""
    return line.str.contains(TALK)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `leases`, or of `system_events` for other states."""
    del context  # the file is in UTC
    state = LINE.str.extract(r"(?m)^\s*binding state ([a-z]+);", 1)
    action = pl.coalesce(state, pl.lit("active")).replace_strict(
        ACTIONS, default=None, return_dtype=pl.String
    )
    starts, ends, last = (_time(word) for word in ("starts", "ends", "cltt"))
    began = pl.coalesce(starts, last)
    is_held = action == "assign"
    return (
        batch.with_columns(
            kind=pl.coalesce(
                LINE.str.extract(f"({LEASE})", 1).str.extract("^([a-z]+)", 1),
                LINE.str.extract(OTHER, 1),
            ),
            ip=address(LINE.str.extract(LEASE, 1)),
            mac=mac(LINE.str.extract(r"(?m)^\s*hardware [a-z0-9-]+ ([^;]+);", 1)),
            hostname=name(_quoted("client-hostname")),
            uid=_quoted("uid"),
            action=action,
            lease_end_time=pl.when(is_held).then(ends),
            time=pl.when(is_held).then(began).otherwise(pl.coalesce(ends, began)),
            time_quality=pl.lit("exact"),
            message=LINE,
            state=state,
        )
        .with_columns(
            event_class=pl.when(pl.col("action").is_not_null() & (pl.col("kind") == "lease"))
            .then(pl.lit("leases"))
            .otherwise(pl.lit("system_events"))
        )
        .with_columns(extras=json_of([pl.when(IS_LEASE).then("state").alias("state")]))
    )


def _time(word: str) -> pl.Expr:
    """Return the instant behind a word; null for `never` and where it is missing."""
    groups = LINE.str.extract_groups(rf"(?m)^\s*{word} {STAMP}").struct
    civil = clock.civil(groups.field("1"), "%Y/%m/%d %H:%M:%S", Reading("UTC"))
    return clock.first(civil, clock.epoch(groups.field("2"))).time


def _quoted(word: str) -> pl.Expr:
    return null_if_dash(LINE.str.extract(rf'(?m)^\s*{word} "((?:[^"\\]|\\.)*)";', 1))


FORMAT = Format(
    name="isc_dhcpd_leases",
    product="ISC dhcpd",
    event_classes=("leases", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    framing="blocks",
    comment=is_talk,
)
