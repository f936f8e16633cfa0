"""Months and semesters: the weeks side by side, and their items counted once.

A week belongs to the month of its Thursday. Accounts are counted over the whole
time, not added up from week to week: one account in two weeks is one account.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines.reports.exports import Page, exports
from pipelines.reports.headline import NUMBERS, is_whole, this_week
from pipelines.reports.inputs import week_of
from pipelines.reports.pages import page
from pipelines.reports.tables import Cell, Table, table
from pipelines.reports.view import View, week_label
from pipelines.reports.words import KINDS, MONTHS, NOT_KNOWN, count, day_range, share

TO_THURSDAY = timedelta(days=3)
FALL_BEGINS = 8
SUFFICIENT = "C2", "C3"


def month_of(start: date) -> tuple[str, str]:
    """File name and title of the month that a week belongs to."""
    middle = start + TO_THURSDAY
    return f"months/{middle:%Y-%m}", f"{MONTHS[middle.month - 1]} {middle.year}"


def semester_of(start: date) -> tuple[str, str]:
    """File name and title of the semester that a week belongs to."""
    middle = start + TO_THURSDAY
    if middle.month >= FALL_BEGINS:
        return f"semesters/{middle.year}-2-fall", f"Fall {middle.year}"
    return f"semesters/{middle.year}-1-spring", f"Spring {middle.year}"


def known_weeks(view: View) -> list[Mapping[str, Any]]:
    """The headline numbers of every week, this one's as they are now."""
    others = [week for week in view.inputs.previous if week_of(week) != view.start]
    now = this_week(view) | {"week_start": view.start}
    return sorted([*others, now], key=lambda week: str(week_of(week)))


def grouped(view: View) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    """The weeks of each month and each semester, oldest first."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for week in known_weeks(view):
        if not week.get("is_last_year") and not week.get("is_removed"):
            for name in (month_of(week_of(week)), semester_of(week_of(week))):
                found.setdefault(name, []).append(week)
    return found


def rollup_pages(view: View, shared: Mapping[str, Any]) -> dict[str, Page]:
    """A page and files for each month and semester with a published week.

    One that reaches back before all findings are kept stays as it was published.
    """
    pages: dict[str, Page] = {}
    first = view.inputs.kept_from or date.min
    for (path, title), weeks in grouped(view).items():
        if week_of(weeks[0]) < first:
            continue
        side_by_side, items = weeks_table(weeks), items_table(view, weeks)
        text = page(
            "rollup.html.j2",
            **shared,
            name=title,
            path=path,
            lead=lead(weeks),
            tables=[side_by_side, items],
        )
        pages[f"{path}.html"] = text
        pages |= exports(path, side_by_side, {**shared, "dates": title})
    return pages


def lead(weeks: list[Mapping[str, Any]]) -> str:
    """How many weeks there are, and how many of them are not whole."""
    said = f"{count(len(weeks), 'week')} with a report"
    broken = sum(not is_whole(week) for week in weeks)
    if broken:
        said += f", {count(broken, 'of them a partial week', 'of them partial weeks')}"
    return f"{said}."


def weeks_table(weeks: list[Mapping[str, Any]]) -> Table:
    """The numbers of each week; a week that is not whole is marked."""
    return table(
        "One row per week",
        ["Week", "Dates", *NUMBERS.values(), "Arrived"],
        (
            [
                _link(week_of(week)),
                day_range(week_of(week), week_of(week) + timedelta(days=6)),
                *(week.get(key) for key in NUMBERS),
                _arrived(week),
            ]
            for week in weeks
        ),
    )


def _link(start: date) -> Cell:
    name = f"Week {start.isocalendar().week}"
    return Cell(name, name, href=f"../{week_label(start)}/index.html")


def _arrived(week: Mapping[str, Any]) -> str:
    whole = week.get("coverage")
    if whole is None:
        return NOT_KNOWN
    part = share(round(whole * 1e4), 10_000)
    return part if is_whole(week) else f"{part} (partial week)"


def items_table(view: View, weeks: list[Mapping[str, Any]]) -> Table:
    """Items of those weeks by what they are about and where review stands."""
    first, last = week_of(weeks[0]), week_of(weeks[-1]) + timedelta(days=6)
    items = view.inputs.findings.filter(
        pl.col("confidence").is_in(SUFFICIENT),
        ~pl.col("is_pupil").fill_null(value=False),
        pl.col("event_date").is_between(first, last),
    )
    return table(
        "Items of these weeks. Each is counted once, however many weeks they "
        "are in.",
        ["About", "Accounts or devices", "Items", "Waiting", "Explained", "Confirmed",
         "Withdrawn"],
        (
            [
                label,
                items.filter(kind=kind)["subject"].n_unique(),
                items.filter(kind=kind).height,
                *(
                    items.filter(kind=kind, status=status).height
                    for status in ("open", "explained", "confirmed", "withdrawn")
                ),
            ]
            for kind, label in KINDS.items()
        ),
    )  # fmt: skip
