"""Report section: items about students' accounts, apart from all others.

Students' records are confidential and another code of conduct binds them. No other
section, and no number of page one, counts these items.
"""

import polars as pl

from pipelines.reports.cards import cards, item_rows, items_table
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.view import View
from pipelines.reports.words import count


def rows(view: View) -> pl.DataFrame:
    """As the section of items, with those about students' accounts."""
    return item_rows(view.of_pupils)


def title(rows: pl.DataFrame) -> str:
    """How many there are."""
    if rows.is_empty():
        return "No item is about a student's account"
    verb = "is" if rows.height == 1 else "are"
    return f"{count(rows.height, 'item')} {verb} about students' accounts"


def summary(rows: pl.DataFrame) -> str:
    """Why they stand apart."""
    if rows.is_empty():
        return ""
    return (
        "These items are in no other list and no other number. Records of students are "
        "confidential: look at them with whoever is responsible for pupils, not as a "
        "matter of staff."
    )


def is_shown(rows: pl.DataFrame) -> bool:
    """Only in weeks that have any."""
    return not rows.is_empty()


SECTION = Section(
    name="pupil-items",
    editions=("principal",),
    order=12,
    label="Students' accounts",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=items_table,
    template="cards.html.j2",
    more=cards,
    is_shown=is_shown,
    stays=True,
)
