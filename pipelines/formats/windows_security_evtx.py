"""Windows Security events from an event log file (EVTX), as Windows keeps it.

The framing has turned each record into JSON on one line, attributes next to
their element:

    {"Event":{"System":{"EventID":4624,"TimeCreated_attributes":{"SystemTime":
     "2026-03-02T14:00:05.123456Z"},"EventRecordID":81,"Channel":"Security",
     "Computer":"LAB-07.example.org"},"EventData":{"TargetUserName":"ada",...}}}

The timestamp is the event's, in UTC. An unreadable record becomes `damaged: ...`. For the
meaning of the events see `reading/windows.py`.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading import windows as _windows
from pipelines.formats.reading.json import with_fields

FIELDS = {
    "event_id": "Event/System/EventID",
    "computer": "Event/System/Computer",
    "record_id": "Event/System/EventRecordID",
    "stamp": "Event/System/TimeCreated_attributes/SystemTime",
    "channel": "Event/System/Channel",
    **{ours: f"Event/EventData/{theirs}" for ours, theirs in _windows.DATA.items()},
}

REJECT_RULES = {
    "the event log is damaged here": ~pl.col("line").str.starts_with("damaged: "),
    "not a JSON object": pl.col("is_object"),
    **_windows.REJECT_RULES,
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match the head of an event, with the time as an attribute next to its element."""
    return line.str.contains(r'^\{.{0,200}"Event":\{"System":\{') & line.str.contains(
        '"TimeCreated_attributes":', literal=True
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons` and `system_events`."""
    return _windows.events(with_fields(batch, FIELDS), context.reading)


FORMAT = Format(
    name="windows_security_evtx",
    product="Windows",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    framing="evtx",
)
