"""The items of a week as rows and as a table: those that wait, those decided."""

import polars as pl

from pipelines.reports.cards import card_rows
from pipelines.reports.tables import Table, table
from pipelines.reports.view import View
from pipelines.reports.words import KINDS, REVIEW, SEVERITIES, SURE_SHORT, day


def item_rows(view: View) -> pl.DataFrame:
    """One row an item that waits, or that the week brought and was decided."""
    week = view.of_week(view.standing).filter(pl.col("status") != "open")
    return card_rows(view, pl.concat([heaviest_first(view.waiting), week]))


def heaviest_first(findings: pl.DataFrame) -> pl.DataFrame:
    """What weighs most is read first; within one weight the older."""
    weight = pl.col("severity").replace_strict(
        {name: place for place, name in enumerate(SEVERITIES)},
        default=0,
        return_dtype=pl.Int64,
    )
    return findings.sort(
        -weight, "event_date", "start_time", "finding_id", maintain_order=True
    )


def items_table(rows: pl.DataFrame) -> Table:
    """Each item in a line."""
    return table(
        "One row an item",
        ["Item", "Account or device", "About", "What was seen", "When", "Day",
         "How sure", "Weight", "Review", "Log lines"],
        (
            [
                row["finding_id"],
                row["subject"],
                KINDS.get(row["kind"]),
                row["claim"],
                row["when"],
                day(row["event_date"]),
                SURE_SHORT[row["confidence"]],
                row["severity"],
                REVIEW.get(row["status"]),
                row["line_count"],
            ]
            for row in rows.iter_rows(named=True)
        ),
    )  # fmt: skip
