"""Days of the week that rules say nothing of: not known is not zero."""

import polars as pl

from pipelines.reports.view import View
from pipelines.reports.words import count, listed


def unjudged(view: View) -> pl.DataFrame:
    """The week's rules and days that are not judged."""
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


def say_unjudged(view: View) -> str:
    """As in "4 rules say nothing of 3 days: proxy no longer gives user_name."."""
    rows = unjudged(view)
    if rows.is_empty():
        return ""
    pairs = rows.select("source", "field").unique().sort("source", "field")
    named = listed(
        [f"{source} no longer gives {name}" for source, name in pairs.rows()]
    )
    rules, days = rows["rule"].n_unique(), rows["event_date"].n_unique()
    said = count(rules, "rule says", "rules say")
    return f"{said} nothing of {count(days, 'day')}: {named}."
