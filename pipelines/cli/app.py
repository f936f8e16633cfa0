"""Collects the commands and runs the one that was asked for."""

import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version as installed
from typing import Annotated

import typer

from pipelines.cli import (
    alerts,
    audit,
    backup,
    check,
    describe,
    doctor,
    drill,
    hold,
    identify,
    ingest,
    init,
    lists,
    move_state,
    protect,
    purge,
    query,
    recover,
    replay,
    replay_rejects,
    report,
    restore,
    reveal,
    run,
    score,
    status,
    suggest,
    units,
    upgrade,
    who,
)
from pipelines.cli.errors import readable_errors
from pipelines.cli.findings import cases, export, feedback, permits, verdict
from pipelines.settings.home import private_by_default

app = typer.Typer(
    name="schoolbell",
    help=(
        "Network usage log analytics for school districts. Start with "
        "`schoolbell init HOME`, put logs into HOME/landing/<source>/ and registry "
        "files into HOME/registry/, then `schoolbell run --home HOME`."
    ),
    epilog=(
        "Exit codes: 0 done or ok, 1 nothing could be done or somebody should look, "
        "2 settings or arguments are wrong or somebody should act, 75 another run is "
        "in progress, 77 not permitted. SCHOOLBELL_HOME replaces --home, NO_COLOR "
        "turns color off, SCHOOLBELL_DEBUG=1 shows tracebacks."
    ),
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

COMMANDS: Mapping[str, typer.Typer | Callable[..., None]] = {
    "init": init.init,
    "check": check.check,
    "doctor": doctor.doctor,
    "backup": backup.backup,
    "restore": restore.restore,
    "drill": drill.drill,
    "recover": recover.recover,
    "upgrade": upgrade.upgrade,
    "purge": purge.purge,
    "hold": hold.app,
    "units": units.units,
    "protect": protect.protect_home,
    "move-state": move_state.move_state,
    "run": run.run_all,
    "run-week": run.run_week,
    "report": report.report,
    "status": status.status,
    "ingest": ingest.ingest,
    "replay-rejects": replay_rejects.replay_rejects,
    "identify": identify.identify,
    "score": score.score,
    "query": query.query,
    "describe": describe.describe,
    "who": who.who,
    "suggest": suggest.suggest,
    "replay": replay.replay,
    "reveal": reveal.reveal,
    "findings": cases.app,
    "lists": lists.app,
    "alerts": alerts.app,
    "audit": audit.app,
}
OF_FINDINGS: Mapping[str, Callable[..., None]] = {
    "verdict": verdict.verdict,
    "assign": verdict.assign,
    "approve": verdict.approve,
    "export": export.export,
    "pack": export.pack,
    "feedback": feedback.feedback,
    "permits": permits.permits,
    "exception": permits.exception,
    "exception-end": permits.exception_end,
}
for name, command in COMMANDS.items():
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name)
    else:
        app.command(name)(command)

for name, command in OF_FINDINGS.items():
    cases.app.command(name)(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(installed("schoolbell"))
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version.",
        ),
    ] = False,
) -> None:
    del version  # its callback has done all


def main() -> None:
    """Run the command line; the process's exit code tells how it went."""
    private_by_default()
    with readable_errors():
        app(prog_name="schoolbell")
    sys.exit(0)
