"""Commands about consents and exceptions: what they cover, a new one, its end."""

import json
from typing import Annotated

import typer

from pipelines.acts import permits as acts
from pipelines.cli.context import open_context
from pipelines.cli.findings.cases import FindingId
from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import tell
from pipelines.findings.exceptions import SCOPES
from pipelines.registry.tables.exceptions import LONGEST_EXCEPTION_DAYS
from pipelines.run.console import show_whole, table

Reason = Annotated[str, typer.Option(help="Why, in your words; recorded permanently.")]


def exception(
    home: Home,
    finding_id: FindingId,
    reason: Reason,
    until: Annotated[
        str, typer.Option(help=f"Last day; at most {LONGEST_EXCEPTION_DAYS} days on.")
    ],
    scope: Annotated[
        str, typer.Option(help="What it applies to: " + ", ".join(SCOPES))
    ] = "account",
    since: Annotated[
        str, typer.Option("--from", help="First day; the finding's by default.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Add an exception: findings like this one are hidden, counted and kept."""
    with open_context(home, "exception") as context:
        facts = acts.exception(context, finding_id, reason, until, scope, since)
    span = f"{facts['first_day']} to {facts['last_day']}"
    shown = f"{facts['exception_id']}: {facts['rule']} by {scope}, {span}"
    tell(facts, f"{shown}. It counts from the next run.", as_json=as_json)


def exception_end(
    home: Home,
    exception_id: Annotated[str, typer.Argument(help="Id, as permits lists it.")],
    reason: Reason,
    wholly: Annotated[
        bool, typer.Option("--wholly", help="Remove it as if it had never been added.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """End an exception; findings it hid are shown again from the next run."""
    with open_context(home, "exception") as context:
        last = acts.exception_end(context, exception_id, reason, wholly=wholly)
    ended = f"ends on {last}" if last else "is taken back"
    facts = {"exception_id": exception_id, "last_day": last or None}
    said_line = f"{exception_id} {ended}. It counts from the next run."
    tell(facts, said_line, as_json=as_json)


def permits(home: Home, as_json: AsJson = False) -> None:
    """List consents and exceptions, what they cover, and findings after they ended."""
    with open_context(home, "findings") as context:
        rows = acts.permits(context)
        refused = [
            str(problem)
            for problem in context.district.registry.problems
            if problem.file in ("consents.csv", "exceptions.csv")
        ]
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row))
        return
    columns = ("permit_id", "kind", "about", "valid_from", "valid_to", "state")
    more = ("review_due", "hides", "after_its_end")
    body = [[_cell(row[name]) for name in (*columns, *more)] for row in rows]
    show_whole(table("Consents and exceptions", (*columns, *more), body))
    if refused:  # their values may be names: the operator sees them with `check`
        typer.echo(f"{len(refused)} problems in these files: schoolbell check")


def _cell(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{rule}: {count}" for rule, count in sorted(value.items()))
    if isinstance(value, list):
        return f"{len(value)} days, last {value[-1]}" if value else ""
    if isinstance(value, bool):
        return "due" if value else ""
    return value
