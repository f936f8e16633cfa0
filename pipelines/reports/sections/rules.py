"""Report section: how we count. Every rule, its thresholds and their reasons."""

import json

import polars as pl

from pipelines.findings.work_list import RULE_OF_GROUPING
from pipelines.reports.language import marked, restated, term, text
from pipelines.reports.report_rows import RuleParameter
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.text_tables import Table, table
from pipelines.reports.view import View
from pipelines.reports.words import NOT_KNOWN, count, number

LIVE = marked("live")
STAGES = {"trial": marked("on trial, no alerts"), "live": LIVE, "": LIVE}
KINDS = {
    "code": pl.String,
    "title": pl.String,
    "summary": pl.String,
    "severity": pl.String,
    "stage": pl.String,
    "response": pl.String,
    "clauses": pl.String,
    "param": pl.String,
    "value": pl.String,
    "why": pl.String,
    "regulation": pl.String,
    "false_positives": pl.String,
}


THRESHOLD = ("param", "value", "why", "regulation")
TEXT = ("code", "title", "summary", "severity", "stage", "response")


def in_order(code: str) -> tuple[str, int, str]:
    """Return the sort key of a rule's id, by which AN-2 is before AN-10."""
    family, _, number = code.partition("-")
    return family, int(number) if number.isdecimal() else 0, number


def rows(view: View) -> pl.DataFrame:
    """Return one row per rule and threshold; a rule without one has a single row."""
    found: list[dict[str, str | None]] = []
    for rule in sorted(view.inputs.rules, key=lambda rule: in_order(rule["code"])):
        base: dict[str, str | None] = {key: str(rule.get(key) or "") for key in TEXT}
        base["clauses"] = ", ".join(rule.get("clauses") or ())
        base["false_positives"] = "\n".join(rule.get("false_positives") or ())
        thresholds = [threshold(param) for param in rule.get("params") or ()]
        found += [base | one for one in thresholds or [dict.fromkeys(THRESHOLD)]]
    return pl.DataFrame(found, schema=KINDS)


def threshold(param: RuleParameter) -> dict[str, str | None]:
    """Return a threshold's name in words, its value, its reason and its regulation."""
    value = param["value"]
    shown = value if isinstance(value, str) else json.dumps(value, default=str)
    return {
        "param": param["name"].replace("_", " "),
        "value": shown,
        "why": param["why"] or None,
        "regulation": str(param.get("regulation") or "") or None,
    }


def title(rows: pl.DataFrame) -> str:
    """Return how many rules and thresholds."""
    if rows.is_empty():
        return text("How we count: no rules are set up")
    rules = count(rows["code"].n_unique(), "rule")
    thresholds = rows.filter(pl.col("param").is_not_null()).height
    return text(
        "How we count: {rules} with {thresholds}",
        rules=rules,
        thresholds=count(thresholds, "threshold"),
    )


def summary(rows: pl.DataFrame) -> str:
    """Return which thresholds the district has adopted."""
    named = rows.filter(pl.col("param").is_not_null())
    if named.is_empty():
        return ""
    ruled = named.filter(pl.col("regulation").is_not_null()).height
    said = text(
        "Set by a regulation of the superintendent: {n} of {thresholds}. The others are the "
        "product's defaults. Every rule lists innocent causes that could look the same.",
        n=number(ruled),
        thresholds=count(named.height, "threshold"),
    )
    return f"{said} {term(RULE_OF_GROUPING)}"


def thresholds_table(rows: pl.DataFrame) -> Table:
    """Return every threshold."""
    return table(
        text("One row per rule and threshold"),
        ["Code", "Rule", "Stage", "Clauses", "Threshold", "Value", "Why", "Regulation"],
        (
            [
                row["code"],
                restated(row["title"]),
                term(STAGES.get(row["stage"], row["stage"])),
                row["clauses"],
                term(row["param"]) or text("no threshold"),
                row["value"] or term(NOT_KNOWN),
                restated(row["why"] or ""),
                row["regulation"] or text("product default"),
            ]
            for row in rows.iter_rows(named=True)
        ),
        only_in_files=("Stage",),
    )


def by_rule(rows: pl.DataFrame) -> list[tuple[str, list[dict[str, object]]]]:
    """Return each rule's code and its rows."""
    found: dict[str, list[dict[str, object]]] = {}
    for row in rows.iter_rows(named=True):
        found.setdefault(row["code"], []).append(row)
    return list(found.items())


SECTION = Section(
    name="rules",
    editions=("principal", "superintendent"),
    order=80,
    label="How we count",
    page="rules",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=thresholds_table,
    template="rules.html.j2",
    more=by_rule,
    stays=True,
)
