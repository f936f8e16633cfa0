"""The command that exports findings: pseudonyms, or the names of one case."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli.asking import Desk, desk
from pipelines.cli.options import AsJson, Home
from pipelines.errors import SettingsError
from pipelines.findings.cases import Case
from pipelines.findings.frames import COLUMNS, rows
from pipelines.findings.review import Wish, granted, required_reason
from pipelines.reports.tables import table, to_csv
from pipelines.state.audit import Act

PRIVATE = 0o600

CaseId = Annotated[str, typer.Option("--case", help="Case that it is for.")]


def export(
    home: Home,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV; this is also the default.")
    ] = False,
    as_json: AsJson = False,
    to: Annotated[
        Path | None, typer.Option(help="Write into this new file instead.")
    ] = None,
    names: Annotated[
        bool, typer.Option("--names", help="Names instead of pseudonyms; one case.")
    ] = False,
    case: CaseId = "",
    reason: Annotated[str, typer.Option(help="Why names are needed.")] = "",
) -> None:
    """Export findings, one row each; leads and withdrawn ones are left out."""
    if as_csv and as_json:
        raise SettingsError("--csv and --json exclude each other")
    with desk(home, "export") as one:
        chosen = [held for held in one.cases if case in ("", held.case_id)]
        if case and not chosen:
            raise no_case(case)
        if names:
            found = _named(
                one, chosen, Wish(action="export", case_id=case, reason=reason)
            )
        else:
            found = _pseudonymous(one, chosen)
            _tell(one, case, len(found))
    _put(_text(found, as_json=as_json), to)


def no_case(case: str) -> SettingsError:
    """There is no such case."""
    return SettingsError(
        f"there is no case {case}",
        where="--case",
        remedy="List them with: schoolbell findings cases",
    )


def _named(one: Desk, chosen: list[Case], wish: Wish) -> list[dict[str, Any]]:
    one.require("names")
    if not wish.case_id:
        raise SettingsError(
            "names are exported for one case only",
            where="--case",
            remedy="Name the case: --case c-… --reason …",
        )
    wish = Wish(
        action=wish.action, case_id=wish.case_id, reason=required_reason(wish.reason)
    )
    granted(one.chain, wish, one.asker)
    return rows(
        chosen, lambda finding, device: device or str(finding["subject"]), one.is_pupil
    )


def _pseudonymous(one: Desk, chosen: list[Case]) -> list[dict[str, Any]]:
    def named(finding: Mapping[str, Any], device: str | None) -> str:
        if device is None:
            return one.subject(finding)
        return one.named("device", device, finding["event_date"])

    return rows(chosen, named, one.is_pupil)


def _tell(one: Desk, case: str, count: int) -> None:
    act = Act(
        actor=str(one.asker),
        action="export under pseudonyms",
        subject=f"{count} findings",
        case=case,
    )
    with one.chain.recording(act):
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
