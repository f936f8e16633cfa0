"""Collects the commands and runs the one that was asked for."""

import sys
from importlib.metadata import version as installed
from typing import Annotated

import typer

from pipelines.cli import (
    alerts,
    audit,
    backup,
    doctor,
    exporting,
    feedback,
    findings,
    home,
    identify,
    ingest,
    init,
    lists,
    moving,
    packing,
    permits,
    protect,
    query,
    rehearse,
    replay,
    retention,
    revealing,
    reviewing,
    run,
    score,
    showing,
    status,
    suggest,
    units,
    upgrade,
    who,
)
from pipelines.cli.errors import told
from pipelines.settings.home import private_by_default

app = typer.Typer(
    name="schoolbell",
    help=(
        "Network usage log analytics for school districts. Start with "
        "`schoolbell init HOME`, put logs into HOME/landing/<source>/ and what the "
        "district knows into HOME/registry/, then `schoolbell run --home HOME`."
    ),
    epilog=(
        "Exit codes: 0 done or well, 1 nothing could be done or somebody should look, "
        "2 settings or arguments are wrong or somebody should act, 75 another run is "
        "at work, 77 whoever asks has no right to it. SCHOOLBELL_HOME takes the place "
        "of --home, NO_COLOR turns colour off, SCHOOLBELL_DEBUG=1 shows tracebacks."
    ),
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.command("init")(init.init)
app.command("check")(home.check)
app.command("doctor")(doctor.doctor)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("drill")(backup.drill)
app.command("recover")(backup.recover)
app.command("upgrade")(upgrade.upgrade)
app.command("purge")(retention.purge)
app.add_typer(retention.app, name="hold")
app.command("units")(units.units)
app.command("protect")(protect.protect_home)
app.command("move-state")(moving.move_state)
app.command("run")(run.run_all)
app.command("run-week")(run.run_week)
app.command("report")(run.report)
app.command("status")(status.status)
app.command("ingest")(ingest.ingest)
app.command("replay-rejects")(ingest.replay_rejects)
app.command("identify")(identify.identify)
app.command("score")(score.score)
app.command("query")(query.query)
app.command("describe")(query.describe)
app.command("who")(who.who)
app.command("suggest")(suggest.suggest)
app.command("replay")(replay.replay)
app.command("reveal")(revealing.reveal)
app.add_typer(findings.app, name="findings")
findings.app.command("show")(showing.show)
findings.app.command("explain")(showing.explain)
findings.app.command("verdict")(reviewing.verdict)
findings.app.command("assign")(reviewing.assign)
findings.app.command("approve")(reviewing.approve)
findings.app.command("export")(exporting.export)
findings.app.command("pack")(packing.pack)
findings.app.command("feedback")(feedback.feedback)
findings.app.command("permits")(permits.permits)
findings.app.command("exception")(permits.exception)
findings.app.command("exception-end")(permits.exception_end)
app.add_typer(lists.app, name="lists")
app.add_typer(alerts.app, name="alerts")
alerts.app.command("rehearse")(rehearse.rehearse)
app.add_typer(audit.app, name="audit")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(installed("schoolbell"))
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print it."
        ),
    ] = False,
) -> None:
    del version  # its callback has done all


def main() -> None:
    """Run the command line; the process's exit code tells how it went."""
    private_by_default()
    with told():
        app(prog_name="schoolbell")
    sys.exit(0)
