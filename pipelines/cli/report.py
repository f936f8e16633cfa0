"""The commands that publish weekly reports again, and that sign one."""

import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.actions import readers
from pipelines.actions.verdicts import sign as signed_week
from pipelines.cli.options import AsJson, Home, OptionalHome, Quiet, named, open_context
from pipelines.cli.output import emit, print_facts
from pipelines.district import only_writer, open_district
from pipelines.errors import SettingsError
from pipelines.reports.publication import publish_reports
from pipelines.reports.sign_off import shown
from pipelines.reports.snapshot_tables import publish_snapshot
from pipelines.run.console import console
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


@app.command()
def sign(
    home: Home,
    week: Annotated[str, typer.Argument(help="ISO week, such as 2026-W45.")],
    by: Annotated[str, typer.Option(help="Name and office, as printed in the report.")],
    as_json: AsJson = False,
) -> None:
    """Sign a week's report as reviewed; recorded permanently."""
    with open_context(home, "sign") as context:
        signed = signed_week(context, week, by)
    print_facts(
        shown(signed),
        f"{week}: signed by {signed.by}, revision {signed.revision}, with "
        f"{signed.waiting} cases waiting for a decision",
        "To show it on the page: schoolbell report",
        as_json=as_json,
    )


Reader = Annotated[str, typer.Argument(help="Name of a reader in [report.readers].")]
Reason = Annotated[str, typer.Option(help="Why; recorded permanently.")]


@app.command("readers")
def list_readers(home: Home, as_json: AsJson = False) -> None:
    """List the people who get an edition by email."""
    with open_context(home, "sign") as context:
        rows = readers.readers(context)
    emit(rows, _reader, as_json=as_json)


def _reader(row: Mapping[str, object]) -> str:
    state = "stopped" if row["is_stopped"] else f"from {row['day']}"
    return f"{row['name']}: {row['edition']} {row['building']}, {row['address']}, {state}"


@app.command("stop-mail")
def stop_mail(home: Home, name: Reader, reason: Reason, as_json: AsJson = False) -> None:
    """Stop the emails to a reader."""
    with open_context(home, "sign") as context:
        readers.stop_mail(context, name, reason)
    print_facts({"name": name}, f"{name}: emails are stopped", as_json=as_json)


@app.command("resume-mail")
def resume_mail(home: Home, name: Reader, reason: Reason, as_json: AsJson = False) -> None:
    """Send emails to a reader again."""
    with open_context(home, "sign") as context:
        readers.resume_mail(context, name, reason)
    print_facts({"name": name}, f"{name}: emails are sent again", as_json=as_json)


@app.command("test-mail")
def send_test_mail(home: Home, name: Reader, as_json: AsJson = False) -> None:
    """Send a marked test to a reader now."""
    with open_context(home, "sign") as context:
        sent = readers.send_test_mail(context, name)
    print_facts(sent, f"{name}: a test was sent to {sent['address']}", as_json=as_json)


def _monday(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is not a date",
            where="--week",
            remedy="Write it as 2026-11-16.",
        ) from error
    return monday(day)
