"""Address leases as plain CSV, for servers whose log has no format here.

    event_time_utc,action,ip,mac,hostname,lease_end_utc
    2026-11-02T14:15:00Z,ASSIGN,192.0.2.17,00:00:5e:00:53:01,lab-7,2026-11-02T22:15:00Z

The header line names the columns, in any order; further columns are ignored. Only the first
three are required. Timestamps are UTC, with or without a mark.
"""

import polars as pl

from pipelines import clock
from pipelines.clock import Reading
from pipelines.formats import Context, Format
from pipelines.formats.reading.csv import headed, width
from pipelines.formats.reading.fields import address, mac, name, null_if_dash

ACTIONS = ["assign", "renew", "release", "expire", "decline"]
COLUMNS = {
    "given_time": "event_time_utc",
    "given_action": "action",
    "given_ip": "ip",
    "given_mac": "mac",
    "given_hostname": "hostname",
    "given_end": "lease_end_utc",
}
HEADER = r"(?i)^[\x{feff}]?(?:[^,]*,)*\"?event_time_utc\"?(?:,|\s*$)"

REJECT_RULES = {
    "{columns} columns, not as many as the header line, or no header": pl.col("is_whole"),
    "event_time_utc cannot be read": pl.col("time").is_not_null(),
    "action is none of ASSIGN, RENEW, RELEASE, EXPIRE, DECLINE": pl.col("action").is_in(ACTIONS),
    "ip is not an address": pl.col("ip").is_not_null(),
    "mac is not a MAC": pl.col("mac").is_not_null() | null_if_dash(pl.col("given_mac")).is_null(),
    "lease_end_utc cannot be read": pl.col("lease_end_time").is_not_null()
    | null_if_dash(pl.col("given_end")).is_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match the header line."""
    return line.str.contains(HEADER)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `leases`."""
    time = clock.iso(pl.col("given_time").str.strip_chars(), Reading("UTC")).time
    end = clock.iso(pl.col("given_end").str.strip_chars(), Reading("UTC")).time
    return headed(batch, context.header, COLUMNS).with_columns(
        time=time,
        time_quality=pl.lit("exact"),
        action=pl.col("given_action").str.strip_chars().str.to_lowercase(),
        ip=address(pl.col("given_ip")),
        mac=mac(pl.col("given_mac").str.strip_chars()),
        hostname=name(pl.col("given_hostname")),
        lease_end_time=end,
    )


FORMAT = Format(
    name="lease_csv",
    product="any DHCP server",
    event_classes=("leases",),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    columns=width(),
    header=looks_like,
)
