"""Kea's log (`kea-dhcp4.log`, `kea-dhcp6.log`, or in syslog): leases given and returned.

    2026-11-02 08:15:00.123 INFO  [kea-dhcp4.leases/812.1] DHCP4_LEASE_ALLOC
        [hwtype=1 00:00:5e:00:53:01], cid=[01:00:00:5e:00:53:01], tid=0x1a: lease 192.0.2.17
        has been allocated for 3600 seconds                                     (one line)
    Nov  2 08:15:00 dhcp1 kea-dhcp4[812]: INFO  [kea-dhcp4.leases.1] DHCP4_LEASE_ALLOC ...

The first word in capitals identifies the message. A renewal has the message of a first lease, so
both are `assign`. Offers and packets give no address and become system events. The log has no
host names; the lease file has (`kea_leases`). Of the two, deliver only one. Stamps are local time.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import address, mac, to_int
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import with_header, written_by

STAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
LEVEL = r"(?:DEBUG|INFO|WARN|ERROR|FATAL)"
OWN = rf"^({STAMP}) ({LEVEL} +\[kea-.*)$"
MESSAGE = rf"^{LEVEL} +\[(kea-[^\]]+)\] ([A-Z][A-Z0-9_]+)(?: (.*))?$"
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
ADDRESS = r"(?:lease|lease for address|for address|address|addr) ([0-9a-fA-F]*[.:][0-9a-fA-F.:]+)"
TEXT = pl.col("text")
IS_LEASE = pl.col("event_class") == "leases"

REJECT_RULES = {
    "no stamp that can be read": pl.col("time").is_not_null(),
    "no message of Kea": pl.col("kind").is_not_null(),
    "lease of no address": pl.col("ip").is_not_null() | ~IS_LEASE,
    "lease of no client": pl.any_horizontal(
        pl.col("mac").is_not_null(), pl.col("duid").is_not_null(), pl.col("client_id").is_not_null()
    )
    | ~IS_LEASE,
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a line of Kea's DHCP servers, in their file or in syslog."""
    return line.str.contains(rf"^{STAMP} {LEVEL} +\[kea-dhcp[46]\.") | written_by(
        line, "kea-dhcp[46]"
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `leases`, or of `system_events` for other messages."""
    line = pl.col("line").str.strip_chars_end("\r\n\x00 ")
    own = line.str.extract_groups(OWN).struct
    at = clock.iso(own.field("1"), context.reading)
    message = (
        pl.coalesce(own.field("2"), pl.col("syslog_body").str.strip_chars_end(" "))
        .str.extract_groups(MESSAGE)
        .struct
    )
    return (
        with_header(batch, context.reading)
        .with_columns(
            time=pl.coalesce(at.time, "syslog_time"),
            time_quality=pl.coalesce(at.quality, "syslog_time_quality"),
            kind=message.field("2"),
            text=message.field("3").fill_null(""),
            reported_by=pl.when(own.field("1").is_null()).then("syslog_host"),
            message=pl.col("line"),
        )
        .with_columns(
            action=pl.col("kind").replace_strict(ACTIONS, default=None, return_dtype=pl.String),
            ip=address(TEXT.str.extract(ADDRESS, 1)),
            mac=mac(TEXT.str.extract(r"hwtype=[0-9]+ ([0-9a-fA-F:]+)\]", 1)),
            duid=TEXT.str.extract(r"duid=\[([0-9a-fA-F:]+)\]", 1),
            client_id=TEXT.str.extract(r"cid=\[([0-9a-fA-F:]+)\]", 1),
            lasts=to_int(TEXT.str.extract(r" for ([0-9]{1,8}) seconds", 1)),
        )
        .with_columns(
            event_class=pl.when(pl.col("action").is_not_null())
            .then(pl.lit("leases"))
            .otherwise(pl.lit("system_events")),
            lease_end_time=pl.when(pl.col("action").is_in(["assign", "renew"])).then(
                pl.col("time") + pl.duration(seconds="lasts", time_unit="us")
            ),
        )
        .with_columns(extras=_extras())
    )


def _extras() -> pl.Expr:
    """Return the client's other ids and the server of a lease."""
    fields = [pl.col("reported_by").alias("server"), pl.col("client_id"), pl.col("duid")]
    return pl.when(IS_LEASE).then(json_of(fields))


FORMAT = Format(
    name="kea_log",
    product="Kea DHCP log",
    event_classes=("leases", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
