"""Report section: sites that are too little known to judge their use.

On no list, or only on one, which may be wrong. No one is named: a person decides
about the site, and the account is asked about only if the use continues.
"""

import polars as pl

from pipelines.findings.cases import SITE_USE
from pipelines.reports.language import plural, text
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.text_tables import Cell, Table, table
from pipelines.reports.view import View
from pipelines.reports.words import categories, number
from pipelines.state.rows import texts_in


def rows(view: View) -> pl.DataFrame:
    """Return one row per site, its days together, without those that a case is about."""
    told = {
        site
        for case in view.cases
        if view.is_new(case)
        for row in case.counted
        if row["kind"] == SITE_USE
        for site in texts_in(row["record"]["details"], "sites")
    }
    week = (
        view.of_week(view.inputs.unjudged_sites)
        .filter(~pl.col("site").is_in(sorted(told)))
        .sort("event_date")
    )
    sites = week.group_by("site").agg(
        pl.col("minutes").sum(),
        pl.col("account_count", "longest_minutes").max(),
        pl.col("categories").last().str.replace_all("_", " "),
        days=pl.col("event_date").n_unique().cast(pl.Int64),
    )
    return sites.sort(["minutes", "site"], descending=[True, False])


def title(rows: pl.DataFrame) -> str:
    """Return how many."""
    if rows.is_empty():
        return text("Every site with long use is in the lists of categories")
    return plural(
        "{n} site was used at length and is in one list of categories at most",
        "{n} sites were used at length and are in one list of categories at most",
        rows.height,
        n=number(rows.height),
    )


def summary(rows: pl.DataFrame) -> str:
    """Return what is unknown, and what to do about it."""
    if rows.is_empty():
        return ""
    return text(
        "We know too little about these sites to judge whether their use was work, so no one "
        "is asked about it. If a site serves the job, add it to the district's list of "
        "approved sites. If it does not, add it to the list of categories."
    )


def sites_table(rows: pl.DataFrame) -> Table:
    """Return what a reviewer needs to decide on each."""
    return table(
        text("One row per site. Minutes are estimates."),
        [
            "Site",
            "One list has",
            "Most accounts in a day",
            "Minutes",
            "Longest visit, minutes",
            "Days",
        ],
        (
            [
                Cell.of_site(row["site"]),
                categories(row["categories"]),
                row["account_count"],
                round(row["minutes"]),
                round(row["longest_minutes"]),
                row["days"],
            ]
            for row in rows.iter_rows(named=True)
        ),
    )


SECTION = Section(
    name="unjudged-sites",
    editions=("superintendent",),
    order=31,
    label="Sites that no list judges",
    page="pictures",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=sites_table,
    is_shown=lambda rows: not rows.is_empty(),
)
