"""Commands about sites that wait for a decision."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from pipelines.actions.permits import (
    approve_site,
    effects,
    proposal,
    undecided_sites,
    would_change,
)
from pipelines.actions.site_effects import NO_CASE, in_words, span_in_words
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import emit, print_facts
from pipelines.errors import capital
from pipelines.findings.cases import queue
from pipelines.registry.tables.approved_sites import SITE_CLASSES
from pipelines.reports.words import count

app = typer.Typer(help="Sites that need a decision.", no_args_is_help=True)


@app.command("list")
def list_sites(home: Home, as_json: AsJson = False) -> None:
    """List sites that were used at length on one day and are on no list."""
    with open_context(home, "findings") as context:
        rows = undecided_sites(context, queue(context.district).week)
    emit(rows, _line, as_json=as_json, empty="No site needs a decision.")


def _line(row: Mapping[str, Any]) -> str:
    use = f"{count(row['accounts'], 'account')}, {count(row['minutes'], 'minute')}"
    what = ", ".join(row["categories"]) or "on no list"
    line = f"{row['site']}: {use}, {what} ({', '.join(row['cases'])})"
    if row["settled_by"]:
        line += f"; {row['settled_by']} is on the list: closes with the next run"
    return line


@app.command("decide")
def decide(
    home: Home,
    site: Annotated[str, typer.Argument(help="Domain or host.")],
    reason: Annotated[
        str, typer.Option(help="Purpose of the site at your district; recorded permanently.")
    ],
    site_class: Annotated[
        str, typer.Option("--class", help="One of: " + ", ".join(SITE_CLASSES))
    ] = "sanctioned",
    roles: Annotated[
        str, typer.Option(help="all, staff, student, or a job title; separate several with |.")
    ] = "all",
    first: Annotated[
        str,
        typer.Option("--from", help="First day; default: none; earlier use is covered."),
    ] = "",
    until: Annotated[str, typer.Option(help="Last day; default: no end.")] = "",
    save: Annotated[
        bool, typer.Option("--save", help="Put it on the list; otherwise only preview it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a site on the district's list; without --save, only preview the effect."""
    with open_context(home, "sites") as context:
        row = proposal(context, site, site_class, roles, first, until, reason)
        if save:
            approve_site(context, row)
            facts = {"saved": True, **row}
            since = f" from {row['valid_from']}" if row["valid_from"] else ""
            said = f"{row['entry_id']}: {row['pattern']} for {row['roles']}{since}."
            more = "Cases that it covers close with the next run."
            print_facts(facts, f"{said} {more}", as_json=as_json)
            return
        found = would_change(context, row)
        sentences = in_words(context, found) or [NO_CASE]
        span = span_in_words(row, context.today)
    print_facts(
        {"saved": False, **row, "effects": effects(found)},
        span,
        *(capital(f"{sentence}.") for sentence in sentences),
        "Nothing was saved. Give --save to put it on the list.",
        as_json=as_json,
    )
