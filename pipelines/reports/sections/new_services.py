"""Report section: outside sites that several people began to use this week."""

import polars as pl

from pipelines.reports.language import plural, text
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.text_tables import Cell, Table, table
from pipelines.reports.view import View
from pipelines.reports.words import categories, listed, number


def rows(view: View) -> pl.DataFrame:
    """Return one row per site that arrived in the week: its days together, most used first."""
    week = view.of_week(view.inputs.new_services).sort("event_date")
    sites = week.group_by("site").agg(
        pl.col("event_date").first(),
        pl.col("account_count", "device_count").max(),
        pl.col("megabytes_out").sum(),
        pl.col("categories").last().str.replace_all("_", " "),
        pl.col("is_listed").last(),
        sent_days=pl.col("megabytes_out").count(),
    )
    return sites.sort(["account_count", "site"], descending=[True, False])


def title(rows: pl.DataFrame) -> str:
    """Return how many arrived."""
    if rows.is_empty():
        return text("No outside service is new this week")
    return plural(
        "{n} outside service is new this week",
        "{n} outside services are new this week",
        rows.height,
        n=number(rows.height),
    )


def summary(rows: pl.DataFrame) -> str:
    """Return what new means, and which of them are not on the list."""
    if rows.is_empty():
        return ""
    unlisted = rows.filter(~pl.col("is_listed").fill_null(value=False))
    said = text(
        "No one used them in the thirty days before. Now several accounts do, or much data "
        "was sent to them."
    )
    if unlisted.is_empty():
        return f"{said} {text('All of them are on the list of sites.')}"
    sites = listed(unlisted["site"].to_list())
    return f"{said} {text('Not on the list (yet): {sites}.', sites=sites)}"


def services_table(rows: pl.DataFrame) -> Table:
    """Return what a reviewer needs to decide on each."""
    return table(
        text("One row per service"),
        [
            "Site",
            "First day",
            "Most accounts in a day",
            "Most devices in a day",
            "MB sent",
            "Listed as",
            "On the list",
        ],
        (
            [
                Cell.of_site(row["site"]),
                Cell.of_day(row["event_date"]),
                row["account_count"],
                row["device_count"],
                round(row["megabytes_out"]) if row["sent_days"] else None,
                categories(row["categories"]),
                text("yes") if row["is_listed"] else text("not yet"),
            ]
            for row in rows.iter_rows(named=True)
        ),
    )


def is_any(rows: pl.DataFrame) -> bool:
    """Return whether the section has content."""
    return not rows.is_empty()


SECTION = Section(
    name="new-services",
    editions=("superintendent",),
    order=32,
    label="New services",
    page="pictures",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=services_table,
    is_shown=is_any,
)
