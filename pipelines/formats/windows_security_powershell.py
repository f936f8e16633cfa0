r"""Windows Security events as JSON of PowerShell: `Get-WinEvent ... | ConvertTo-Json`.

    {"Id":4624,...,"RecordId":81,"LogName":"Security","MachineName":"LAB-07.example.org",
     "TimeCreated":"\/Date(1793628905123)\/",...,"Message":"An account was successfully
     logged on.\r\n\r\nSubject:..."}

(one object, alone or in an array, or printed over many lines). The timestamp is a number of
milliseconds (Windows PowerShell), or ISO with an offset (PowerShell 7). The account and the
action are only in the message, in the language of the computer: only English messages
are read, others become system events. An `.evtx` or XML export contains more and is better.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading import windows as _windows
from pipelines.formats.reading.json import has_keys, with_fields

FIELDS = {
    "event_id": "Id",
    "computer": "MachineName",
    "record_id": "RecordId",
    "when": "TimeCreated",
    "channel": "LogName",
    "text": "Message",
}
COUNT = r"Date\((-?[0-9]{1,14})"

REJECT_RULES = {"not a JSON object": pl.col("is_object"), **_windows.REJECT_RULES}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with PowerShell's names."""
    return has_keys(line, "Id", "MachineName", "TimeCreated", "LogName")


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons` and `system_events`."""
    count = pl.col("when").str.extract(COUNT, 1).cast(pl.Int64, strict=False)
    instant = pl.from_epoch(count, time_unit="ms").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
    fields = with_fields(batch, FIELDS)
    return _windows.events(
        fields.with_columns(
            stamp=pl.coalesce(instant, "when"), **_windows.of_message(pl.col("text"))
        ),
        context.reading,
        needs_name=True,
    )


FORMAT = Format(
    name="windows_security_powershell",
    product="Windows, exported manually",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    framing="json_array",
)
