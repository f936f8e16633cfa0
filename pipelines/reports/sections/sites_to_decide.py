"""Report section: sites that accounts used once, to be decided about; nobody is named.

The first day of somebody's use at low weight asks about the site. Once the use repeats,
it is a case.
"""

import polars as pl

from pipelines.reports.headline import sites_asked_about
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.text_tables import Cell, Table, table
from pipelines.reports.words import count, day, listed


def title(rows: pl.DataFrame) -> str:
    """How many."""
    if rows.is_empty():
        return "No site waits for a decision after its first use"
    return f"{count(rows.height, 'site needs', 'sites need')} your decision"


def summary(rows: pl.DataFrame) -> str:
    """What to do, and what happens otherwise."""
    if rows.is_empty():
        return ""
    return (
        "Each was used at length on one day, and is not on the list. If it serves the "
        "job, put it on the list of approved sites. We look at the account only if it "
        "happens again. Without a decision it expires after two weeks."
    )


def sites_table(rows: pl.DataFrame) -> Table:
    """Each site, how much it was used, and what lists call it."""
    return table(
        "One row per site. Minutes are estimates.",
        ["Site", "Lists call it", "Accounts", "Minutes", "Days", "Cases"],
        (
            [
                Cell.of_site(row["site"]),
                listed([one.replace("_", " ") for one in row["categories"]], most=3),
                row["accounts"],
                round(row["minutes"]),
                listed([day(one) for one in row["days"]], most=3),
                row["cases"],
            ]
            for row in rows.iter_rows(named=True)
        ),
    )  # fmt: skip


SECTION = Section(
    name="sites-to-decide",
    editions=("superintendent",),
    order=11,
    label="Sites to decide",
    rows=sites_asked_about,
    title=title,
    summary=summary,
    draw=no_chart,
    table=sites_table,
    template="table.html.j2",
    is_shown=lambda rows: not rows.is_empty(),
)
