"""Which week of the school year it is, and the same one a year before.

Weeks are counted as the calendar has them: the third week with school is compared
with the third week with school, wherever vacations and holidays fell.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines.reports.inputs import week_of
from pipelines.reports.view import SCHOOL_DAY_TYPES, View

YEAR_BEGINS = 8  # August
TO_THURSDAY = timedelta(days=3)


def same_week_last_year(view: View) -> Mapping[str, Any] | None:
    """Headline numbers of the same instructional week a year before, if known."""
    wanted = counterpart(view, view.start)
    return next((one for one in view.earlier if week_of(one) == wanted), None)


def counterpart(view: View, monday: date) -> date | None:
    """The Monday of the same instructional week a year before; None if not known."""
    mine = school_weeks(view).get(_year(monday), [])
    before = school_weeks(view).get(_year(monday) - 1, [])
    if monday not in mine or mine.index(monday) >= len(before):
        return None
    return before[mine.index(monday)]


def school_weeks(view: View) -> dict[int, list[date]]:
    """Mondays of the weeks with school, by the year in which the school year began."""
    days = view.inputs.school_days.filter(pl.col("day_type").is_in(SCHOOL_DAY_TYPES))
    mondays = days.select(pl.col("event_date").dt.truncate("1w").unique().sort())
    found: dict[int, list[date]] = {}
    for monday in mondays["event_date"]:
        found.setdefault(_year(monday), []).append(monday)
    return found


def _year(monday: date) -> int:
    """A week belongs to the school year of its Thursday."""
    middle = monday + TO_THURSDAY
    return middle.year if middle.month >= YEAR_BEGINS else middle.year - 1
