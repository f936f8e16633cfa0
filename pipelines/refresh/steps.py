"""The steps of a run up to the findings, each one call on an opened district."""

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, CancelledError, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import chain
from pathlib import Path
from threading import Event, Lock

from pipelines.district import District, home_rules
from pipelines.engines import Engine
from pipelines.errors import SettingsError, SourceError
from pipelines.events import EVENT_CLASSES
from pipelines.findings.cases import owners
from pipelines.findings.evidence import cited_lines
from pipelines.findings.judgment import judged_findings
from pipelines.findings.lifecycle import LifecycleResult, keep
from pipelines.gaps.days import judged_days, note_unjudged, unjudged
from pipelines.gaps.forecast import note_forecasts
from pipelines.gaps.week import note_week
from pipelines.ingest.source import LATER, SETTLE_SECONDS, IngestOptions, Outcome, Source, Watch
from pipelines.ingest.unchanged import unchanged
from pipelines.lake.files import prepare, sweep
from pipelines.landing.delivery import Delivery
from pipelines.landing.remote import shown
from pipelines.privacy.attribution_changes import keep_changes
from pipelines.privacy.pseudonyms import home_key
from pipelines.refresh import spans
from pipelines.refresh.due import (
    drop_gone,
    find_domains,
    is_current,
    note,
    note_versions,
    noted,
    stale,
)
from pipelines.refresh.spans import Builder, BuildResult, Quarantine, RemoteExecutor
from pipelines.registry.frames import FRAMES
from pipelines.registry.outline import code_mark
from pipelines.registry.registry import keep_registry
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.state.ledger import FAILED, FileRecord
from pipelines.state.published_reports import add_pending_reports
from pipelines.state.retention import kept_from
from pipelines.state.source_records import dirty_days, mark_clean, note_look, note_rebuild_reasons
from pipelines.warehouse import attribution, inputs
from pipelines.warehouse.database import CHANGED, Database
from pipelines.warehouse.inputs import LakeFiles
from pipelines.warehouse.models import Model, upstream
from pipelines.warehouse.repair import DamagedWarehouseError, is_whole, set_aside

PARALLEL_SOURCES = 2
"""The number of sources that are read at the same time: while the lines of one are written
to the lake, or its next file is recognized, those of another are parsed.
"""

BUDGET_SECONDS = 120.0
"""A delivery that takes longer is read to its end after all others."""

LOADED = "main.loaded_with"
"""Table with the sources of the registry's tables and the dimensions."""
UNFINISHED = "main.unfinished_with"
"""Table with the lines and versions with which days that are not over were judged."""
PROVEN = "main.proven_with"
"""Models whose queries were seen to give what they promise, and by which code."""

Progress = Callable[[str, int, int], None]
"""Called while a step runs: what it works on, the amount done, the total."""


def no_progress(_what: str, _done: int, _all: int) -> None:
    """Do nothing, for callers without a progress bar."""


def ingest_sources(
    district: District,
    *,
    settle_seconds: float = SETTLE_SECONDS,
    watch: Watch | None = None,
    engine: Engine | None = None,
    only: Sequence[str] = (),
) -> list[Outcome]:
    """Read everything new in the landing folders; return one outcome per delivery.

    A folder that cannot be listed is one failed outcome, and the others continue. A
    delivery that takes long is finished after all others.

    Args:
        engine: Where lines are parsed; None for that of the settings.
        only: Names of sources; without any, all. The others then count as not looked at.

    Raises:
        EngineError: The configured engine is missing or gave up.
        SettingsError: There is no such source, or the home's key is missing.
    """
    if engine is None:
        with district.engine() as own:
            return ingest_sources(
                district, settle_seconds=settle_seconds, watch=watch, engine=own, only=only
            )
    # without it nothing could be published, which a long build need not find out
    home_key(district.home, district.store)
    began = datetime.now(UTC)
    if district.reading.noted is None:  # else all that is believed is kept
        keep_registry(district.home, district.registry, began)
    sweep(district.store, district.home.lake)
    options = IngestOptions(
        store=district.store,
        lake=district.home.lake,
        zone=district.zone,
        settle_seconds=settle_seconds,
        watch=watch or (lambda _delivery, _bytes, _lines: None),
        budget_seconds=BUDGET_SECONDS,
        engine=engine,
    )
    sources = _chosen(district.sources(), only)
    first = read_sources(options, sources)
    patient = replace(options, budget_seconds=float("inf"))
    outcomes = [
        outcome for source in sources for outcome in _finished(patient, source, first[source.name])
    ]
    if not only:
        note_look(district.store, began)
    return outcomes


