"""Commands of a service agency: one command, every home."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.console import show_whole, table
from pipelines.cli.options import Wait
from pipelines.cli.output import emit, print_facts
from pipelines.engines import Kind
from pipelines.errors import SettingsError, safe, safe_lines
from pipelines.fleet.settings import NAME, Fleet, Member, load_fleet, write_workspace
from pipelines.fleet.work import BUSY, COLUMNS, Outcome, in_every_home, overview, shown
from pipelines.operations.agency_layer import sound_layer
from pipelines.reports.pages import page as rendered
from pipelines.run.run import WAIT_SECONDS
from pipelines.settings.home import PLAIN_FILE, put

app = typer.Typer(
    help="Run a command in every district home of a service agency.", no_args_is_help=True
)
File = Annotated[
    Path,
    typer.Option("--fleet", envvar="SCHOOLBELL_FLEET", help="The fleet file."),
]
Only = Annotated[list[str] | None, typer.Option("--only", help="Only this home; repeatable.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one line per home.")]
HERE = Path(NAME)


@app.command()
def run(
    fleet: File = HERE,
    only: Only = None,
    engine: Annotated[
        Kind | None,
        typer.Option("--engine", help="Engine for the homes, instead of [engine]."),
    ] = None,
    wait: Wait = WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Ingest, build, detect, report and alert in every home."""
    found = load_fleet(fleet)
    kind = engine or found.cluster.kind
    words = ("run", "--quiet", "--wait", str(wait))
    _each(found, only, lambda _: words, as_json=as_json, kind=kind)


@app.command()
def check(fleet: File = HERE, only: Only = None, as_json: AsJson = False) -> None:
    """Check settings and registry of every home."""
    _each(load_fleet(fleet), only, lambda _: ("check",), as_json=as_json, is_shown=True)


@app.command()
def doctor(fleet: File = HERE, only: Only = None, as_json: AsJson = False) -> None:
    """Check every home and its part of the machine."""
    _each(load_fleet(fleet), only, lambda _: ("doctor",), as_json=as_json, is_shown=True)


@app.command()
def upgrade(fleet: File = HERE, only: Only = None, as_json: AsJson = False) -> None:
    """Upgrade every home from an earlier version; an interrupted upgrade continues."""
    _each(load_fleet(fleet), only, lambda _: ("upgrade",), as_json=as_json)


@app.command()
def backup(
    to: Annotated[
        Path, typer.Option("--to", help=("Folder for the backups, with one subfolder per home."))
    ],
    fleet: File = HERE,
    only: Only = None,
    as_json: AsJson = False,
) -> None:
    """Back up every home into a separate folder."""
    place = to.resolve()
    _each(
        load_fleet(fleet),
        only,
        lambda home: ("backup", "--to", str(place / home.name)),
        as_json=as_json,
    )


@app.command()
def apply(fleet: File = HERE, only: Only = None, as_json: AsJson = False) -> None:
    """Copy the agency's overlay into every home, but only if it is valid."""
    found = load_fleet(fleet)
    words = ("layer", "take", str(_layer(found)))
    _each(found, only, lambda _: words, as_json=as_json)


@app.command()
def diff(fleet: File = HERE, only: Only = None, as_json: AsJson = False) -> None:
    """Show homes with another overlay, and where districts differ from it."""
    found = load_fleet(fleet)
    words = ("layer", "diff", str(_layer(found)), *(["--json"] if as_json else []))
    _each(found, only, lambda _: words, as_json=as_json, is_shown=True)


@app.command()
def status(
    fleet: File = HERE,
    only: Only = None,
    page: Annotated[Path | None, typer.Option("--page", help="Also write it as a page.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the state of every home: 0 well, 1 look, 2 act. No finding is shown."""
    found = load_fleet(fleet).only(tuple(only or ()))
    rows = overview(found)
    if as_json:
        facts = (dict(zip(COLUMNS, map(str, row.cells), strict=True)) for row in rows)
        emit(facts, as_json=True)
    else:
        show_whole(table(found.agency, COLUMNS, [row.cells for row in rows]))
    if page is not None:
        text = rendered("fleet.html.j2", **shown(found, rows, datetime.now(UTC)))
        put(page, text.encode(), PLAIN_FILE)
        typer.echo(f"Page: {page}", err=True)
    states = {row.state for row in rows}
    raise typer.Exit(2 if states & {"act", "not asked"} else int("look" in states))


@app.command()
def workspace(
    to: Annotated[Path, typer.Option("--to", help="Folder to write into.")],
    fleet: File = HERE,
    as_json: AsJson = False,
) -> None:
    """Write a Dagster workspace with one code location per home."""
    made = write_workspace(load_fleet(fleet), to)
    said = f"Written: {made}\nStart it: dg dev -w {made}"
    print_facts({"workspace": str(made)}, said, as_json=as_json)


def _layer(fleet: Fleet) -> Path:
    """Return the folder of the agency's overlay.

    Raises:
        SettingsError: It is missing or invalid.
    """
    if fleet.layer is None:
        raise SettingsError(
            "the agency has no overlay",
            where=str(fleet.file),
            remedy='Name its folder: [agency] layer = "layer"',
        )
    sound_layer(fleet.layer)
    return fleet.layer.resolve()


def _each(
    fleet: Fleet,
    only: list[str] | None,
    arguments: Callable[[Member], Sequence[str]],
    *,
    as_json: bool,
    is_shown: bool = False,
    kind: Kind | None = None,
) -> None:
    """Run a command in every home, and leave with the worst of their exit codes."""
    fleet = fleet.only(tuple(only or ()))
    worst, count, seconds = 0, 0, 0.0
    for outcome in in_every_home(fleet, arguments, kind):
        _tell(outcome, as_json=as_json, is_shown=is_shown)
        worst = max(worst, _grade(outcome))
        count, seconds = count + outcome.is_well, seconds + outcome.seconds
    if not as_json:
        many = len(fleet.members)
        typer.echo(f"{count} of {many} homes well, {seconds:,.0f} s.", err=True)
    raise typer.Exit(worst)


def _grade(outcome: Outcome) -> int:
    """Return 1 for needs attention, 2 for needs action; a run in progress is neither."""
    if outcome.exit_code in (0, BUSY):
        return 0
    return 1 if outcome.exit_code == 1 else 2


def _tell(outcome: Outcome, *, as_json: bool, is_shown: bool) -> None:
    name = outcome.member.name
    if as_json:
        shown = {
            "home": name,
            "exit_code": outcome.exit_code,
            "seconds": round(outcome.seconds, 1),
            "what": outcome.what,
            "lines": outcome.out.splitlines() if is_shown else [],
        }
        print_facts(shown, as_json=True)
        return
    typer.echo(f"{name}: {_word(outcome)}, {outcome.seconds:.0f} s")
    lines = outcome.out.splitlines() if is_shown else []
    if not outcome.is_well:
        lines += outcome.err.splitlines()
    for line in lines:
        typer.echo(f"  {safe_lines(line)}", err=not is_shown)
    sys.stdout.flush()


def _word(outcome: Outcome) -> str:
    if outcome.what:
        return safe(outcome.what)
    words = {0: "well", 1: "needs attention", BUSY: "another run is in progress"}
    return words.get(outcome.exit_code, f"failed (exit code {outcome.exit_code})")
