"""The command that packs the evidence of one case for somebody else to verify."""

import hashlib
import json
import os
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.asking import Desk, desk
from pipelines.cli.exporting import PRIVATE, no_case
from pipelines.cli.options import AsJson, Home
from pipelines.findings.cases import Case
from pipelines.findings.packs import gathered
from pipelines.findings.packs import pack as packed
from pipelines.findings.review import Wish, granted, required_reason
from pipelines.run.console import safe
from pipelines.state.audit import Act


def pack(
    home: Home,
    case_id: Annotated[str, typer.Argument(help="Id of the case.")],
    to: Annotated[Path, typer.Option(help="New file to write, such as case.zip.")],
    reason: Annotated[str, typer.Option(help="Why; kept for good.")],
    names: Annotated[
        bool, typer.Option("--names", help="With names and the text of log lines.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Pack the evidence of a case into one zip that can be verified off-line."""
    with desk(home, "export") as one:
        case = next((each for each in one.cases if each.case_id == case_id), None)
        if case is None:
            raise no_case(case_id)
        why = required_reason(reason)
        if names:
            one.require("names")
            wish = Wish(action="pack", case_id=case_id, reason=why)
            granted(one.chain, wish, one.asker)
        data = packed(gathered(one.district, case, None if names else one.named))
        seal = hashlib.sha256(data).hexdigest()
        noted = f"{_edition(names=names)}, {seal}: {why}"
        number = _written(one, case, to, data, noted)
    told = {"file": str(to), "sha256": seal, "findings": len(case.findings)}
    if as_json:
        typer.echo(json.dumps(told | {"audit_entry": number}))
        return
    typer.echo(safe(f"{to}: {len(case.findings)} findings, {_edition(names=names)}"))
    typer.echo(f"sha256 {seal}, entry {number} of the audit chain")
    typer.echo(safe(f"To check it: python3 verify.py {to.name} --sha256 {seal}"))


def _edition(*, names: bool) -> str:
    return "with names" if names else "under pseudonyms"


def _written(one: Desk, case: Case, to: Path, data: bytes, reason: str) -> int:
    """Write the file once its hash stands in the audit chain; the entry's number."""
    act = Act(
        actor=str(one.asker),
        action="packed",
        subject=case.case_id,
        case=case.case_id,
        reason=reason,
    )
    with one.chain.recording(act):
        descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    head = one.chain.head()
    return head.number if head else 0
