"""Report section: the sites that people used most, on the list or not."""

import polars as pl

from pipelines.reports.charts import Figure
from pipelines.reports.language import marked, term, text
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
NO = marked("no")
LISTED = {
    "approved": "yes",
    "approved_for_students": "for students",
    "approved_other_role": "for other roles",
    "denied": "denied",
    "lapsed": "no longer",
    "no_list": "no list",
    "undecidable": "some pages",
}
"""Decision of the list for most accounts that used the site, in the table's words."""


def rows(view: View) -> Ranking:
    """Return the sites, the most used first."""
    return ranking(view, view.inputs.site_use.with_columns(name="site"))


def title(rows: Ranking) -> str:
    """Return the most used of how many."""
    if not len(rows):
        return text("No use of a site by people could be counted")
    top = rows.rows.row(0, named=True)
    return text(
        "Most time on {site}: {minutes} {a_day}",
        site=top["name"],
        minutes=duration(top["minutes"]),
        a_day=rows.a_day,
    )


def summary(rows: Ranking) -> str:
    """Return how much of it the first ten are, and how much is on the list."""
    if not len(rows):
        return ""
    whole = round(rows.minutes)
    first = share(round(amount(rows.rows.head(10), "minutes")), whole)
    listed = share(round(amount(rows.rows.filter("is_listed"), "minutes")), whole)
    approved = text("; {share} of it on approved sites", share=listed) if rows.has_list else ""
    said = text(
        "Bars show the time on each site, all accounts together: {minutes} in all "
        "{a_day}{approved}. {averaged} The ten longest are {first} of the time on {sites}.",
        minutes=duration(rows.minutes),
        a_day=rows.a_day,
        approved=approved,
        averaged=rows.averaged,
        first=first,
        sites=count(len(rows), "site"),
    )
    if rows.rows["before"].drop_nulls().len():
        said += text(" Arrows compare with {before}.", before=rows.before_said)
    return f"{said} {text('No account is named. Background traffic is not included.')}"


def draw(rows: Ranking) -> Figure | None:
    """Return the ten longest, those on the list apart if there is a list."""
    return bars_of(rows, SERIES if rows.has_list else ((pl.lit(True), "blue", ""),))  # noqa: FBT003


def sites_table(rows: Ranking) -> Table:
    """Return every site, with what changed."""
    return table(
        text("One row per site. Minutes are estimates, {a_day}.", a_day=rows.a_day),
        ["Site", "On the list", "Minutes", "Change", "Days", "Most accounts in a day"],
        (
            [
                Cell.of_site(row["name"]),
                term(LISTED.get(row["verdict"], NO)),
                use_cell(rows, row["minutes"]),
                changed(row["minutes"], row["before"]) or text("not compared"),
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
