"""Commands that show findings, under pseudonyms: what, why, and what became of them."""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from pipelines.cli.asking import Desk, desk
from pipelines.cli.options import AsJson, Home
from pipelines.errors import SettingsError
from pipelines.findings.cases import Case
from pipelines.findings.history import history as entries
from pipelines.findings.keeping import stored_evidence
from pipelines.findings.reviewing import reviews
from pipelines.journey.console import console, safe, table

app = typer.Typer(help="Findings, cases and verdicts.", no_args_is_help=True)

FindingId = Annotated[str, typer.Argument(help="Id of a finding, as listed.")]
PLAIN = ("sites", "buildings", "verdicts", "day_type", "part", "category")
"""Measures that are words and name nobody."""
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
            console().print(table(title, (*columns, *more), body))


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
            [_cell(row[name]) for name in (*columns, *more)]
            for row in rows
            if row["is_pupil"] == of_pupils
        ]
        if body or not of_pupils:
            console().print(table(title, (*columns, *more), body))


@app.command()
def show(home: Home, finding_id: FindingId) -> None:
    """Show one finding: what was seen, what was tested, which lines it cites."""
    with desk(home, "evidence") as one:
        case, finding = found(one, finding_id)
        for line in _seen(one, case, finding):
            typer.echo(safe(line))


@app.command()
def explain(home: Home, finding_id: FindingId) -> None:
    """Explain one finding: the rule, its thresholds, what was measured, its limits."""
    with desk(home, "findings") as one:
        _, finding = found(one, finding_id)
        finding = {**finding, "record": one.shown(finding)}
        title = one.district.detections[finding["rule"]].model.header.title
        for line in _explained(finding, title):
            typer.echo(safe(line))


@app.command()
def history(home: Home, finding_id: FindingId, as_json: AsJson = False) -> None:
    """Tell what became of a finding: each change, when, by whom and why."""
    with desk(home, "findings") as one:
        found(one, finding_id)
        rows = entries(one.district.store, finding_id)
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
    decided = {row["finding_id"]: row["verdict"] for row in reviews(one.chain)}
    rows = [
        _shown(one, case, finding, decided.get(finding["finding_id"]))
        for case in one.cases
        for finding in case.findings
    ]
    return sorted(
        rows, key=lambda row: (row["is_pupil"], row["day"], row["finding_id"])
    )


def _shown(
    one: Desk, case: Case, finding: Mapping[str, Any], verdict: str | None
) -> dict[str, Any]:
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
        "status_reason": finding["status_reason"],
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


def _cell(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else value


def _seen(one: Desk, case: Case, finding: Mapping[str, Any]) -> Iterator[str]:
    record = one.shown(finding)
    account = one.subject(finding)
    yield record["claim"].replace("{account}", account)
    if one.is_pupil(finding):
        yield PUPIL
    reason = f" ({finding['status_reason']})" if finding["status_reason"] else ""
    yield f"severity {finding['severity']}, confidence {finding['confidence']}"
    yield f"status {finding['status']}{reason}, case {case.case_id}"
    others = [row for row in case.findings if row is not finding]
    for row in others:
        yield f"  same case: {row['finding_id']} {row['rule']} on {row['event_date']}"
    for tested in record["alternatives"]:
        yield f"  {tested['result']}: {tested['name']} ({tested['test']})"
    for line in stored_evidence(one.district.store):
        if line["finding_id"] == finding["finding_id"]:
            place = f"{line['source']}/{line['path']}:{line['line_no']}"
            yield f"  {line['role']}: {place} sha256 {line['line_sha256']}"


def _explained(finding: Mapping[str, Any], title: str) -> Iterator[str]:
    record = finding["record"]
    yield f"{finding['rule']}: {title}"
    for clause in record["clauses"]:
        yield f"  clause {clause['id']}: {clause['title']}"
    for name, value in sorted(record["parameters"].items()):
        yield f"  threshold {name} = {value}"
    for name, value in sorted(record["details"].items()):
        if isinstance(value, bool | int | float) or name in PLAIN:
            yield f"  measured {name} = {_cell(value)}"
    for name, value in sorted(record["inputs"].items()):
        yield f"  judged with {name} {value}"
    for text in record["would_change"]:
        yield f"  would withdraw it: {text}"
    for text in record["limits"]:
        yield f"  can not show: {text}"
    yield f"  next: {record['next_step']}"
