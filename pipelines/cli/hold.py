"""Commands that keep days from being deleted."""

from datetime import datetime
from typing import Annotated

import typer

from pipelines.actions import kept_evidence as actions
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import emit, print_facts
from pipelines.state.retention import Hold, holds

app = typer.Typer(help="Legal holds on days, so that nothing is deleted.", no_args_is_help=True)


Why = Annotated[str, typer.Option("--reason", help="Why; recorded permanently.")]


@app.command("add")
def add(
    home: Home,
    reason: Why,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First day."),
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")
    ] = None,
    case: Annotated[str | None, typer.Option("--case", help="Hold the week of this case.")] = None,
    as_json: AsJson = False,
) -> None:
    """Place a hold: keep all data of some days, regardless of the retention period."""
    with open_context(home, "hold") as context:
        placed = actions.hold(context, reason, first and first.date(), last and last.date(), case)
    print_facts(placed.__dict__, f"hold {line_of(placed)}", as_json=as_json)


@app.command("list")
def list_holds(home: Home, as_json: AsJson = False) -> None:
    """List every hold, released ones included."""
    with open_context(home, "hold") as context:
        found = holds(context.district.store)
    rows = (one.__dict__ for one in found)
    emit(rows, lambda row: line_of(Hold(**row)), as_json=as_json, empty="There are no holds.")


@app.command("release")
def release(
    home: Home,
    hold_id: Annotated[str, typer.Argument(help="ID that `hold list` shows.")],
    reason: Why,
    as_json: AsJson = False,
) -> None:
    """Release a hold; the next purge may delete its data."""
    with open_context(home, "hold") as context:
        actor = actions.release(context, hold_id, reason)
    facts = {"hold_id": hold_id, "released_by": actor}
    print_facts(facts, f"{hold_id} is released.", as_json=as_json)


def line_of(one: Hold) -> str:
    """Return a hold in one line."""
    case = f", case {one.case_id}" if one.case_id else ""
    days = f"{one.first_day} to {one.last_day}"
    line = f"{one.hold_id}: {days}{case}, by {one.actor}: {one.reason}"
    if one.released_time:
        line += f"; released {one.released_time[:10]}: {one.release_reason}"
    return line
