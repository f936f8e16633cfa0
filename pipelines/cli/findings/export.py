"""Commands that export findings, and that pack a case for whoever decides about it."""

import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.acts.evidence_packs import edition
from pipelines.acts.evidence_packs import pack as packed
from pipelines.acts.names import export as exported
from pipelines.cli.context import open_context
from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import PRIVATE, write_private
from pipelines.errors import SettingsError, safe
from pipelines.findings.finding_frames import COLUMNS
from pipelines.reports.text_tables import table, to_csv

CaseId = Annotated[str, typer.Option("--case", help="Case it is for.")]


def export(
    home: Home,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV (the default).")
    ] = False,
    as_json: AsJson = False,
    to: Annotated[
        Path | None, typer.Option(help="Write to this new file instead.")
    ] = None,
    names: Annotated[
        bool,
        typer.Option(
            "--names", help="Real names instead of code names; one case only."
        ),
    ] = False,
    case: CaseId = "",
    reason: Annotated[str, typer.Option(help="Why names are needed.")] = "",
) -> None:
    """Export findings, one row each, without leads and withdrawn findings."""
    if as_csv and as_json:
        raise SettingsError("--csv and --json exclude each other")
    with open_context(home, "export") as context:
        found = exported(context, case, reason, names=names)
    _put(_text(found, as_json=as_json), to)


def _text(found: list[dict[str, Any]], *, as_json: bool) -> str:
    if as_json:
        return "".join(json.dumps(row) + "\n" for row in found)
    body = [[row[name] for name in COLUMNS] for row in found]
    return to_csv(table("findings", COLUMNS, body))


def _put(text: str, to: Path | None) -> None:
    if to is None:
        sys.stdout.write(text)
        return
    descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)


def pack(
    home: Home,
    case_id: Annotated[str, typer.Argument(help="Id of the case.")],
    to: Annotated[Path, typer.Option(help="New file to write, such as case.zip.")],
    reason: Annotated[str, typer.Option(help="Why; recorded permanently.")],
    names: Annotated[
        bool, typer.Option("--names", help="Include names and the text of log lines.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Pack the evidence of a case into a zip file that can be verified offline."""
    with open_context(home, "export") as context:
        made = packed(context, case_id, reason, partial(write_private, to), names=names)
    told = {"file": str(to), "sha256": made.sha256, "findings": made.findings}
    if as_json:
        typer.echo(json.dumps(told | {"audit_entry": made.number}))
        return
    typer.echo(safe(f"{to}: {made.findings} findings, {edition(names=names)}"))
    typer.echo(f"sha256 {made.sha256}, entry {made.number} of the audit chain")
    typer.echo(safe(f"To check it: python3 verify.py {to.name} --sha256 {made.sha256}"))
