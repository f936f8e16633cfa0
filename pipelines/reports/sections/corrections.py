"""Report section: how a corrected report differs from what was published before."""

import polars as pl

from pipelines.reports.corrections import changes
from pipelines.reports.language import text
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.text_tables import Table, table
from pipelines.reports.view import View
from pipelines.reports.words import count

MANY = "numbers and items"


def rows(view: View) -> pl.DataFrame:
    """Return one row per number or item that a correction changed, the newest first."""
    found = [vars(change) for change in changes(view)]
    kinds = {
        "revision": pl.Int64,
        "what": pl.String,
        "before": pl.String,
        "now": pl.String,
    }
    return pl.DataFrame(found, schema=kinds)


def title(rows: pl.DataFrame) -> str:
    """Return how much the newest correction changed."""
    if rows.is_empty():
        return text("This report is unchanged since it was first published")
    newest = rows.filter(pl.col("revision") == pl.col("revision").max())
    revision = newest["revision"][0]
    return text(
        "Revision {revision} changes {items}",
        revision=revision,
        items=count(newest.height, "number or item", MANY),
    )


def summary(rows: pl.DataFrame) -> str:
    """Return why a published report may change."""
    if rows.is_empty():
        return ""
    return text(
        "Late log lines or a corrected list changed the facts of this week. The "
        "address of the report and the IDs of its items stay the same."
    )


def changes_table(rows: pl.DataFrame) -> Table:
    """Return each difference."""
    columns = ["revision", "what", "before", "now"]
    return table(
        text("One row per number or item that changed"),
        ["Revision", "What", "Before", "Now"],
        rows.select(columns).iter_rows(),
    )


def is_corrected(rows: pl.DataFrame) -> bool:
    """Return whether the section has content."""
    return not rows.is_empty()


SECTION = Section(
    name="corrections",
    editions=("superintendent",),
    order=12,
    label="Corrections",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=changes_table,
    is_shown=is_corrected,
    stays=True,
)
