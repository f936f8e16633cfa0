"""Report section: what changed since last week: decisions, withdrawals, corrections."""

import polars as pl

from pipelines.reports.sections import Section, no_chart
from pipelines.reports.tables import Table, table
from pipelines.reports.view import View
from pipelines.reports.words import KINDS, REVIEW, count, day, listed


def rows(view: View) -> pl.DataFrame:
    """One row per finding that was decided since the week began."""
    columns = ["finding_id", "subject", "kind", "event_date", "status", "revision"]
    return view.decided.select(columns).sort("status", "event_date", "finding_id")


def title(rows: pl.DataFrame) -> str:
    """How many were decided, how."""
    if rows.is_empty():
        return "Nothing was decided since last week"
    sizes = rows.group_by("status").len().sort("status")
    said = [count_of(status, size) for status, size in sizes.iter_rows()]
    return f"Decided since last week: {listed(said)}"


def count_of(status: str, size: int) -> str:
    """As in "2 items explained"."""
    return f"{count(size, 'item')} {REVIEW.get(status, status)}"


def summary(rows: pl.DataFrame) -> str:
    """What withdrawn means, where there is one."""
    if rows.filter(pl.col("status") == "withdrawn").is_empty():
        return ""
    return (
        "A withdrawn item was wrong or can no longer be shown. It is kept here so "
        "that a number that changed can be followed, and appears nowhere else."
    )


def changes_table(rows: pl.DataFrame) -> Table:
    """Each decided item."""
    return table(
        "One row per item",
        ["Item", "Account or device", "About", "Day", "Now", "Revision"],
        (
            [
                row["finding_id"],
                row["subject"],
                KINDS.get(row["kind"]),
                day(row["event_date"]),
                REVIEW.get(row["status"]),
                row["revision"],
            ]
            for row in rows.iter_rows(named=True)
        ),
    )


SECTION = Section(
    name="changes",
    editions=("principal", "superintendent"),
    order=15,
    label="What changed",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=changes_table,
)
