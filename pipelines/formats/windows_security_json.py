"""Windows Security events as JSON lines, from winlogbeat or NXLog.

    {"@timestamp":"2026-03-02T14:00:05.123Z","winlog":{"event_id":"4624",
     "channel":"Security","computer_name":"LAB-07.example.org","record_id":81,
     "event_data":{"TargetUserName":"ada","LogonType":"2","IpAddress":"-",...}}}

(one line in the log). winlogbeat 6 lacks the level `winlog`; NXLog writes all
fields on one level. The stamp is the event's own, in UTC; NXLog's `EventTime`
has no offset and is the computer's local time. What the events mean:
`reading/windows.py`.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading import windows as _windows
from pipelines.formats.reading.json import has_keys, with_fields

CARRIERS = {
    "new": {
        "event_id": "winlog/event_id",
        "computer": "winlog/computer_name",
        "record_id": "winlog/record_id",
        "stamp": "@timestamp",
        "channel": "winlog/channel",
        **{ours: f"winlog/event_data/{theirs}" for ours, theirs in _windows.DATA.items()},
    },
    "old": {
        "event_id": "event_id",
        "computer": "computer_name",
        "record_id": "record_number",
        "stamp": "@timestamp",
        "channel": "log_name",
        **{ours: f"event_data/{theirs}" for ours, theirs in _windows.DATA.items()},
    },
    "flat": {
        "event_id": "EventID",
        "computer": "Hostname",
        "record_id": "RecordNumber",
        "stamp": "EventTime",
        "channel": "Channel",
        **_windows.DATA,
    },
}
"""The layouts; a line is written in one of them."""

FIELDS = {
    carrier: {f"{carrier}_{ours}": path for ours, path in paths.items()}
    for carrier, paths in CARRIERS.items()
}
NAMES = [*_windows.SYSTEM, *_windows.DATA]
FOUND = pl.Struct({**dict.fromkeys(NAMES, pl.String), "is_whole": pl.Boolean})

REJECT_RULES = {"not a JSON object": pl.col("is_whole"), **_windows.REJECT_RULES}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with winlogbeat's or NXLog's names for id and computer."""
    beat = has_keys(line, "computer_name") & line.str.contains(r'"(?:winlog|event_data)"\s*:\s*\{')
    return beat | has_keys(line, "EventID", "Hostname")


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons` and `system_events`."""
    found = pl.col("line").map_batches(_found, return_dtype=FOUND)
    fields = batch.with_columns(_found=found).unnest("_found")
    return _windows.events(fields, context.reading)


def _found(lines: pl.Series) -> pl.Series:
    """Return structs of `FOUND`; only layouts that occur are looked for."""
    line = pl.col("line")
    is_new = line.str.contains('"winlog"', literal=True)
    is_old = ~is_new & line.str.contains('"event_data"', literal=True)
    layout = pl.when(is_new).then(pl.lit("new")).when(is_old).then(pl.lit("old"))
    frame = lines.alias("line").to_frame().with_columns(layout=layout.otherwise(pl.lit("flat")))
    fields = frame.lazy()
    carriers = frame["layout"].unique(maintain_order=True).to_list() or ["flat"]
    for carrier in carriers:
        mine = pl.when(pl.col("layout") == carrier).then(line)
        fields = with_fields(fields, FIELDS[carrier], mine).rename(
            {"is_object": f"{carrier}_is_whole"}
        )
    found = [pl.coalesce(f"{carrier}_{ours}" for carrier in carriers).alias(ours) for ours in NAMES]
    is_whole = pl.any_horizontal(f"{carrier}_is_whole" for carrier in carriers)
    objects = fields.select(*found, is_whole=is_whole).collect(engine="in-memory")
    return objects.to_struct(lines.name)


FORMAT = Format(
    name="windows_security_json",
    product="Windows",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
