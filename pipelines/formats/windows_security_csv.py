r"""Windows Security events as CSV: Event Viewer's, or what PowerShell exports.

    Keywords,Date and Time,Source,Event ID,Task Category
    Audit Success,11/2/2026 8:15:05 AM,Microsoft-Windows-Security-Auditing,4624,Logon,"
    An account was successfully logged on. ..."

    "Message","Id",...,"RecordId",...,"LogName",...,"MachineName","UserId","TimeCreated",...

The first is *Event Viewer > Security > Save All Events As > CSV*: its message has no name in the
header, and the computer is missing: set `options.computer`; without it the event has a device
only for a logon at the keyboard. The second is `Get-WinEvent Security | Export-Csv`. In both, the
account and the action are only in the message, in the language of the computer: only English
messages are read, others become system events. The timestamp is local time, the month first
unless `date_order = "day_first"` is set. An `.evtx` or XML export contains more and is better.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading import windows as _windows
from pipelines.formats.reading.csv import cell, cells, column_places, width
from pipelines.formats.reading.fields import null_if_dash
from pipelines.formats.reading.office import as_iso, order_of

VIEWER = r'(?i)^\x{feff}?"?(?:keywords|level)"?,"?date and time"?,"?source"?,"?event id"?,'
POWERSHELL = r'(?i)(?:^|,)\x{feff}?"?Message"?,.*"?MachineName"?,.*"?TimeCreated"?(?:,|$)'
TITLES = {
    "event_id": ("id", "event id"),
    "record_id": ("recordid",),
    "machine": ("machinename",),
    "when": ("timecreated", "date and time"),
    "channel": ("logname",),
    "text": ("message",),
}
AT_KEYBOARD = ["2", "7", "11", "13"]
WITHOUT_COMPUTER = "the event names no computer"

REJECT_RULES = {
    "{columns} columns, not as many as the header line": pl.col("is_whole"),
    **{why: rule for why, rule in _windows.REJECT_RULES.items() if why != WITHOUT_COMPUTER},
}


def is_header(line: pl.Expr) -> pl.Expr:
    """Match the column names of Event Viewer and PowerShell."""
    return line.str.contains(VIEWER) | line.str.contains(POWERSHELL)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons` and `system_events`.

    Raises:
        SettingsError: The option for the order of a date has no meaning.
    """
    places = column_places(context.header)
    count = len(places)
    is_viewers = "message" not in places
    found = {
        name: null_if_dash(cell(next(places[title] for title in titles if title in places)))
        if any(title in places for title in titles)
        else pl.lit(None, pl.String)
        for name, titles in TITLES.items()
    }
    if is_viewers:
        found["text"] = cell(count)
    when = as_iso(pl.col("when"), order_of(context.options))
    at_keyboard = pl.when(pl.col("kind_of_logon").is_in(AT_KEYBOARD)).then("workstation_name")
    own = pl.lit(context.options.get("computer"), pl.String)
    return _windows.events(
        batch.with_columns(cells=cells(pl.col("line")))
        .with_columns(is_whole=width() == count + is_viewers)
        .with_columns(**found)
        .with_columns(stamp=when, **_windows.of_message(pl.col("text")))
        .with_columns(computer=pl.coalesce("machine", own, at_keyboard)),
        context.reading,
        needs_name=True,
    )


FORMAT = Format(
    name="windows_security_csv",
    product="Windows, exported manually",
    event_classes=("logons", "system_events"),
    looks_like=is_header,
    read=read,
    must=REJECT_RULES,
    framing="csv",
    header=is_header,
    columns=width(),
)
