"""Report section: what these logs cannot show, on every report."""

import polars as pl

from pipelines.reports.language import term, text
from pipelines.reports.sections import EDITIONS, Section, no_chart
from pipelines.reports.text_tables import Table, table
from pipelines.reports.view import View
from pipelines.reports.words import LIMITS, count


def rows(view: View) -> pl.DataFrame:  # noqa: ARG001 - the same every week
    """Return one row per limit."""
    return pl.DataFrame({"limit": LIMITS})


def title(rows: pl.DataFrame) -> str:  # noqa: ARG001 - the same every week
    """Return a fixed sentence."""
    return text("What these logs cannot show")


def summary(rows: pl.DataFrame) -> str:
    """Return why the list is here."""
    return text(
        "{things} to keep in mind before a number becomes a decision. No log entry does not "
        "mean nothing happened.",
        things=count(rows.height, "thing"),
    )


def limits_table(rows: pl.DataFrame) -> Table:
    """Return the limits, numbered."""
    numbered: list[list[str | int]] = [
        [place, term(limit)] for place, limit in enumerate(rows["limit"], start=1)
    ]
    return table(text("One row per limit"), ["No.", "Not in the logs"], numbered)


SECTION = Section(
    name="limits",
    editions=EDITIONS,
    order=90,
    label="What we cannot see",
    page="quality",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=limits_table,
    template="limits.html.j2",
    stays=True,
)
