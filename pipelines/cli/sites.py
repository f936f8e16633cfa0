"""Commands about sites that wait for a decision."""

import typer

from pipelines.actions import apps, permits
from pipelines.actions.permits import UndecidedSite, undecided_sites
from pipelines.cli.commands import add
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import emit
from pipelines.findings.cases import queue
from pipelines.reports.words import count

app = typer.Typer(help="Sites that need a decision, and apps.", no_args_is_help=True)


@app.command("list")
def list_sites(home: Home, as_json: AsJson = False) -> None:
    """List sites that were used on one day and are on no list."""
    with open_context(home, "findings") as context:
        rows = undecided_sites(
            context,
            queue(context.district.store, context.district.home, context.district.reading).week,
        )
    emit(rows, _line, as_json=as_json, empty="No site needs a decision.")


def _line(row: UndecidedSite) -> str:
    use = f"{count(row['accounts'], 'account')}, {count(row['minutes'], 'minute')}"
    what = ", ".join(row["categories"]) or "on no list"
    line = f"{row['site']}: {use}, {what} ({', '.join(row['cases'])})"
    if row["settled_by"]:
        line += f"; {row['settled_by']} is on the list: closes with the next run"
    return line


add(app, "sites", permits, apps)
