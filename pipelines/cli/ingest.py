"""Commands about log files: take them in, read rejects again."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipelines.cli.console import account_table, console, watching
from pipelines.cli.options import AsJson, EngineKind, Home, Quiet, SettleSeconds
from pipelines.cli.output import print_facts
from pipelines.district import District, only_writer, open_district
from pipelines.errors import safe
from pipelines.ingest.source import SETTLE_SECONDS, IngestOptions, Outcome
from pipelines.lake.files import unlisted_files
from pipelines.refresh.steps import ingest_sources, preview
from pipelines.run.run import is_all_lost, set_aside, trouble, troubles
from pipelines.state import ledger
from pipelines.state.source_records import set_back

WRONG = ("failed", "refused", "waiting")
"""Deliveries that are not read."""


def ingest(
    home: Home,
    as_json: AsJson = False,
    is_quiet: Quiet = False,
    settle_seconds: SettleSeconds = SETTLE_SECONDS,
    engine: EngineKind = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what is new without reading it.")
    ] = False,
) -> None:
    """Ingest new files in the landing folders."""
    if dry_run:
        with open_district(home) as district, only_writer(district.home):
            _preview(district, settle_seconds, as_json=as_json)
        return
    screen = console(is_quiet=is_quiet or as_json)
    with open_district(home) as district, only_writer(district.home):
        with (
            watching(screen) as watchers,
            district.engine(engine, watchers.message) as opened,
        ):
            outcomes = ingest_sources(
                district, settle_seconds=settle_seconds, watch=watchers.reading, engine=opened
            )
        screen.print(account_table(ledger.account(district.store)))
        behind = set_back(district.store, datetime.now(UTC))
        aside = len(unlisted_files(district.home.lake))
    if behind:
        typer.echo(behind, err=True)
    if aside:
        typer.echo(set_aside(aside), err=True)
    if as_json:
        for outcome in outcomes:
            _tell(outcome)
    else:
        for text in troubles(outcomes):
            typer.echo(text, err=True)
    sys.exit(1 if is_all_lost(outcomes) else 0)


def _tell(outcome: Outcome) -> None:
    record = outcome.record
    facts = {
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
        "waits": outcome.waits or None,
    }
    print_facts(facts, as_json=True)


def _preview(district: District, settle_seconds: float, *, as_json: bool) -> None:
    """Say what each delivery is; neither lake nor ledger is written to."""
    options = IngestOptions(
        store=district.store,
        lake=district.home.lake,
        zone=district.zone,
        settle_seconds=settle_seconds,
    )
    for source in district.sources():
        for one in preview(options, source):
            path, message = one.record.path, one.record.message
            if as_json:
                facts = {"source": source.name, "path": path, "kind": one.kind}
                if one.kind in WRONG:
                    facts["message"] = message or ""
                print_facts(facts, as_json=True)
            else:
                typer.echo(f"{safe(source.name)}/{safe(path)}: {one.kind}")
                if one.kind in WRONG:
                    typer.echo(trouble(one.record), err=True)
