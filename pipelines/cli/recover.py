"""The command that makes the warehouse again from lake and state."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from pipelines.cli.console import console, watching
from pipelines.cli.options import AsJson, Home, Quiet, whose_login
from pipelines.cli.output import print_facts
from pipelines.district import only_writer, open_district
from pipelines.operations.restore import RecoveryResult
from pipelines.operations.restore import recover as recovered
from pipelines.privacy.pseudonyms import accept_key


def recover(
    home: Home,
    new_key: Annotated[
        bool,
        typer.Option(
            "--accept-key", help="Continue with the current key in keys/; all code names change."
        ),
    ] = False,
    is_quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Rebuild the warehouse from lake and state.

    Raw files are not needed. The old one is replaced once the new one is complete;
    both are compared table by table.
    """
    if new_key:
        with open_district(home) as district, only_writer(district.home):
            accept_key(district.home, district.store, whose_login())
    with watching(console(is_quiet=is_quiet or as_json)) as watchers:
        done = recovered(home, watchers.building)
    print_facts(asdict(done), *lines_of(done), as_json=as_json)


def lines_of(done: RecoveryResult) -> Iterator[str]:
    """Yield the result of a rebuild in words."""
    yield f"{done.tables} tables were rebuilt."
    if done.differing:
        yield f"Different: {', '.join(done.differing)}"
    elif done.differing is not None:
        yield "Every table has the same rows as before the rebuild."
