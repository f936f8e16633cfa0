"""Commands of the way in: an office asks first, and is answered last."""

import typer

from pipelines.actions import inquiries as actions
from pipelines.cli.commands import add
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import emit
from pipelines.state.reviews import inquiries
from pipelines.state.rows import InquiryRow

app = typer.Typer(help="Inquiries from offices about an account.", no_args_is_help=True)


@app.command("list")
def list_inquiries(home: Home, as_json: AsJson = False) -> None:
    """List inquiries, answered ones included; accounts under code names."""
    with open_context(home, "inquire") as context:
        rows = inquiries(context.district.store)
        shown = [actions.under_code_names(context, row) for row in rows]
    emit(shown, _line, as_json=as_json, empty="No inquiries.")


def _line(row: InquiryRow) -> str:
    state = "released" if row["released_time"] else "open"
    return f"{row['inquiry_id']}: {actions.in_words(row)}, for {row['office']}, {state}"


add(app, "inquiry", actions)
