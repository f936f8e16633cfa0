"""Collects the commands and runs the one that was asked for."""

import sys
from collections.abc import Iterator, MutableMapping
from importlib import import_module
from importlib.metadata import version as installed
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pipelines.cli.errors import readable_errors

COMMANDS = {
    "init": ("init:init", "Create a district home."),
    "check": (
        "check:check",
        "Check settings and registry, and list every problem found.",
    ),
    "doctor": (
        "doctor:doctor",
        "Check home and machine without changing anything; 0 ok, 1 look, 2 act.",
    ),
    "backup": (
        "backup:backup",
        "Back up settings, registry, state, lake and reports, also during a run.",
    ),
    "restore": (
        "restore:restore",
        "Restore a home from a backup: into a new folder, or its state in place.",
    ),
    "drill": (
        "drill:drill",
        "Restore a backup to a scratch folder, rebuild, compare findings, delete it.",
    ),
    "recover": (
        "recover:recover",
        "Rebuild the warehouse from lake and state; raw files are not needed.",
    ),
    "upgrade": (
        "upgrade:upgrade",
        "Upgrade a home from an earlier version to this one.",
    ),
    "purge": ("purge:purge", "Delete records past their retention period."),
    "hold": ("hold:app", "Legal holds: days of which nothing may be deleted."),
    "units": (
        "units:units",
        "Write systemd units, a login for Dagster's pages, and sudo rules.",
    ),
    "protect": (
        "protect:protect_home",
        "Set owner, group and mode of every part of a home; run it as root.",
    ),
    "move-state": (
        "move_state:move_state",
        "Move the state (ledger, findings, audit chain) to PostgreSQL, or back.",
    ),
    "run": (
        "run:run_all",
        "Do all that is due: ingest, build, detect, report, alerts.",
    ),
    "run-week": (
        "run:run_week",
        "Do all that is due, then republish the report of one week.",
    ),
    "report": (
        "report:app",
        "Republish weekly reports and print each page's path; sign one.",
    ),
    "status": (
        "status:status",
        "Show sources, runs, days, findings, alerts, disk; 0 ok, 1 look, 2 act.",
    ),
    "ingest": ("ingest:ingest", "Ingest everything new in the landing folders."),
    "replay-rejects": (
        "replay_rejects:replay_rejects",
        "Parse rejected lines again, after their format was improved.",
    ),
    "identify": (
        "identify:identify",
        "Identify the format of log files and show how their first lines are parsed.",
    ),
    "score": (
        "score:score",
        "Generate synthetic districts, run them, and score findings against the truth.",
    ),
    "query": (
        "query:query",
        "Query the newest snapshot, under code names; no query can change it.",
    ),
    "describe": (
        "describe:describe",
        "Describe tables: type, meaning and personal-data mark of each column.",
    ),
    "who": (
        "who:who",
        "Show which device and account held an address at a given time.",
    ),
    "suggest": (
        "suggest:suggest",
        "Propose registry rows from the logs; the registry is not changed.",
    ),
    "replay": (
        "replay:replay",
        "Show which findings another threshold or registry row would add or remove.",
    ),
    "reveal": (
        "reveal:reveal",
        "Show whose a code name is, for one case; each lookup is recorded first.",
    ),
    "findings": ("findings:app", "Findings, cases and verdicts."),
    "lists": ("lists:app", "Site lists kept by others."),
    "alerts": ("alerts:app", "Alerts: what was sent, tests, acknowledgments."),
    "audit": ("audit:app", "The audit log: who did what with findings and names."),
}
"""Each command or group, where it is, and what the list of commands says of it."""


class Commands(MutableMapping[str, Any]):
    """The commands by name; a module is imported when its command is asked for.

    Polars, DuckDB and pydantic take most of a second to import; help and errors of
    the command line need none of them.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            module, attribute = COMMANDS[name][0].split(":")
            found = getattr(import_module(f"pipelines.cli.{module}"), attribute)
            if not isinstance(found, typer.Typer):
                single = typer.Typer(add_completion=False, rich_markup_mode=None)
                single.command(name)(found)
                found = single
            command: Any = typer.main.get_command(found)
            command.name = name
            self._loaded[name] = command
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Schoolbell(TyperGroup):
    """The root group, whose list of commands imports none of them."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.commands = Commands()

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each command with its first sentence."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


app = typer.Typer(
    name="schoolbell",
    cls=Schoolbell,
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
    from pipelines.settings.home import private_by_default

    private_by_default()
    with readable_errors():
        app(prog_name="schoolbell")
    sys.exit(0)
