"""The planted truth of a synthetic district, and findings, as frames to compare."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.warehouse.library import rules

SHOWN = ("C2", "C3")


def lead_rules() -> list[str]:
    """Codes of the rules that never make more than leads."""
    return sorted(
        code for code, rule in rules().items() if rule.header.begins not in SHOWN
    )


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
    """Stored findings: rule, account, kind and span."""
    rows = [
        {
            "rule": one["rule"],
            "account": one["subject"],
            "kind": one["kind"],
            "first": one["record"]["start_time"],
            "last": one["record"]["end_time"],
        }
        for one in findings
    ]
    schema = dict.fromkeys(("rule", "account", "kind", "first", "last"), pl.String)
    return pl.DataFrame(rows, schema=schema).with_columns(
        pl.col("first", "last").str.to_datetime(time_unit="us", time_zone="UTC")
    )
