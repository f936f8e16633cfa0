"""Commands that do what is due: run, report."""

import json
import sys
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home, Quiet
from pipelines.cli.retention import finish_interrupted
from pipelines.cli.telling import tell
from pipelines.clock import monday
from pipelines.district import only_writer, open_district
from pipelines.errors import SettingsError
from pipelines.reports.publishing import publish_reports
from pipelines.reports.snapshot_tables import publish_snapshot
from pipelines.run.console import console, safe, watching
from pipelines.run.run import run
from pipelines.run.summary import account_table, facts_of, is_all_lost, told


def run_all(
    home: Home,
    is_quiet: Quiet = False,
    settle_seconds: Annotated[
        float,
        typer.Option(help="A file unchanged for so long is finished; 0 for at once."),
    ] = 600,
    as_json: AsJson = False,
) -> None:
    """Do everything that is due: ingest, build, detect, report, alerts."""
    screen = console(is_quiet=is_quiet)
    is_purged = finish_interrupted(home, is_quiet=is_quiet)
    with watching(screen) as watchers:
        done = run(home, watchers=watchers, settle_seconds=settle_seconds)
    with open_district(home) as district:
        screen.print(account_table(district))
        for one in district.registry.refused:
            typer.echo(safe(f"registry/{one}"), err=True)
        for problem in district.registry.problems:
            if problem.severity == "error":
                # the row to write instead may hold more than the mistake
                typer.echo(safe(str(problem).splitlines()[0]), err=True)
        is_taken = not district.registry.refused
    tell(facts_of(done), *told(done), as_json=as_json)
    is_well = is_purged and is_taken and not done.failures
    sys.exit(0 if is_well and not is_all_lost(done.outcomes) else 1)


def run_week(
    home: Home,
    week: Annotated[str, typer.Option(help="A day of the week: 2026-11-16.")] = "",
    is_quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run all that is due, then publish the report of one week again."""
    with watching(console(is_quiet=is_quiet)) as watchers:
        done = run(home, watchers=watchers)
    tell(facts_of(done), *told(done), as_json=as_json)
    report(home, week, as_json=as_json, is_quiet=is_quiet)
    sys.exit(1 if done.failures else 0)


def report(
    home: Home,
    week: Annotated[
        str, typer.Option(help="A day of the week; without it, every week.")
    ] = "",
    as_json: AsJson = False,
    is_quiet: Quiet = False,
) -> None:
    """Publish the weekly reports again from what is built; prints each page's path."""
    now = datetime.now(UTC)
    weeks = [_monday(week)] if week else None
    screen = console(is_quiet=is_quiet or not sys.stderr.isatty())
    with (
        open_district(home) as district,
        only_writer(district.home),
        screen.status("taking a snapshot ...") as status,
    ):
        publish_snapshot(district, now)
        done = publish_reports(
            district,
            now,
            weeks,
            lambda week, at, of: status.update(f"week of {week}, {at} of {of} ..."),
        )
    for one in done:
        typer.echo(json.dumps(one.shown) if as_json else str(one.page))


def _monday(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is no day",
            where="--week",
            remedy="Write it as 2026-11-16.",
        ) from error
    return monday(day)
