"""The command that tells how often reviewers found each rule right."""

import json
from collections.abc import Iterator
from typing import Any

import typer

from pipelines.acts.context import ActContext
from pipelines.cli.context import open_context
from pipelines.cli.options import AsJson, Home
from pipelines.errors import safe
from pipelines.findings.rule_quality import (
    MEANS,
    Fix,
    fixes,
    qualities_of,
    quality_row,
)
from pipelines.run.console import console, table
from pipelines.state.reviews import last_verdicts

COUNTS = ("violation", "authorized", "benign", "misattributed", "data_fault")


def feedback(home: Home, as_json: AsJson = False) -> None:
    """Show how often verdicts confirmed each rule, and what to correct."""
    with open_context(home, "findings") as context:
        rows = [quality_row(each) for each in qualities_of(context.district)]
        amends = list(_fixes(context))
    if as_json:
        typer.echo(json.dumps({"rules": rows, "fixes": amends}))
        return
    columns = ("rule", "stage", *COUNTS, "decisions", "precision", "follows")
    body = [_cells(row) for row in rows if row["decisions"] or row["undetermined"]]
    console().print(table("Rules by what reviewers decided", columns, body))
    if not body:
        typer.echo("Nothing was decided yet.")
    for row in amends:
        about = f" about {row['about']}" if row["about"] else ""
        said = f"{row['findings']} of {row['rule']}{about} were {row['verdict']}"
        typer.echo(safe(f"{said}: look at {row['place']}"))


def _cells(row: dict[str, Any]) -> list[object]:
    share = "none"
    if row["precision"] is not None:
        bounds = f"{row['precision_low']:.2f} to {row['precision_high']:.2f}"
        share = f"{row['precision']:.2f} ({bounds})"
    counts = [row[name] for name in COUNTS]
    follows = MEANS[row["state"]]
    return [row["code"], row["stage"], *counts, row["decisions"], share, follows]


def _fixes(context: ActContext) -> Iterator[dict[str, Any]]:
    """What to correct; devices under their pseudonyms of the newest finding."""
    decided = last_verdicts(context.district.store)
    rows = [
        {**finding, "verdict": decided[finding["finding_id"]]["verdict"]}
        for case in context.cases
        for finding in case.findings
        if finding["finding_id"] in decided
    ]
    day = max((row["event_date"] for row in rows), default="")
    for fix in fixes(rows):
        yield {
            "verdict": fix.verdict,
            "rule": fix.rule,
            "about": _shown(context, fix, day),
            "findings": fix.findings,
            "place": fix.place,
        }


def _shown(context: ActContext, fix: Fix, day: str) -> str:
    if fix.is_device and fix.about:
        return context.named("device", fix.about, day)
    return fix.about
