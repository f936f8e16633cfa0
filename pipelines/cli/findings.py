"""Commands about findings and cases: list, show, explain, decide, export, permit.

Lists and details use pseudonyms.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from pipelines.actions import kept_evidence, ticket_actions, verdicts
from pipelines.actions import permits as actions
from pipelines.actions.context import ActionContext
from pipelines.actions.names import as_csv
from pipelines.actions.names import export as exported
from pipelines.cli.commands import add
from pipelines.cli.console import console, show_whole, table
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import emit, print_facts, write_private
from pipelines.errors import SettingsError, safe
from pipelines.findings.cases import Case, queue
from pipelines.findings.interchange import WRITERS
from pipelines.findings.record import BY_DESIGN
from pipelines.findings.rule_quality import MEANS, Fix, fixes, qualities_of, quality_row
from pipelines.privacy.redaction import nameless
from pipelines.state.findings import history as entries
from pipelines.state.findings import stored_evidence
from pipelines.state.reviews import last_verdicts, reviews
from pipelines.state.rows import (
    DecidedFinding,
    ExplanationRow,
    ExportedFinding,
    FindingRecord,
    FindingRow,
    HistoryRow,
)
from pipelines.warehouse.models import subject_kind

app = typer.Typer(help="Findings, cases and verdicts.", no_args_is_help=True)

FindingId = Annotated[str, typer.Argument(help="ID of a finding, as listed.")]
STUDENT = "this is a student's account: a confidential record, not a staff matter"
CaseId = Annotated[str, typer.Option("--case", help="Case that needs it.")]
ExportFormat = Literal["csv", "json", "ocsf", "ecs", "cef"]
COUNTS = ("violation", "security_incident", "authorized", "benign", "misattributed", "data_fault")


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
        emit(rows, as_json=True)
        return
    columns = ("finding_id", "day", "rule", "account", "severity")
    more = ("confidence", "status", "case_id", "assignee")
    for title, of_students in (("Findings", False), ("About students' accounts", True)):
        body = [
            [row[name] or "" for name in (*columns, *more)]
            for row in rows
            if row["is_student"] == of_students
        ]
        if body or not of_students:
            show_whole(table(title, (*columns, *more), body))


@app.command("cases")
def list_cases(home: Home, as_json: AsJson = False) -> None:
    """List cases: findings of one person, clause and week, the newest week first."""
    with open_context(home, "findings") as context:
        week = queue(context.district.store, context.district.home, context.district.reading).week
        rows = [_case(context, case, week) for case in context.cases if case.confidence != "C1"]
        rows.sort(key=lambda row: bool(row["is_student"]))
    if as_json:
        emit(rows, as_json=True)
        return
    columns = ("case_id", "week", "clause", "accounts", "rules", "findings")
    more = ("severity", "confidence", "standing", "assignee")
    for title, of_students in (("Cases", False), ("About students' accounts", True)):
        body = [
            [cell_of(row[name]) for name in (*columns, *more)]
            for row in rows
            if row["is_student"] == of_students
        ]
        if body or not of_students:
            show_whole(table(title, (*columns, *more), body))


@app.command()
def history(home: Home, finding_id: FindingId, as_json: AsJson = False) -> None:
    """Show a finding's history: each change, when, by whom and why."""
    with open_context(home, "findings") as context:
        _, finding = context.finding(finding_id)
        rows: list[HistoryRow] = [
            {**row, "reason": context.redact(finding, row["reason"]) or ""}
            for row in entries(context.district.store, finding_id)
        ]
    emit(rows, _change, as_json=as_json)


def _change(row: HistoryRow) -> str:
    who = row["actor"] or "a run"
    graded = f"{row['severity']}, {row['confidence']}, revision {row['revision']}"
    return f"{row['time'][:19]}Z {row['change']} by {who} ({graded}): {row['reason']}"


def shown(context: ActionContext) -> list[dict[str, object]]:
    """Return the list's columns of each finding, oldest day first; students' are last."""
    decided = decided_by(context)
    rows = [
        shown_row(context, case, finding, decided.get(finding["finding_id"]))
        for case in context.cases
        for finding in case.findings
    ]
    return sorted(rows, key=lambda row: (row["is_student"], row["day"], row["finding_id"]))


def decided_by(context: ActionContext) -> dict[str, str]:
    """Return the last verdict of each finding that has one."""
    return {row["finding_id"]: row["verdict"] for row in reviews(context.chain.store)}


