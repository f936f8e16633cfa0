"""Reads absences: a row per day, with the part of the day."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from pipelines.registry.calendar import SATURDAY
from pipelines.registry.csv_files import word_key
from pipelines.registry.imports.exports import IMPORTED
from pipelines.registry.imports.known import ExportIndex, Row
from pipelines.registry.imports.taken import ImportResult
from pipelines.registry.suggestions import date_order, meant
from pipelines.settings.problems import nearest

STATES: Mapping[str, str] = {
    **dict.fromkeys(
        ("approved", "filled", "unfilled", "no sub required", "reconciled"), "approved"
    ),
    **dict.fromkeys(("cancelled", "canceled", "deleted", "denied", "rejected"), "cancelled"),
    **dict.fromkeys(("pending", "unapproved", "requested", "submitted", "waiting"), "pending"),
}
LONGEST = 120
NOON_EARLY, NOON_LATE = "11:00", "13:00"
FULL_FROM, FULL_TO = "09:00", "14:00"
"""Start and end of a full day; other times are neither half nor whole."""


def add_absences(taken: ImportResult, known: ExportIndex) -> None:
    """Add a row for each day of an absence."""
    fact, cell = taken.export.fact, IMPORTED["leave.csv"].columns["date"]
    every = [{name: fact(name, cells) for name in taken.export.cells} for cells in taken.sheet.rows]
    order = date_order([one["first"].split(" ")[0] for one in every], known.zone)
    for row in every:
        days = [
            meant(cell, one.split(" ")[0], (), order) or one.split(" ")[0]
            for one in (row["first"], row["last"] or row["first"])
        ]
        row |= {"first": days[0], "last": days[1]}
        person, part, state = known.person(row["person"]), _part(row), _state(row)
        if person is None:
            taken.leave("of persons who are not in the roster", row["person"])
        elif part is None:
            length = f"{row['days']} days" if row["days"] else f"{row['start']} to {row['end']}"
            told = row["part"] or length
            taken.leave("that are neither a full day nor a half", told)
        elif state not in STATES.values():
            guess = nearest(state, STATES)
            near = f" (did you mean {guess}?)" if guess else ""
            taken.leave("with a status that is not known", f"{state}{near}")
        else:
            if part == "full" and (hours := _clocks(row)):
                known.hours[hours] += 1
            for day in _days(*days):
                taken.add(
                    "leave.csv",
                    {
                        "person_id": person,
                        "date": day,
                        "part": part,
                        "kind": row["kind"].lower(),
                        "status": state,
                        "substitute_person_id": known.person(row["substitute"]) or "",
                    },
                )
    if not any(one["state"] for one in every):
        taken.notes.append("no column shows the status: `pending` decides nothing")


def _state(row: Row) -> str:
    word = word_key(row["state"]) or "pending"
    return STATES.get(word, word)


def _part(row: Row) -> str | None:
    """Return full, am or pm, as given or from the times; None without either."""
    said = word_key(row["part"])
    for word, rule in (
        ("am", r"\bam\b|morning|first half"),
        ("pm", r"\bpm\b|afternoon|second half"),
        ("full", r"\bfull\b|all day|whole day"),
    ):
        if re.search(rule, said) and not re.search(r"\d", said):
            return word
    hours = _clocks(row)
    if hours is None:
        return "full" if _is_whole(row) else None
    start, end = hours
    if end <= NOON_LATE:
        return "am"
    if start >= NOON_EARLY:
        return "pm"
    return "full" if start <= FULL_FROM and end >= FULL_TO else None


def _is_whole(row: Row) -> bool:
    """Return whether the number of days is that of all weekdays from the first to the last."""
    try:
        count = float(row["days"])
    except ValueError:
        return False
    days = [date.fromisoformat(day) for day in _days(row["first"], row["last"]) if day[:1] == "2"]
    return count >= 1 and count >= sum(day.weekday() < SATURDAY for day in days)


def _clocks(row: Row) -> tuple[str, str] | None:
    """Start and end of an absence, if it states both."""
    clock = IMPORTED["calendar.csv"].columns["duty_start"]
    bare = [re.sub(r"^(\d+:\d\d):\d\d", r"\1", row[one]) for one in ("start", "end")]
    start, end = (meant(clock, one) or "" for one in bare)
    return (start, end) if start and end else None


def _days(first: str, last: str) -> Iterator[str]:
    """Yield each day from one to the other; the check reports what is not a day."""
    try:
        start, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        yield first
        return
    for number in range(min(max((end - start).days, 0), LONGEST) + 1):
        yield (start + timedelta(days=number)).isoformat()
