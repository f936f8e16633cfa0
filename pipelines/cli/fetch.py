"""The command that fetches the logs of cloud services."""

import sys
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import print_facts
from pipelines.district import only_writer, open_outlined
from pipelines.errors import safe
from pipelines.fetch.fetching import Fetched, fetch
from pipelines.fetch.lists import FetchedList, fetch_lists

WAIT_SECONDS = 5.0


def fetch_logs(
    home: Home,
    accept: Annotated[
        list[str] | None,
        typer.Option(help="A list that counts although it lost rows, such as google/users."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch new logs and lists from the services of [fetch]; run and watch do so first.

    Nothing is read into the lake or the registry: the next run reads the logs, and
    `schoolbell setup` shows what the lists would change.
    """
    with open_outlined(home) as district, only_writer(district.home, WAIT_SECONDS):
        parts = district.home, district.settings, district.store
        results: list[Fetched | FetchedList] = [
            *fetch(*parts),
            *fetch_lists(*parts, is_forced=True, accept=accept or ()),
        ]
    for one in results:
        print_facts(one.shown, safe(one.line), as_json=as_json)
    if not results and not as_json:
        typer.echo("No service is configured: docs/how-to/fetch-logs.md")
    sys.exit(1 if any(one.problem for one in results) else 0)
