"""Commands that export findings, and that pack a case for whoever decides about it."""

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli.context import CommandContext, open_context
from pipelines.cli.options import AsJson, Home
from pipelines.errors import SettingsError, safe
from pipelines.findings.cases import Case
from pipelines.findings.frames import COLUMNS, rows
from pipelines.findings.packs import gathered
from pipelines.findings.packs import pack as packed
from pipelines.findings.review import Wish, granted, required_reason
from pipelines.reports.tables import table, to_csv
from pipelines.state.audit import Act

PRIVATE = 0o600

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
        chosen = [held for held in context.cases if case in ("", held.case_id)]
        if case and not chosen:
            raise no_case(case)
        if names:
            found = _named(
                context, chosen, Wish(action="export", case_id=case, reason=reason)
            )
        else:
            found = _pseudonymous(context, chosen)
            _tell(context, case, len(found))
    _put(_text(found, as_json=as_json), to)


def no_case(case: str) -> SettingsError:
    """There is no such case."""
    return SettingsError(
        f"there is no case {case}",
        where="--case",
        remedy="List them with: schoolbell findings cases",
    )


def _named(
    context: CommandContext, chosen: list[Case], wish: Wish
) -> list[dict[str, Any]]:
    context.require("names")
    if not wish.case_id:
        raise SettingsError(
            "names are exported for one case only",
            where="--case",
            remedy="Name the case: --case c-… --reason …",
        )
    wish = Wish(
        action=wish.action, case_id=wish.case_id, reason=required_reason(wish.reason)
    )
    granted(context.chain, wish, context.asker)
    return rows(
        chosen,
        lambda finding, device: device or str(finding["subject"]),
        context.is_pupil,
    )


def _pseudonymous(context: CommandContext, chosen: list[Case]) -> list[dict[str, Any]]:
    def named(finding: Mapping[str, Any], device: str | None) -> str:
        if device is None:
            return context.subject(finding)
        return context.named("device", device, finding["event_date"])

    return rows(chosen, named, context.is_pupil)


def _tell(context: CommandContext, case: str, count: int) -> None:
    act = Act(
        actor=str(context.asker),
        action="export under pseudonyms",
        subject=f"{count} findings",
        case=case,
    )
    with context.chain.recording(act):
        pass


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
        case = next((each for each in context.cases if each.case_id == case_id), None)
        if case is None:
            raise no_case(case_id)
        why = required_reason(reason)
        if names:
            context.require("names")
            wish = Wish(action="pack", case_id=case_id, reason=why)
            granted(context.chain, wish, context.asker)
        data = packed(
            gathered(context.district, case, None if names else context.named)
        )
        seal = hashlib.sha256(data).hexdigest()
        noted = f"{_edition(names=names)}, {seal}: {why}"
        number = _written(context, case, to, data, noted)
    told = {"file": str(to), "sha256": seal, "findings": len(case.findings)}
    if as_json:
        typer.echo(json.dumps(told | {"audit_entry": number}))
        return
    typer.echo(safe(f"{to}: {len(case.findings)} findings, {_edition(names=names)}"))
    typer.echo(f"sha256 {seal}, entry {number} of the audit chain")
    typer.echo(safe(f"To check it: python3 verify.py {to.name} --sha256 {seal}"))


def _edition(*, names: bool) -> str:
    return "with names" if names else "under pseudonyms"


def _written(
    context: CommandContext, case: Case, to: Path, data: bytes, reason: str
) -> int:
    """Write the file once its hash stands in the audit chain; the entry's number."""
    act = Act(
        actor=str(context.asker),
        action="packed",
        subject=case.case_id,
        case=case.case_id,
        reason=reason,
    )
    with context.chain.recording(act):
        descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    head = context.chain.head()
    return head.number if head else 0
