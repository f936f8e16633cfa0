"""Commands that keep days from being deleted."""

import typer

from pipelines.actions import kept_evidence
from pipelines.actions.kept_evidence import line_of
from pipelines.cli.commands import add
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import emit
from pipelines.state.retention import Hold, holds

app = typer.Typer(help="Legal holds on days, so that nothing is deleted.", no_args_is_help=True)


@app.command("list")
def list_holds(home: Home, as_json: AsJson = False) -> None:
    """List every hold, released ones included."""
    with open_context(home, "hold") as context:
        found = holds(context.district.store)
    rows = (one.__dict__ for one in found)
    emit(rows, lambda row: line_of(Hold(**row)), as_json=as_json, empty="There are no holds.")


add(app, "hold", kept_evidence)
