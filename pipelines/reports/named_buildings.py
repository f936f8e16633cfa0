"""Calls buildings by their names wherever a report shows one.

Logs, models and findings know codes. A name may change, or be given later; a code
may not. So names come in when the report is gathered, and its editions keep folders
that are named by the codes.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from pipelines.reports.inputs import ReportInputs
from pipelines.reports.schemas import SCHEMAS

ELSEWHERE = {"elsewhere": "no known building"}
"""What the models say where no network names a building."""

BETWEEN = "(, and |, | and then at | and )"


def with_building_names(inputs: ReportInputs, names: Mapping[str, str]) -> ReportInputs:
    """The same inputs; every building that has a name is called by it."""
    names = {**ELSEWHERE, **names}
    frames: dict[str, Any] = {
        name: getattr(inputs, name).with_columns(pl.col("building").replace(names))
        for name, columns in SCHEMAS.items()
        if "building" in columns
    }
    said = [_said(row, names) for row in inputs.findings.iter_rows(named=True)]
    schema = {"claim": pl.String, "record": pl.String}
    told = inputs.findings.with_columns(pl.DataFrame(said, schema, orient="row"))
    codes = {name: code for code, name in names.items()}
    return replace(inputs, **frames, findings=told, building_codes=codes)


def _said(row: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, str]:
    """Claim and record of a finding; only the buildings that it is about change."""
    record = json.loads(row["record"])
    measures = record.get("measures") or {}
    codes = measures.get("buildings") or []
    if not any(code in names for code in codes):
        return row["claim"], row["record"]
    measures["buildings"] = [names.get(code, code) for code in codes]
    return _claim(row["claim"], codes, names), json.dumps(record, sort_keys=True)


def _claim(claim: str, codes: Sequence[str], names: Mapping[str, str]) -> str:
    """The sentence, with the list of its buildings as people call them."""
    pattern = r"\bat " + BETWEEN.join(re.escape(code) for code in codes) + r"(?![\w-])"

    def called(found: re.Match[str]) -> str:
        parts = [names.get(code, code) for code in codes]
        gaps = [*found.groups(), ""]
        return "at " + "".join(
            part + gap for part, gap in zip(parts, gaps, strict=True)
        )

    return re.sub(pattern, called, claim)
