"""Weeks and school years of days."""

from datetime import date, timedelta

SCHOOL_YEAR_STARTS = 7
"""July: the month in which districts roll their records over to the next year."""


def monday(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def school_year(day: date) -> int:
    """Return the calendar year in which the school year of a day began."""
    return day.year if day.month >= SCHOOL_YEAR_STARTS else day.year - 1
