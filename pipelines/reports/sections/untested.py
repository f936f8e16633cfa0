"""Report section: explanations that most candidates of a rule left untested."""

import json
from dataclasses import asdict

import polars as pl

from pipelines.errors import capital
from pipelines.findings.untested import Untested, untested
from pipelines.reports.language import plural, restated, term, text
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.text_tables import Table, table
from pipelines.reports.view import View
from pipelines.reports.words import number

SCHEMA = {
    "rule": pl.String,
    "title": pl.String,
    "explanation": pl.String,
    "count": pl.Int64,
    "candidates": pl.Int64,
    "tested_with": pl.String,
    "reason": pl.String,
}


def rows(view: View) -> pl.DataFrame:
    """Return one row per rule and explanation; leads count, and name no one."""
    titles = {rule["code"]: str(rule.get("title")) for rule in view.inputs.rules}
    week = view.of_week(view.inputs.findings).filter(pl.col("status") != "withdrawn")
    found = untested(
        (rule, json.loads(record or "{}").get("alternatives") or ())
        for rule, record in week.select("rule", "record").iter_rows()
    )
    return pl.DataFrame([_row(one, titles) for one in found], SCHEMA)


def _row(one: Untested, titles: dict[str, str]) -> dict[str, object]:
    return {**asdict(one), "title": titles.get(one.rule, one.rule)}


def title(rows: pl.DataFrame) -> str:
    """Return the number of rules that are held back."""
    if rows.is_empty():
        return text("Every rule could test most of its candidates")
    rules = rows["rule"].n_unique()
    return plural(
        "{n} rule could not test most of its candidates",
        "{n} rules could not test most of their candidates",
        rules,
        n=number(rules),
    )


def summary(rows: pl.DataFrame) -> str:
    """Return what that means, and the largest of them."""
    if rows.is_empty():
        return ""
    top = rows.row(0, named=True)
    return text(
        "An innocent explanation that nothing can test fits everyone: what a rule finds is then "
        'a lead at most, which this report does not show. Most: "{explanation}", for {count} of '
        "{candidates} candidates of one rule.",
        explanation=restated(top["explanation"]),
        count=number(top["count"]),
        candidates=number(top["candidates"]),
    )


def untested_table(rows: pl.DataFrame) -> Table:
    """Return each explanation, how often, and what would test it."""
    return table(
        text("One row per rule and explanation"),
        ["Rule", "Explanation", "Not testable", "Of", "Data that would test it"],
        (
            [
                restated(row["title"]),
                restated(row["explanation"]),
                row["count"],
                row["candidates"],
                capital(
                    term(row["tested_with"])
                    or text("not known: {reason}", reason=restated(row["reason"]))
                ),
            ]
            for row in rows.iter_rows(named=True)
        ),
    )


SECTION = Section(
    name="untested",
    editions=("superintendent",),
    order=53,
    label="Untested explanations",
    page="quality",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=untested_table,
    is_shown=lambda rows: not rows.is_empty(),
    stays=True,
)
