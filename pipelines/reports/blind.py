"""Marks what a blind window touches: hours in which an expected source sent nothing.

What happened then is in no number. Each count is therefore "at least", each part
of the report that counts lines names the gaps, and each item of such a day says
what was not there to be seen.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from pipelines.reports.coverage import missing_hours, runs, say_gap
from pipelines.reports.view import View
from pipelines.reports.words import number

SHOWN = 2
"""Gaps that a note names; the rest are counted."""

COUNTS_NO_LINES = frozenset(
    {
        "changes", "corrections", "limits", "line-account", "permits", "policy-map",
        "rule-standing", "rules", "source-coverage",
    }
)  # fmt: skip
"""Parts of the report whose numbers no gap can make smaller, or that show the gaps."""


def blind_note(view: View, section: str) -> str:
    """The gaps that a part's numbers do not know of; empty without one."""
    if section in COUNTS_NO_LINES:
        return ""
    gaps = sorted(runs(missing_hours(view)), key=lambda gap: -gap.hour_count)
    if not gaps:
        return ""
    named = "; ".join(say_gap(gap, view) for gap in gaps[:SHOWN])
    more = len(gaps) - SHOWN
    rest = f"; and {number(more)} more" if more > 0 else ""
    return f"No lines: {named}{rest}. What happened then is in no number here."


def blind_days(view: View) -> Mapping[date, str]:
    """For each day with missing hours, of any week, which those are."""
    absent = missing_hours(view, is_week_only=False)
    days: dict[date, list[str]] = {}
    for day, rows in absent.partition_by("event_date", as_dict=True).items():
        for gap in runs(rows.sort("source", "hour_start")):
            days.setdefault(day[0], []).append(say_gap(gap, view))
    return {day: "; ".join(said) for day, said in days.items()}


def with_blind_days(rows: pl.DataFrame, view: View) -> pl.DataFrame:
    """Findings with what was missing on their day, as `blind`; null for nothing."""
    days = blind_days(view)
    blind = pl.col("event_date").replace_strict(
        list(days), list(days.values()), default=None, return_dtype=pl.String
    )
    return rows.with_columns(blind=blind if days else pl.lit(None, pl.String))
