"""What review leaves for readers: how rules stand, and what permits keep aside."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from pipelines.findings.feedback import DECIDES, Standing

_STANDING: Mapping[str, Any] = {
    "code": pl.String,
    "stage": pl.String,
    "state": pl.String,
    **dict.fromkeys((*DECIDES, "undetermined"), pl.Int64),
    "decisions": pl.Int64,
    "confirmed": pl.Int64,
    "facts_hold": pl.Int64,
    "precision": pl.Float64,
    "precision_low": pl.Float64,
    "precision_high": pl.Float64,
    "at_least": pl.Float64,
}


def standing_row(one: Standing) -> dict[str, Any]:
    """A rule's standing as values that JSON and a table can hold."""
    low, high = one.bounds
    counts = {name: one.verdicts.get(name, 0) for name in (*DECIDES, "undetermined")}
    return {
        "code": one.code,
        "stage": one.stage,
        "state": one.state,
        **counts,
        "decisions": one.decisions,
        "confirmed": one.right,
        "facts_hold": one.facts_hold,
        "precision": one.right / one.decisions if one.decisions else None,
        "precision_low": low,
        "precision_high": high,
        "at_least": one.at_least,
    }


def standing_frame(found: Iterable[Standing]) -> pl.DataFrame:
    """`findings.rule_standing`: one row a rule."""
    return pl.DataFrame([standing_row(one) for one in found], schema=_STANDING)
