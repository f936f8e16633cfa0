"""The stations of the journey, each one call on an opened district."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256

from pipelines.district.frames import FRAMES
from pipelines.district.registry import keep_registry
from pipelines.errors import SourceError
from pipelines.events import EVENT_CLASSES
from pipelines.findings.keeping import Kept, keep
from pipelines.journey.attribution import keep_changes
from pipelines.journey.citing import cited_lines
from pipelines.journey.district import District
from pipelines.journey.judged import judged_findings
from pipelines.journey.looking import note_look
from pipelines.journey.opened import note_opened
from pipelines.journey.owed import owe
from pipelines.journey.staleness import note, note_versions, noted, stale
from pipelines.journey.unjudged import judged_days, note_unjudged, unjudged
from pipelines.lake.intake import SETTLE_SECONDS, Intake, Outcome, Source, Watch
from pipelines.lake.staging import sweep
from pipelines.sources.remote import shown
from pipelines.state import ledger
from pipelines.state.ledger import FAILED, FileRecord
from pipelines.state.purged import kept_from
from pipelines.warehouse import attribution, building, inputs, planning
from pipelines.warehouse.building import Built
from pipelines.warehouse.database import Database, writing
from pipelines.warehouse.inputs import LakeFiles
from pipelines.warehouse.models import arguments

LOADED = "main.loaded_with"
"""What the registry's tables and the dimensions were taken from."""

Progress = Callable[[str, int, int], None]
"""Told while a step works: what it is at, how much is done, of how much."""


def nobody_watches(_what: str, _done: int, _all: int) -> None:
    """For callers without a progress bar."""


def take_in(
    district: District,
    *,
    settle_seconds: float = SETTLE_SECONDS,
    watch: Watch | None = None,
) -> list[Outcome]:
    """Read everything new in the landing folders; one outcome a delivery.

    A folder that can not be listed is one failed outcome, and the others go on.
    """
    began = datetime.now(UTC)
    keep_registry(district.home, district.registry, began)
    sweep(district.store, district.home.lake)
    intake = Intake(
        store=district.store,
        lake=district.home.lake,
        zone=district.zone,
        settle_seconds=settle_seconds,
        watch=watch or (lambda _delivery, _bytes, _lines: None),
    )
    outcomes = [
        outcome
        for source in district.sources()
        for outcome in _outcomes(intake.take_in, source)
    ]
    note_look(district.store, began)
    return outcomes


def foretold(intake: Intake, source: Source) -> list[Outcome]:
    """What a source's deliveries are; nothing is read in or written."""
    return _outcomes(intake.would_take_in, source)


def _outcomes(look: Callable[[Source], list[Outcome]], source: Source) -> list[Outcome]:
    try:
        return look(source)
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
    database: Database, district: District, progress: Progress = nobody_watches
) -> Built:
    """Build every stale day of every model.

    Days are stale when their events changed, or when the registry did in rows that
    touch them; all of them when a rule or a parameter did, or the warehouse is new.
    """
    files = inputs.lake_files(district.store, district.home.lake)
    held = files.days()
    found = stale(database, district, held)
    note_opened(district.store, found.reasons)
    if not found.days:
        if held and not _is_loaded(database, district):
            refresh(database, district, (held[-1], held[-1]))
        return Built(because=found.because, again=found.again, reasons=found.reasons)
    due = planning.stale_days(district.models, found.days, held)
    days = [day for days in due.values() for day in days]
    refresh(database, district, (min(days), max(days)))
    built = building.build(
        database,
        district.models,
        due,
        files,
        district.parameters,
        zone=district.zone,
        watch=progress,
    )
    built.because, built.again = found.because, found.again
    built.reasons = found.reasons
    built.reattributed = attribution.request_count(attribution.waiting(database))
    return built


def refresh(database: Database, district: District, days: tuple[date, date]) -> None:
    """Registry and dimensions, as far as a range of days needs them.

    Nothing is done where both were taken from the same files before: a run builds
    its models one after the other, and each asks.
    """
    is_new = not _is_loaded(database, district)
    files = inputs.lake_files(district.store, district.home.lake)
    taken = _taken(files, days)
    if not is_new and dict(noted(database, LOADED)).get("dimensions") == taken:
        return
    if is_new:
        inputs.load_registry(database, district.registry)
        building.build_registry_models(
            database, district.models, district.parameters, files, zone=district.zone
        )
    inputs.show_raw(database, files, EVENT_CLASSES, days)
    inputs.refresh_dimensions(
        database,
        district.registry,
        district.settings.district.account_domains,
        is_new_registry=is_new,
    )
    loaded = {"registry": _registry_version(district), "dimensions": taken}
    note(database, LOADED, loaded)


def _taken(files: LakeFiles, days: tuple[date, date]) -> str:
    """Changes whenever the lake lists other files for these days."""
    paths = [
        [one.path for one in files.between(event_class, *days)]
        for event_class in EVENT_CLASSES
    ]
    return sha256(repr(paths).encode()).hexdigest()


def _registry_version(district: District) -> str:
    # another version of Schoolbell may give the same files other columns
    columns = sha256(repr(FRAMES).encode()).hexdigest()[:12]
    return f"{district.registry.version} {district.settings_hash} {columns}"


def _is_loaded(database: Database, district: District) -> bool:
    loaded = dict(noted(database, LOADED)).get("registry")
    return loaded == _registry_version(district)


def build_model(
    database: Database, district: District, name: str, days: Sequence[date]
) -> int:
    """Build one model, a dated one on some days; its rows.

    Its inputs are taken as they stand: whoever orders the models sees to that.
    """
    model = district.models[name]
    if days:
        refresh(database, district, (min(days), max(days)))
    values = arguments(
        model, building.given(model, district.parameters), zone=district.zone
    )
    files = inputs.lake_files(district.store, district.home.lake)
    wanted: Sequence[date | None] = days if model.is_dated else (None,)
    return sum(
        building.build_day(database, model, values, files, day) for day in wanted
    )


def judge_days(
    database: Database,
    district: District,
    days: Mapping[str, Sequence[date]],
    because: tuple[str, ...] = (),
    again: Sequence[date] = (),
) -> Kept:
    """Turn what the detections returned into findings, and keep them.

    Args:
        days: The days that each model was built for.
        because: Files of the registry whose change opened some of them.
        again: Days whose models stand, and whose candidates are judged again.
    """
    keep_changes(database, district.store)
    skipped = unjudged(district)
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
    found = judged_findings(database, district, judged)
    lines = cited_lines(database, district, found)
    kept = keep(district.store, found, lines, judged, because, district.owner)
    note_unjudged(database, skipped, judged)
    return kept


@dataclass(frozen=True)
class Warehouse:
    """What one pass over the warehouse did."""

    built: Built
    kept: Kept


def build_and_judge(
    district: District, progress: Progress = nobody_watches
) -> Warehouse:
    """Build what is stale and judge it; one writer."""
    memory_mb = district.settings.limits.memory_mb
    with writing(district.home.warehouse, memory_mb=memory_mb) as database:
        built = build(database, district, progress)
        if not built.days and not built.again:
            note_versions(database, district)
            return Warehouse(built, Kept((), (), ()))
        kept = judge_days(database, district, built.days, built.because, built.again)
        days = {day for days in built.days.values() for day in days}
        owe(district.store, days | set(built.again))
        note_versions(database, district)
    for day in ledger.dirty_days(district.store):
        ledger.clean(district.store, day)
    return Warehouse(built, kept)
