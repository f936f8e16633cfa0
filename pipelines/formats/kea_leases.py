"""Kea's lease files (`kea-leases4.csv`, `kea-leases6.csv`): a row per change.

    address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,...
    192.0.2.17,00:00:5e:00:53:01,,3600,1793635200,1,0,0,lab-7,0,...

A row contains the end of the lease and its length in seconds: it began at `expire` minus
`valid_lifetime`. Each renewal appends a row that looks like the first, so all are `assign`. A
lifetime of 0 takes the lease back. State 1 is declined, 2 is reclaimed after its end, 3 is
released. A comma inside a name is written `&#x2c;`. The row of a delegated prefix is not an
address of a device.
"""

from collections.abc import Sequence

import polars as pl

from pipelines.clock import Stamp, epoch
from pipelines.formats import Context, Format
from pipelines.formats.reading import csv
from pipelines.formats.reading.fields import null_if_dash, to_int, word_of
from pipelines.formats.reading.json_text import json_of
from pipelines.formats.reading.table import value

HEADER = r"^[\x{feff}]?address,(?:hwaddr,client_id|duid),valid_lifetime,expire,"
ROW = (
    r"^[0-9a-f.:]+,[0-9a-fA-F:]*,(?:[0-9a-fA-F:]*,)?"
    r"[0-9]{1,10},[0-9]{9,11},[0-9]+,(?:[01],[01],|[0-9]+,[0-2],)"
)
QUOTE = "&#x22;"
STATE, LIFETIME = value("state"), to_int(value("valid_lifetime"), 10)
IS_GIVEN = (STATE == "0") & (LIFETIME != 0).fill_null(value=True)
EXPIRE = epoch(value("expire")).time


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match Kea's header line, or a row with lifetime and expiry at their places."""
    return line.str.contains(HEADER) | line.str.contains(ROW)


def header(line: pl.Expr) -> pl.Expr:
    """Match the line that names the columns."""
    return line.str.contains(HEADER)


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the columns; Kea escapes commas only, not quotes."""
    line = pl.col("line").str.replace_all('"', QUOTE, literal=True)
    lines = batch.with_columns(as_written="line", line=line)
    return csv.split(lines, context, names).with_columns(line="as_written")


def stamp(context: Context) -> Stamp:
    """Return when a lease began, or when its row ends it."""
    del context  # the file is in UTC
    began = EXPIRE - pl.duration(seconds=LIFETIME, time_unit="us")
    return Stamp(pl.when(IS_GIVEN).then(began).otherwise(EXPIRE), pl.lit("exact"))


FORMAT = Format(
    name="kea_leases",
    product="ISC Kea",
    event_classes=("leases", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={
        "ip": "address",
        "mac": "hwaddr",
        "hostname": value("hostname").str.replace_many(["&#x2c;", QUOTE], [",", '"']),
    },
    classes={"system_events": value("lease_type") == "2", "leases": pl.lit(value=True)},
    more={
        "action": word_of(
            ("assign", IS_GIVEN),
            ("release", STATE.is_in(["0", "3"])),
            ("decline", STATE == "1"),
            ("expire", STATE == "2"),
        ),
        "lease_end_time": pl.when(IS_GIVEN).then(EXPIRE),
        "kind": pl.lit("prefix"),
        "extras": json_of(
            [
                null_if_dash(value("duid")).alias("duid"),
                null_if_dash(value("client_id")).alias("client_id"),
                value("subnet_id").alias("subnet_id"),
            ]
        ),
    },
    must={
        "{columns} columns, not as many as the header line": pl.col("is_whole"),
        "state is none of 0 to 3": STATE.is_in(["0", "1", "2", "3"]),
        "lease without an address": pl.col("ip").is_not_null(),
    },
    checked=("mac",),
    columns=csv.width(),
    header=header,
)
