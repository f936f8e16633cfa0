"""Commands about sites that wait for a decision."""

import json
from typing import Annotated

import typer

from pipelines.acts.permits import (
    approve_site,
    effects,
    proposal,
    undecided_sites,
    would_change,
)
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import tell
from pipelines.errors import safe
from pipelines.findings.cases import queue
from pipelines.registry.tables.approved_sites import SITE_CLASSES

app = typer.Typer(help="Sites that wait for a decision.", no_args_is_help=True)


@app.command("list")
def list_sites(home: Home, as_json: AsJson = False) -> None:
    """List sites that were used at length on one day and are on no list."""
    with open_context(home, "findings") as context:
        rows = undecided_sites(context, queue(context.district).week)
    for row in rows:
        use = f"{row['accounts']} accounts, {row['minutes']} minutes"
        what = ", ".join(row["categories"]) or "on no list"
        line = f"{row['site']}: {use}, {what} ({', '.join(row['cases'])})"
        typer.echo(json.dumps(row) if as_json else safe(line))
    if not rows and not as_json:
        typer.echo("No site waits for a decision.")


@app.command("decide")
def decide(
    home: Home,
    site: Annotated[str, typer.Argument(help="Domain or host.")],
    reason: Annotated[str, typer.Option(help="What it is for; recorded permanently.")],
    site_class: Annotated[
        str, typer.Option("--class", help="One of: " + ", ".join(SITE_CLASSES))
    ] = "sanctioned",
    roles: Annotated[
        str, typer.Option(help="all, staff, student, a job title; | between several.")
    ] = "all",
    first: Annotated[
        str, typer.Option("--from", help="First day; today by default.")
    ] = "",
    until: Annotated[str, typer.Option(help="Last day; open by default.")] = "",
    save: Annotated[
        bool, typer.Option("--save", help="Put it on the list; else only try it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a site on the district's list; without --save, show what would change."""
    with open_context(home, "sites") as context:
        row = proposal(context, site, site_class, roles, first, until, reason)
        if save:
            approve_site(context, row)
            facts = {"saved": True, **row}
            said = f"{row['entry_id']}: {row['pattern']} for {row['roles']}."
            tell(facts, f"{said} It counts from the next run.", as_json=as_json)
            return
        found = effects(would_change(context, row))
    if as_json:
        typer.echo(json.dumps({"saved": False, **row, "effects": found}))
        return
    for one in found:
        typer.echo(f"{one['effect']}: {one['findings']} of {one['rule']}")
    if not found:
        typer.echo("No finding would come, go or change.")
    typer.echo("Nothing was saved. Give --save to put it on the list.")
