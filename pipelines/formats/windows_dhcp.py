r"""The audit log of the Windows DHCP server (`DhcpSrvLog-Mon.log`).

    10,11/02/26,08:15:00,Assign,192.0.2.17,lab-7.example.org,00005E005301,,17739,0,,,

Comma-separated without quotes; 7 to 19 columns, more with each version and
fewer in lines that are not about an address. The date is month first with two
digits of the year, the time is the server's local time. The first number is the
event; most numbers are not leases (30 to 36 are DNS, from 50 on the search for
other servers). A file begins with about thirty lines of prose. A client of the
remote access service has a longer number in place of its MAC.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.csv import cell, cells, is_wide, width
from pipelines.formats.reading.fields import address, mac, name, null_if_dash
from pipelines.formats.reading.keyvalue import json_of

ACTIONS = {
    "10": "assign",
    "11": "renew",
    "12": "release",
    "16": "release",  # deleted by an administrator
    "17": "expire",
    "18": "expire",
    "20": "assign",  # BOOTP
    "21": "assign",
    "23": "release",
}
WIDTHS = (7, 8, 9, 12, 13, 18, 19)
ROW = r"^[0-9]{2,5},[0-9]{2}/[0-9]{2}/[0-9]{2},[0-9]{2}:[0-9]{2}:[0-9]{2},"
PROSE = r"^(?:\t|[0-9]{2,5}\+?\t|Event ID|QResult: |ID,Date,Time,)"
PLAIN = r'^(?:[^,]*,){5}[^,"]*,[0-9a-fA-F]*(?:,|$)'
NAMED = r"^((?:[^,]*,){5})(.*),([0-9a-fA-F]{12,64}(?:,.*)?)$"
IS_LEASE = pl.col("event_class") == "leases"

REJECT_RULES = {
    "{columns} columns, not 7 to 19": is_wide(*WIDTHS),
    "no event number first": pl.col("code").str.contains("^[0-9]{2,5}$"),
    "date and time are not MM/DD/YY,HH:MM:SS": pl.col("time").is_not_null(),
    "lease of no address": pl.col("ip").is_not_null() | ~IS_LEASE,
    "client of the lease has no number": pl.any_horizontal(
        cell(6).str.contains("^[0-9a-fA-F]{12,64}$"),
        ~pl.col("action").is_in(["assign", "renew"]),
        ~IS_LEASE,
    ),
    "{columns} columns, the client's number in place of its name": ~IS_LEASE
    | ~cell(5).str.contains("^[0-9a-fA-F]{12}$").fill_null(value=False)
    | cell(6).str.contains("^[0-9a-fA-F]{12,64}$"),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a number, a date with two digits of the year, a time; or their names."""
    return line.str.contains(ROW) | line.str.starts_with("ID,Date,Time,Description,")


def is_prose(line: pl.Expr) -> pl.Expr:
    """Match the explanations at the top of each file, and the names of the columns."""
    return line.str.contains(PROSE)


def _quoted(line: pl.Expr) -> pl.Expr:
    """Quote the client's name, which may hold commas: it ends before the last number of a card."""
    is_odd = ~line.str.contains(PLAIN)
    parts = line.str.extract_groups(NAMED).struct
    quoted = pl.concat_str(
        parts.field("1"),
        pl.lit('"'),
        parts.field("2").str.replace_all('"', '""', literal=True),
        pl.lit('",'),
        parts.field("3"),
    )
    return pl.coalesce(pl.when(is_odd).then(quoted), line)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `leases`, or of `system_events` for other numbers."""
    stamp = clock.civil(cell(1) + " " + cell(2), "%m/%d/%y %H:%M:%S", context.reading)
    number = mac(cell(6))
    code = pl.col("code")
    longer = pl.when(cell(6).str.len_chars() > 12).then(cell(6)).alias("client_id")
    return (
        batch.with_columns(cells=cells(_quoted(pl.col("line"))))
        .with_columns(code=cell(0))
        .with_columns(
            time=stamp.time,
            time_quality=stamp.quality,
            ip=address(cell(4)),
            mac=pl.when(number != "00:00:00:00:00:00").then(number),
            # a name with a comma may be two columns
            hostname=name(pl.when(~cell(5).str.contains(",", literal=True)).then(cell(5))),
            action=code.replace_strict(ACTIONS, default=None, return_dtype=pl.String),
            kind=pl.concat_str([code, null_if_dash(cell(3))], separator=" "),
            message=pl.col("line"),
        )
        .with_columns(
            event_class=pl.when(pl.col("action").is_not_null())
            .then(pl.lit("leases"))
            .otherwise(pl.lit("system_events"))
        )
        .with_columns(
            extras=pl.when(IS_LEASE).then(
                json_of([code, null_if_dash(cell(7)).alias("user_name"), longer])
            )
        )
    )


FORMAT = Format(
    name="windows_dhcp",
    product="Windows DHCP server",
    event_classes=("leases", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    comment=is_prose,
    columns=width(),
)
