"""What a registry cell was surely meant to be: another spelling of the same fact.

Nothing is guessed here about people, days or permissions. A cell of which two
readings are possible stays as it is.
"""

import ipaddress
import re
from datetime import date

from pipelines.district.problems import nearest
from pipelines.district.shapes import Cell

LIKENESS = 0.7
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_YEAR_FIRST = re.compile(r"^(\d{4})[./](\d{1,2})[./](\d{1,2})$")
_YEAR_LAST = re.compile(r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$")
_CLOCK = re.compile(r"^(\d{1,2})[.:h](\d{2})\s*([ap])?\.?m?\.?$", re.IGNORECASE)
NOON, HOURS, MINUTES = 12, 24, 60


def meant(cell: Cell, found: str, known: tuple[str, ...] = ()) -> str | None:
    """The same fact as the cell's kind wants it, or None.

    Args:
        known: What else may stand there, such as the names of buildings.
    """
    text = found.strip()
    if cell.allowed or known:
        return _word(text, cell.allowed or known)
    reader = _READERS.get(cell.kind)
    return reader(text) if reader and text else None


def _word(text: str, known: tuple[str, ...]) -> str | None:
    if "0" in known and text.lower() in _DAYS:
        return str(_DAYS.index(text.lower()))
    return nearest(text, known, LIKENESS)


def _date(text: str) -> str | None:
    if first := _YEAR_FIRST.match(text):
        year, month, day = map(int, first.groups())
    elif last := _YEAR_LAST.match(text):
        one, two, year = map(int, last.groups())
        if one <= NOON and two <= NOON and one != two:
            return None  # the fourth of May, or the fifth of April
        month, day = (two, one) if one > NOON else (one, two)
    else:
        return None
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _clock(text: str) -> str | None:
    found = _CLOCK.match(text)
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2]), (found[3] or "").lower()
    if half and not 1 <= hour <= NOON:
        return None
    hour = hour % NOON + NOON * (half == "p") if half else hour
    return f"{hour:02}:{minute:02}" if hour < HOURS and minute < MINUTES else None


def _network(text: str) -> str | None:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return None


_READERS = {"date": _date, "clock": _clock, "network": _network}
