"""What a registry cell was surely meant to be: another spelling of the same fact.

Nothing is guessed here about people, days or permissions. A cell of which two
readings are possible stays as it is, unless the other cells of its column, or the
country that the district is in, leave only one.
"""

import ipaddress
import re
from collections.abc import Iterable
from datetime import date
from typing import Literal, NamedTuple

from pipelines.registry.shapes import Cell

SHORTEST = 3
"""Letters of a word in which a slip can be told from another word."""
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_YEAR_FIRST = re.compile(r"^(\d{4})[./](\d{1,2})[./](\d{1,2})$")
_YEAR_LAST = re.compile(r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$")
_CLOCK = re.compile(r"^(\d{1,2})[.:h](\d{2})\s*([ap])?\.?m?\.?$", re.IGNORECASE)
NOON, HOURS, MINUTES = 12, 24, 60


class Order(NamedTuple):
    """Whether month or day comes first in a column's dates, and how that is known."""

    first: Literal["month", "day"]
    why: str


IN_THE_US = frozenset(
    f"America/{name}"
    for name in (
        "Adak", "Anchorage", "Boise", "Chicago", "Denver", "Detroit", "Juneau",
        "Los_Angeles", "Menominee", "Metlakatla", "New_York", "Nome", "Phoenix",
        "Sitka", "Yakutat",
    )
) | {"Pacific/Honolulu"}  # fmt: skip
STATES = ("US/", "America/Indiana/", "America/Kentucky/", "America/North_Dakota/")
"""Zones of the United States, where the month comes first."""


def date_order(column: Iterable[str], zone: str) -> Order | None:
    """What comes first in the dates of a column; None where nothing tells.

    Args:
        zone: The district's.
    """
    found = [one for one in map(_YEAR_LAST.match, column) if one]
    is_day_first = any(int(one[1]) > NOON for one in found)
    is_month_first = any(int(one[2]) > NOON for one in found)
    if is_day_first and is_month_first:
        return None
    if is_day_first:
        return Order("day", "as other rows of the column are written")
    if is_month_first:
        return Order("month", "as other rows of the column are written")
    if zone in IN_THE_US or zone.startswith(STATES):
        return Order("month", "as dates are written in the United States")
    return None


def meant(
    cell: Cell, found: str, known: tuple[str, ...] = (), order: Order | None = None
) -> str | None:
    """The same fact as the cell's kind wants it, or None.

    Args:
        known: What else may stand there, such as the names of buildings.
        order: Decides about a date that could be two days.
    """
    text = found.strip()
    if cell.allowed or known:
        return _word(text, cell.allowed or known, is_closed=bool(cell.allowed))
    if cell.kind == "date":
        return _date(text, order)
    reader = _READERS.get(cell.kind)
    return reader(text) if reader and text else None


def _word(text: str, known: tuple[str, ...], *, is_closed: bool) -> str | None:
    """The word that was meant: in other letters, in part, or with one slip.

    Args:
        is_closed: There are no other words; of an open list, as the district's
            buildings, a word near to one may be another that is not listed.
    """
    if "0" in known and text.lower() in _DAYS:
        return str(_DAYS.index(text.lower()))
    plain = _plain(text)
    same = [one for one in known if _plain(one) == plain]
    if len(same) == 1:
        return same[0]
    if not is_closed or len(plain) < SHORTEST:
        return None
    near = [
        one
        for one in known
        if _is_one_slip(plain, _plain(one)) or plain in one.split("_")
    ]
    return near[0] if len(near) == 1 else None


def _plain(word: str) -> str:
    return "".join(char for char in word.lower() if char.isalnum())


def _is_one_slip(one: str, two: str) -> bool:
    """A letter too many, too few or wrong, or two changed places."""
    short, long = sorted((one, two), key=len)
    if len(long) == len(short):
        wrong = [at for at in range(len(one)) if one[at] != two[at]]
        first, last = min(wrong, default=0), max(wrong, default=0) + 1
        is_swap = last - first == 2 and one[first:last] == two[first:last][::-1]
        return len(wrong) == 1 or is_swap
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def is_ambiguous(text: str) -> bool:
    """A date that is one day with the month first, and another with the day first."""
    found = _YEAR_LAST.match(text.strip())
    if found is None:
        return False
    one, two = int(found[1]), int(found[2])
    return one <= NOON and two <= NOON and one != two


def _date(text: str, order: Order | None) -> str | None:
    if first := _YEAR_FIRST.match(text):
        year, month, day = map(int, first.groups())
    elif last := _YEAR_LAST.match(text):
        one, two, year = map(int, last.groups())
        if is_ambiguous(text) and order is None:
            return None  # the fourth of May, or the fifth of April
        is_day_first = one > NOON
        if is_ambiguous(text) and order is not None:
            is_day_first = order.first == "day"
        month, day = (two, one) if is_day_first else (one, two)
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


_READERS = {"clock": _clock, "network": _network}
