"""Commands about findings: list them, show what one stands on."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import typer

from pipelines.cli.options import AsJson, Home
from pipelines.errors import SettingsError
from pipelines.findings.keeping import stored_evidence, stored_findings
from pipelines.journey.console import console, safe, table
from pipelines.journey.district import District, open_district
from pipelines.journey.editions import pseudonyms


def findings(
    home: Home,
    finding_id: Annotated[
        str, typer.Argument(help="Show this one with its evidence.")
    ] = "",
    leads: Annotated[
        bool, typer.Option("--leads", help="The lowest confidence too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List findings under pseudonyms, or show one with its evidence."""
    with open_district(home) as district:
        rows = [
            _shown(district, row)
            for row in stored_findings(district.store)
            if leads or row["confidence"] != "C1"
        ]
        if finding_id:
            _show(district, rows, finding_id)
        elif as_json:
            for row in rows:
                typer.echo(json.dumps({k: v for k, v in row.items() if k != "record"}))
        else:
            columns = ("finding_id", "day", "rule", "account", "severity")
            more = ("confidence", "status")
            body = [[row[name] for name in (*columns, *more)] for row in rows]
            console().print(table("Findings", (*columns, *more), body))


def _shown(district: District, row: Mapping[str, Any]) -> dict[str, Any]:
    start = str(row["record"]["start_time"])
    names = pseudonyms(district.store, district.home.key_file, _day(row["event_date"]))
    kind = district.subject_kind(row["rule"])
    return {
        "finding_id": row["finding_id"],
        "day": row["event_date"],
        "kind": row["kind"],
        "rule": row["rule"],
        "account": names.names(kind, [row["subject"]])[row["subject"]],
        "start_utc": start,
        "end_utc": str(row["record"]["end_time"]),
        "severity": row["severity"],
        "confidence": row["confidence"],
        "status": row["status"],
        "evidence_lines": len(row["record"]["evidence"]),
        "created_utc": row["created_time"],
        "record": row["record"],
    }


def _day(text: str) -> date:

    return date.fromisoformat(text)


def _show(district: District, rows: list[dict[str, Any]], finding_id: str) -> None:
    chosen = [row for row in rows if row["finding_id"] == finding_id]
    if not chosen:
        raise SettingsError(
            f"there is no finding {finding_id}",
            remedy="List them with: schoolbell findings --leads",
        )
    row = chosen[0]
    record = row["record"]
    typer.echo(safe(record["claim"].replace("{account}", row["account"])))
    typer.echo(f"severity {row['severity']}, confidence {row['confidence']}")
    for one in record["alternatives"]:
        typer.echo(safe(f"  {one['result']}: {one['name']} ({one['test']})"))
    for line in stored_evidence(district.store):
        if line["finding_id"] == finding_id:
            place = f"{line['source']}/{line['path']}:{line['line_no']}"
            typer.echo(safe(f"  {line['role']}: {place} sha256 {line['line_sha256']}"))
