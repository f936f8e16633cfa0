"""Commands about log files: take them in, name their format."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home, Quiet
from pipelines.errors import SourceError
from pipelines.journey.console import console, safe, watching
from pipelines.journey.district import only_writer, open_district
from pipelines.journey.steps import take_in
from pipelines.journey.summary import account_table, is_all_lost, trouble
from pipelines.lake.identify import SAMPLE_BYTES, Claim
from pipelines.lake.identify import identify as claims_of
from pipelines.lake.intake import Outcome
from pipelines.sources.delivery import Delivery
from pipelines.sources.streams import opened, read_up_to


def ingest(
    home: Home,
    as_json: AsJson = False,
    is_quiet: Quiet = False,
    settle_seconds: Annotated[
        float,
        typer.Option(help="A file unchanged for so long is finished; 0 for at once."),
    ] = 600,
) -> None:
    """Take everything new in the landing folders into the lake."""
    screen = console(is_quiet=is_quiet or as_json)
    with open_district(home) as district, only_writer(district.home):
        with watching(screen) as watchers:
            outcomes = take_in(
                district, settle_seconds=settle_seconds, watch=watchers.reading
            )
        screen.print(account_table(district))
    for outcome in outcomes:
        _tell(outcome, as_json=as_json)
    sys.exit(1 if is_all_lost(outcomes) else 0)


def _tell(outcome: Outcome, *, as_json: bool) -> None:
    record = outcome.record
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "source": record.source,
                    "path": record.path,
                    "format": record.format,
                    "state": record.state,
                    "kind": outcome.kind,
                    "lines": record.lines,
                    "events": record.events,
                    "rejects": record.rejects,
                    "blanks": record.blanks,
                    "duplicates": record.duplicates,
                    "pending": record.pending_lines,
                    "bytes": record.consumed_bytes,
                    "message": record.message,
                }
            )
        )
    elif record.message:
        typer.echo(trouble(record), err=True)


def identify(
    files: Annotated[list[Path], typer.Argument(help="Log files to look at.")],
    as_json: AsJson = False,
) -> None:
    """Name the format of log files from their first lines."""
    unknown = 0
    for file in files:
        claims = _claims(file)
        unknown += not claims
        if as_json:
            shown = [{"format": one.format, "share": one.share} for one in claims]
            typer.echo(json.dumps({"path": str(file), "claims": shown}))
        elif claims:
            for one in claims:
                typer.echo(f"{safe(file)}: {one.format} ({one.share:.0%} of its lines)")
        else:
            typer.echo(f"{safe(file)}: no known format claims any of its lines")
    sys.exit(1 if unknown == len(files) else 0)


def _claims(file: Path) -> list[Claim]:
    if not file.is_file():
        raise SourceError(
            "there is no such file", where=str(file), remedy="Check the path."
        )
    state = file.stat()
    delivery = Delivery(
        source="identify",
        path=file.name,
        file=file,
        raw_bytes=state.st_size,
        raw_mtime_ns=state.st_mtime_ns,
    )
    with opened(delivery) as stream:
        return claims_of(read_up_to(stream, SAMPLE_BYTES))
