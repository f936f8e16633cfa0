"""School calendars as `.ics`: which events say what kind of day it is.

A feed has an event for every school day (`A Day`) beside the breaks, so an event
is not a day off: its words decide. What no word explains says nothing of the day.
A timed event counts only for what changes a school day (early out, late start,
closure): an assembly on Veterans Day is no holiday.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import icalendar
import polars as pl
import recurring_ical_events

from pipelines.registry.csv_files import Rows
from pipelines.settings.problems import Problem

# Cuts an `.ics` file down to what says when: events and time zones.
#
# Feeds carry calendar-wide properties that are malformed (a refresh interval `P1H`),
# alarms and free text. One of them must not cost the whole calendar, so only the
# properties that matter are kept, and an event that can not be read goes alone.

KEPT = frozenset(
    {
        "UID",
        "DTSTART",
        "DTEND",
        "DURATION",
        "RRULE",
        "RDATE",
        "EXDATE",
        "RECURRENCE-ID",
        "SUMMARY",
        "SEQUENCE",
        "STATUS",
    }
)


class Block(NamedTuple):
    """One VEVENT or VTIMEZONE: its kind, its first line and its text."""

    kind: str
    line: int
    text: str


def clean(data: bytes, name: str) -> tuple[str, list[Problem]]:
    """A calendar of the events that can be read, and a problem for each other."""
    problems: list[Problem] = []
    kept = []
    for block in _blocks(data.decode("utf-8-sig", errors="replace")):
        if block.kind == "VEVENT" and (fault := _fault(block.text)):
            problems.append(
                Problem(name, f"event can not be read: {fault}", block.line)
            )
        else:
            kept.append(block.text)
    return "\r\n".join(["BEGIN:VCALENDAR", *kept, "END:VCALENDAR", ""]), problems


def _fault(text: str) -> str:
    try:
        event = icalendar.Event.from_ical(text)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        return str(error)
    if event.errors:
        return "; ".join(f"{name} {reason}" for name, reason in event.errors)
    return "" if "DTSTART" in event else "it has no DTSTART"


def _blocks(text: str) -> Iterator[Block]:
    """Every whole event and time zone of a calendar."""
    kind, start = "", 0
    lines: list[str] = []
    for number, line in _unfolded(text):
        begins = line.upper().removeprefix("BEGIN:")
        if not kind and begins in ("VEVENT", "VTIMEZONE"):
            kind, start, lines = begins, number, [line]
        elif kind and line.upper() == f"END:{kind}":
            yield Block(kind, start, "\r\n".join([*_worth(kind, lines), line]))
            kind = ""
        elif kind:
            lines.append(line)


def _worth(kind: str, lines: list[str]) -> Iterator[str]:
    """Lines of an event that are kept; nested alarms are not. A zone stays whole."""
    depth = 0
    for number, line in enumerate(lines):
        name = line.split(":")[0].split(";")[0].upper()
        depth += (name == "BEGIN") - (name == "END")
        if kind == "VTIMEZONE" or number == 0 or (depth == 1 and name in KEPT):
            yield line


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Whole content lines: one that begins with a blank continues the line before."""
    whole, start = "", 1
    for number, line in enumerate(text.split("\n"), start=1):
        bare = line.rstrip("\r")
        if bare[:1] in (" ", "\t"):
            whole += bare[1:]
            continue
        if whole:
            yield start, whole
        whole, start = bare, number
    if whole:
        yield start, whole


WORDS: Mapping[str, str] = {
    r"snow day|closure|\bclosed\b|cancel": "closure",
    r"e-?learning|remote learning|online learning|virtual (day|learning)": "elearning",
    r"early (out|release|dismissal)|half day|noon dismissal": "early_out",
    r"late (start|arrival)|delayed start": "late_start",
    r"(1|2|one|two)[- ]hour (late|delay)": "late_start",
    r"in-?service|professional (development|learning)|teacher work ?day": "pd_day",
    r"\bp\.?d\.? day|staff development|non-?student day|no students": "pd_day",
    r"no school|holiday|break|recess|vacation|thanksgiving|christmas": "holiday",
    r"new year|memorial day|labor day|veteran.?s.? day|president.?s.? day": "holiday",
    r"martin luther|\bmlk\b|juneteenth|independence day|columbus day": "holiday",
    r"indigenous|good friday|easter": "holiday",
    r"^[a-h][ -]day|^day [a-h1-8]\b|school day": "school",
    r"(first|last) day( of)?( school)?\b": "school",
    r"(start|begin|end)\w* of .*(semester|quarter|trimester|term)": "school",
}
"""Expression -> kind of day; the first that matches a title decides."""

