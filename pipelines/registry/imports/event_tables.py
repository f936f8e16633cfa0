"""Turns a calendar that was exported as a table into an iCalendar file.

Outlook and Google Calendar use the same columns. Of an event over whole days, Outlook writes
the following midnight as the end; Google's form has the last day.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from pipelines.registry.suggestions import date_order, meant
from pipelines.registry.tables.calendar import FILE as CALENDAR

COLUMNS = frozenset(("subject", "startdate"))
WHOLE_DAY = re.compile(r"^(true|yes|1)$", re.IGNORECASE)
MIDNIGHT = re.compile(r"^(12:00(:00)? ?am|0?0:00(:00)?)$", re.IGNORECASE)
STAMP = datetime(2000, 1, 1, tzinfo=UTC)
"""The same table gives the same file."""


def calendar_of(rows: Sequence[Mapping[str, str]]) -> bytes:
    """Return the events over whole days as an iCalendar file, without timed ones."""
    from icalendar import Calendar, Event  # a third of a second

    calendar = Calendar()
    calendar.add("prodid", "-//Schoolbell//events of a table//EN")
    calendar.add("version", "2.0")
    for title, first, after in _events(rows):
        event = Event()
        event.add("uid", sha256(f"{title}\n{first}".encode()).hexdigest()[:32])
        event.add("dtstamp", STAMP)
        event.add("summary", title)
        event.add("dtstart", first)
        event.add("dtend", after)
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _events(rows: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, date, date]]:
    """Yield title, first day, and the day after the last."""
    order = date_order([row.get("startdate", "") for row in rows], "America/Chicago")
    cell = CALENDAR.columns["date"]
    for row in rows:
        is_whole = WHOLE_DAY.match(row.get("alldayevent", "")) or not row.get("starttime")
        first, last = (
            meant(cell, row.get(name, ""), (), order) for name in ("startdate", "enddate")
        )
        if not (first and is_whole):
            continue
        begins = date.fromisoformat(first)
        ends = date.fromisoformat(last) if last else begins
        is_after = ends > begins and MIDNIGHT.match(row.get("endtime", ""))
        yield row.get("subject", ""), begins, ends if is_after else ends + timedelta(days=1)
