"""The command that shows the health of a home; a timer may call it as a monitor."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipelines.cli.console import console, table
from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import print_facts
from pipelines.district import District, open_outlined
from pipelines.errors import capital, safe, safe_lines
from pipelines.health.source_states import HISTORY
from pipelines.operations.status import WORDS, Status, status_of

Alert = Annotated[
    bool,
    typer.Option(
        "--alert",
        help="Also send due alerts, without waiting for a run in progress (for a second timer).",
    ),
]
MAX_NAMED = 20
"""Number of files to list."""

COLUMNS = ("source", "state", "newest line", "newest file", "usual lag", "lines")
FETCHED = "complete until"


def status(home: Home, as_json: AsJson = False, alert: Alert = False) -> None:
    """Show the current state: 0 well, 1 look, 2 act.

    Sources, runs, days, findings, alerts, disk; the exit code is the verdict.
    """
    now = datetime.now(UTC)
    with open_outlined(home) as district:
        code = _alert(district, now) if alert else 0
        found = status_of(district, now)
    if as_json:
        print_facts(found.shown, as_json=True)
    else:
        _show(found)
    raise typer.Exit(max(found.exit_code, code))


def _show(found: Status) -> None:
    """Print the verdict and its reasons first, then their basis."""
    typer.echo(f"{capital(WORDS[found.exit_code])}.", err=True)
    for reason in found.reasons:
        typer.echo(safe(f"- {reason}"), err=True)
    for line in _named([*found.shown["trouble"], *found.shown["waiting"]]):
        typer.echo(line, err=True)
    for line in found.shown["account_names"]:
        typer.echo(safe(f"{capital(line)}."), err=True)
    screen = console()
    rows = [
        [one.name, one.state, *_when(found, one.shown), one.counts.get("lines", 0)]
        for one in found.sources
    ]
    columns: tuple[str, ...] = COLUMNS
    if any(one.complete_until for one in found.sources):
        columns = (*COLUMNS, FETCHED)
        for row, one in zip(rows, found.sources, strict=True):
            row.append(str(found.local(one.shown["complete_until"]) or ""))
    if rows:
        screen.print(table("Sources", columns, rows))
    if any(one.state == HISTORY for one in found.sources):
        typer.echo(
            "history: its lines arrived long after the events, so the usual lag is unknown.",
            err=True,
        )
    screen.print(table("Counts", (f"times are in {found.zone}", ""), found.rows))
    versions = ", ".join(f"{k} {v}" for k, v in found.shown["versions"].items())
    typer.echo(safe(f"Runs on {versions}."), err=True)


def _named(files: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield each file with why it is not read and what to do, safe for a terminal."""
    for one in files[:MAX_NAMED]:
        where, message = f"{one['source']}/{one['path']}", one["message"]
        said = message if where in message else f"{where}: {message}"
        yield safe_lines(f"  {said}".replace("\n", "\n  "))
    if (more := len(files) - MAX_NAMED) > 0:
        yield f"  and {more} more; `status --json` lists all of them"


def _when(found: Status, shown: dict[str, object]) -> list[str]:
    times = [str(found.local(shown[name]) or "none") for name in ("newest_event", "newest_arrival")]
    lag = shown["usual_lag_minutes"]
    return [*times, "unknown" if lag is None else f"{lag} min"]


def _alert(district: District, now: datetime) -> int:
    """Send what is due; return an exit code that shows failed messages."""
    from pipelines.alerts.dispatch import send_watch  # half a second to import

    sent = send_watch(district, now)
    typer.echo(safe(f"Alerts: {sent}"), err=True)
    failed = sum(one.failed for one in sent.by_channel.values())
    return 2 if failed or sent.warning else 0
