"""Pages of months and semesters: the pictures over all their weeks, and the weeks."""

from dataclasses import replace
from datetime import date, timedelta

from pipelines.findings.cases import Case
from pipelines.reports.headline import NUMBERS, dated, is_whole
from pipelines.reports.pages import Part, page, parts_of, said_once, wanted
from pipelines.reports.report_inputs import week_of
from pipelines.reports.report_rows import Shared, WeekNumbers
from pipelines.reports.sections import sections, trend
from pipelines.reports.static_charts import drawing
from pipelines.reports.text_tables import Cell, Page, Table, book_of, table, to_csv
from pipelines.reports.view import ONE_WEEK, View, week_label
from pipelines.reports.words import (
    KINDS,
    MONTHS,
    NOT_KNOWN,
    count,
    day_range,
    number,
    share,
)

TO_THURSDAY = timedelta(days=3)
FALL_BEGINS = 8

Switch = list[tuple[str, str]]
"""Label and target of each choice; empty for the current page."""

STATES = {
    "Waiting": ("waiting",),
    "On trial": ("trial",),
    "Explained": ("explained",),
    "Confirmed": ("confirmed",),
    "Expired or withdrawn": ("expired", "withdrawn"),
}
"""Columns of cases, each with the standings that it counts."""


def month_of(start: date) -> tuple[str, str]:
    """Return file name and title of the month that a week belongs to."""
    middle = start + TO_THURSDAY
    return f"months/{middle:%Y-%m}", f"{MONTHS[middle.month - 1]} {middle.year}"


def semester_of(start: date) -> tuple[str, str]:
    """Return file name and title of the semester that a week belongs to."""
    middle = start + TO_THURSDAY
    if middle.month >= FALL_BEGINS:
        return f"semesters/{middle.year}-2-fall", f"Fall {middle.year}"
    return f"semesters/{middle.year}-1-spring", f"Spring {middle.year}"


def known_weeks(view: View) -> list[WeekNumbers]:
    """Return the headline numbers of every week, this one's as they are now."""
    others = [week for week in view.inputs.previous if week_of(week) != view.start]
    return sorted([*others, dated(view)], key=lambda week: str(week_of(week)))


def grouped(view: View) -> dict[tuple[str, str], list[WeekNumbers]]:
    """Return the weeks of each month and each semester, oldest first."""
    found: dict[tuple[str, str], list[WeekNumbers]] = {}
    for week in known_weeks(view):
        if not week.get("is_removed"):
            for name in (month_of(week_of(week)), semester_of(week_of(week))):
                found.setdefault(name, []).append(week)
    return found


def rollup_pages(view: View, shared: Shared) -> dict[str, Page]:
    """Return a page and files for each month and semester with a published week.

    One that starts before the first day of kept findings remains as published.
    """
    pages: dict[str, Page] = {}
    first = view.inputs.kept_from or date.min
    for (path, title), weeks in grouped(view).items():
        if week_of(weeks[0]) < first:
            continue
        side_by_side, cases = weeks_table(weeks), cases_by_kind(view, weeks)
        figure = trend.draw(trend.rows_of(weeks))
        own = span_of(view, weeks)
        blind, parts = said_once(span_parts(own))
        text = page(
            "rollup.html.j2",
            **shared,
            drawn=[drawing(figure), drawing(figure, is_narrow=True)] if figure else [],
            name=title,
            path=path,
            lead=f"{lead(weeks)} {count(own.school_day_count, 'school day')}.",
            switch=span_switch(view, (path, title), weeks),
            blind=blind,
            parts=parts,
            weeks_title=weeks_title(cases),
            tables=[side_by_side, cases],
        )
        pages[f"{path}.html"] = text
        pages[f"{path}.csv"] = to_csv(side_by_side)
        tables = {"weeks": side_by_side, "cases": cases}
        pages[f"{path}.xlsx"] = book_of(tables, {**shared, "dates": title})
    return pages