PRIORITY = [
    "closure", "elearning", "early_out", "late_start", "pd_day", "school", "holiday",
    "weekend",
]  # fmt: skip
"""Of several events on a day: what leaves most of it working time comes first."""

CHANGES = {"closure", "elearning", "early_out", "late_start"}
FURTHEST = timedelta(days=3 * 366)
LONGEST_EVENT = 120
_COLUMNS = {"date": pl.Date, "day_type": pl.String}


def read_calendar(data: bytes, name: str, words: Mapping[str, str], zone: str) -> Rows:
    """`date` and `day_type` of every day on which a file says something.

    Args:
        data: The file's bytes.
        name: Its name, for problems.
        words: The district's own words -> kind of day; asked first.
        zone: The district's time zone.
    """
    text, problems = clean(data, name)
    events = _expanded(text, name, problems)
    rules = _rules(words)
    days: list[tuple[date, str]] = []
    unexplained: set[str] = set()
    for event in events:
        title = str(event.get("SUMMARY", "")).strip()
        kind = _kind(title, rules, is_timed=_is_timed(event))
        if kind is None:
            unexplained.add(title)
        else:
            days += [(day, kind) for day in _days(event, ZoneInfo(zone))]
    frame = pl.DataFrame(days, schema=_COLUMNS, orient="row")
    rank = pl.col("day_type").replace_strict(PRIORITY, range(len(PRIORITY)))
    once = frame.sort("date", rank).unique("date", keep="first", maintain_order=True)
    return Rows(once, (*problems, *_notices(name, unexplained)))


def _expanded(text: str, name: str, problems: list[Problem]) -> list[Any]:
    """Every occurrence of every event that takes place."""
    try:
        whole = icalendar.Calendar.from_ical(text)
        first, last = _span(whole)
        if first is None or last is None:
            return []
        found = list(recurring_ical_events.of(whole).between(first, last))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        problems.append(
            Problem(name, f"is no calendar: {error}", allowed="an iCalendar file")
        )
        return []
    return [event for event in found if str(event.get("STATUS")) != "CANCELLED"]


def _rules(words: Mapping[str, str]) -> list[tuple[re.Pattern[str], str]]:
    own = [
        (re.compile(re.escape(word), re.IGNORECASE), kind)
        for word, kind in words.items()
    ]
    return own + [
        (re.compile(text, re.IGNORECASE), kind) for text, kind in WORDS.items()
    ]


def _kind(
    title: str, rules: list[tuple[re.Pattern[str], str]], *, is_timed: bool
) -> str | None:
    found = next((kind for rule, kind in rules if rule.search(title)), None)
    return None if is_timed and found not in CHANGES else found


def _is_timed(event: Any) -> bool:
    return isinstance(event["DTSTART"].dt, datetime)


def _days(event: Any, zone: ZoneInfo) -> Iterator[date]:
    """Local days of an event; an all-day event ends before its DTEND."""
    start = event["DTSTART"].dt
    if isinstance(start, datetime):
        yield (start.astimezone(zone) if start.tzinfo else start).date()
        return
    end = event["DTEND"].dt if "DTEND" in event else start + timedelta(days=1)
    count = min(max((end - start).days, 1), LONGEST_EVENT)
    for number in range(count):
        yield start + timedelta(days=number)


def _span(whole: Any) -> tuple[date | None, date | None]:
    """First day, and a day after the last; endless rules are cut off."""
    starts: list[date] = []
    ends: list[date] = []
    for event in whole.walk("VEVENT"):
        if "DTSTART" not in event:
            continue
        start = _day(event["DTSTART"].dt)
        starts.append(start)
        ends.append(_day(event["DTEND"].dt) if "DTEND" in event else start)
        if "RRULE" in event:
            ends.append(start + timedelta(days=366))
    if not starts:
        return None, None
    first = min(starts)
    return first, min(max(ends), first + FURTHEST) + timedelta(days=2)


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _notices(name: str, titles: set[str]) -> Iterator[Problem]:
    for title in sorted(titles)[:20]:
        yield Problem(
            name,
            "event says nothing of the kind of day",
            column="SUMMARY",
            value=title,
            allowed="a word of [registry] calendar_words in district.toml",
            severity="notice",
        )
