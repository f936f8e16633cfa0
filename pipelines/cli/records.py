"""Commands that answer a request for public records."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipelines.actions import records as actions
from pipelines.actions.context import ActionContext
from pipelines.cli.options import AsJson, Home, days_of, open_context
from pipelines.cli.output import emit, print_facts, write_private
from pipelines.errors import SettingsError
from pipelines.findings.packs import csv_bytes
from pipelines.records.release import Draft
from pipelines.records.scopes import CLASSES, RELATIONS, columns_of
from pipelines.reports.words import count
from pipelines.run.console import console, show_whole, table
from pipelines.state.records_requests import (
    RecordDecision,
    record_decisions,
    record_requests,
)

app = typer.Typer(
    help="Public records requests: scope, exemptions, approval and release.",
    no_args_is_help=True,
)
Number = Annotated[str, typer.Argument(help="Number of the request: PR-2026-001.")]


@contextmanager
def _opened(home: Path) -> Iterator[ActionContext]:
    with open_context(home, "records") as context:
        yield context


@app.command("open")
def open_(
    home: Home,
    requester: Annotated[str, typer.Option(help="Name and contact of the requester.")],
    received: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help=("Day on which it was received."))
    ],
    text: Annotated[Path, typer.Option(help="File with the text of the request.")],
    as_json: AsJson = False,
) -> None:
    """Record a request; the deadline in [records] starts on the day it was received."""
    try:
        said = text.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", where=str(text)) from error
    with _opened(home) as context:
        made = actions.open_request(context, requester, received.date(), said)
    shown = {"request": made.request_id, "due": str(made.due or "")}
    print_facts(shown, f"{made.request_id}, {_due(made.due)}", as_json=as_json)


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
def scope(
    home: Home,
    number: Number,
    relation: Annotated[str, typer.Option(help="Table that is requested: " + ", ".join(RELATIONS))],
    days: Annotated[str, typer.Option(help="Days: 2026-11-02..2026-11-13.")],
    columns: Annotated[
        list[str] | None, typer.Option("--column", help="Only this; repeatable.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set the scope of a request; report its rows, students and cost. Nothing is released."""
    with _opened(home) as context:
        made = actions.set_scope(
            context,
            number,
            relation,
            days_of(days),
            columns or (),
        )
    cost = f", {made.cost:,.2f} at the hourly cost set" if made.cost else ""
    print_facts(
        asdict(made),
        f"{count(made.rows, 'row')}, {count(made.withheld, 'item')} that cannot be released to "
        f"everyone, {made.students:,} of them about students; {made.hours:g} hours to "
        f"review{cost}. The days are held.",
        as_json=as_json,
    )


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
def decide(
    home: Home,
    number: Number,
    item: Annotated[
        str,
        typer.Argument(help="A class, or an item of the draft: " + ", ".join(CLASSES)),
    ],
    decision: Annotated[
        Literal["keep", "mask", "withhold"],
        typer.Argument(help="Decision."),
    ],
    reason: Annotated[str, typer.Option(help="Why; recorded permanently.")],
    exemption: Annotated[
        str, typer.Option(help=("Exemption; required unless the decision is keep."))
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Keep, mask or withhold a class of cells or rows, or one item."""
    with _opened(home) as context:
        made = RecordDecision(
            item=item,
            decision=decision,
            exemption=exemption,
            reason=reason,
            actor=str(context.asker),
        )
        actions.decide(context, number, made)
    print_facts(asdict(made), f"{item}: {decision}", as_json=as_json)


@app.command()
def approve(home: Home, number: Number, as_json: AsJson = False) -> None:
    """Approve exactly the current draft, as the second person."""
    with _opened(home) as context:
        sha256 = actions.approve(context, number)
    print_facts({"sha256": sha256}, f"approved: SHA-256 {sha256}", as_json=as_json)


@app.command()
def release(
    home: Home,
    number: Number,
    to: Annotated[Path, typer.Option(help="Folder for the zip.")],
    as_json: AsJson = False,
) -> None:
    """Write the approved release: rows, index of withheld items, verifier."""
    path = to / f"{number}.zip"
    to.mkdir(parents=True, exist_ok=True)
    with _opened(home) as context:
        made = actions.give_out(context, number, partial(write_private, path))
    shown = {**asdict(made), "path": str(path)}
    said = (
        f"{path}: {made.rows:,} rows, {made.withheld:,} items withheld or masked\n"
        f"SHA-256 {made.sha256}"
    )
    print_facts(shown, said, as_json=as_json)


@app.command()
def close(
    home: Home,
    number: Number,
    reason: Annotated[str, typer.Option(help="Reason for ending it without a release.")],
    as_json: AsJson = False,
) -> None:
    """Close a request without a release: withdrawn, or no records."""
    with _opened(home) as context:
        actions.close(context, number, reason)
    print_facts({"request": number, "outcome": reason}, f"{number}: closed", as_json=as_json)


@app.command()
def show(home: Home, number: Number, as_json: AsJson = False) -> None:
    """Show a request: its text, and its decisions with person and time."""
    with _opened(home) as context:
        one = actions.request_of(context.district.store, number)
        decided = record_decisions(context.district.store, number)
    print_facts(
        {**asdict(one), "decisions": [asdict(each) for each in decided.values()]},
        f"{one.request_id}, received {one.received}, {_due(one.due)}",
        one.text.rstrip(),
        *([f"approved by {one.approved_by}"] if one.approved_by else []),
        *(
            f"{each.time[:16]} {each.actor}: {each.item} {each.decision} "
            f"({each.exemption or 'no exemption'}): {each.reason}"
            for each in decided.values()
        ),
        as_json=as_json,
    )


def _due(day: date | None) -> str:
    return f"due {day}" if day else "no deadline: [records] response_days is not set"