def _chosen(sources: Sequence[Source], only: Sequence[str]) -> Sequence[Source]:
    known = [source.name for source in sources]
    if strange := sorted(set(only) - set(known)):
        raise SettingsError(
            f"there is no source {strange[0]!r}",
            remedy=f"Sources: {', '.join(known) or 'none yet'}. See: schoolbell status",
        )
    return [source for source in sources if not only or source.name in only]


def read_sources(
    options: IngestOptions, sources: Sequence[Source]
) -> Mapping[str, Sequence[Outcome]]:
    """Return the outcomes of each source; see `PARALLEL_SOURCES`.

    Raises:
        LakeError: The disk cannot be written to.
        BusyError: Another run works on the same files.
    """
    is_over, one_tells = Event(), Lock()
    has_ids = [Event() for _ in sources]

    def watch(delivery: Delivery, size: int, lines: int) -> None:
        if is_over.is_set():
            raise CancelledError
        with one_tells:
            options.watch(delivery, size, lines)

    def read(number: int) -> list[Outcome]:
        @contextmanager
        def taking_ids() -> Iterator[None]:
            for earlier in has_ids[:number]:
                earlier.wait()
            yield
            has_ids[number].set()

        own = replace(options, watch=watch, taking_ids=taking_ids)
        try:
            return _outcomes(_ingested, own, sources[number])
        finally:
            has_ids[number].set()

    # other processes already parse several files at the same time
    at_once = PARALLEL_SOURCES if options.engine.shares_memory else 1
    with ThreadPoolExecutor(at_once) as pool:
        try:
            begun = [pool.submit(read, number) for number in range(len(sources))]
            for future in wait(begun, return_when=FIRST_EXCEPTION).done:
                future.result()
        except BaseException:
            is_over.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    names = [source.name for source in sources]
    return dict(zip(names, [future.result() for future in begun], strict=True))


def _finished(
    patient: IngestOptions, source: Source, first: Sequence[Outcome]
) -> Sequence[Outcome]:
    """Return the outcomes of a source after its postponed part is read too."""
    if all(outcome.kind != LATER for outcome in first):
        return first
    again = {outcome.record.path: outcome for outcome in _outcomes(_ingested, patient, source)}
    kept = [outcome for outcome in first if outcome.kind != LATER]
    late = [again.get(outcome.record.path, outcome) for outcome in first if outcome.kind == LATER]
    return [*kept, *late]


def preview(options: IngestOptions, source: Source) -> list[Outcome]:
    """Identify a source's deliveries without reading them in or writing."""
    from pipelines.ingest.ingestion import preview_source

    return _outcomes(preview_source, options, source)


def _ingested(options: IngestOptions, source: Source) -> list[Outcome]:
    """Read all that is new in a source's folder."""
    prepare(options.lake, options.least_free_bytes)
    listing = source.listing()
    found = unchanged(options, source, listing)
    if found is not None:
        return found
    from pipelines.ingest.ingestion import ingest_source  # NumPy and Arrow with it

    return ingest_source(options, source, listing)


def _outcomes(
    step: Callable[[IngestOptions, Source], list[Outcome]], options: IngestOptions, source: Source
) -> list[Outcome]:
    try:
        return step(options, source)
    except SourceError as error:
        record = FileRecord(
            file_id=0,
            source=source.name,
            path=shown(str(source.folder)),
            state=FAILED,
            message=str(error),
        )
        return [Outcome(record, "failed")]


