"""Cuts an `.ics` file down to what says when: events and time zones.

Feeds carry calendar-wide properties that are malformed (a refresh interval `P1H`),
alarms and free text. One of them must not cost the whole calendar, so only the
properties that matter are kept, and an event that can not be read goes alone.
"""

from collections.abc import Iterator
from typing import NamedTuple

import icalendar

from pipelines.settings.problems import Problem

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
