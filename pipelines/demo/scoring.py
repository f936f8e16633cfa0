"""Holds findings against the planted truth of a synthetic district."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

SHOWN = ("C2", "C3")


@dataclass(frozen=True)
class Score:
    """What was found of what was planted.

    Attributes:
        by_rule: One row a rule: cases planted, cases found, findings.
        missed: Planted cases of the built rules that no finding met.
        false_findings: Findings about accounts and days that nothing was planted for.
        alike_named: Look-alikes that a finding named.
        not_built: Planted cases that wait for a rule.
    """

    by_rule: pl.DataFrame
    missed: pl.DataFrame
    false_findings: pl.DataFrame
    alike_named: pl.DataFrame
    not_built: int


def planted_cases(home: Path) -> pl.DataFrame:
    """The cases of `truth/planted.csv` with their times as instants."""
    cases = pl.read_csv(home / "truth" / "planted.csv", infer_schema_length=0)
    instants = [
        pl.col(name)
        .str.strptime(pl.Datetime("us"), "%Y-%m-%dT%H:%M:%SZ", strict=False)
        .dt.replace_time_zone("UTC")
        for name in ("start_utc", "end_utc")
    ]
    return cases.with_columns(*instants, is_violation=pl.col("is_violation") == "true")


def finding_frame(findings: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Findings that a report may show: rule, account, kind and span."""
    rows = [
        {
            "rule": one["rule"],
            "account": one["subject"],
            "kind": one["kind"],
            "first": one["record"]["start_time"],
            "last": one["record"]["end_time"],
        }
        for one in findings
        if one["confidence"] in SHOWN and one["status"] != "withdrawn"
    ]
    schema = dict.fromkeys(("rule", "account", "kind", "first", "last"), pl.String)
    return pl.DataFrame(rows, schema=schema).with_columns(
        pl.col("first", "last").str.to_datetime(time_unit="us", time_zone="UTC")
    )


def score(cases: pl.DataFrame, findings: pl.DataFrame, built: Iterable[str]) -> Score:
    """Compare by account and time: a finding meets a case whose span it touches.

    Args:
        built: Codes of the rules that exist.
    """
    rules = sorted(built)
    touching = (pl.col("first") <= pl.col("end_utc") + pl.duration(minutes=15)) & (
        pl.col("last") >= pl.col("start_utc") - pl.duration(minutes=15)
    )
    numbered = findings.with_row_index("number")
    met = numbered.join(cases, on="account", suffix="_case").filter(touching)
    violations = cases.filter("is_violation")
    judged = violations.filter(pl.col("expected_rule").is_in(rules))
    of_rule = met.filter(
        pl.col("is_violation"), pl.col("rule") == pl.col("expected_rule")
    )
    found = set(of_rule["case_id"])
    explained = set(met.filter("is_violation")["number"])
    false = numbered.filter(~pl.col("number").is_in(sorted(explained)))
    alike = met.filter(
        ~pl.col("is_violation"), ~pl.col("number").is_in(sorted(explained))
    )
    missed = judged.filter(~pl.col("case_id").is_in(sorted(found)))
    return Score(
        by_rule=_by_rule(rules, judged, found, findings),
        missed=missed,
        false_findings=false.drop("number"),
        alike_named=alike.select("case_id", "family", "rule", "account", "note"),
        not_built=violations.height - judged.height,
    )


def _by_rule(
    rules: list[str], judged: pl.DataFrame, found: set[str], findings: pl.DataFrame
) -> pl.DataFrame:
    rows = []
    for rule in rules:
        cases = judged.filter(pl.col("expected_rule") == rule)
        met = cases.filter(pl.col("case_id").is_in(sorted(found)))
        rows.append(
            {
                "rule": rule,
                "planted": cases.height,
                "found": met.height,
                "findings": findings.filter(pl.col("rule") == rule).height,
            }
        )
    return pl.DataFrame(rows)
