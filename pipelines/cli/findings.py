"""Commands that list findings and cases, and tell what became of one: pseudonyms."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from pipelines.cli.asking import Desk, desk
from pipelines.cli.options import AsJson, Home
from pipelines.errors import SettingsError
from pipelines.findings.cases import Case
from pipelines.run.console import safe, show_whole, table
from pipelines.state.findings import history as entries
from pipelines.state.reviews import reviews

app = typer.Typer(help="Findings, cases and verdicts.", no_args_is_help=True)

FindingId = Annotated[str, typer.Argument(help="Id of a finding, as listed.")]
PUPIL = "the account is a pupil's: a confidential record, and no matter of staff"


@app.command("list")
def list_findings(
    home: Home,
    leads: Annotated[
        bool, typer.Option("--leads", help="The lowest confidence too.")
    ] = False,
    status: Annotated[
        str, typer.Option(help="Only open, confirmed, explained or withdrawn ones.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List findings under pseudonyms, those of one case together."""
    with desk(home, "findings") as one:
        rows = [
            row
            for row in shown(one)
            if (leads or row["confidence"] != "C1") and status in ("", row["status"])
        ]
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row))
        return
    columns = ("finding_id", "day", "rule", "account", "severity")
    more = ("confidence", "status", "case_id", "assignee")
    for title, of_pupils in (("Findings", False), ("About pupils' accounts", True)):
        body = [
            [row[name] or "" for name in (*columns, *more)]
            for row in rows
            if row["is_pupil"] == of_pupils
        ]
        if body or not of_pupils:
            show_whole(table(title, (*columns, *more), body))


@app.command("cases")
def list_cases(home: Home, as_json: AsJson = False) -> None:
    """List cases: findings of one person, clause and week, the newest week first."""
    with desk(home, "findings") as one:
        rows = [_case(one, case) for case in one.cases if case.confidence != "C1"]
        rows.sort(key=lambda row: row["is_pupil"])
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row))
        return
    columns = ("case_id", "week", "clause", "accounts", "rules", "findings")
    more = ("severity", "confidence", "status", "assignee")
    for title, of_pupils in (("Cases", False), ("About pupils' accounts", True)):
        body = [
            [cell_of(row[name]) for name in (*columns, *more)]
            for row in rows
            if row["is_pupil"] == of_pupils
        ]
        if body or not of_pupils:
            show_whole(table(title, (*columns, *more), body))


@app.command()
def history(home: Home, finding_id: FindingId, as_json: AsJson = False) -> None:
    """Tell what became of a finding: each change, when, by whom and why."""
    with desk(home, "findings") as one:
        _, finding = found(one, finding_id)
        rows = [
            row | {"reason": one.redact(finding, row["reason"])}
            for row in entries(one.district.store, finding_id)
        ]
    for row in rows:
        if as_json:
            typer.echo(json.dumps(row))
            continue
        who = row["actor"] or "a run"
        graded = f"{row['severity']}, {row['confidence']}, revision {row['revision']}"
        said = f"{row['time'][:19]}Z {row['change']} by {who} ({graded})"
        typer.echo(safe(f"{said}: {row['reason']}"))


def shown(one: Desk) -> list[dict[str, Any]]:
    """What a list shows of each finding, oldest day first; pupils' come last."""
    decided = decided_by(one)
    rows = [
        shown_row(one, case, finding, decided.get(finding["finding_id"]))
        for case in one.cases
        for finding in case.findings
    ]
    return sorted(
        rows, key=lambda row: (row["is_pupil"], row["day"], row["finding_id"])
    )


def decided_by(one: Desk) -> dict[str, str]:
    """The last verdict of each finding that has one."""
    return {row["finding_id"]: row["verdict"] for row in reviews(one.chain.store)}


def shown_row(
    one: Desk, case: Case, finding: Mapping[str, Any], verdict: str | None
) -> dict[str, Any]:
    """What is shown of a finding, names of it as pseudonyms."""
    record, day = finding["record"], finding["event_date"]
    kept = ("finding_id", "kind", "rule", "severity", "confidence", "status")
    return {
        **{name: finding[name] for name in kept},
        "day": day,
        "account": one.subject(finding),
        "is_pupil": one.is_pupil(finding),
        "devices": [one.named("device", name, day) for name in record["devices"]],
        "start_utc": record["start_time"],
        "end_utc": record["end_time"],
        "evidence_lines": len(record["evidence"]),
        "created_utc": finding["created_time"],
        "stage": record.get("stage", "live"),
        "status_reason": one.redact(finding, finding["status_reason"]),
        "verdict": verdict,
        "case_id": case.case_id,
        "assignee": case.assignee,
    }


def found(one: Desk, finding_id: str) -> tuple[Case, Mapping[str, Any]]:
    """A finding and its case.

    Raises:
        SettingsError: There is none of that id.
    """
    for case in one.cases:
        for finding in case.findings:
            if finding["finding_id"] == finding_id:
                return case, finding
    raise SettingsError(
        f"there is no finding {finding_id}",
        remedy="List them with: schoolbell findings list --leads",
    )


def _case(one: Desk, case: Case) -> dict[str, Any]:
    named = {one.subject(row) for row in case.findings}
    return {
        "case_id": case.case_id,
        "week": case.week,
        "clause": case.clause,
        "accounts": sorted(named),
        "is_pupil": all(one.is_pupil(row) for row in case.findings),
        "rules": sorted({row["rule"] for row in case.findings}),
        "findings": len(case.findings),
        "severity": case.severity,
        "confidence": case.confidence,
        "status": case.status,
        "assignee": case.assignee,
        "finding_ids": [row["finding_id"] for row in case.findings],
    }


def cell_of(value: object) -> object:
    """A value as a table shows it: a list in one line, nothing as an empty cell."""
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else value
