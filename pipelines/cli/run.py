"""Commands that do what is due: run, report."""

import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipelines.alerts.channels import unusable
from pipelines.cli.options import AsJson, EngineKind, Home, Quiet, SettleSeconds
from pipelines.cli.output import print_facts
from pipelines.district import only_writer, open_outlined
from pipelines.errors import safe
from pipelines.ingest.source import SETTLE_SECONDS
from pipelines.run.console import console, watching
from pipelines.run.run import account_table, facts_of, is_all_lost, run, run_opened, told
from pipelines.state.retention import begun


def run_all(
    home: Home,
    is_quiet: Quiet = False,
    settle_seconds: SettleSeconds = SETTLE_SECONDS,
    wait: Annotated[
        float, typer.Option(help="Seconds to wait for another run, such as `watch`, to end.")
    ] = 5,
    engine: EngineKind = None,
    as_json: AsJson = False,
) -> None:
    """Ingest, build, detect, report and alert."""
    screen = console(is_quiet=is_quiet)
    is_purged = True
    with ExitStack() as opened:
        district = opened.enter_context(open_outlined(home))
        if begun(district.store) is not None:
            from pipelines.cli.purge import finish_interrupted

            is_purged = finish_interrupted(district, is_quiet=is_quiet)
            # what was read before may hold what is deleted now
            district = opened.enter_context(open_outlined(home))
        with watching(screen) as watchers, only_writer(district.home, wait):
            done = run_opened(
                district, datetime.now(UTC), watchers, settle_seconds=settle_seconds, engine=engine
            )
        screen.print(account_table(district.store))
        for one in district.outline.refused:
            typer.echo(safe(f"registry/{one}"), err=True)
        for problem in district.registry.errors if district.outline.errors else ():
            # the row to write instead may hold more than the mistake
            typer.echo(safe(str(problem).splitlines()[0]), err=True)
        wrong = list(unusable(district.home, district.settings))
        for line in wrong:
            typer.echo(safe(line), err=True)
        is_taken = not (district.outline.refused or wrong)
    print_facts(facts_of(done), *told(done), as_json=as_json)
    is_well = is_purged and is_taken and not done.failures and done.week.is_enough
    sys.exit(0 if is_well and not is_all_lost(done.outcomes) else 1)


def run_week(
    home: Home,
    week: Annotated[str, typer.Option(help="A day of the week: 2026-11-16.")] = "",
    is_quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run everything that is due, and republish one week's report."""
    with watching(console(is_quiet=is_quiet)) as watchers:
        done = run(home, watchers=watchers)
    print_facts(facts_of(done), *told(done), as_json=as_json)
    from pipelines.cli.report import report

    report(home, week, as_json=as_json, is_quiet=is_quiet)
    sys.exit(1 if done.failures or not done.week.is_enough else 0)
