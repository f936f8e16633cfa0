"""The command that brings a home to the version that is installed."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.console import working
from pipelines.cli.options import AsJson, Home, whose_login
from pipelines.cli.output import print_facts
from pipelines.errors import safe_lines
from pipelines.operations.upgrade import Plan, UpgradeResult, go_back, plan
from pipelines.operations.upgrade import upgrade as upgraded
from pipelines.settings.home import DistrictHome


def upgrade(
    home: Home,
    is_check: Annotated[
        bool, typer.Option("--check", help="Show what would be done without doing it.")
    ] = False,
    is_back: Annotated[
        bool,
        typer.Option(
            "--back",
            help="Put the state from before the last upgrade back, for the previous version.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Upgrade a home from an earlier version.

    The state is copied, compared with the old one row by row, and swapped in at one
    instant; the old one is kept next to it. Run it after each new release; it reports when
    there is nothing to do. Exit codes: 0 done, 1 a check failed.
    """
    if is_back:
        later = str(go_back(home, whose_login()))
        print_facts(
            {"kept": later},
            f"The state from before the upgrade is in place. The newer one is kept: {later}",
            "Next: install the previous version, then: "
            f"schoolbell recover --home {home}; schoolbell run --home {home}",
            as_json=as_json,
        )
        return
    if is_check:
        _tell_plan(plan(DistrictHome(home.resolve())), as_json=as_json)
        return
    with working("upgrading the state"):
        done = upgraded(home)
    if as_json:
        print_facts(asdict(done), as_json=True)
    else:
        _tell(done, home)
    raise typer.Exit(1 if done.wrong else 0)


def _tell_plan(found: Plan, *, as_json: bool) -> None:
    lines = [f"state.db: {table} lacks {', '.join(ones)}" for table, ones in found.lacking.items()]
    if found.lacking:
        lines.append(f"A copy of {found.state_bytes:,} bytes would be kept.")
    else:
        lines.append("state.db: nothing to do.")
    if not found.is_warehouse_readable:
        lines.append("warehouse.duckdb cannot be opened; the next run rebuilds it.")
    print_facts(asdict(found), *lines, as_json=as_json)


def _tell(done: UpgradeResult, home: Path) -> None:
    if done.state is None:
        typer.echo("The state already has this version.")
    else:
        rows = sum(done.state.rows.values())
        typer.echo(f"The state was upgraded: {rows:,} rows, all unchanged.")
        for table, what in done.state.left.items():
            typer.echo(f"Not copied: {table} ({what})")
        typer.echo(f"Kept: {done.state.kept}")
        typer.echo(f"To go back: schoolbell upgrade --back --home {home}")
    for line in done.wrong:
        typer.echo(safe_lines(line), err=True)
    if not done.is_warehouse_readable:
        typer.echo(f"Next: schoolbell recover --home {home}")
    elif not done.wrong:
        typer.echo(f"Next: schoolbell run --home {home}")
