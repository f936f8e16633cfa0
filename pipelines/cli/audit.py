"""Commands about the audit chain: check that it holds, show what is in it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.console import console, table
from pipelines.cli.options import AsJson, Home, who_asks
from pipelines.cli.output import emit, print_facts
from pipelines.errors import safe
from pipelines.privacy.lookups import looked_up
from pipelines.settings.home import DistrictHome
from pipelines.settings.toml_reader import load_settings
from pipelines.state.audit import RESTORE, Chain, kept_heads, open_chain, parsed_head
from pipelines.state.kept_roles import keep_roles
from pipelines.state.opened_state import open_state
from pipelines.state.privacy_records import gather_openings
from pipelines.state.seals import check_seals

app = typer.Typer(help="Audit log of actions on findings and names.", no_args_is_help=True)


@app.command()
def verify(
    home: Home,
    head: Annotated[
        list[str] | None,
        typer.Option(help="Head that a report printed, number:hash; repeatable."),
    ] = None,
    authority: Annotated[
        Path | None,
        typer.Option(
            help="Certificates (PEM) of the time authority, not those of [seal].",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify each entry against the one before it, and the heads that are kept elsewhere.

    Those are in published reports, messages, seals and the newest backup; --head adds one
    from paper. The time stamp of each seal is verified offline. Exit codes: 0 all entries
    and seals verified, 1 one failed.
    """
    printed = [parsed_head(one, "--head") for one in head or ()]
    with _chain(home) as chain:
        place = DistrictHome(home.resolve())
        seals = check_seals(place, load_settings(place), authority)
        kept = kept_heads(chain.store, place)
        broken, last = chain.verify([*printed, *kept]), chain.head()
        restored = [entry for entry in chain.entries() if entry.action == RESTORE]
    if as_json:
        wrong = asdict(broken) if broken is not None else None
        head_now = str(last) if last else None
        facts = {
            "holds": broken is None and not seals.wrong,
            "broken": wrong,
            "head": head_now,
            "compared": len(printed) + len(kept),
            "restored": [asdict(one) for one in restored],
            "seals": [*seals.wrong, *seals.lines],
        }
        print_facts(facts, as_json=True)
    elif broken is not None:
        typer.echo(safe(f"entry {broken.number} {broken.what}"), err=True)
    else:
        said = f"The chain holds; its head is {last}" if last else "No entries yet."
        typer.echo(said)
        for one in restored:
            typer.echo(safe(f"Entry {one.number}, {one.time[:19]}: {one.reason}"))
    if not as_json:
        for line in seals.lines:
            typer.echo(safe(line))
        for line in seals.wrong:
            typer.echo(safe(line), err=True)
    sys.exit(1 if broken is not None or seals.wrong else 0)


@app.command()
def show(
    home: Home,
    last: Annotated[int, typer.Option(help="Number of newest entries to show.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show the newest entries, oldest first."""
    with _chain(home) as chain:
        rows = [asdict(entry) for entry in chain.entries()[-max(last, 1) :]]
    columns = ("number", "time", "actor", "action", "subject", "case", "reason")
    if as_json:
        emit(rows, as_json=True)
        return
    body = [[row[name] for name in columns] for row in rows]
    console().print(table("Audit chain", columns, body))


@app.command()
def lookups(
    home: Home,
    days: Annotated[int, typer.Option(help="Number of days to look back.", min=1)] = 31,
    as_json: AsJson = False,
) -> None:
    """List the people who looked up or received names, and lookups without a case."""
    since = datetime.now(UTC) - timedelta(days=days)
    with _chain(home) as chain:
        rows = [one.shown for one in looked_up(chain.entries(), since)]
    columns = ("actor", "action", "times", "cases", "without_case", "last_time")
    if as_json:
        emit(rows, as_json=True)
        return
    body = [[row[name] for name in columns] for row in rows]
    console().print(table(f"Lookups of {days} days", columns, body))


@contextmanager
def _chain(home: Path) -> Iterator[Chain]:
    place = DistrictHome(home.resolve())
    settings = load_settings(place)
    who_asks(place, settings).require("audit")
    store = open_state(place)
    try:
        keep_roles(store, place, settings)
        gather_openings(store, place)
        yield open_chain(store, place)
    finally:
        store.close()
