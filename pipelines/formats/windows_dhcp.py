r"""The audit log of the Windows DHCP server (`DhcpSrvLog-Mon.log`).

    10,11/02/26,08:15:00,Assign,192.0.2.17,lab-7.example.org,00005E005301,,17739,0,,,

Comma-separated without quotes; 7 to 19 columns, more with each version and
fewer in lines that are not about an address. The date is month first with two
digits of the year, the time is the server's local time. The first number is the
event; most numbers are not leases (30 to 36 are DNS, from 50 on the search for
other servers). A file begins with about thirty lines of prose. A client of the
remote access service has a longer number in place of its MAC.
"""

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.csv import cells, is_wide, of_places, width
from pipelines.formats.reading.fields import mac, null_if_dash
from pipelines.formats.reading.table import is_of, value

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
COLUMNS = [
    "ID",
    "Date",
    "Time",
    "Description",
    "IP Address",
    "Host Name",
    "MAC Address",
    "User Name",
]
WIDTHS = (7, 8, 9, 12, 13, 18, 19)
ROW = r"^[0-9]{2,5},[0-9]{2}/[0-9]{2}/[0-9]{2},[0-9]{2}:[0-9]{2}:[0-9]{2},"
PROSE = r"^(?:\t|[0-9]{2,5}\+?\t|Event ID|QResult: |ID,Date,Time,)"
PLAIN = r'^(?:[^,]*,){5}[^,"]*,[0-9a-fA-F]*(?:,|$)'
NAMED = r"^((?:[^,]*,){5})(.*),([0-9a-fA-F]{12,64}(?:,.*)?)$"
NUMBER = "^[0-9a-fA-F]{12,64}$"

CODE, CARD, NAME = value("ID"), value("MAC Address"), value("Host Name")
HAS_NUMBER = CARD.str.contains(NUMBER)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a number, a date with two digits of the year, a time; or their names."""
    return line.str.contains(ROW) | line.str.starts_with("ID,Date,Time,Description,")


def is_prose(line: pl.Expr) -> pl.Expr:
    """Match the explanations at the top of each file, and the names of the columns."""
    return line.str.contains(PROSE)


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the columns; a client's name may hold commas, and ends before its number."""
    del context
    line = pl.col("line")
    parts = line.str.extract_groups(NAMED).struct
    quoted = pl.concat_str(
        parts.field("1"),
        pl.lit('"'),
        parts.field("2").str.replace_all('"', '""', literal=True),
        pl.lit('",'),
        parts.field("3"),
    )
    whole = pl.coalesce(pl.when(~line.str.contains(PLAIN)).then(quoted), line)
    return batch.with_columns(cells=cells(whole)).with_columns(of_places(COLUMNS, names))


FORMAT = Format(
    name="windows_dhcp",
    product="Windows DHCP server",
    event_classes=("leases", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=lambda context: clock.civil(
        value("Date") + " " + value("Time"), "%m/%d/%y %H:%M:%S", context.reading
    ),
    fields={
        "ip": "IP Address",
        # a name with a comma may be two columns
        "hostname": pl.when(~NAME.str.contains(",", literal=True)).then(NAME),
        "action": CODE.replace_strict(ACTIONS, default=None, return_dtype=pl.String),
    },
    classes={"leases": pl.col("action").is_not_null()},
    more={
        "mac": mac(CARD.replace("000000000000", None)),
        "kind": pl.concat_str([CODE, null_if_dash(value("Description"))], separator=" "),
    },
    extras={
        "code": CODE,
        "user_name": "User Name",
        "client_id": pl.when(CARD.str.len_chars() > 12).then(CARD),
    },
    must={
        "{columns} columns, not those of this log": is_wide(*WIDTHS),
        "no event number first": CODE.str.contains("^[0-9]{2,5}$"),
        "lease without a MAC": HAS_NUMBER
        | ~is_of("leases")
        | ~pl.col("action").is_in(["assign", "renew"]),
        "{columns} columns, the client's number in place of its name": HAS_NUMBER
        | ~is_of("leases")
        | ~NAME.str.contains("^[0-9a-fA-F]{12}$").fill_null(value=False),
    },
    comment=is_prose,
    columns=width(),
)
