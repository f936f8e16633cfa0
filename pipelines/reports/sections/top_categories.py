"""Report section: the kinds of sites that people used most, as public lists say."""

from dataclasses import replace

import polars as pl

from pipelines.reports.charts import Figure
from pipelines.reports.language import marked, text
from pipelines.reports.sections import Section
from pipelines.reports.text_tables import Table, amount, each, table
from pipelines.reports.top_lists import Ranking, changed, ranking, use_cell
from pipelines.reports.top_lists import draw as bars_of
from pipelines.reports.view import View
from pipelines.reports.words import category, duration, share

UNNAMED = marked("not categorized")
SERIES = ((pl.lit(value=True), "blue", ""),)


def rows(view: View) -> Ranking:
    """Return the kinds, the most used first; a site of two kinds is of both."""
    kinds = pl.col("category").fill_null(UNNAMED).replace("", UNNAMED)
    use = view.inputs.site_use.with_columns(name=kinds.str.replace_all("_", " ").str.split(", "))
    return ranking(view, use.explode("name"))


def named(rows: Ranking) -> pl.DataFrame:
    """Return those that a list names."""
    return rows.rows.filter(pl.col("name") != UNNAMED)


def title(rows: Ranking) -> str:
    """Return the kind used most."""
    known = named(rows)
    if known.is_empty():
        return text("No use of a category could be counted")
    top = known.row(0, named=True)
    return text(
        "Top category: {category}, {minutes} {a_day}",
        category=category(top["name"]),
        minutes=duration(top["minutes"]),
        a_day=rows.a_day,
    )


def summary(rows: Ranking) -> str:
    """Return how much of the use any list speaks of."""
    if not len(rows):
        return ""
    known, whole = amount(named(rows), "minutes"), round(rows.minutes)
    said = text(
        "Bars show the time on sites of each category, all accounts together. {averaged} Lists "
        "name a category for {share} of it; a site of two categories counts in both, so the "
        "bars can add up to more than the time on all sites.",
        averaged=rows.averaged,
        share=share(round(known), whole),
    )
    if rows.rows["before"].drop_nulls().len():
        said += text(" Arrows compare with {before}.", before=rows.before_said)
    return said


def draw(rows: Ranking) -> Figure | None:
    """Return the ten most used kinds."""
    shown = rows.rows.with_columns(name=each(rows.rows, category, "name"))
    return bars_of(replace(rows, rows=shown), SERIES)


def kinds_table(rows: Ranking) -> Table:
    """Return every kind, with what changed."""
    return table(
        text("One row per kind of site. Minutes are estimates, {a_day}.", a_day=rows.a_day),
        ["Kind", "Minutes", "Change", "Days"],
        (
            [
                category(row["name"]),
                use_cell(rows, row["minutes"]),
                changed(row["minutes"], row["before"]) or text("not compared"),
                row["days"],
            ]
            for row in rows.rows.iter_rows(named=True)
        ),
    )


SECTION = Section(
    name="top-categories",
    editions=("superintendent",),
    order=13,
    label="Top categories",
    page="pictures",
    rows=rows,
    title=title,
    summary=summary,
    draw=draw,
    table=kinds_table,
    is_for_spans=True,
)