def build(
    database: Database,
    district: District,
    progress: Progress = no_progress,
    away: RemoteExecutor | None = None,
    wanted: Mapping[str, Collection[date]] | None = None,
) -> BuildResult:
    """Build every stale day of every model, and those in quarantine again.

    Days are stale when their events changed, or when the registry did in rows that
    touch them; all of them when a rule or a parameter did, or the warehouse is new.

    Args:
        away: Where days are built that are more than one statement; None: here.
        wanted: Days by model; only these are built, and what they are made from.
    """
    files = inputs.lake_files(district.store, district.home.lake)
    held = files.days()
    find_domains(database, district)
    found = stale(database, district, held)
    drop_gone(database, home_rules(district.settings).models)
    note_rebuild_reasons(district.store, found.reasons)
    quarantine = Quarantine(district.store)
    if held:
        quarantine.forget(district.models, held)
    seeds = {
        name: {*found.models.get(name, ()), *quarantine.days.get(name, ())}
        for name in {*found.models, *quarantine.days}
    }
    due = spans.stale_days(district.models, found.days, held, seeds)
    if wanted is not None:
        needed = spans.days_read(district.models, wanted, held)
        due = {
            name: [day for day in days if day in needed.get(name, ())] for name, days in due.items()
        }
    days = [day for days in due.values() for day in days]
    if not days and not any(quarantine):
        if held and not _is_loaded(database, district):
            refresh(database, district, (held[-1], held[-1]))
        return BuildResult(
            because=found.because, again=found.again, reasons=found.reasons, is_noted=found.is_noted
        )
    days = days or [held[-1]]
    refresh(database, district, (min(days), max(days)))
    # what the registry's own models fail in is known from here on
    builder = builder_of(database, district, files)
    builder = replace(builder, away=away)
    known = _provable(district.models, district.model_versions)
    before = dict(noted(database, PROVEN))
    database.known.trusted = frozenset(
        name for name, one in known.items() if before.get(name) == one
    )
    other = spans.stale_days(district.models, found.other, held, seeds)
    # what an earlier version left half built is noted nowhere
    narrow = (
        spans.narrowed(district.models, due, held, found.lines, other)
        if database.has(CHANGED)
        else None
    )
    dated = [model for model in district.models.values() if model.is_dated]
    read = {name for model in dated for name in model.inputs}
    # where lines open no further day, all that is due is built in any case
    database.note_changes(read & due.keys() if due != other else ())
    built = spans.build(builder, district.models, due, progress, narrow)
    failed = {one.model for one in builder.quarantine}
    sound = (database.known.proven | database.known.trusted) & known.keys() - failed
    proven = {name: known[name] for name in sorted(sound)}
    if proven != before:
        note(database, PROVEN, proven)
    built.because, built.again = found.because, found.again
    built.reasons = found.reasons
    built.reattributed = attribution.request_count(attribution.waiting(database))
    return built


def _provable(models: Mapping[str, Model], model_versions: Mapping[str, str]) -> dict[str, str]:
    """Return what each model's result depends on: itself, its inputs, the code."""
    columns = {
        name: [(column, note.type) for column, note in model.header.columns.items()]
        for name, model in models.items()
    }
    mark = sha256(f"{code_mark()} {columns}".encode()).hexdigest()
    return {name: f"{one} {mark}" for name, one in model_versions.items()}


@contextmanager
def _away(
    home: DistrictHome, settings: Settings, engine: Engine | None
) -> Iterator[RemoteExecutor | None]:
    """Yield the remote executor, if there is one: DuckDB uses the cores here."""
    folder = home.parts
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was ended
    if engine is None or not engine.has_machines:
        yield None
        return
    folder.mkdir(mode=0o700)
    try:
        yield RemoteExecutor(
            engine=engine,
            warehouse=home.warehouse,
            folder=folder,
            memory_mb=settings.limits.memory_mb,
        )
    finally:
        shutil.rmtree(folder)


def builder_of(database: Database, district: District, files: LakeFiles) -> Builder:
    """Return the build context of a district."""
    return Builder(
        database=database,
        files=files,
        overrides=district.parameters,
        zone=district.zone,
        quarantine=Quarantine(district.store),
    )


def refresh(database: Database, district: District, days: tuple[date, date]) -> None:
    """Update registry and dimensions for a range of days.

    Nothing happens if both were taken from the same files before: a run builds
    its models one after another, and each calls this.
    """
    is_new = not _is_loaded(database, district)
    files = inputs.lake_files(district.store, district.home.lake)
    taken = _taken(files, days)
    if not is_new and dict(noted(database, LOADED)).get("dimensions") == taken:
        return
    if is_new:
        inputs.load_registry(database, district.registry)
        builder = builder_of(database, district, files)
        spans.build_registry_models(builder, district.models)
    inputs.show_raw(database, files, EVENT_CLASSES, days)
    inputs.refresh_dimensions(
        database, district.registry, district.account_domains, is_new_registry=is_new
    )
    loaded = {"registry": _registry_version(district), "dimensions": taken}
    note(database, LOADED, loaded)


def _taken(files: LakeFiles, days: tuple[date, date]) -> str:
    """Return a value that changes whenever the lake lists other files for these days."""
    paths = [
        [file.path for file in files.between(event_class, *days)] for event_class in EVENT_CLASSES
    ]
    return sha256(repr(paths).encode()).hexdigest()


def _registry_version(district: District) -> str:
    # another version of Schoolbell may give the same files other columns
    columns = sha256(repr(FRAMES).encode()).hexdigest()[:12]
    derived = "|".join(district.account_domains.derived)
    # a rule's threshold changes no table of the registry, unless a model of it has one
    settings = district.settings.model_dump_json(exclude={"detections"})
    built = [
        district.model_versions[name]
        for name, model in district.models.items()
        if spans.is_of_registry(model)
    ]
    said = sha256(repr((settings, built)).encode()).hexdigest()[:12]
    return f"{district.outline.version} {said} {columns} {derived} {code_mark()}"


