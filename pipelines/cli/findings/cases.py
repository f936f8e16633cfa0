"""Commands that list findings and cases, show one, and explain it: under pseudonyms."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any

import typer

from pipelines.acts.context import ActContext
from pipelines.cli.context import open_context
from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import tell
from pipelines.errors import safe
from pipelines.findings.cases import Case, queue
from pipelines.findings.record import BY_DESIGN
from pipelines.privacy.redaction import nameless
from pipelines.run.console import show_whole, table
from pipelines.state.findings import history as entries
from pipelines.state.findings import stored_evidence
from pipelines.state.reviews import reviews

app = typer.Typer(help="Findings, cases and verdicts.", no_args_is_help=True)

FindingId = Annotated[str, typer.Argument(help="Id of a finding, as listed.")]
PUPIL = "the account is a student's: a confidential record, and no matter of staff"


@app.command("list")
def list_findings(
    home: Home,
    leads: Annotated[
        bool, typer.Option("--leads", help="Include leads, the lowest confidence.")
    ] = False,
    status: Annotated[
        str, typer.Option(help="Only open, confirmed, explained or withdrawn findings.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List findings under code names, grouped by case."""
    with open_context(home, "findings") as context:
        rows = [
            row
            for row in shown(context)
            if (leads or row["confidence"] != "C1") and status in ("", row["status"])
        ]
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row))
        return
    columns = ("finding_id", "day", "rule", "account", "severity")
    more = ("confidence", "status", "case_id", "assignee")
    for title, of_pupils in (("Findings", False), ("About students' accounts", True)):
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
    with open_context(home, "findings") as context:
        week = queue(context.district).week
        rows = [
            _case(context, case, week)
            for case in context.cases
            if case.confidence != "C1"
        ]
        rows.sort(key=lambda row: row["is_pupil"])
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row))
        return
    columns = ("case_id", "week", "clause", "accounts", "rules", "findings")
    more = ("severity", "confidence", "standing", "assignee")
    for title, of_pupils in (("Cases", False), ("About students' accounts", True)):
        body = [
            [cell_of(row[name]) for name in (*columns, *more)]
            for row in rows
            if row["is_pupil"] == of_pupils
        ]
        if body or not of_pupils:
            show_whole(table(title, (*columns, *more), body))


@app.command()
def history(home: Home, finding_id: FindingId, as_json: AsJson = False) -> None:
    """Show a finding's history: each change, when, by whom and why."""
    with open_context(home, "findings") as context:
        _, finding = context.finding(finding_id)
        rows = [
            row | {"reason": context.redact(finding, row["reason"])}
            for row in entries(context.district.store, finding_id)
        ]
    for row in rows:
        if as_json:
            typer.echo(json.dumps(row))
            continue
        who = row["actor"] or "a run"
        graded = f"{row['severity']}, {row['confidence']}, revision {row['revision']}"
        said = f"{row['time'][:19]}Z {row['change']} by {who} ({graded})"
        typer.echo(safe(f"{said}: {row['reason']}"))


def shown(context: ActContext) -> list[dict[str, Any]]:
    """What a list shows of each finding, oldest day first; students' come last."""
    decided = decided_by(context)
    rows = [
        shown_row(context, case, finding, decided.get(finding["finding_id"]))
        for case in context.cases
        for finding in case.findings
    ]
    return sorted(
        rows, key=lambda row: (row["is_pupil"], row["day"], row["finding_id"])
    )


def decided_by(context: ActContext) -> dict[str, str]:
    """The last verdict of each finding that has one."""
    return {row["finding_id"]: row["verdict"] for row in reviews(context.chain.store)}


def shown_row(
    context: ActContext, case: Case, finding: Mapping[str, Any], verdict: str | None
) -> dict[str, Any]:
    """What is shown of a finding, names of it as pseudonyms."""
    record, day = finding["record"], finding["event_date"]
    kept = ("finding_id", "kind", "rule", "severity", "confidence", "status")
    return {
        **{name: finding[name] for name in kept},
        "day": day,
        "account": context.subject(finding),
        "is_pupil": context.is_pupil(finding),
        "devices": [context.named("device", name, day) for name in record["devices"]],
        "start_utc": record["start_time"],
        "end_utc": record["end_time"],
        "evidence_lines": len(record["evidence"]),
        "created_utc": finding["created_time"],
        "stage": record.get("stage", "live"),
        "status_reason": context.redact(finding, finding["status_reason"]),
        "verdict": verdict,
        "case_id": case.case_id,
        "assignee": case.assignee,
    }


