"""Report section: which last conditions the candidates of rules failed, without names."""

import polars as pl

from pipelines.errors import capital
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.text_tables import Table, table, total
from pipelines.reports.view import View
from pipelines.reports.words import count, number

COUNTS = ("candidate_count", "passed_count", "failed_count", "alone_count")


def rows(view: View) -> pl.DataFrame:
    """Return one row per rule and condition, its days together; rules that are off have none."""
    titles = {rule["code"]: str(rule.get("title")) for rule in view.inputs.rules}
    week = view.of_week(view.inputs.rule_ends).filter(pl.col("rule").is_in(sorted(titles)))
    name = pl.col("rule").replace_strict(titles, default=pl.col("rule"), return_dtype=pl.String)
    by_condition = week.group_by("rule", "position", "condition").agg(pl.col(COUNTS).sum())
    return (
        by_condition.filter(pl.col("failed_count").sum().over("rule") > 0)
        .with_columns(title=name)
        .sort("rule", "position")
    )


def title(rows: pl.DataFrame) -> str:
    """Return how many candidates failed by one condition alone."""
    alone = total(rows, "alone_count")
    if not alone:
        return "No candidate of a rule failed by one condition alone"
    return f"{count(alone, 'candidate')} of rules failed by one condition alone"


def summary(rows: pl.DataFrame) -> str:
    """Return what that means, and the largest of them."""
    if rows.is_empty():
        return ""
    said = (
        "A candidate is use that came to the last conditions of a rule, counted once a day. One "
        "that failed is not a finding, and no name is stored with it. If one condition alone stops "
        "many, its threshold may not suit this district."
    )
    top = rows.sort("alone_count", "rule", descending=[True, False]).row(0, named=True)
    if top["alone_count"]:
        said += (
            f' Most: {top["rule"]}, "{top["condition"]}", for {number(top["alone_count"])} of '
            f"{number(top['candidate_count'])}."
        )
    return said


def ends_table(rows: pl.DataFrame) -> Table:
    """Return each condition, and how many candidates failed it."""
    return table(
        "One row per rule and last condition",
        ["Code", "Rule", "Failed because", "Candidates", "Findings", "Failed", "By this alone"],
        (
            [
                row["rule"],
                row["title"],
                capital(row["condition"]),
                *(row[name] for name in COUNTS),
            ]
            for row in rows.iter_rows(named=True)
        ),
    )


SECTION = Section(
    name="rule-ends",
    order=54,
    label="Where candidates ended",
    page="quality",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=ends_table,
    is_shown=lambda rows: not rows.is_empty(),
)
