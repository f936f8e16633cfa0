"""Kea's lease files (`kea-leases4.csv`, `kea-leases6.csv`): a row per change.

    address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,...
    192.0.2.17,00:00:5e:00:53:01,,3600,1793635200,1,0,0,lab-7,0,...

A row contains the end of the lease and its length in seconds: it began at `expire` minus
`valid_lifetime`. Each renewal appends a row that looks like the first, so all are `assign`. A
lifetime of 0 takes the lease back. State 1 is declined, 2 is reclaimed after its end, 3 is
released. A comma inside a name is written `&#x2c;`. The row of a delegated prefix is not an
address of a device.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.csv import headed, width
from pipelines.formats.reading.fields import address, mac, name, null_if_dash, to_int
from pipelines.formats.reading.keyvalue import json_of

COLUMNS = {
    "given_address": "address",
    "given_mac": "hwaddr",
    "lifetime": "valid_lifetime",
    "expire": "expire",
    "given_hostname": "hostname",
    "state": "state",
    "duid": "duid",
    "client_id": "client_id",
    "subnet_id": "subnet_id",
    "lease_type": "lease_type",
}
HEADER = r"^[\x{feff}]?address,(?:hwaddr,client_id|duid),valid_lifetime,expire,"
ROW = (
    r"^[0-9a-f.:]+,[0-9a-fA-F:]*,(?:[0-9a-fA-F:]*,)?"
    r"[0-9]{1,10},[0-9]{9,11},[0-9]+,(?:[01],[01],|[0-9]+,[0-2],)"
)
QUOTE = "&#x22;"
IS_PREFIX = pl.col("lease_type") == "2"

REJECT_RULES = {
    "{columns} columns, not as many as the header line, or no header": pl.col("is_whole"),
    "expire or valid_lifetime is not a number of seconds": pl.col("time").is_not_null(),
    "address is not an address": pl.col("ip").is_not_null(),
    "hwaddr is not a MAC": pl.col("mac").is_not_null()
    | null_if_dash(pl.col("given_mac")).is_null(),
    "state is none of 0 to 3": pl.col("action").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match Kea's header line, or a row with lifetime and expiry at their places."""
    return line.str.contains(HEADER) | line.str.contains(ROW)


def header(line: pl.Expr) -> pl.Expr:
    """Match the line that names the columns."""
    return line.str.contains(HEADER)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `leases`; a delegated prefix is a system event."""
    expire = clock.epoch(pl.col("expire")).time
    lifetime = to_int(pl.col("lifetime"), 10)
    given = pl.duration(seconds=lifetime, time_unit="us")
    is_given = pl.col("action") == "assign"
    details = [null_if_dash(pl.col(key)).alias(key) for key in ("duid", "client_id")]
    return (
        # Kea escapes commas only, not quotes
        headed(
            batch.with_columns(
                as_written="line", line=pl.col("line").str.replace_all('"', QUOTE, literal=True)
            ),
            context.header,
            COLUMNS,
        )
        .with_columns(line="as_written")
        .with_columns(action=action(pl.col("state"), lifetime))
        .with_columns(
            event_class=pl.when(IS_PREFIX)
            .then(pl.lit("system_events"))
            .otherwise(pl.lit("leases")),
            time=pl.when(is_given).then(expire - given).otherwise(expire),
            time_quality=pl.lit("exact"),
            ip=address(pl.col("given_address")),
            mac=mac(pl.col("given_mac")),
            hostname=name(pl.col("given_hostname").str.replace_many(["&#x2c;", QUOTE], [",", '"'])),
            lease_end_time=pl.when(is_given).then(expire),
            extras=json_of([*details, pl.col("subnet_id")]),
            kind=pl.lit("prefix"),
            message=pl.col("line"),
        )
    )


def action(state: pl.Expr, lifetime: pl.Expr) -> pl.Expr:
    """Return the row's action for the address."""
    said = state.replace_strict(
        {"0": "assign", "1": "decline", "2": "expire", "3": "release"},
        default=None,
        return_dtype=pl.String,
    )
    taken_back = (state == "0") & (lifetime == 0)
    return pl.when(taken_back).then(pl.lit("release")).otherwise(said)


FORMAT = Format(
    name="kea_leases",
    product="ISC Kea",
    event_classes=("leases", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    columns=width(),
    header=header,
)
