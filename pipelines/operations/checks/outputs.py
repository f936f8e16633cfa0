"""Checks of the outputs: reports, alerts, and the scheduler."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from pipelines.alerts.channels import prepared
from pipelines.alerts.message import TEST
from pipelines.alerts.tickets import service_of, tried_tickets
from pipelines.operations.check_questions import Installation
from pipelines.operations.checks import CheckResult, Subject, act, look, unasked, well
from pipelines.reports.words import count
from pipelines.settings.secrets import is_reference
from pipelines.state.alert_records import GIVEN_UP, SENT, message_counts, newest_sent
from pipelines.state.published_reports import published_weeks, report_paths
from pipelines.state.sent_tickets import ticket_problem

IDLE = timedelta(days=2)
OLD_REPORT = timedelta(days=14)
ONE_WEEK = timedelta(days=7)
OLD_TEST = timedelta(days=35)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PROCESSES = Path("/proc")


def _report(installation: Installation) -> CheckResult:
    newest = max(published_weeks(installation.store), default=None)
    if newest is None:
        return look("no report has been published", "schoolbell run --home {home}")
    said = f"the newest report is of the week of {newest}"
    monday = datetime.fromisoformat(newest).date()
    if monday + OLD_REPORT >= installation.now.date():
        return well(said)
    times = [datetime.fromisoformat(one.last_time) for one in installation.files if one.last_time]
    zone = ZoneInfo(installation.district.zone)
    if max(time.astimezone(zone).date() for time in times) < monday + ONE_WEEK:
        return look(f"{said}, the last with log lines", "bring newer logs, then schoolbell run")
    return look(said, "schoolbell run --home {home}")


def _pages(installation: Installation) -> CheckResult:
    paths = report_paths(installation.store)
    gone = [path for path in paths if not (installation.home.path / path).is_file()]
    if gone:
        return look(
            f"{len(gone)} published reports are missing, such as {gone[0]}",
            "schoolbell report --home {home}",
        )
    return well(f"{len(paths)} published reports exist")


def _channels(installation: Installation) -> CheckResult:
    channels = installation.settings.alerts.channels
    enabled = [name for name, channel in channels.items() if channel.enabled]
    if not enabled:
        return look(
            "no alert channel is configured; alerts go to a file in the home only",
            "add [alerts.channels.mail] to district.toml",
        )
    for name in enabled:
        prepared(name, channels[name].type, channels[name].settings)
    return well(f"alerts go to: {', '.join(enabled)}")


def _tickets(installation: Installation) -> CheckResult:
    """Search the ticket system for a ticket that does not exist."""
    service = service_of(installation.settings)
    if service is None:
        return unasked("no ticket system is configured")
    problem = tried_tickets(installation.settings) or ticket_problem(installation.store)
    if problem:
        return act(
            f"{service.product}: {problem}",
            "docs/how-to/tickets.md lists keys and rights; then schoolbell doctor --home {home}",
        )
    return well(f"{service.product} answers, and no ticket waits")


def _undelivered(installation: Installation) -> CheckResult:
    counts = message_counts(installation.store)
    waiting = sum(counts.values()) - counts.get(SENT, 0)
    if waiting:
        return look(
            f"{count(waiting, 'alert')} not delivered, {counts.get(GIVEN_UP, 0)} of them given up",
            "schoolbell alerts list --home {home}, then check the channel",
        )
    return well(f"{count(counts.get(SENT, 0), 'alert')} delivered, none waits")


def _tested(installation: Installation) -> CheckResult:
    """Check that channels were tested: an untested one may fail when it matters."""
    channels = installation.settings.alerts.channels.values()
    if not any(channel.enabled for channel in channels):
        return unasked("no alert channel can be tested")
    newest = newest_sent(installation.store, TEST)
    command = "schoolbell alerts test --home {home}"
    if newest is None:
        return look("no alert channel has been tested", command)
    days = (installation.now - datetime.fromisoformat(newest)).days
    message = f"{days} days since the last test of an alert channel arrived"
    return look(message, command) if days > OLD_TEST.days else well(message)


def _secrets(installation: Installation) -> CheckResult:
    files = [
        Path(str(value["file"]))
        for one in (
            *installation.settings.alerts.channels.values(),
            *installation.settings.fetch.values(),
            installation.settings.desk.tickets,
        )
        for value in one.settings.values()
        if is_reference(value) and "file" in value
    ]
    loose = [file for file in files if file.is_file() and file.stat().st_mode & 0o077]
    if loose:
        names = " ".join(map(str, loose))
        return act("others can read a secret of a channel or a service", f"chmod 600 {names}")
    return well("no secret file is readable by others")


def _scheduled(installation: Installation) -> CheckResult:
    reads = [file.last_read_time for file in installation.files]
    if not reads:
        return look("nothing has been read", "schoolbell run --home {home}")
    last = datetime.fromisoformat(max(reads))
    if installation.now - last > IDLE:
        return look(
            f"nothing has been read since {last.date()}; the schedule may have stopped",
            "systemctl status dagster-daemon schoolbell.timer",
        )
    return well(f"logs were read on {last.date()}")


def _telemetry(_installation: Installation) -> CheckResult:
    home = os.environ.get("DAGSTER_HOME")
    if home is None:
        return unasked("DAGSTER_HOME is not set here")
    path = Path(home) / "dagster.yaml"
    settings = yaml.safe_load(path.read_text()) if path.is_file() else None
    if not settings or settings.get("telemetry", {}).get("enabled", True):
        return act(
            "Dagster would send telemetry to its vendor",
            f"write telemetry: {{enabled: false}} into {path}",
        )
    return well("Dagster sends no telemetry")


def _loopback(_installation: Installation) -> CheckResult:
    if not PROCESSES.is_dir():
        return unasked("this system does not list processes")
    hosts = [_host(line) for line in _command_lines() if "dagster-webserver" in line[0:3]]
    if not hosts:
        return unasked("Dagster's web pages are not running here")
    if any(host not in LOOPBACK for host in hosts):
        return act(
            "Dagster's web pages can be reached from the network, without a login",
            "start dagster-webserver with -h 127.0.0.1, behind a proxy with a login",
        )
    return well("Dagster's web pages are reachable only from this machine")


def _command_lines() -> list[list[str]]:
    found = []
    for path in PROCESSES.glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # it ended meanwhile, or is none of our business
        found.append([Path(word).name if "/" in word else word for word in words])
    return found


def _host(words: list[str]) -> str:
    for flag in ("-h", "--host"):
        if flag in words[:-1]:
            return words[words.index(flag) + 1]
    return LOOPBACK[0]


CHECKS = Subject(
    "outputs",
    {
        "report": _report,
        "pages": _pages,
        "channels": _channels,
        "tickets": _tickets,
        "undelivered": _undelivered,
        "tested": _tested,
        "secrets": _secrets,
        "schedule": _scheduled,
        "telemetry": _telemetry,
        "loopback": _loopback,
    },
)
