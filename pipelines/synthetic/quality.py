"""The measures of several trials together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pipelines.findings.rule_quality import count_bounds, share_bounds
from pipelines.synthetic.scored_district import Trial, lead_rules

Row = dict[str, object]


def quality(trials: Sequence[Trial]) -> Mapping[str, Any]:
    """Return every measure, as values for JSON.

    Shares have exact bounds of 95 % as `[low, high]`. Nothing here is a mean
    over districts: their findings, cases and weeks are added up.
    """
    planted = pl.concat([trial.cases for trial in trials])
    cases = planted.filter(~pl.col("is_lead"))
    findings = pl.concat([trial.findings for trial in trials])
    false = findings.filter(~pl.col("is_true"))
    leads = sum(sum(trial.leads.values()) for trial in trials)
    lacking = sum(len(trial.lacking) for trial in trials)
    user_weeks = sum(trial.people * trial.weeks for trial in trials)
    return {
        "districts": [_district(trial) for trial in trials],
        "user_weeks": user_weeks,
        "findings": findings.height,
        "false_findings": false.height,
        "precision": _share(_sum(findings["is_true"]), findings.height),
        "people_falsely_named": false["account"].n_unique(),
        "false_per_1000_user_weeks": _rate(false.height, user_weeks),
        "recall": _share(_sum(cases["is_found"]), cases.height),
        "recall_provable": _share(
            _sum(cases["is_found"]), cases.filter(pl.col("unproven") == "").height
        ),
        "unproven": _unproven(cases),
        "recall_by_kind": _share(_sum(cases["is_met"]), cases.height),
        "lead_share": _share(leads, leads + findings.height),
        "complete": _share(findings.height - lacking, findings.height),
        "by_rule": _by_rule(trials, cases, findings),
        "leads": _leads(trials, planted.filter("is_lead")),
        "by_family": _recall(planted, ["family", "intensity"]),
        "false_by_alike": _false_by_alike(false),
    }


def false_rows(trials: Sequence[Trial]) -> list[Row]:
    """Return each false finding, for a closer look."""
    return [
        {
            "seed": trial.seed,
            **row,
            "first": str(row["first"]),
            "last": str(row["last"]),
        }
        for trial in trials
        for row in trial.findings.filter(~pl.col("is_true")).to_dicts()
    ]


def missed_rows(trials: Sequence[Trial]) -> list[Row]:
    """Return each planted case that its rule did not find; a lead counts where it is all.

    `unproven` is the filter of the funnel that leaves its lines out; empty where the
    logs show enough, and the rule missed it.
    """
    names = ("case_id", "family", "expected_rule", "intensity", "is_met", "unproven",
             "note")  # fmt: skip
    return [
        {"seed": trial.seed, **row}
        for trial in trials
        for row in trial.cases.filter(~pl.col("is_found")).select(names).to_dicts()
    ]


def _district(trial: Trial) -> Row:
    return {
        "seed": trial.seed,
        "has_violations": trial.has_violations,
        "people": trial.people,
        "weeks": trial.weeks,
        "planted": trial.cases.filter(~pl.col("is_lead")).height,
        "found": _sum(trial.cases.filter(~pl.col("is_lead"))["is_found"]),
        "findings": trial.findings.height,
        "false_findings": trial.findings.filter(~pl.col("is_true")).height,
        "leads": sum(trial.leads.values()),
        "lacking": dict(trial.lacking),
    }


def _unproven(cases: pl.DataFrame) -> Row:
    """Return what the logs cannot prove: cases by the filter that loses their lines."""
    lost = cases.filter(pl.col("unproven") != "")
    counted = lost.group_by("unproven").agg(pl.len()).sort("unproven")
    return dict(counted.iter_rows())


def _share(found: int, of: int) -> Row:
    return {
        "count": found,
        "of": of,
        "share": found / of if of else None,
        "bounds": list(share_bounds(found, of)),
    }


def _sum(flags: pl.Series) -> int:
    return int(flags.sum())


def _rate(count: int, user_weeks: int) -> Row:
    low, high = (1000 * bound / user_weeks for bound in count_bounds(count))
    return {"rate": 1000 * count / user_weeks, "bounds": [low, high]}


def _by_rule(trials: Sequence[Trial], cases: pl.DataFrame, findings: pl.DataFrame) -> list[Row]:
    built = set().union(*(trial.rules for trial in trials))
    rows = []
    for rule in sorted((built | set(cases["expected_rule"])) - set(lead_rules())):
        planted = cases.filter(pl.col("expected_rule") == rule)
        named = findings.filter(pl.col("rule") == rule)
        rows.append(
            {
                "rule": rule,
                "is_built": rule in built,
                "recall": _share(_sum(planted["is_found"]), planted.height),
                "precision": _share(_sum(named["is_true"]), named.height),
            }
        )
    return rows


def _leads(trials: Sequence[Trial], cases: pl.DataFrame) -> list[Row]:
    """Return the leads of each rule; for rules with only leads, the planted cases."""
    counts = sum((Counter(trial.leads) for trial in trials), Counter())
    rows = []
    for rule in sorted(set(counts) | set(lead_rules())):
        planted = cases.filter(pl.col("expected_rule") == rule)
        found = _sum(planted["is_found"])
        rows.append(
            {
                "rule": rule,
                "planted": planted.height,
                "found": found,
                "leads": counts[rule],
            }
        )
    return rows


def _recall(cases: pl.DataFrame, keys: list[str]) -> list[Row]:
    grouped = cases.group_by(keys).agg(
        planted=pl.len(), found=pl.col("is_found").sum(), met=pl.col("is_met").sum()
    )
    return grouped.sort(keys).to_dicts()


def _false_by_alike(false: pl.DataFrame) -> list[Row]:
    grouped = false.group_by(pl.col("alike").fill_null("nothing planted"), "rule")
    return grouped.agg(findings=pl.len()).sort("alike", "rule").to_dicts()
