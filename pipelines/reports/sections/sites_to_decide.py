"""Report section: sites that need a decision or a look; no account is named.

The first day of a person's use at low weight asks about the site. Once the use repeats,
it is a case. A lead on a site is a question about the site as well.
"""

import polars as pl

from pipelines.reports.headline import has_list, sites_asked_about, unjudged_minutes
from pipelines.reports.language import plural, text
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.text_tables import Cell, Table, table
from pipelines.reports.view import View
from pipelines.reports.words import category, day, duration, listed, number

SHOWN = 6
"""Sites that the summary names; the table has all."""
IS_ASKED = pl.col("cases") > 0


def rows(view: View) -> pl.DataFrame:
    """Return the sites, those that need a decision first, and the time not judged."""
    sites = sites_asked_about(view).sort(
        IS_ASKED, "minutes", "site", descending=[True, True, False]
    )
    return sites.with_columns(
        unjudged_minutes=pl.lit(unjudged_minutes(view)), has_list=pl.lit(has_list(view))
    )


def title(rows: pl.DataFrame) -> str:
    """Return the number of sites that need a decision."""
    asked = rows.filter(IS_ASKED).height
    if not asked:
        return text("No site needs your decision after its first use")
    return plural(
        "{n} site needs your decision", "{n} sites need your decision", asked, n=number(asked)
    )


def summary(rows: pl.DataFrame) -> str:
    """Return what to do, what happens otherwise, and what no rule judges."""
    if rows.is_empty():
        return ""
    said = []
    if names := rows.filter(IS_ASKED)["site"].to_list():
        said.append(text("{sites}.", sites=listed(names, most=SHOWN)))
        used = (
            text("Each was used on one day, and is not on the list.")
            if rows["has_list"][0]
            else text("Each was used on one day, and you have no list yet.")
        )
        what = text(
            "If it serves the job, put it on the list. The case asks about the site; it asks about "
            "the account only if the use repeats. It expires after two weeks."
        )
        said.append(f"{used} {what}")
    if questions := rows.filter(~IS_ASKED).height:
        said.append(
            plural(
                "{n} site without a case: the logs cannot rule out an innocent explanation for "
                "its use, so the question is about the site only.",
                "{n} sites without a case: the logs cannot rule out an innocent explanation for "
                "its use, so the question is about the site only.",
                questions,
                n=number(questions),
            )
        )
    minutes = rows["unjudged_minutes"][0]
    if minutes >= 1:
        said.append(
            text(
                "Sites of private kinds, which no rule judges, took {minutes}; they are counted "
                "without names.",
                minutes=duration(minutes),
            )
        )
    return " ".join(said)


def sites_table(rows: pl.DataFrame) -> Table:
    """Return each site, how much it was used, and what lists call it."""
    return table(
        text("One row per site. Minutes are estimates."),
        ["Site", "Listed as", "Accounts", "Minutes", "Days", "Cases"],
        (
            [
                Cell.of_site(row["site"]),
                listed([category(one) for one in row["categories"]], most=3),
                row["accounts"],
                round(row["minutes"]),
                listed([day(one) for one in row["days"]], most=3),
                row["cases"],
            ]
            for row in rows.iter_rows(named=True)
        ),
    )


SECTION = Section(
    name="sites-to-decide",
    editions=("superintendent",),
    order=11,
    label="Sites to decide",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=sites_table,
    is_shown=lambda rows: not rows.is_empty(),
)
