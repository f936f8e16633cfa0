"""The command that publishes weekly reports again."""

import json
import sys
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home, Quiet
from pipelines.clock import monday
from pipelines.district import only_writer, open_district
from pipelines.errors import SettingsError
from pipelines.reports.publishing import publish_reports
from pipelines.reports.snapshot_tables import publish_snapshot
from pipelines.run.console import console


def report(
    home: Home,
    week: Annotated[
        str, typer.Option(help="A day of the week; without it, every week.")
    ] = "",
    as_json: AsJson = False,
    is_quiet: Quiet = False,
) -> None:
    """Republish weekly reports from the current warehouse; prints each page's path."""
    now = datetime.now(UTC)
    weeks = [_monday(week)] if week else None
    screen = console(is_quiet=is_quiet or not sys.stderr.isatty())
    with (
        open_district(home) as district,
        only_writer(district.home),
        screen.status("taking a snapshot ...") as status,
    ):
        publish_snapshot(district, now)
        done = publish_reports(
            district,
            now,
            weeks,
            lambda week, at, of: status.update(f"week of {week}, {at} of {of} ..."),
        )
    for one in done:
        typer.echo(json.dumps(one.shown) if as_json else str(one.page))


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
