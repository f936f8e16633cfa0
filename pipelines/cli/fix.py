"""Commands that correct a list of the registry from a case."""

import typer

from pipelines.actions import fixes
from pipelines.cli.commands import add

app = typer.Typer(
    help="Correct a list from a case: leave, duty, holder, building, account.",
    no_args_is_help=True,
)
add(app, "fix", fixes)