def shown_row(
    context: ActionContext, case: Case, finding: FindingRow, verdict: str | None
) -> dict[str, object]:
    """Return the visible columns of a finding, with pseudonyms for names."""
    record, day = finding["record"], finding["event_date"]
    return {
        "finding_id": finding["finding_id"],
        "kind": finding["kind"],
        "rule": finding["rule"],
        "severity": finding["severity"],
        "confidence": finding["confidence"],
        "status": finding["status"],
        "day": day,
        "account": context.subject(finding),
        "is_student": context.is_student(finding),
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


def _case(context: ActionContext, case: Case, week: date) -> dict[str, object]:
    named = {context.subject(row) for row in case.findings}
    return {
        "case_id": case.case_id,
        "week": case.week,
        "clause": case.clause,
        "accounts": sorted(named),
        "is_student": any(context.is_student(row) for row in case.findings),
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
    """Return a value for a table: a list in one line, nothing as an empty cell."""
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else value


@app.command()
def show(home: Home, finding_id: FindingId, as_json: AsJson = False) -> None:
    """Show one finding: its facts, its tested explanations, and the lines that it cites."""
    with open_context(home, "evidence") as context:
        case, finding = context.finding(finding_id)
        record = context.shown(finding)
        facts = {
            **shown_row(context, case, finding, decided_by(context).get(finding_id)),
            "claim": record["claim"].replace("{account}", context.subject(finding)),
            "alternatives": record["alternatives"],
            "evidence": _cited(context, finding),
        }
        print_facts(facts, *_seen(context, case, finding), as_json=as_json)


@app.command()
def explain(home: Home, finding_id: FindingId, as_json: AsJson = False) -> None:
    """Explain one finding: the rule, its thresholds, what was measured, its limits."""
    with open_context(home, "findings") as context:
        finding = context.finding(finding_id)[1].copy()
        finding["record"] = context.shown(finding)
        title = context.district.detections[finding["rule"]].model.header.title
    facts: dict[str, object] = {
        "finding_id": finding_id,
        "rule": finding["rule"],
        "title": title,
    }
    record: Mapping[str, object] = finding["record"]
    names = ("clauses", "parameters", "inputs", "would_change", "limits", "next_step")
    facts |= {name: record[name] for name in names}
    facts["measured"] = dict(_measured(finding["record"]))
    print_facts(facts, *_explained(finding, title), as_json=as_json)


def _seen(context: ActionContext, case: Case, finding: FindingRow) -> Iterator[str]:
    record = context.shown(finding)
    account = context.subject(finding)
    yield record["claim"].replace("{account}", account)
    if context.is_student(finding):
        yield STUDENT
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


def _explanations(found: Sequence[ExplanationRow]) -> Iterator[str]:
    """Yield each tested explanation with its result, and those that the rule excludes."""
    for tested in found:
        if tested["result"] != BY_DESIGN:
            yield f"  {tested['result']}: {tested['name']} ({tested['test']})"
    excluded = [each for each in found if each["result"] == BY_DESIGN]
    if excluded:
        yield "  excluded by how this rule counts:"
    for each in excluded:
        yield f"    {each['name']} ({each['test']})"


def _cited(context: ActionContext, finding: FindingRow) -> list[dict[str, object]]:
    """Return the place and hash of each cited line, without its content."""
    return [
        {
            "role": line["role"],
            "source": line["source"],
            "path": line["path"],
            "line_no": line["line_no"],
            "line_sha256": line["line_sha256"],
        }
        for line in stored_evidence(context.district.store)
        if line["finding_id"] == finding["finding_id"]
    ]


def _measured(record: FindingRecord) -> Iterator[tuple[str, object]]:
    """Yield numbers, and words that name no one."""
    yield from sorted(nameless(record["details"]).items())


def _explained(finding: FindingRow, title: str) -> Iterator[str]:
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


@app.command()
def export(
    home: Home,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV (the default).")] = False,
    as_json: AsJson = False,
    kind: Annotated[
        ExportFormat | None,
        typer.Option(
            "--format",
            help="csv, json, or for another system: ocsf (Detection Finding), ecs (Elastic), cef.",
        ),
    ] = None,
    to: Annotated[Path | None, typer.Option(help="Write to this new file.")] = None,
    names: Annotated[
        bool,
        typer.Option("--names", help="Real names instead of code names; one case only."),
    ] = False,
    case: CaseId = "",
    reason: Annotated[str, typer.Option(help="Reason for showing names.")] = "",
) -> None:
    """Export findings, one row each, without leads and withdrawn findings."""
    chosen = {*(["csv"] if as_csv else []), *(["json"] if as_json else []), *filter(None, [kind])}
    if len(chosen) > 1:
        raise SettingsError(f"{', '.join(sorted(chosen))}: choose one format")
    with open_context(home, "export") as context:
        found = exported(context, case, reason, names=names)
        titles = {code: one.header.title for code, one in context.district.rules.items()}
        kinds = {row["rule"]: subject_kind(row["rule"]) for row in found}
    _put(_text(found, next(iter(chosen), "csv"), titles, kinds), to)


def _text(
    found: Sequence[ExportedFinding], kind: str, titles: Mapping[str, str], kinds: Mapping[str, str]
) -> str:
    if kind in WRITERS:
        write = WRITERS[kind]
        return "".join(
            write({**row, "subject_kind": kinds[rule]}, titles.get(rule) or rule) + "\n"
            for row in found
            for rule in [row["rule"]]
        )
    if kind == "json":
        return "".join(json.dumps(row) + "\n" for row in found)
    return as_csv(found)


def _put(text: str, to: Path | None) -> None:
    if to is None:
        sys.stdout.write(text)
        return
    write_private(to, text.encode())


@app.command()
def feedback(home: Home, as_json: AsJson = False) -> None:
    """Show how often verdicts confirmed each rule, and what to correct."""
    with open_context(home, "findings") as context:
        rows = [quality_row(each) for each in qualities_of(context.district)]
        amends = list(_fixes(context))
    if as_json:
        print_facts({"rules": rows, "fixes": amends}, as_json=True)
        return
    columns = ("rule", "stage", *COUNTS, "decisions", "precision", "follows")
    body = [_cells(row) for row in rows if row["decisions"] or row["undetermined"]]
    console().print(table("Rules by reviewers' decisions", columns, body))
    if not body:
        typer.echo("No decisions yet.")
    for row in amends:
        about = f" about {row['about']}" if row["about"] else ""
        said = f"{row['findings']} of {row['rule']}{about} were {row['verdict']}"
        typer.echo(safe(f"{said}: see {row['place']}"))


def _cells(row: dict[str, Any]) -> list[object]:
    share = "none"
    if row["precision"] is not None:
        bounds = f"{row['precision_low']:.2f} to {row['precision_high']:.2f}"
        share = f"{row['precision']:.2f} ({bounds})"
    counts = [row[name] for name in COUNTS]
    follows = MEANS[row["state"]]
    return [row["code"], row["stage"], *counts, row["decisions"], share, follows]


def _fixes(context: ActionContext) -> Iterator[dict[str, object]]:
    """Yield corrections to make; devices under pseudonyms of the newest finding."""
    decided = last_verdicts(context.district.store)
    rows: list[DecidedFinding] = [
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


def _shown(context: ActionContext, fix: Fix, day: str) -> str:
    if fix.is_device and fix.about:
        return context.named("device", fix.about, day)
    return fix.about


@app.command()
def permits(home: Home, as_json: AsJson = False) -> None:
    """List consents and exceptions, their scope, and findings after they ended."""
    with open_context(home, "findings") as context:
        rows = actions.permits(context)
        refused = [
            str(problem)
            for problem in context.district.registry.problems
            if problem.file in ("consents.csv", "exceptions.csv")
        ]
    if as_json:
        emit(rows, as_json=True)
        return
    columns = ("permit_id", "kind", "about", "valid_from", "valid_to", "state")
    more = ("review_due", "hides", "after_its_end")
    body = [[_cell(row[name]) for name in (*columns, *more)] for row in rows]
    show_whole(table("Consents and exceptions", (*columns, *more), body))
    if refused:  # their values may be names: the operator sees them with `check`
        typer.echo(f"{len(refused)} problems in these files: schoolbell check")


def _cell(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{rule}: {count}" for rule, count in sorted(value.items()))
    if isinstance(value, list):
        return f"{len(value)} days, last {value[-1]}" if value else ""
    if isinstance(value, bool):
        return "due" if value else ""
    return value


add(app, "findings", verdicts, ticket_actions, kept_evidence, actions)
