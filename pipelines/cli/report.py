"""The commands that publish weekly reports again, and that sign one."""

import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.actions import readers, verdicts
from pipelines.cli.commands import add
from pipelines.cli.console import console
from pipelines.cli.options import AsJson, Home, OptionalHome, Quiet, named, open_context
from pipelines.cli.output import emit, print_facts
from pipelines.district import only_writer, open_district
from pipelines.errors import SettingsError
from pipelines.reports.publication import publish_reports
from pipelines.reports.snapshot_tables import publish_snapshot
from pipelines.weeks import monday

app = typer.Typer(invoke_without_command=True)


Week = Annotated[str, typer.Option(help="Any day of the week; default: every week.")]


@app.callback()
def group(
    chosen: typer.Context,
    home: OptionalHome = None,
    week: Week = "",
    as_json: AsJson = False,
    is_quiet: Quiet = False,
) -> None:
    """Republish weekly reports, or sign one."""
    if chosen.invoked_subcommand:
        return
    report(named(home), week, as_json=as_json, is_quiet=is_quiet)


def report(home: Path, week: str, *, as_json: bool, is_quiet: bool) -> None:
    """Republish one week's report, or all of them."""
    now = datetime.now(UTC)
    weeks = [_monday(week)] if week else None
    screen = console(is_quiet=is_quiet or not sys.stderr.isatty())
    with (
        open_district(home) as district,
        only_writer(district.home),
        screen.status("creating a snapshot ...") as status,
    ):
        publish_snapshot(district, now)
        done = publish_reports(
            district,
            now,
            weeks,
            lambda week, at, of: status.update(f"week of {week}, {at} of {of} ..."),
        )
    for one in done:
        print_facts(one.shown, str(one.page), as_json=as_json)


@app.command("readers")
def list_readers(home: Home, as_json: AsJson = False) -> None:
    """List the people who get an edition by email."""
    with open_context(home, "sign") as context:
        rows = readers.readers(context)
    emit(rows, _reader, as_json=as_json)


def _reader(row: Mapping[str, object]) -> str:
    state = "stopped" if row["is_stopped"] else f"from {row['day']}"
    return f"{row['name']}: {row['edition']} {row['building']}, {row['address']}, {state}"


def _monday(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is not a date", where="--week", remedy="Write it as 2026-11-16."
        ) from error
    return monday(day)


add(app, "report", verdicts, readers)
