"""Collects the commands and runs the one that was asked for."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, MutableMapping, Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from pipelines.cli.errors import named_home, readable_errors
from pipelines.errors import SettingsError

if TYPE_CHECKING:  # Typer's own copy of Click, which has no public name
    from typer._click.core import Command, Context
    from typer._click.formatting import HelpFormatter
    from typer._click.shell_completion import CompletionItem

AGENCY = "Service agencies"
GROUPS = {
    "Set up": {
        "demo": ("demo:demo", "Create a demo district, from logs to a report."),
        "start": (
            "start:start",
            "Walk you from an empty home to the first report.",
        ),
        "init": ("init:init", "Create a district home."),
        "setup": (
            "setup:setup",
            "Fill the registry from exports of your district's systems.",
        ),
        "check": ("check:check", "Check settings and registry; list every problem."),
        "identify": (
            "identify:identify",
            "Identify a log's format and show how it is parsed.",
        ),
        "propose": (
            "propose:propose",
            "Propose registry rows from the logs.",
        ),
        "lists": ("lists:app", "Site lists from other publishers."),
        "units": (
            "units:units",
            "Write systemd units, the collector, a Dagster login and sudo rules.",
        ),
        "protect": (
            "protect:protect_home",
            "Set the owner and mode of a home's files (as root).",
        ),
    },
    "Daily": {
        "run": ("run:run_all", "Ingest, build, detect, report and alert."),
        "run-week": (
            "run:run_week",
            "Run everything that is due, and republish one week's report.",
        ),
        "watch": (
            "watch:watch_home",
            "Read what arrived, and alert on today; every quarter of an hour.",
        ),
        "status": ("status:status", "Show the current state: 0 well, 1 look, 2 act."),
        "doctor": ("doctor:doctor", "Check home and machine: 0 well, 1 look, 2 act."),
        "report": ("report:app", "Republish weekly reports, or sign one."),
        "alerts": ("alerts:app", "Alerts: messages, tests, acknowledgments."),
        "fetch": (
            "fetch:fetch_logs",
            "Fetch new logs and lists from the services of [fetch]; run and watch do so first.",
        ),
        "receive": (
            "receive:receive_lines",
            "Write lines from rsyslog to a landing folder; its configuration starts this.",
        ),
        "ingest": ("ingest:ingest", "Ingest new files in the landing folders."),
        "replay-rejects": (
            "replay_rejects:replay_rejects",
            "Parse rejected lines again, after a fix.",
        ),
    },
    "Ask": {
        "query": ("query:query", "Query the newest snapshot (read-only)."),
        "ui": (
            "ui:ui",
            "Open the newest snapshot in Harlequin (read-only), to browse and query it.",
        ),
        "export": (
            "export:export",
            "Write the newest snapshot as Parquet, by table and day.",
        ),
        "describe": (
            "describe:describe",
            "Describe tables: type and meaning of each column, and how tables join.",
        ),
        "who": ("who:who", "Show the device and account of an address at a given time."),
        "sigma": (
            "sigma:app",
            "Import public Sigma rules and list their leads.",
        ),
        "replay": ("replay:replay", "Preview the effect of another threshold or registry row."),
        "rule": ("rule:app", "Try a rule that the district wrote, or change a threshold."),
    },
    "Review": {
        "findings": ("findings:app", "Findings, cases and verdicts."),
        "rerun": (
            "rerun:rerun",
            "Judge the findings of an evidence pack again, from a backup.",
        ),
        "reveal": (
            "reveal:reveal",
            "Show the person behind a code name; every lookup is recorded.",
        ),
        "roles": ("roles:roles", "Show or accept the roles of a home."),
        "audit": ("audit:app", "Audit log of actions on findings and names."),
        "desk": ("desk:app", "Serve the review desk for browsers until you stop it."),
        "refer": (
            "refer:refer",
            "Refer a case to another office, with a pack, a letter and a hold.",
        ),
        "referrals": ("referrals:app", "Cases that another office has."),
        "answer": (
            "answer:answer",
            "Save the person's statement with the facts of a case.",
        ),
        "questions": (
            "questions:app",
            "Ask the owner of an account, and record answers.",
        ),
        "inquiry": (
            "inquiry:app",
            "Inquiries from offices about an account.",
        ),
        "sites": ("sites:app", "Sites that need a decision, and apps."),
        "fix": (
            "fix:app",
            "Correct a list from a case: leave, duty, holder, building, account.",
        ),
        "records": (
            "records:app",
            "Public records requests: scope, exemptions, approval and release.",
        ),
    },
    "Keep": {
        "backup": ("backup:backup", "Back up a home. A run may be in progress."),
        "restore": ("restore:restore", "Restore a home, or its state, from a backup."),
        "drill": ("drill:drill", "Test a backup: restore it, rebuild, compare, delete the copy."),
        "recover": ("recover:recover", "Rebuild the warehouse from lake and state."),
        "upgrade": ("upgrade:upgrade", "Upgrade a home from an earlier version."),
        "purge": ("purge:purge", "Delete records past their retention period."),
        "hold": ("hold:app", "Legal holds on days, so that nothing is deleted."),
        "move-state": (
            "move_state:move_state",
            "Move the state to PostgreSQL, or back.",
        ),
    },
    AGENCY: {
        "layer": (
            "layer:app",
            "Overlay of a service agency for its districts.",
        ),
        "fleet": (
            "fleet:app",
            "Run a command in every district home of a service agency.",
        ),
    },
}
"""Commands by purpose, each with its module and its line in the list."""
COMMANDS = {name: one for group in GROUPS.values() for name, one in group.items()}
EXAMPLES = {
    "alerts": "alerts list --home HOME",
    "audit": "audit verify --home HOME",
    "desk": "desk --home HOME --port 8420",
    "findings": "findings cases --home HOME",
    "fix": 'fix role 46-17 --to role_shared --reason "front desk" --home HOME',
    "fleet": "fleet status --fleet fleet.toml",
    "hold": "hold list --home HOME",
    "inquiry": "inquiry list --home HOME",
    "layer": "layer show --home HOME",
    "lists": "lists show --home HOME",
    "questions": "questions list --home HOME",
    "records": "records list --home HOME",
    "referrals": "referrals list --home HOME",
    "report": "report --home HOME",
    "rule": "rule try HOME/detections/x_many_devices.sql --home HOME",
    "sigma": "sigma leads HOME/sigma --days 2026-11-02..2026-11-13 --home HOME",
    "sites": "sites list --home HOME",
}
"""An example of each group of commands, which its help ends with."""
WEEKLY = ("status", "run", "desk", "sites", "report")
"""Commands of an ordinary week, which `schoolbell` alone shows."""


OPENING = frozenset(
    (
        "run",
        "run-week",
        "status",
        "watch",
        "fetch",
        "ingest",
        "replay-rejects",
        "findings",
        "who",
        "sites",
    )
)
"""Commands that need a home and begin by opening it."""

AT = "at"
"""`schoolbell at HOME COMMAND ...`: a rule of sudo can fix the home in this form."""


class Commands(MutableMapping[str, "Command"]):
    """The commands by name; a module is imported when its command is used.

    Polars, DuckDB and pydantic take most of a second to import; help and errors of
    the command line need none of them.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._loaded:
            module, attribute = COMMANDS[name][0].split(":")
            try:
                found = getattr(import_module(f"pipelines.cli.{module}"), attribute)
            except ModuleNotFoundError as error:
                if error.name not in ("fcntl", "grp", "pwd", "resource"):
                    raise
                raise SettingsError(
                    "this command needs Linux",
                    where=name,
                    remedy="On Windows: docs/how-to/install.md lists the other way.",
                ) from error
            group = typer.Typer(add_completion=False, rich_markup_mode=None)
            if isinstance(found, typer.Typer):
                # as a separate group it would read [records] as a color
                group.add_typer(found, name=name)
                command = typer.main.get_group(group).commands[name]
            else:
                group.command(name)(found)
                command = typer.main.get_command(group)
            command.name = name
            if isinstance(command, TyperGroup):
                command.epilog = f"Example: schoolbell {EXAMPLES[name]}"
            self._loaded[name] = command
        return self._loaded[name]

    def __setitem__(self, name: str, command: Command) -> None:
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

    def shell_complete(self, ctx: Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command without importing any."""
        self.commands = {
            name: TyperCommand(name, help=text) for name, (_, text) in COMMANDS.items()
        }
        return super().shell_complete(ctx, incomplete)

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Take `at HOME` off the front: what follows works on that home alone.

        Without arguments, show the commands of a week.
        """
        if not args and not ctx.resilient_parsing:
            typer.echo(_week())
            ctx.exit()
        return super().parse_args(ctx, _at_home(args) if args[:1] == [AT] else _home_last(args))

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        """Report a home that cannot be opened before importing the command."""
        is_run = not ctx.resilient_parsing and "--help" not in args
        if is_run and args[0] in OPENING:
            _require_settings(args)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write each command with its first sentence; those of agencies only where one is."""
        del ctx
        wide = max(map(len, COMMANDS))
        for group, commands in GROUPS.items():
            if group == AGENCY and not _has_agency():
                continue
            with formatter.section(group):
                formatter.write_dl(
                    [(f"{name:{wide}}", text) for name, (_, text) in commands.items()]
                )


def _has_agency() -> bool:
    """Return whether a fleet or an agency's overlay is in use here."""
    home = named_home(sys.argv)
    return (
        "SCHOOLBELL_FLEET" in os.environ
        or Path("fleet.toml").is_file()
        or (bool(home) and Path(home, "registry", "agency").is_dir())
    )


def _week() -> str:
    """Return the commands of an ordinary week, and where the others are."""
    wide = max(map(len, WEEKLY))
    return "\n".join(
        (
            "Network usage log analytics for school districts.",
            "",
            "Every week:",
            *(f"  schoolbell {name:{wide}}  {COMMANDS[name][1]}" for name in WEEKLY),
            "",
            "New here: `schoolbell demo` shows an example, `schoolbell start` sets up yours.",
            "Name the home with --home or in SCHOOLBELL_HOME.",
            "All commands: schoolbell --help",
        )
    )


def _at_home(args: Sequence[str]) -> list[str]:
    """Return the command and its options, with the home of `at HOME` as the only one.

    Raises:
        SettingsError: No home follows, or the options name a home too.
    """
    if len(args) < len(("at", "HOME", "COMMAND")):
        raise SettingsError(
            "no home or no command follows", where=AT, remedy="schoolbell at HOME COMMAND ..."
        )
    if any(word.partition("=")[0] == "--home" for word in args):
        raise SettingsError(
            "the home is fixed and cannot be set again",
            where="--home",
            remedy=f"Leave --home out: schoolbell {AT} {args[1]} {args[2]} ...",
        )
    os.environ["SCHOOLBELL_HOME"] = args[1]
    return list(args[2:])


def _home_last(args: Sequence[str]) -> list[str]:
    """Return `GROUP --home HOME COMMAND ...` with the home after the command that reads it."""
    if args[:1] and args[0] in EXAMPLES and args[1:2] and args[1].partition("=")[0] == "--home":
        size = 1 if "=" in args[1] else 2
        home, rest = args[1 : 1 + size], args[1 + size :]
        if rest and not rest[0].startswith("-"):
            return [args[0], *rest, *home]
    return list(args)


def _require_settings(args: Sequence[str]) -> None:
    """Check that the settings of the named home exist and are valid.

    Raises:
        SettingsError: They do not.
    """
    if home := named_home(args):
        from pipelines.settings.home import DistrictHome
        from pipelines.settings.toml_reader import load_settings

        load_settings(DistrictHome(Path(home).resolve()))


app = typer.Typer(
    name="schoolbell",
    cls=Schoolbell,
    help=(
        "Network usage log analytics for school districts. `schoolbell start` guides you to "
        "the first report. Then, every night: put logs into HOME/landing/<source>/ and "
        "`schoolbell run --home HOME`."
    ),
    epilog=(
        "Exit codes: 0 done or ok, 1 nothing could be done or something needs "
        "attention, 2 settings or arguments are wrong or something needs action, 75 "
        "another run is in progress, 77 not permitted. SCHOOLBELL_HOME replaces "
        "--home, NO_COLOR turns color off, SCHOOLBELL_DEBUG=1 shows tracebacks."
    ),
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # a seventh of what --help takes

        typer.echo(version("schoolbell"))
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    del version  # its callback has done all


def main() -> None:
    """Run the command line; the process's exit code is its result."""
    from pipelines.settings.home import private_by_default

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a Windows console may lack a character
            stream.reconfigure(errors="backslashreplace")
    private_by_default()
    # no plug-in of pydantic is used, and searching for some takes long
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # a tenth of a command went into looking for garbage among what it imports
    gc.set_threshold(50_000)
    with readable_errors():
        app(prog_name="schoolbell")
    sys.exit(0)
