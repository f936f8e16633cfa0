"""Kea's log (`kea-dhcp4.log`, `kea-dhcp6.log`, or in syslog): leases given and returned.

    2026-11-02 08:15:00.123 INFO  [kea-dhcp4.leases/812.1] DHCP4_LEASE_ALLOC
        [hwtype=1 00:00:5e:00:53:01], cid=[01:00:00:5e:00:53:01], tid=0x1a: lease 192.0.2.17
        has been allocated for 3600 seconds                                     (one line)
    Nov  2 08:15:00 dhcp1 kea-dhcp4[812]: INFO  [kea-dhcp4.leases.1] DHCP4_LEASE_ALLOC ...

The first word in capitals identifies the message. A renewal has the message of a first lease, so
both are `assign`. Offers and packets give no address and become system events. The log has no
host names; the lease file has (`kea_leases`). Of the two, deliver only one. Stamps are local time.
"""

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format, of_header
from pipelines.formats.reading.fields import to_int
from pipelines.formats.reading.syslog import with_header, written_by
from pipelines.formats.reading.table import by_name, value, with_groups

STAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
LEVEL = r"(?:DEBUG|INFO|WARN|ERROR|FATAL)"
OWN = rf"^(?<stamp>{STAMP}) (?<own_body>{LEVEL} +\[kea-.*)$"
MESSAGE = rf"^{LEVEL} +\[kea-[^\]]+\] (?<kind>[A-Z][A-Z0-9_]+)(?: (?<text>.*))?$"
FACTS = (
    (
        r"(?:lease|lease for address|for address|address|addr) "
        r"(?<ip>[0-9a-fA-F]*[.:][0-9a-fA-F.:]+)"
    ),
    r"hwtype=[0-9]+ (?<mac>[0-9a-fA-F:]+)\]",
    r"duid=\[(?<duid>[0-9a-fA-F:]+)\]",
    r"cid=\[(?<client_id>[0-9a-fA-F:]+)\]",
    r" for (?<seconds>[0-9]{1,8}) seconds",
)
ACTIONS = {
    "DHCP4_LEASE_ALLOC": "assign",
    "DHCP4_LEASE_REUSE": "renew",
    "DHCP4_RELEASE": "release",
    "DHCP4_DECLINE_LEASE": "decline",
    "DHCP6_LEASE_ALLOC": "assign",
    "DHCP6_LEASE_RENEW": "renew",
    "DHCP6_LEASE_REUSE": "renew",
    "DHCP6_RELEASE_NA": "release",
    "ALLOC_ENGINE_V4_LEASE_RECLAIM": "expire",
    "ALLOC_ENGINE_V6_LEASE_RECLAIM": "expire",
}
SERVER = pl.when(value("stamp").is_null()).then("syslog_host")
HAS_OTHER_ID = value("duid", "client_id").is_not_null()


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a line of Kea's DHCP servers, in their file or in syslog."""
    return line.str.contains(rf"^{STAMP} {LEVEL} +\[kea-dhcp[46]\.") | written_by(
        line, "kea-dhcp[46]"
    )


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the message behind either header, and the facts in its text."""
    del names
    line = pl.col("line").str.strip_chars_end("\r\n\x00 ")
    lines = with_groups(with_header(batch, context.reading), line, OWN)
    body = pl.coalesce(value("own_body"), pl.col("syslog_body").str.strip_chars_end(" "))
    lines = with_groups(lines, body, MESSAGE)
    for shape in FACTS:
        lines = with_groups(lines, value("text"), shape)
    return lines


FORMAT = Format(
    name="kea_log",
    product="Kea DHCP log",
    event_classes=("leases", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=lambda context: clock.first(
        clock.iso(value("stamp"), context.reading), of_header(context)
    ),
    fields={
        "action": value("kind").replace_strict(ACTIONS, default=None, return_dtype=pl.String),
        "ip": "ip",
        "mac": "mac",
        "kind": "kind",
        "reported_by": SERVER,
    },
    classes={"leases": pl.col("action").is_not_null()},
    more={
        "lease_end_time": pl.when(pl.col("action").is_in(["assign", "renew"])).then(
            pl.col("time") + pl.duration(seconds=to_int(value("seconds")), time_unit="us")
        )
    },
    extras={"server": SERVER, **by_name("client_id", "duid")},
    must={"not a message of this product": value("kind").is_not_null()},
    required={"leases": ("mac",)},
    may_lack={"mac": HAS_OTHER_ID},
)
