"""Entra ID sign-ins as the admin center downloads them: CSV with a header line.

    Date (UTC),Request ID,User agent,...,User,Username,...,Application,...,IP address,
    Location,Status,Sign-in error code,Failure reason,Client app,Device ID,...

(one line). *Entra admin center > Sign-in logs > Download*. Columns are found by their
names; Microsoft adds some now and then. Stamps are UTC, ISO or the month first. The
file of non-interactive sign-ins has the same columns and is told by its name alone:
deliver the interactive one. `Interrupted` is neither success nor failure.
"""

import polars as pl

from pipelines import clock
from pipelines.clock import Reading
from pipelines.formats import Context, Format
from pipelines.formats.reading.csv import headed, width
from pipelines.formats.reading.fields import account, address, known
from pipelines.formats.reading.flows import is_machine
from pipelines.formats.reading.json import json_text

COLUMNS = {
    "stamp": "Date (UTC)",
    "request": "Request ID",
    "username": "Username",
    "identifier": "Sign-in identifier",
    "application": "Application",
    "ip": "IP address",
    "location": "Location",
    "status": "Status",
    "code": "Sign-in error code",
    "reason": "Failure reason",
    "client": "Client app",
    "device": "Device ID",
    "system": "Operating System",
}
HEADER = r'^[\x{feff}]?"?Date \(UTC\)"?,"?Request ID"?,'
SUCCESSES = {"success": True, "failure": False}
UTC = Reading("UTC")

MUST = {
    "{columns} columns, not as many as the header line": pl.col("is_whole"),
    "Date (UTC) cannot be read": pl.col("time").is_not_null(),
    "no request id": pl.col("event_uid").is_not_null(),
}


def is_header(line: pl.Expr) -> pl.Expr:
    """The first two names of the download."""
    return line.str.contains(HEADER)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons`."""
    user = account(pl.coalesce(known(pl.col("username")), "identifier"))
    status = pl.col("status").str.to_lowercase()
    is_success = status.replace_strict(SUCCESSES, default=None, return_dtype=pl.Boolean)
    stamp = clock.first(
        clock.iso(pl.col("stamp"), UTC),
        clock.civil(pl.col("stamp"), "%m/%d/%Y %H:%M:%S", UTC),
        clock.civil(pl.col("stamp"), "%m/%d/%Y, %I:%M:%S %p", UTC),
        clock.civil(pl.col("stamp"), "%m/%d/%Y %I:%M:%S %p", UTC),
    )
    return headed(batch, context.header, COLUMNS).with_columns(
        time=stamp.time,
        time_quality=pl.when(stamp.time.is_not_null()).then(pl.lit("exact")),
        event_uid=known(pl.col("request")),
        user_name=user,
        src_ip=address(pl.col("ip")),
        activity=pl.lit("logon"),
        logon_kind=pl.lit("cloud"),
        is_success=is_success,
        failure_reason=pl.when(~is_success).then(known(pl.col("reason"))),
        event_code=known(pl.col("code")),
        is_machine=is_machine(user),
        extras=json_text(
            **{
                key: known(pl.col(key))
                for key in ("application", "client", "location", "device", "system")
            }
        ),
    )


FORMAT = Format(
    name="entra_signin_csv",
    product="Entra ID, the admin center's download",
    event_classes=("logons",),
    looks_like=is_header,
    read=read,
    must=MUST,
    header=is_header,
    columns=width(),
)