def span_of(view: View, weeks: list[WeekNumbers]) -> View:
    """Return all days from the first of some weeks to the last."""
    first, last = week_of(weeks[0]), week_of(weeks[-1])
    return replace(view, start=first, weeks=(last - first) // ONE_WEEK + 1)


def span_parts(own: View) -> list[Part]:
    """Return the sections that show the days of a span; their files are those of its weeks."""
    chosen = [one for one in sections() if one.is_for_spans]
    parts = parts_of(own, wanted(chosen, own.inputs.sections_off))
    return [replace(part, files="") for part in parts]


def weeks_title(cases: Table) -> str:
    """Return how many cases the weeks brought, and how many wait."""
    size, waiting = cases.total("Cases"), cases.total("Waiting")
    if not size:
        return "These weeks have no cases"
    verb = "waits" if waiting == 1 else "wait"
    return f"These weeks have {count(size, 'case')}; {number(waiting)} {verb}"


def switch(view: View) -> Switch:
    """Return links from the pictures of a week to its month and its semester."""
    first = view.inputs.kept_from or date.min
    spans = [
        (name, f"../{path}.html")
        for (path, name), weeks in grouped(view).items()
        if view.start in map(week_of, weeks) and week_of(weeks[0]) >= first
    ]
    spans.sort(key=lambda one: one[1])  # months first
    return [(f"Week {view.start.isocalendar().week}", ""), *spans] if spans else []


def span_switch(view: View, own: tuple[str, str], weeks: list[WeekNumbers]) -> Switch:
    """Return links from a month or semester to its newest week, and to others of its kind."""
    newest = week_of(weeks[-1])
    week = f"Week {newest.isocalendar().week}"
    spans = [
        (name, "" if (path, name) == own else f"../{path}.html")
        for (path, name), held in sorted(grouped(view).items())
        if newest in map(week_of, held) or path.split("/")[0] == own[0].split("/")[0]
    ]
    return [(week, f"../{week_label(newest)}/pictures.html"), *spans]


def lead(weeks: list[WeekNumbers]) -> str:
    """Return how many weeks there are, and how many of them are not whole."""
    said = f"{count(len(weeks), 'week')} with a report"
    broken = sum(not is_whole(week) for week in weeks)
    if broken:
        said += f", {count(broken, 'of them a partial week', 'of them partial weeks')}"
    return f"{said}."


def weeks_table(weeks: list[WeekNumbers]) -> Table:
    """Return the numbers of each week; a week that is not whole is marked."""
    return table(
        "One row per week",
        ["Week", "Dates", "School days", *NUMBERS.values(), "Arrived"],
        (
            [
                _link(week_of(week)),
                day_range(week_of(week), week_of(week) + timedelta(days=6)),
                week.get("school_days"),
                *(week.get(key) for key in NUMBERS),
                _arrived(week),
            ]
            for week in weeks
        ),
        only_in_files=("Dates",),
    )


def _link(start: date) -> Cell:
    name = f"Week {start.isocalendar().week}"
    text = f"{name}, {day_range(start, start + timedelta(days=6))}"
    return Cell(text, name, href=f"../{week_label(start)}/index.html")


def _arrived(week: WeekNumbers) -> str:
    whole = week.get("coverage")
    if whole is None:
        return NOT_KNOWN
    part = share(round(whole * 1e4), 10_000)
    return part if is_whole(week) else f"{part} (partial week)"


def cases_by_kind(view: View, weeks: list[WeekNumbers]) -> Table:
    """Return cases of those weeks by subject and state of review."""
    first, last = week_of(weeks[0]), week_of(weeks[-1])
    own = [case for case in view.all_cases if first <= case.monday <= last]
    asked = [case for case in own if case.standing(view.start) != "site"]
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in asked:
        key = (case.heaviest["kind"], case.standing(view.start))
        groups.setdefault(key, []).append(case)
    return table(
        "Cases of these weeks. Each is counted once, even if it waits for several weeks.",
        ["About", "Cases", *STATES],
        (
            [
                label,
                sum(len(held) for (of, _), held in groups.items() if of == kind),
                *(
                    sum(len(groups.get((kind, one), ())) for one in states)
                    for states in STATES.values()
                ),
            ]
            for kind, label in KINDS.items()
        ),
    )


def spans_of(week_start: date) -> list[str]:
    """Return the file names of the month and the semester that a week belongs to."""
    return [month_of(week_start)[0], semester_of(week_start)[0]]


def is_last_of(path: str, week_start: date) -> bool:
    """Return whether a month's or semester's page ends with a week."""
    after = week_start + timedelta(days=7)
    return path not in (month_of(after)[0], semester_of(after)[0])
