"""Address leases as plain CSV, for servers whose log has no format here.

    event_time_utc,action,ip,mac,hostname,lease_end_utc
    2026-11-02T14:15:00Z,ASSIGN,192.0.2.17,00:00:5e:00:53:01,lab-7,2026-11-02T22:15:00Z

The header line names the columns, in any order; further columns are ignored. Only the first
three are required. Timestamps are UTC, with or without a mark.
"""

import polars as pl

from pipelines.clock import Reading, Stamp, iso
from pipelines.formats import Format
from pipelines.formats.reading import csv
from pipelines.formats.reading.fields import null_if_dash
from pipelines.formats.reading.table import value

ACTIONS = ["assign", "renew", "release", "expire", "decline"]
HEADER = r"(?i)^[\x{feff}]?(?:[^,]*,)*\"?event_time_utc\"?(?:,|\s*$)"


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match the header line."""
    return line.str.contains(HEADER)


def instant(name: str) -> pl.Expr:
    """Return a time of the row, in UTC."""
    return iso(value(name).str.strip_chars(), Reading("UTC")).time


FORMAT = Format(
    name="lease_csv",
    product="any DHCP server",
    event_classes=("leases",),
    looks_like=looks_like,
    split=csv.split,
    stamp=lambda _: Stamp(instant("event_time_utc"), pl.lit("exact")),
    fields={
        "action": "action",
        "ip": "ip",
        "mac": value("mac").str.strip_chars(),
        "hostname": "hostname",
    },
    more={"lease_end_time": instant("lease_end_utc")},
    must={
        "{columns} columns, not as many as the header line": pl.col("is_whole"),
        "action is none of ASSIGN, RENEW, RELEASE, EXPIRE, DECLINE": pl.col("action").is_in(
            ACTIONS
        ),
        "lease_end_utc cannot be read": pl.col("lease_end_time").is_not_null()
        | null_if_dash(value("lease_end_utc")).is_null(),
    },
    checked=("mac",),
    columns=csv.width(),
    header=looks_like,
)
