"""Report section: the items themselves, a card each, those that wait first."""

import polars as pl

from pipelines.reports.cards import cards, item_rows, items_table
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.words import count


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


SECTION = Section(
    name="items",
    editions=("principal", "superintendent"),
    order=10,
    label="Items",
    rows=item_rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=items_table,
    template="cards.html.j2",
    more=cards,
)
