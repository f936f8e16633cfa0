"""The command that stores the statement of the person a case is about."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.actions.referrals import MAX_STATEMENT
from pipelines.actions.referrals import answer as answered
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import print_facts
from pipelines.cli.refer import CaseId
from pipelines.errors import SettingsError


def answer(
    home: Home,
    case_id: CaseId,
    file: Annotated[Path, typer.Option(help="Text file with the statement, UTF-8.")],
    summary: Annotated[
        str, typer.Option(help="Summary for the case, one or two sentences. Do not name anyone.")
    ],
    tests: Annotated[str, typer.Option(help="Registry file that it would correct, if any.")] = "",
    as_json: AsJson = False,
) -> None:
    """Save the person's statement with the facts of a case.

    Each later page of the case shows the summary; packs with names contain the whole text.
    """
    with open_context(home, "refer") as context:
        row = answered(context, case_id, _text(file), summary, tests)
    ident = row["statement_id"]
    facts = {name: row[name] for name in ("statement_id", "case_id", "sha256", "tests")}
    lines = [f"{ident} is saved with the facts of {case_id}, sha256 {row['sha256']}"]
    if tests:
        lines.append(f"Correct {tests}, then see: schoolbell replay --registry {tests}")
    print_facts(facts, *lines, as_json=as_json)


def _text(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as stream:
            return stream.read(MAX_STATEMENT + 1)
    except UnicodeDecodeError as error:
        raise SettingsError("the statement is not UTF-8 text", where=str(file)) from error
