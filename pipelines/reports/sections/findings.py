"""Report section: the items themselves, a card each, those that wait first."""

import polars as pl

from pipelines.reports.cards import card_rows, cards
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.tables import Table, table
from pipelines.reports.view import View
from pipelines.reports.words import KINDS, REVIEW, SEVERITIES, SURE_SHORT, count, day


def rows(view: View) -> pl.DataFrame:
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


def title(rows: pl.DataFrame) -> str:
    """How many wait, how many are decided."""
    waiting = rows.filter(pl.col("status") == "open").height
    decided = rows.height - waiting
    if not rows.height:
        return "No item waits for a decision"
    verb = "waits" if waiting == 1 else "wait"
    said = f"{count(waiting, 'item')} {verb} for a decision" if waiting else ""
    done = f"{count(decided, 'item')} of this week already decided" if decided else ""
    return "; ".join(part for part in (said, done) if part)


def summary(rows: pl.DataFrame) -> str:
    """What an item is, and is not."""
    if rows.is_empty():
        return ""
    return (
        "An item says what an account or a device did in the logs. It does not say "
        "who was there, or why. Read the other explanations before you ask anybody."
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


SECTION = Section(
    name="items",
    order=10,
    label="Items",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=items_table,
    template="cards.html.j2",
    more=cards,
)
