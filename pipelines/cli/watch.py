"""The command of every quarter of an hour: watch."""

import sys

import typer

from pipelines.cli.options import AsJson, Home, Quiet, SettleSeconds
from pipelines.cli.output import print_facts
from pipelines.errors import safe
from pipelines.ingest.source import SETTLE_SECONDS
from pipelines.run.run import troubles
from pipelines.run.watch import watch


def watch_home(
    home: Home,
    is_quiet: Quiet = False,
    settle_seconds: SettleSeconds = SETTLE_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Read what arrived, and alert on today; every quarter of an hour.

    Publishes nothing: the next run builds and judges the day again.
    """
    done = watch(home, settle_seconds=settle_seconds)
    new = sum(outcome.is_new for outcome in done.outcomes)
    days = [day.isoformat() for day in done.days]
    facts = {
        "is_busy": done.is_busy,
        "fetched": [log.shown for log in done.fetched],
        "files": len(done.outcomes),
        "new_files": new,
        "days": days,
        "rules": list(done.rules),
        "findings": list(done.changes.new),
        "alerts": done.alerts.new,
    }
    lines = ["A run is in progress; it reads the new lines."] if done.is_busy else []
    if not done.is_busy:
        lines.append(f"{new} of {len(done.outcomes)} files were new or had new lines.")
        if days:
            rules = ", ".join(done.rules) or "no rule that alerts immediately is live"
            lines.append(f"Judged before the night: {', '.join(days)} ({rules}).")
    lines.append(safe(f"Alerts: {done.alerts}"))
    for line in (
        *(safe(log.line) for log in done.fetched if log.problem),
        *troubles(done.outcomes),
    ):
        typer.echo(line, err=True)
    if as_json or not is_quiet:
        print_facts(facts, *lines, as_json=as_json)
    failed = sum(one.failed for one in done.alerts.by_channel.values())
    sys.exit(1 if failed or done.alerts.warning else 0)
