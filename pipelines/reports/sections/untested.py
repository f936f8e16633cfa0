"""Report section: explanations that most candidates of a rule left untested."""

import json
from dataclasses import replace

import polars as pl

from pipelines.errors import capital
from pipelines.gaps.explanations import untested
from pipelines.gaps.relation import Gap
from pipelines.reports.language import plural, restated, term, text
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.text_tables import Table, table
from pipelines.reports.view import View
from pipelines.reports.words import number


def rows(view: View) -> list[Gap]:
    """Return one gap per rule and explanation; leads count, and name no one."""
    titles = {rule["code"]: str(rule.get("title")) for rule in view.inputs.rules}
    week = view.of_week(view.inputs.findings).filter(pl.col("status") != "withdrawn")
    gaps = untested(
        (rule, json.loads(record or "{}").get("alternatives") or ())
        for rule, record in week.select("rule", "record").iter_rows()
    )
    return [
        replace(gap, titles=tuple(titles.get(code, code) for code in gap.rules)) for gap in gaps
    ]


def title(rows: list[Gap]) -> str:
    """Return the number of rules that are held back."""
    rules = len({gap.rules for gap in rows})
    if not rules:
        return text("Every rule could test most of its candidates")
    return plural(
        "{n} rule could not test most of its candidates",
        "{n} rules could not test most of their candidates",
        rules,
        n=number(rules),
    )


def summary(rows: list[Gap]) -> str:
    """Return what that means, and the largest of them."""
    if not rows:
        return ""
    return text(
        "An innocent explanation that nothing can test fits everyone: what a rule finds is then "
        'a lead at most, which this report does not show. Most: "{explanation}", for {count} of '
        "{candidates} candidates of one rule.",
        explanation=restated(rows[0].what),
        count=number(rows[0].lost),
        candidates=number(rows[0].total),
    )


def untested_table(rows: list[Gap]) -> Table:
    """Return each explanation, how often, and what would test it."""
    return table(
        text("One row per rule and explanation"),
        ["Rule", "Explanation", "Not testable", "Of", "Data that would test it"],
        (
            [
                restated(gap.titles[0]),
                restated(gap.what),
                gap.lost,
                gap.total,
                capital(
                    term(gap.remedy) or text("not known: {reason}", reason=restated(gap.detail))
                ),
            ]
            for gap in rows
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
    is_shown=bool,
    stays=True,
)
