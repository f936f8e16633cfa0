"""Report section: lines that feed no rule and yet name an account or a card."""

import polars as pl

from pipelines.reports.sections import Section, no_chart
from pipelines.reports.text_tables import Table, table, total
from pipelines.reports.view import View
from pipelines.reports.words import count, number

MOST = 12
COUNTS = ("line_count", "account_count", "card_count")


def rows(view: View) -> pl.DataFrame:
    """Return one row per format and kind over the week, most named first."""
    week = view.of_week(view.inputs.unused_lines).with_columns(
        pl.col("format").str.replace_all("_", " ")
    )
    named = pl.col("account_count") + pl.col("card_count")
    return (
        week.group_by("format", "kind")
        .agg(pl.col("source").unique().sort().str.join(", "), pl.col(COUNTS).sum())
        .sort(named, "format", "kind", descending=[True, False, False])
    )


def title(rows: pl.DataFrame) -> str:
    """Return how many there are."""
    lines = total(rows, "account_count")
    if not lines:
        return "Every line with an account is used"
    verb = "names" if lines == 1 else "name"
    return f"{count(lines, 'line')} that no rule reads {verb} an account"


def summary(rows: pl.DataFrame) -> str:
    """Return what they are, and what to do."""
    return (
        "Device status messages are stored but not analyzed. Most of these are about "
        f"administrators and services. {number(total(rows, 'card_count'))} of these lines name a "
        "network card. If a kind below shows logins or address assignments, the format does not "
        "read them: report it with one such line."
    )


def kinds_table(rows: pl.DataFrame) -> Table:
    """Return the kinds that name most."""
    return table(
        "One row per format and kind of line, those that name most",
        ["Format", "Kind", "Source", "Lines", "Name an account", "Name a card"],
        rows.head(MOST).select("format", "kind", "source", *COUNTS).iter_rows(),
    )


def is_any(rows: pl.DataFrame) -> bool:
    """Return whether the section has content."""
    return not rows.is_empty()


SECTION = Section(
    name="unused-lines",
    order=57,
    label="Lines not used",
    page="quality",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=kinds_table,
    is_shown=is_any,
)
