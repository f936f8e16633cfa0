"""Commands that keep days from being deleted."""

import json
from datetime import date, datetime, timedelta
from typing import Annotated

import typer

from pipelines.cli.context import CommandContext, open_context
from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import tell
from pipelines.errors import safe_lines
from pipelines.state.audit import Act
from pipelines.state.database import now_text
from pipelines.state.retention import (
    Hold,
    HoldError,
    holds,
    new_hold_id,
    place_hold,
    release_hold,
)

app = typer.Typer(
    help="Legal holds: days of which nothing may be deleted.", no_args_is_help=True
)


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
    case: Annotated[
        str | None, typer.Option("--case", help="Hold the week of this case.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Place a hold: keep everything of some days, whatever the retention period."""
    with open_context(home, "hold") as context:
        begin, end = _days(context, first, last, case)
        hold = Hold(
            hold_id=new_hold_id(),
            first_day=begin,
            last_day=end,
            reason=reason,
            actor=str(context.asker),
            time=now_text(),
            case_id=case,
        )
        act = Act(
            actor=hold.actor,
            action="hold",
            subject=f"{hold.hold_id} {begin}/{end}",
            reason=reason,
            case=case or "",
        )
        with context.chain.recording(act) as connection:
            place_hold(connection, hold)
    tell(hold.__dict__, f"hold {_line(hold)}", as_json=as_json)


def _days(
    context: CommandContext,
    first: datetime | None,
    last: datetime | None,
    case: str | None,
) -> tuple[date, date]:
    if case is None and first and last:
        return first.date(), last.date()
    found = [one for one in context.cases if one.case_id == case]
    if case is None or first or last or not found:
        raise HoldError(
            f"there is no case {case!r}" if case else "no days are named",
            where="hold add",
            remedy="Give --from DAY and --to DAY, or --case and an id that "
            "`schoolbell findings cases` lists.",
        )
    start = found[0].monday
    return start, start + timedelta(days=6)


@app.command("list")
def list_holds(home: Home, as_json: AsJson = False) -> None:
    """List every hold, released ones included."""
    with open_context(home, "hold") as context:
        found = holds(context.district.store)
    for one in found:
        if as_json:
            typer.echo(json.dumps(one.__dict__, default=str))
        else:
            typer.echo(safe_lines(_line(one)))
    if not found and not as_json:
        typer.echo("There are no holds.")


@app.command("release")
def release(
    home: Home,
    hold_id: Annotated[str, typer.Argument(help="Id that `hold list` shows.")],
    reason: Why,
    as_json: AsJson = False,
) -> None:
    """Release a hold; the next purge may delete what it kept."""
    with open_context(home, "hold") as context:
        actor = str(context.asker)
        act = Act(actor=actor, action="release", subject=hold_id, reason=reason)
        with context.chain.recording(act) as connection:
            release_hold(connection, hold_id, actor, reason)
    facts = {"hold_id": hold_id, "released_by": actor}
    tell(facts, f"{hold_id} is released.", as_json=as_json)


def _line(one: Hold) -> str:
    case = f", case {one.case_id}" if one.case_id else ""
    days = f"{one.first_day} to {one.last_day}"
    line = f"{one.hold_id}: {days}{case}, by {one.actor}: {one.reason}"
    if one.released_time:
        line += f"; released {one.released_time[:10]}: {one.release_reason}"
    return line
