"""Takes a scenario's lines through formats, lake, warehouse and detections."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipelines.events import EVENT_CLASSES
from pipelines.findings.judgment import Circumstances, judge
from pipelines.findings.record import Finding, candidates
from pipelines.ingest.ingestion import ingest_source
from pipelines.ingest.source import IngestOptions, Source
from pipelines.refresh import spans
from pipelines.refresh.spans import Builder, Quarantine
from pipelines.registry.account_domains import Domains, applied
from pipelines.registry.account_names import derive
from pipelines.registry.registry import Registry, load_registry
from pipelines.settings.home import DistrictHome
from pipelines.settings.toml_reader import load_settings
from pipelines.state import ledger
from pipelines.state.connections import Store, open_store
from pipelines.state.ledger import FileRecord
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database
from pipelines.warehouse.detections import catalog
from pipelines.warehouse.models import Model, models, upstream
from tests.databases import database_with
from tests.scenarios import places
from tests.scenarios.story import Story

LINES_PER_FILE = 1 << 32


@dataclass(frozen=True)
class Shown:
    """A finding, with the raw lines that it cites."""

    finding: Finding
    lines: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def rule(self) -> str:
        return self.finding.rule

    @property
    def account(self) -> str:
        return self.finding.subject


def run(
    home: Path, story: Story, extra: Mapping[str, str], rules: Collection[str] = ()
) -> list[Shown]:
    """Return every finding of every rule on every day of the story.

    Args:
        home: An empty folder.
        extra: Further registry rows by file name.
        rules: Codes of the only rules to ask; empty: all.
    """
    return run_together(home, [story], extra, rules)


def run_together(
    home: Path, stories: Sequence[Story], extra: Mapping[str, str], rules: Collection[str] = ()
) -> list[Shown]:
    """Return every finding of stories that one district tells in different weeks."""
    approved = {
        site: story.day
        for story in stories
        for site in places.DATED
        if any(site in line for lines in story.lines.values() for _, line in lines)
    }
    files = places.registry(stories[0].day, extra, approved=approved)
    registry, domains = _registry(tuple(files.items()))
    store = open_store(DistrictHome(home).state_db)
    try:
        written = deliver(home, stories)
        _take_in(home, store, written, stories)
        return _judged(home, store, registry, domains, written, _needed(rules))
    finally:
        store.close()


@cache
def _registry(
    texts: tuple[tuple[str, str], ...],
) -> tuple[Registry, tuple[str, ...]]:
    """Return the registry of these files, and the district's domains.

    Reading it costs as much as judging a day, and most stories share it.
    """
    with TemporaryDirectory() as folder:
        home = DistrictHome(Path(folder))
        places.write(home.path, texts)
        settings = load_settings(home)
        registry = load_registry(home, settings)
    assert not registry.errors, registry.errors
    return registry, settings.district.account_domains


Written = Mapping[tuple[str, str], list[str]]
"""Source and name of a file -> its lines."""


def deliver(home: Path, stories: Sequence[Story]) -> Written:
    """Return a file per source and story, lines in the order in which they were written."""
    written = {}
    for number, story in enumerate(stories):
        for source, lines in story.lines.items():
            ordered = [line for _, line in sorted(lines, key=lambda one: one[0])]
            folder = home / "landing" / source
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"story-{number:02d}.log"
            file.write_bytes(story.encoded(source, ordered))
            # a stamp without a year is of the year nearest to the file's own time
            last = max(when for when, _ in lines).timestamp()
            os.utime(file, (last, last))
            written[source, file.name] = ordered
    return written


def _take_in(home: Path, store: Store, written: Written, stories: Sequence[Story]) -> None:
    options = IngestOptions(store=store, lake=home / "lake", zone=places.ZONE, settle_seconds=0)
    writers = {name: story for story in stories for name in story.lines}
    for name, story in writers.items():
        source = Source(
            name=name,
            folder=home / "landing" / name,
            format=story.formats[name],
            zone=story.zones.get(name, places.ZONE),
            options=story.options.get(name, {}),
        )
        ingest_source(options, source)
    for record in ledger.source_files(store):
        # every line of a scenario is meant to be read
        assert record.lines == len(written[_file(record)])
        assert record.rejects == 0


def _file(record: FileRecord) -> tuple[str, str]:
    return record.source, Path(record.path).name


def _needed(rules: Collection[str]) -> dict[str, Model]:
    """Return the detections and what they read, directly or not."""
    every = models()
    return upstream(
        every,
        (
            name
            for name, model in every.items()
            if model.header.code and (not rules or model.header.code in rules)
        ),
    )


def rows_of(home: Path, story: Story, model: str) -> list[Mapping[str, Any]]:
    """Return every row of one model on every day of the story, without its findings."""
    registry, domains = _registry(tuple(places.registry(story.day, {}).items()))
    store = open_store(DistrictHome(home).state_db)
    needed = upstream(models(), [model])
    try:
        _take_in(home, store, deliver(home, [story]), [story])
        with _built(home, store, registry, domains, needed) as (database, _):
            return database.table(model).to_dicts()
    finally:
        store.close()


def _judged(
    home: Path,
    store: Store,
    registry: Registry,
    domains: tuple[str, ...],
    written: Written,
    needed: Mapping[str, Model],
) -> list[Shown]:
    with _built(home, store, registry, domains, needed) as (database, days):
        sources = {one.file_id: _file(one) for one in ledger.source_files(store)}
        return [
            _shown(finding, sources, written)
            for finding in _findings(database, needed, registry, days)
        ]


@contextmanager
def _built(
    home: Path,
    store: Store,
    registry: Registry,
    domains: tuple[str, ...],
    needed: Mapping[str, Model],
) -> Iterator[tuple[Database, list[date]]]:
    """Provide a warehouse with these models, and the days that it holds."""
    files = inputs.lake_files(store, home / "lake")
    days = files.days()
    with database_with(registry) as database:
        inputs.show_raw(database, files, EVENT_CLASSES, (days[0], days[-1]))
        derived = derive(
            inputs.values_of(database, "spellings"),
            registry.frames["accounts"],
            registry.frames["account_aliases"],
            domains,
        )
        inputs.refresh_dimensions(
            database,
            registry,
            Domains(domains, applied(derived)),
            is_new_registry=True,
        )
        stale = spans.stale_days(needed, days, days)
        builder = Builder(
            database=database,
            files=files,
            overrides={},
            zone=places.ZONE,
            quarantine=Quarantine(None),
            at_once=1,  # another worker uses the other core
        )
        spans.build(builder, needed, stale)
        yield database, days


def _findings(
    database: Database,
    needed: Mapping[str, Model],
    registry: Registry,
    days: list[date],
) -> list[Finding]:
    known = Circumstances(exceptions=registry.frames["exceptions"])
    return [
        finding
        for detection in catalog(needed, registry).values()
        for finding in judge(detection, candidates(database, detection, days), known)
    ]


def _shown(finding: Finding, sources: Mapping[int, tuple[str, str]], written: Written) -> Shown:
    """Return the raw lines behind the ids; an id that is not a line fails."""
    places = [divmod(event_id, LINES_PER_FILE) for event_id in finding.evidence]
    named = tuple(sources[file_id] for file_id, _ in places)
    lines = tuple(
        written[file][line_no - 1] for file, (_, line_no) in zip(named, places, strict=True)
    )
    return Shown(finding, lines, tuple(source for source, _ in named))
