"""Kinds of days in a district's calendar."""

from typing import Literal, NamedTuple, get_args

DayType = Literal[
    "school", "early_out", "late_start", "pd_day", "weekend", "holiday", "closure", "elearning"
]  # fmt: skip
DAY_TYPES: tuple[DayType, ...] = get_args(DayType)


Present = Literal["no one", "staff", "students at home", "students"]


class DayKind(NamedTuple):
    """One kind of day.

    Attributes:
        label: In the report's words.
        meaning: In the data dictionary.
        present: Who works or learns that day; staff work whenever students do.
    """

    label: str
    meaning: str
    present: Present


DAY_KINDS: dict[DayType, DayKind] = {
    "school": DayKind("school day", "a day of school", "students"),
    "early_out": DayKind("early dismissal", "school that ends early", "students"),
    "late_start": DayKind("late start", "school that begins late", "students"),
    "pd_day": DayKind("staff day", "staff without students", "staff"),
    "weekend": DayKind("weekend", "Saturday or Sunday", "no one"),
    "holiday": DayKind("holiday", "a holiday of the calendar", "no one"),
    "closure": DayKind("closed", "closed, such as for snow", "no one"),
    "elearning": DayKind("remote learning", "school from home", "students at home"),
}
WORKING = tuple(name for name, kind in DAY_KINDS.items() if kind.present != "no one")
"""Days on which contract hours hold."""

SCHOOL = tuple(name for name, kind in DAY_KINDS.items() if kind.present.startswith("students"))
ON_SITE = tuple(name for name, kind in DAY_KINDS.items() if kind.present == "students")
