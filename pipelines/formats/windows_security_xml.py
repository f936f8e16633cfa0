"""Windows Security events as XML, exported by Event Viewer or pasted from it.

    <Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System>
    <EventID>4624</EventID><TimeCreated SystemTime="2026-03-02T14:00:05.1234567Z"/>
    <EventRecordID>81</EventRecordID><Channel>Security</Channel><Computer>LAB-07.
    example.org</Computer></System><EventData><Data Name="LogonType">2</Data>...

The framing has put each `<Event>` on one line. Text pasted from a browser has `- `
before tags; elements may be in any order. The timestamp is the event's, in UTC. A value
cannot contain a raw `<`, so a tag inside a text is a tag. For the meaning of the events
see `reading/windows.py`.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading import windows as _windows

REJECT_RULES = {
    "not a message of this product": pl.col("line").str.contains(r"^(?:- *)?<Event[ >].*</Event>$"),
    **_windows.REJECT_RULES,
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an `<Event>` element with an id inside."""
    return line.str.contains(r"^(?:- *)?<Event[ >]") & line.str.contains("<EventID", literal=True)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `logons` and `system_events`."""
    fields = batch.with_columns(
        event_id=element("EventID"),
        computer=element("Computer"),
        record_id=element("EventRecordID"),
        stamp=found(r"<TimeCreated\s[^>]*?SystemTime=[\"']([^\"'<>]*)"),
        channel=element("Channel"),
        **{ours: data(theirs) for ours, theirs in _windows.DATA.items()},
    )
    return _windows.events(fields, context.reading)


def element(tag: str) -> pl.Expr:
    """Return the text of an element of the head."""
    return found(rf"<{tag}(?:\s[^<>]*)?>([^<]*)</{tag}>")


def data(name: str) -> pl.Expr:
    """Return a named field of the event's data."""
    return found(rf"<Data Name=[\"']{name}[\"']\s*>([^<]*)</Data>")


def found(pattern: str) -> pl.Expr:
    """Return the first match of a pattern, unescaped."""
    return (
        pl.col("line").str.extract(pattern).str.strip_chars().str.replace_many(_windows.XML_ESCAPED)
    )


FORMAT = Format(
    name="windows_security_xml",
    product="Windows",
    event_classes=("logons", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    framing="xml_events",
)
