"""Days of the week that rules say nothing of: not known is not zero."""

import polars as pl

from pipelines.reports.view import View
from pipelines.reports.words import count, listed

IS_RULE = pl.col("rule") != ""
FAILED = pl.col("model").fill_null("") != ""


def unjudged(view: View) -> pl.DataFrame:
    """The week's rules and days that are not judged, and tables without a day."""
    return view.of_week(view.inputs.unjudged)


def is_unknown(view: View, kind: str) -> bool:
    """Some rule of this kind says nothing of any day on which lines arrived."""
    came = view.of_week(view.inputs.source_days).filter(pl.col("events") > 0)
    days = set(came["event_date"])
    codes = {rule["code"] for rule in view.inputs.rules if rule.get("kind") == kind}
    held = unjudged(view).filter(pl.col("kind") == kind)
    left_out = {(rule, day) for rule, day in held.select("rule", "event_date").rows()}
    return bool(days) and any(
        all((code, day) in left_out for day in days) for code in codes
    )


def say_unjudged(view: View) -> list[str]:
    """What the week's numbers leave out, a sentence for each reason.

    As in "4 rules say nothing of 3 days: proxy no longer gives user_name."
    """
    rows = unjudged(view)
    return [
        one
        for one in (
            _say_missing(rows.filter(~FAILED)),
            _say_failed(rows.filter(FAILED, IS_RULE)),
            _say_uncounted(rows.filter(FAILED, ~IS_RULE)),
        )
        if one
    ]


def _say_missing(rows: pl.DataFrame) -> str:
    pairs = rows.select("source", "field").unique().sort("source", "field")
    why = listed([f"{source} no longer gives {name}" for source, name in pairs.rows()])
    return _say_nothing(rows, why)


def _say_failed(rows: pl.DataFrame) -> str:
    names = rows["cause"].unique().sort().to_list()
    return _say_nothing(rows, f"{listed(names)} could not be built")


def _say_nothing(rows: pl.DataFrame, why: str) -> str:
    if rows.is_empty():
        return ""
    rules, days = rows["rule"].n_unique(), rows["event_date"].n_unique()
    said = count(rules, "rule says", "rules say")
    return f"{said} nothing of {count(days, 'day')}: {why}."


def _say_uncounted(rows: pl.DataFrame) -> str:
    """The tables of the report that lack days, by the names of their counts."""
    if rows.is_empty():
        return ""
    names = rows["model"].str.split(".").list.last().str.replace_all("_", " ")
    days = rows["event_date"].n_unique()
    return f"{count(days, 'day')} could not be counted: {listed(sorted(set(names)))}."