def _case(context: ActContext, case: Case, week: date) -> dict[str, Any]:
    named = {context.subject(row) for row in case.findings}
    return {
        "case_id": case.case_id,
        "week": case.week,
        "clause": case.clause,
        "accounts": sorted(named),
        "is_pupil": any(context.is_pupil(row) for row in case.findings),
        "rules": sorted({row["rule"] for row in case.findings}),
        "findings": len(case.findings),
        "severity": case.severity,
        "confidence": case.confidence,
        "status": case.status,
        "standing": case.standing(week),
        "assignee": case.assignee,
        "finding_ids": [row["finding_id"] for row in case.findings],
    }


def cell_of(value: object) -> object:
    """A value as a table shows it: a list in one line, nothing as an empty cell."""
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else value


@app.command()
def show(home: Home, finding_id: FindingId, as_json: AsJson = False) -> None:
    """Show one finding: what was seen, what was tested, which lines it cites."""
    with open_context(home, "evidence") as context:
        case, finding = context.finding(finding_id)
        record = context.shown(finding)
        facts = {
            **shown_row(context, case, finding, decided_by(context).get(finding_id)),
            "claim": record["claim"].replace("{account}", context.subject(finding)),
            "alternatives": record["alternatives"],
            "evidence": _cited(context, finding),
        }
        tell(facts, *_seen(context, case, finding), as_json=as_json)


@app.command()
def explain(home: Home, finding_id: FindingId, as_json: AsJson = False) -> None:
    """Explain one finding: the rule, its thresholds, what was measured, its limits."""
    with open_context(home, "findings") as context:
        _, finding = context.finding(finding_id)
        finding = {**finding, "record": context.shown(finding)}
        title = context.district.detections[finding["rule"]].model.header.title
    facts = {"finding_id": finding_id, "rule": finding["rule"], "title": title}
    names = ("clauses", "parameters", "inputs", "would_change", "limits", "next_step")
    facts |= {name: finding["record"][name] for name in names}
    facts["measured"] = dict(_measured(finding["record"]))
    tell(facts, *_explained(finding, title), as_json=as_json)


def _seen(context: ActContext, case: Case, finding: Mapping[str, Any]) -> Iterator[str]:
    record = context.shown(finding)
    account = context.subject(finding)
    yield record["claim"].replace("{account}", account)
    if context.is_pupil(finding):
        yield PUPIL
    said = context.redact(finding, finding["status_reason"])
    reason = f" ({said})" if said else ""
    yield f"severity {finding['severity']}, confidence {finding['confidence']}"
    yield f"status {finding['status']}{reason}, case {case.case_id}"
    others = [row for row in case.findings if row is not finding]
    for row in others:
        yield f"  same case: {row['finding_id']} {row['rule']} on {row['event_date']}"
    yield from _explanations(record["alternatives"])
    for line in _cited(context, finding):
        place = f"{line['source']}/{line['path']}:{line['line_no']}"
        yield f"  {line['role']}: {place} sha256 {line['line_sha256']}"


def _explanations(found: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """What was tested, with the result; apart from it, what the rule excludes."""
    for tested in found:
        if tested["result"] != BY_DESIGN:
            yield f"  {tested['result']}: {tested['name']} ({tested['test']})"
    excluded = [each for each in found if each["result"] == BY_DESIGN]
    if excluded:
        yield "  excluded by how this rule counts:"
    for each in excluded:
        yield f"    {each['name']} ({each['test']})"


def _cited(context: ActContext, finding: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where each cited line stands, and its hash; not what is in it."""
    kept = ("role", "source", "path", "line_no", "line_sha256")
    return [
        {name: line[name] for name in kept}
        for line in stored_evidence(context.district.store)
        if line["finding_id"] == finding["finding_id"]
    ]


def _measured(record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Numbers, and words that name nobody."""
    yield from sorted(nameless(record["details"]).items())


def _explained(finding: Mapping[str, Any], title: str) -> Iterator[str]:
    record = finding["record"]
    yield f"{finding['rule']}: {title}"
    for clause in record["clauses"]:
        yield f"  clause {clause['id']}: {clause['title']}"
    for name, value in sorted(record["parameters"].items()):
        yield f"  threshold {name} = {value}"
    for name, value in _measured(record):
        yield f"  measured {name} = {cell_of(value)}"
    for name, value in sorted(record["inputs"].items()):
        yield f"  judged with {name} {value}"
    for text in record["would_change"]:
        yield f"  would withdraw it: {text}"
    for text in record["limits"]:
        yield f"  cannot show: {text}"
    yield f"  next: {record['next_step']}"
