"""Commands that do what is due: run, report."""

import sys
from typing import Annotated

import typer

from pipelines.cli.console import account_table, console, watching
from pipelines.cli.options import AsJson, EngineKind, Home, Quiet, SettleSeconds, Wait
from pipelines.cli.output import print_facts
from pipelines.errors import safe
from pipelines.ingest.source import SETTLE_SECONDS
from pipelines.run.run import WAIT_SECONDS, facts_of, result_lines, run


def run_all(
    home: Home,
    is_quiet: Quiet = False,
    settle_seconds: SettleSeconds = SETTLE_SECONDS,
    wait: Wait = WAIT_SECONDS,
    engine: EngineKind = None,
    as_json: AsJson = False,
) -> None:
    """Ingest, build, detect, report and alert."""
    screen = console(is_quiet=is_quiet)
    with watching(screen) as watchers:
        done = run(
            home,
            watchers=watchers,
            settle_seconds=settle_seconds,
            wait_seconds=wait,
            engine=engine,
        )
    screen.print(account_table(done.account))
    for line in (*done.refused, *done.mistakes):
        typer.echo(safe(line), err=True)
    print_facts(facts_of(done), *result_lines(done), as_json=as_json)
    sys.exit(0 if done.is_well else 1)


def run_week(
    home: Home,
    week: Annotated[str, typer.Option(help="A day of the week: 2026-11-16.")] = "",
    is_quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run everything that is due, and republish one week's report."""
    with watching(console(is_quiet=is_quiet)) as watchers:
        done = run(home, watchers=watchers)
    print_facts(facts_of(done), *result_lines(done), as_json=as_json)
    from pipelines.cli.report import report

    report(home, week, as_json=as_json, is_quiet=is_quiet)
    sys.exit(0 if done.is_well else 1)
