"""The command that fetches the logs of cloud services."""

import sys

import typer

from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import print_facts
from pipelines.district import only_writer, open_outlined
from pipelines.errors import safe
from pipelines.fetch.fetching import fetch

WAIT_SECONDS = 5.0


def fetch_logs(home: Home, as_json: AsJson = False) -> None:
    """Fetch new logs from the services of [fetch]; run and watch do so first.

    Nothing is read into the lake: the next run does that.
    """
    with open_outlined(home) as district, only_writer(district.home, WAIT_SECONDS):
        logs = fetch(district.home, district.settings, district.store)
    for log in logs:
        print_facts(log.shown, safe(log.line), as_json=as_json)
    if not logs and not as_json:
        typer.echo("No service is configured: docs/how-to/fetch-logs.md")
    sys.exit(1 if any(log.problem for log in logs) else 0)
