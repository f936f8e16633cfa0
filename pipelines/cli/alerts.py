"""Commands about alerts: send, test, list, acknowledge, keep silent for a while."""

import getpass
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from pipelines.alerts.dispatch import AlertSummary, send_alerts, send_test
from pipelines.alerts.memory import ActiveNews, Reply, active_news, answer
from pipelines.cli.console import console, table, working
from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import emit, print_facts
from pipelines.district import only_writer, open_district
from pipelines.errors import SettingsError
from pipelines.state.alert_records import SENT, outbox
from pipelines.state.source_records import stored_issues

app = typer.Typer(help="Alerts: messages, tests, acknowledgments.", no_args_is_help=True)
MAX_SNOOZE_DAYS = 180

AboutId = Annotated[str, typer.Argument(help="ID of a notice (n-…) or a message (a-…, t-…).")]
Note = Annotated[str, typer.Option(help="Note for later readers.")]


@app.command()
def send(home: Home, as_json: AsJson = False) -> None:
    """Send what is due now; exit code 1 if something could not be sent."""
    with (
        working("sending"),
        open_district(home) as district,
        only_writer(district.home),
    ):
        summary = send_alerts(district)
    _tell(summary, as_json=as_json)


@app.command("test")
def send_marked(
    home: Home,
    channel: Annotated[str, typer.Option(help="Only this channel.")] = "",
    to: Annotated[str, typer.Option(help="Only this address of [alerts] recipients.")] = "",
    as_json: AsJson = False,
) -> None:
    """Send a marked test message through each channel."""
    with (
        working("sending"),
        open_district(home) as district,
        only_writer(district.home),
    ):
        summary = send_test(district.store, district.home, district.settings, channel, to)
    _tell(summary, as_json=as_json)


@app.command()
def ack(home: Home, about_id: AboutId, note: Note = "", as_json: AsJson = False) -> None:
    """Acknowledge a notice or message: it is not repeated unless it gets worse."""
    said = Reply(about_id, "ack", getpass.getuser(), note)
    _answer(home, said, as_json=as_json)


@app.command()
def snooze(
    home: Home,
    about_id: AboutId,
    hours: Annotated[float, typer.Option(help="Hours to mute it.", min=0.1)] = 24,
    note: Note = "",
    as_json: AsJson = False,
) -> None:
    """Mute a notice for some hours, regardless of changes."""
    if hours > 24 * MAX_SNOOZE_DAYS:
        raise SettingsError(
            f"{hours:g} hours are more than {MAX_SNOOZE_DAYS} days",
            where="--hours",
            remedy="Use fewer hours.",
        )
    until = datetime.now(UTC) + timedelta(hours=hours)
    said = Reply(about_id, "snooze", getpass.getuser(), note, until)
    _answer(home, said, as_json=as_json)


@app.command("list")
def list_all(home: Home, as_json: AsJson = False) -> None:
    """Show active notices, their receivers, skipped receivers with reasons, and unsent messages."""
    with open_district(home) as district:
        rows = active_news(district.store)
        unsent = [one for one in outbox(district.store) if one["state"] != SENT]
    if as_json:
        emit(({k: v for k, v in row.items() if k != "key"} for row in rows), as_json=True)
        return
    body = [
        [
            row["news_id"],
            row["severity"],
            row["confidence"],
            row["since_time"][:16],
            row["line"],
            row["reference"],
            ", ".join(row["told"]) or "nobody",
            _why(row),
        ]
        for row in rows
    ]
    columns = ("id", "severity", "sure", "since", "what", "see", "told", "rules")
    console().print(table("Notices", columns, body))
    if unsent:
        names = ("alert_key", "channel", "state", "attempts", "error")
        left = [[dict(one)[name] or "" for name in names] for one in unsent]
        console().print(table("Not sent", names, left))


@app.command()
def history(
    home: Home,
    days: Annotated[int, typer.Option(help="Number of days to look back.", min=1, max=3650)] = 30,
    as_json: AsJson = False,
) -> None:
    """Show when a source was silent, thin, late, ahead, short of a field or blind."""
    since = datetime.now(UTC) - timedelta(days=days)
    with open_district(home) as district:
        rows = stored_issues(district.store, since)
    if as_json:
        emit(({k: v for k, v in row.items() if k != "key"} for row in rows), as_json=True)
        return
    body = [
        [
            row["start_time"][:16],
            (row["end_time"] or "lasts")[:16],
            row["source"],
            row["building"],
            row["kind"].replace("_", " "),
            row["detail"],
        ]
        for row in rows
    ]
    columns = ("from", "to", "source", "building", "what", "numbers")
    console().print(table("Source problems (UTC)", columns, body))


def _why(row: ActiveNews) -> str:
    """Return how often each rule applied, and the answers."""
    decisions, said = row["decisions"], row["answer"]
    parts = []
    if decisions:
        parts = [f"{rule}: {times} times" for rule, times in sorted(decisions.items())]
    if said:
        until = f" until {said['until_time'][:16]}" if said["until_time"] else ""
        parts.append(f"{said['kind']} by {said['actor']}{until}")
    return "; ".join(parts)


def _answer(home: Path, said: Reply, *, as_json: bool) -> None:
    with open_district(home) as district:
        about = answer(district.store, said)
    done = f"Noted for {len(about)} notices." if about else "Noted."
    print_facts({"about": said.about_id, "notices": len(about)}, done, as_json=as_json)


def _tell(summary: AlertSummary, *, as_json: bool) -> None:
    print_facts(asdict(summary), str(summary), as_json=as_json)
    failed = sum(one.failed for one in summary.by_channel.values())
    sys.exit(1 if failed or summary.warning else 0)