def _is_loaded(database: Database, district: District) -> bool:
    loaded = dict(noted(database, LOADED)).get("registry")
    return loaded == _registry_version(district)


def judge_unfinished(
    database: Database,
    district: District,
    codes: Collection[str],
    further: Collection[str],
    days: Sequence[date],
) -> LifecycleResult | None:
    """Build what some rules read on days that are not over, judge these rules, and store findings.

    The days stay dirty: the next run builds everything on them. After an upgrade, that run comes
    first.

    Args:
        codes: The rules.
        further: Names of further models to build.

    Returns:
        None if the days were judged before with the same lines, rules and lists.
    """
    rules = {district.detections[code].model.name for code in codes}
    models = upstream(district.models, rules.union(further))
    files = inputs.lake_files(district.store, district.home.lake)
    span = (min(days), max(days))
    basis = {"lines": _taken(files, span), "versions": district.versions_key}
    is_known = dict(noted(database, UNFINISHED)) == basis
    if is_known or not is_current(database, district, models):
        return None
    find_domains(database, district)
    refresh(database, district, span)
    database.note_changes()
    dated = {name: list(days) for name, model in models.items() if model.is_dated}
    spans.build(builder_of(database, district, files), models, dated)
    skipped = unjudged(district.store, district.settings, district.outline)
    judged = judged_days({code: list(days) for code in codes}, skipped)
    changes = _store_findings(database, district, judged)
    note(database, UNFINISHED, basis)
    return changes


def _store_findings(
    database: Database,
    district: District,
    judged: Mapping[str, Sequence[date]],
    because: tuple[str, ...] = (),
) -> LifecycleResult:
    findings = judged_findings(database, district, judged)
    lines = cited_lines(database, district.store, district.home, district.sources(), findings)
    return keep(district.store, findings, lines, judged, because, owners(district.reading))


def judge_days(
    database: Database,
    district: District,
    days: Mapping[str, Sequence[date]],
    because: tuple[str, ...] = (),
    again: Sequence[date] = (),
    held_back: Collection[date] = (),
) -> LifecycleResult:
    """Turn the detections' rows into findings, and store them; their weeks' reports are pending.

    Args:
        days: The days that each model was built for.
        because: Registry files whose change made some of them stale.
        again: Days whose models are current, and whose candidates are judged again.
        held_back: Days that could not be built any more.
    """
    keep_changes(database, district.store)
    skipped = unjudged(district.store, district.settings, district.outline)
    first = kept_from(district.store) or date.min
    built = {
        code: [
            day
            for day in sorted({*days.get(detection.model.name, ()), *again})
            if day >= first  # before it, retention took what a rule would read
        ]
        for code, detection in district.detections.items()
    }
    judged = judged_days(built, skipped)
    kept = _store_findings(database, district, judged, because)
    note_unjudged(database, skipped, judged)
    note_week(database, district)
    note_forecasts(district)
    add_pending_reports(district.store, {*chain(*days.values()), *again, *held_back})
    return kept


@dataclass(frozen=True)
class Warehouse:
    """Result of one pass over the warehouse.

    Attributes:
        damaged: New path of an unreadable warehouse, which was rebuilt.
    """

    built: BuildResult
    kept: LifecycleResult
    damaged: Path | None = None


def build_and_judge(
    district: District, progress: Progress = no_progress, engine: Engine | None = None
) -> Warehouse:
    """Build what is stale and judge it; rebuild a damaged warehouse.

    Args:
        engine: Where days of more than one statement are built.
    """
    try:
        return _built_and_judged(district, progress, engine)
    except DamagedWarehouseError:
        damaged = set_aside(district.home.warehouse)
        made = _built_and_judged(district, progress, engine)
        return replace(made, damaged=damaged)


def _built_and_judged(district: District, progress: Progress, engine: Engine | None) -> Warehouse:
    with (
        _away(district.home, district.settings, engine) as away,
        district.open_warehouse() as database,
    ):
        built = build(database, district, progress, away)
        if not built.days and not built.again:
            if not built.is_noted:
                note_versions(database, district)
            _mark_all_clean(district)  # of days whose lines are gone nothing is built
            return Warehouse(built, LifecycleResult((), (), ()))
        kept = judge_days(
            database, district, built.days, built.because, built.again, built.newly_held_back
        )
        note_versions(database, district)
        database.forget_changes()
    if built.newly_held_back and not is_whole(district.home.warehouse):
        # no model failed: what they read is damaged
        raise DamagedWarehouseError("is damaged", where=str(district.home.warehouse))
    _mark_all_clean(district)
    return Warehouse(built, kept)


def _mark_all_clean(district: District) -> None:
    for day in dirty_days(district.store):
        mark_clean(district.store, day)
