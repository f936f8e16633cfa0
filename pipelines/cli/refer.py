"""The command that sends a case to another office, under two keys."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipelines.actions.referrals import OFFICES
from pipelines.actions.referrals import refer as referred
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import print_facts, write_private

CaseId = Annotated[str, typer.Argument(help="ID of the case.")]


def refer(
    home: Home,
    case_id: CaseId,
    to: Annotated[str, typer.Option(help="One of: " + ", ".join(OFFICES))],
    reason: Annotated[str, typer.Option(help="Why; recorded permanently.")],
    out: Annotated[Path, typer.Option(help="New file to write, such as case.zip.")],
    as_json: AsJson = False,
) -> None:
    """Refer a case to another office, with a pack, a letter and a hold.

    A second person approves it first. The letter is in the pack as letter.html.
    """
    with open_context(home, "refer") as context:
        row = referred(context, case_id, to, reason, partial(write_private, out))
    lines = (
        f"{case_id} is referred to {OFFICES[to]}: {row['referral_id']}",
        f"{out}, sha256 {row['sha256']}; its week is held ({row['hold_id']})",
    )
    print_facts(row, *lines, as_json=as_json)
