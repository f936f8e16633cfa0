"""The archive's own pages: the index of weeks, the pointer to the newest."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pipelines.reports.exports import Page
from pipelines.reports.headline import NUMBERS, this_week
from pipelines.reports.inputs import week_of
from pipelines.reports.pages import page
from pipelines.reports.rollups import grouped, rollup_pages
from pipelines.reports.view import View, week_label
from pipelines.reports.words import NOT_KNOWN, day_range, number, share


def archive_pages(
    view: View, shared: Mapping[str, Any], *, numbers: bool = True
) -> dict[str, Page]:
    """The index of weeks, and the pointer to the newest.

    Args:
        numbers: Whether the index tells each week's numbers.
    """
    keys = NUMBERS if numbers else {}
    now = this_week(view) | {"week_start": view.start}
    weeks = [dict(week) for week in view.inputs.previous if week_of(week) != view.start]
    rows = sorted([*weeks, now], key=lambda week: str(week_of(week)), reverse=True)
    newest = week_label(week_of(rows[0]))
    entries = [entry(week, keys) for week in rows]
    spans = grouped(view) if numbers else {}
    values: dict[str, Any] = {
        "spans": [
            [name for name in reversed(spans) if name[0].startswith(folder)]
            for folder in ("months/", "semesters/")
        ]
    }
    values |= {"weeks": entries, "names": list(keys.values()), "newest": newest}
    pages: dict[str, Page] = {"index.html": page("archive.html.j2", **shared, **values)}
    if newest == view.label:
        pages["latest.html"] = page("latest.html.j2", **shared, **values)
    return pages | (rollup_pages(view, shared) if numbers else {})


def entry(week: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, Any]:
    """One week in the index."""
    start = week_of(week)
    whole = week.get("coverage")
    numbers = [week.get(key) for key in keys]
    return {
        "label": week_label(start),
        "name": f"Week {start.isocalendar().week}",
        "is_removed": bool(week.get("is_removed")),
        "dates": day_range(start, start + timedelta(days=6)),
        "numbers": [NOT_KNOWN if n is None else number(n) for n in numbers],
        "coverage": NOT_KNOWN if whole is None else share(round(whole * 1e4), 10_000),
    }
