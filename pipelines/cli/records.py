"""Commands that answer a request for public records."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.actions import records as actions
from pipelines.actions.context import ActionContext
from pipelines.cli.commands import add
from pipelines.cli.console import console, show_whole, table
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import emit, print_facts
from pipelines.findings.packs import csv_bytes
from pipelines.records.release import Draft
from pipelines.records.scopes import CLASSES, columns_of
from pipelines.state.records_requests import record_decisions, record_requests

app = typer.Typer(
    help="Public records requests: scope, exemptions, approval and release.", no_args_is_help=True
)
Number = Annotated[str, typer.Argument(help=actions.NUMBER_HELP)]


@contextmanager
def _opened(home: Path) -> Iterator[ActionContext]:
    with open_context(home, "records") as context:
        yield context


@app.command("list")
def list_(home: Home, as_json: AsJson = False) -> None:
    """List the requests, the newest first."""
    with _opened(home) as context:
        found = record_requests(context.district.store)
    rows = [
        {
            "request": one.request_id,
            "received": str(one.received),
            "due": str(one.due or ""),
            "table": str(one.scope.get("relation", "")),
            "state": one.outcome or "open",
        }
        for one in reversed(found)
    ]
    columns = ("request", "received", "due", "table", "state")
    if as_json:
        emit(rows, as_json=True)
    else:
        body = [[row[name] for name in columns] for row in rows]
        show_whole(table("Requests for public records", columns, body))


@app.command()
def draft(
    home: Home,
    number: Number,
    out: Annotated[Path | None, typer.Option(help="Write the rows as CSV into this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the rows to release, and withheld items with their exemptions."""
    with _opened(home) as context:
        made = actions.drafted(context.district, number)
        decided = record_decisions(context.district.store, number)
    if out is not None:
        _write(made, out)
    if as_json:
        facts = {
            "rows": len(made.rows),
            "items": [asdict(one) for one in made.items],
            "decisions": [asdict(one) for one in decided.values()],
        }
        print_facts(facts, as_json=True)
        return
    rows = [
        (of, CLASSES[of], items, decision, exemption if decision != "keep" else "")
        for (of, decision, exemption), items in sorted(made.done().items())
    ]
    typer.echo(f"{len(made.rows):,} of {made.touched:,} rows would be shown.", err=True)
    if rows:
        columns = ("class", "what", "items", "done", "exemption")
        console().print(table("Not for release", columns, rows))


def _write(made: Draft, out: Path) -> None:
    columns = columns_of(made.scope.relation, made.scope.columns)
    out.write_bytes(csv_bytes(columns, made.rows))


@app.command()
def show(home: Home, number: Number, as_json: AsJson = False) -> None:
    """Show a request: its text, and its decisions with person and time."""
    with _opened(home) as context:
        one = actions.request_of(context.district.store, number)
        decided = record_decisions(context.district.store, number)
    print_facts(
        {**asdict(one), "decisions": [asdict(each) for each in decided.values()]},
        f"{one.request_id}, received {one.received}, {actions.due_in_words(one.due)}",
        one.text.rstrip(),
        *([f"approved by {one.approved_by}"] if one.approved_by else []),
        *(
            f"{each.time[:16]} {each.actor}: {each.item} {each.decision} "
            f"({each.exemption or 'no exemption'}): {each.reason}"
            for each in decided.values()
        ),
        as_json=as_json,
    )


add(app, "records", actions)
