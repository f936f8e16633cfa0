"""Commands about Sigma rules that an operator put into a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from pipelines.actions.action import days_of
from pipelines.actions.context import ActionContext
from pipelines.cli.console import show_whole, table
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import emit
from pipelines.errors import SettingsError
from pipelines.state.audit import Act

app = typer.Typer(help="Import public Sigma rules and list their leads.", no_args_is_help=True)
Folder = Annotated[
    Path | None,
    typer.Argument(help="Folder with .yml files; without one, HOME/sigma."),
]
SHOWN = ("title", "level", "clause", "path")
COLUMNS = ("rule", "level", "clause", "file")


def _sigma() -> ModuleType:
    try:
        from pipelines.findings import sigma
    except ImportError as error:
        raise SettingsError(
            "the library that reads Sigma rules is not installed",
            remedy="pip install 'schoolbell[sigma]'",
        ) from error
    return sigma


@contextmanager
def _opened(home: Path) -> Iterator[ActionContext]:
    with open_context(home, "evidence") as context:
        yield context


@app.command()
def check(home: Home, folder: Folder = None, as_json: AsJson = False) -> None:
    """List the rules that can be tested, and the reason for each one that cannot."""
    sigma = _sigma()
    with _opened(home) as context:
        asked, refused = sigma.read_rules(folder or context.district.home.path / "sigma")
    if as_json:
        emit(({name: getattr(one, name) for name in SHOWN} for one in asked), as_json=True)
        emit(map(asdict, refused), as_json=True)
    else:
        shown = [[getattr(one, name) for name in SHOWN] for one in asked]
        show_whole(table(f"{len(asked)} rules can be tested", COLUMNS, shown))
        others = [(one.title or "(a file)", one.path, one.reason) for one in refused]
        show_whole(table(f"{len(refused)} cannot", ("rule", "file", "reason"), others))
    if not asked:
        raise typer.Exit(1)


@app.command()
def leads(
    home: Home,
    days: Annotated[str, typer.Option(help="Days: 2026-11-02..2026-11-13.")],
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Apply the rules to the logs of some days: leads about lines, never a person.

    A lead shows how many lines match a rule, and cites a few. It is in no report.
    """
    sigma = _sigma()
    span = days_of(days)
    with _opened(home) as context:
        asked, _ = sigma.read_rules(folder or context.district.home.path / "sigma")
        act = Act(
            actor=str(context.asker),
            action="sigma leads",
            subject=f"{len(asked)} rules, {span[0]} to {span[1]}",
        )
        with context.chain.recording(act):
            found = list(sigma.leads(context.district.store, context.district.home, asked, span))
    if as_json:
        emit(map(asdict, found), as_json=True)
        return
    rows = [
        (
            one.rule,
            one.level,
            one.clause,
            one.source,
            str(one.day),
            one.lines,
            ", ".join(one.places),
        )
        for one in found
    ]
    columns = ("rule", "level", "clause", "log", "day", "lines", "first of them")
    show_whole(table(f"{len(rows)} leads", columns, rows))
