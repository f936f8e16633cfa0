"""What stands at the address of a week whose report was deleted in time."""

from collections.abc import Mapping
from datetime import date, timedelta

from pipelines.reports.pages import page
from pipelines.reports.rollups import month_of, semester_of
from pipelines.reports.view import week_label
from pipelines.reports.words import day_range


def removed_page(shared: Mapping[str, str], week_start: date) -> str:
    """The page that says so.

    Args:
        shared: The district's name as `district`, `report_title`, `paper`, and
            `made`, when it was deleted, in words.
    """
    return page(
        "removed.html.j2",
        **shared,
        week=f"Week {week_start.isocalendar().week}",
        dates=day_range(week_start, week_start + timedelta(days=6)),
        report_id=f"{week_label(week_start)}, deleted",
        pdf_note="",
        versions=[],
    )


def spans_of(week_start: date) -> list[str]:
    """The pages of month and semester that a week stands in, without their endings."""
    return [month_of(week_start)[0], semester_of(week_start)[0]]


def is_last_of(path: str, week_start: date) -> bool:
    """Whether a month's or semester's page ends with a week."""
    after = week_start + timedelta(days=7)
    return path not in (month_of(after)[0], semester_of(after)[0])
