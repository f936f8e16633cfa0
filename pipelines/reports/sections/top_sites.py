"""Report section: the sites that people used most, on the list or not."""

import polars as pl

from pipelines.reports.charts import Figure
from pipelines.reports.sections import Section
from pipelines.reports.text_tables import Cell, Table, amount, table
from pipelines.reports.top_lists import Ranking, changed, ranking, use_cell
from pipelines.reports.top_lists import draw as bars_of
from pipelines.reports.view import View
from pipelines.reports.words import count, duration, share

SERIES = (
    (pl.col("is_listed"), "blue", "on the list"),
    (~pl.col("is_listed"), "vermillion", "not on the list"),
)
LISTED = {
    "approved": "yes",
    "approved_for_students": "for students",
    "approved_other_role": "for other roles",
    "denied": "denied",
    "lapsed": "no longer",
    "no_list": "no list",
    "not_yet": "not yet",
    "undecidable": "some pages",
}
"""Decision of the list for most accounts that used the site, in the table's words."""


def rows(view: View) -> Ranking:
    """Return the sites, the most used first."""
    return ranking(view, view.inputs.site_use.with_columns(name="site"))


def title(rows: Ranking) -> str:
    """Return the most used of how many."""
    if not len(rows):
        return "No use of a site by people could be counted"
    top = rows.rows.row(0, named=True)
    return f"Most time on {top['name']}: {duration(top['minutes'])} {rows.a_day}"


def summary(rows: Ranking) -> str:
    """Return how much of it the first ten are, and how much is on the list."""
    if not len(rows):
        return ""
    whole = round(rows.minutes)
    first = share(round(amount(rows.rows.head(10), "minutes")), whole)
    listed = share(round(amount(rows.rows.filter("is_listed"), "minutes")), whole)
    approved = f"; {listed} of it on approved sites" if rows.has_list else ""
    said = (
        f"Bars show the time on each site, all accounts together: "
        f"{duration(rows.minutes)} in all {rows.a_day}{approved}. {rows.averaged} The "
        f"ten longest are {first} of the time on {count(len(rows), 'site')}."
    )
    if rows.rows["before"].drop_nulls().len():
        said += f" Arrows compare with {rows.before_said}."
    return f"{said} No account is named. Background traffic is not included."


def draw(rows: Ranking) -> Figure | None:
    """Return the ten longest, those on the list apart if there is a list."""
    return bars_of(rows, SERIES if rows.has_list else ((pl.lit(True), "blue", ""),))  # noqa: FBT003


def sites_table(rows: Ranking) -> Table:
    """Return every site, with what changed."""
    return table(
        f"One row per site. Minutes are estimates, {rows.a_day}.",
        ["Site", "On the list", "Minutes", "Change", "Days", "Most accounts in a day"],
        (
            [
                Cell.of_site(row["name"]),
                LISTED.get(row["verdict"], "no"),
                use_cell(rows, row["minutes"]),
                changed(row["minutes"], row["before"]) or "not compared",
                row["days"],
                row["accounts"],
            ]
            for row in rows.rows.iter_rows(named=True)
        ),
    )


SECTION = Section(
    name="top-sites",
    editions=("superintendent",),
    order=12,
    label="Top sites",
    page="pictures",
    rows=rows,
    title=title,
    summary=summary,
    draw=draw,
    table=sites_table,
    is_for_spans=True,
)
