"""The command that asks services for their logs."""

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
        done = fetch(district.home, district.settings, district.store)
    for one in done:
        print_facts(one.shown, safe(one.line), as_json=as_json)
    if not done and not as_json:
        typer.echo("No service is configured: docs/how-to/fetch-logs.md")
    sys.exit(1 if any(one.problem for one in done) else 0)
