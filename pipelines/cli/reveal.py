"""The command that reveals a pseudonym, for one case and a limited time."""

from typing import Annotated

import typer

from pipelines.actions.names import reveal as revealed
from pipelines.cli.findings import CaseId
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import print_facts


def reveal(
    home: Home,
    token: Annotated[str, typer.Argument(help="A code name, such as falcon-27.")],
    reason: Annotated[str, typer.Option(help="Why; recorded permanently.")],
    case: CaseId = "",
    as_json: AsJson = False,
) -> None:
    """Show the person behind a code name; every lookup is recorded.

    A lookup is for one case, and is recorded before anything is shown.
    """
    with open_context(home, "names") as context:
        found = revealed(context, token, reason, case)
    owner = f", of {found['person_id']}" if found["person_id"] else ""
    name = f" ({found['person_name']})" if found["person_name"] else ""
    print_facts(found, f"{token}: {found['kind']} {found['value']}{owner}{name}", as_json=as_json)
