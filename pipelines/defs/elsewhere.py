"""Reports to Dagster about what `schoolbell run` and its timer built outside of it.

Without it, a district that is run from a timer would see "never materialized" at each
asset. The warehouse's content of a day is one short word; the cursor contains the last
reported word of each day, so that a day is reported once, and again when it changes.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from pipelines.build.spans import days_said_of
from pipelines.defs.assets import (
    BALANCE,
    BUILT,
    DIMENSIONS,
    FINDINGS,
    REPORT,
    SNAPSHOT,
    listed,
    named_checks,
    preview,
)
from pipelines.defs.automation import SOURCES
from pipelines.defs.resources import HomeResource
from pipelines.district import District
from pipelines.errors import BusyError, ModelError
from pipelines.events import EVENT_CLASSES
from pipelines.health.issues import KINDS
from pipelines.registry.registry import Registry
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.connections import Store
from pipelines.state.findings import stored_findings
from pipelines.state.published_reports import report_facts
from pipelines.state.source_records import (
    Quarantined,
    last_look,
    last_run,
    lasting_issues,
    quarantined,
)
from pipelines.warehouse.database import Database
from pipelines.warehouse.models import Model
from pipelines.warehouse.snapshots import current, reading

EVENTS_PER_TICK = 400
"""The newest days first: Dagster writes some forty events per second, each by itself."""
TICK_SECONDS = 5

WHOLE = ""
"""The day of assets without days."""

Rows = dict[str, int]
"""The rows of each asset on one day."""

STAMP = "stamp"
"""The cursor's key for the files that it covers."""
Event = dg.AssetMaterialization | dg.AssetCheckEvaluation
AssetState = tuple[str, str, list[Event]]
"""Asset, day or group of checks; one word for its state; the events to report."""


@dg.sensor(
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Shows what `schoolbell run` built, rows by day, and what its checks found.",
)
def built_elsewhere(
    context: dg.SensorEvaluationContext, home: HomeResource
) -> dg.SensorResult | dg.SkipReason:
    """Report what is new; the cursor contains the last report of each day.

    While the files are unchanged, nothing is opened or counted. It stays a sensor: what
    another process builds has no run of Dagster that a condition could follow.
    """
    reported: dict[str, str] = json.loads(context.cursor or "{}")
    with home.opened() as district:
        if not district.home.warehouse.is_file():
            return dg.SkipReason("nothing was built yet")
        if reported.get(STAMP) == _stamp(district):
            return dg.SkipReason("everything that was built is shown")
    try:
        with home.idle() as district:
            stamp = _stamp(district)
            found = [
                *_published(district.home, district.store),
                *_built(district),
                *_checked(district),
            ]
    except BusyError:
        return dg.SkipReason("a run is in progress")
    due = [one for one in found if reported.get(one[0]) != one[1]]
    events = []
    for name, word, made in _fitting(due):
        events += made
        reported[name] = word
    if all(reported.get(name) == word for name, word, _ in due):
        reported[STAMP] = stamp
    cursor = json.dumps(reported)
    if not events:
        context.update_cursor(cursor)
        return dg.SkipReason("everything that was built is shown")
    return dg.SensorResult(asset_events=events, cursor=cursor)


def _fitting(due: Sequence[AssetState]) -> list[AssetState]:
    """Return what one tick reports: the first that fit, of several days the newest last."""
    taken: list[AssetState] = []
    events = 0
    for one in due:
        if not taken or events + len(one[2]) <= EVENTS_PER_TICK:
            taken.append(one)
            events += len(one[2])
    return sorted(taken, key=lambda one: one[0] if one[0][:1].isdigit() else "")


def _stamp(district: District) -> str:
    """Return one word for the state of the warehouse's file, the snapshots and the reports."""
    held = district.home.warehouse.stat()
    reports = [(one["week"], one["revision"]) for one in report_facts(district.store)]
    return _word(
        held.st_ino,
        held.st_size,
        held.st_mtime_ns,
        sorted(path.name for path in district.home.snapshots.glob("*.duckdb")),
        reports,
        district.versions_key,
    )


def _built(district: District) -> Iterator[AssetState]:
    """Yield assets without days, then each day that a run builds, the newest first."""
    days = sorted(map(str, days_said_of(ledger.event_days(district.store))))
    rows: dict[str, Rows] = {day: {} for day in (WHOLE, *days)}
    previews: dict[str, dict[str, object]] = {}
    with reading(district.home.warehouse) as database:
        for name, model in district.models.items():
            if database.has(name):
                _count(database, model, rows)
                previews[name] = preview(database, model)
        rows[WHOLE] |= _given(database, district.registry)
    for name in EVENT_CLASSES:
        files = ledger.lake_files(district.store, name)
        rows[WHOLE][f"raw.{name}"] = sum(file.row_count for file in files)
    found = Counter(one["event_date"] for one in stored_findings(district.store))
    for day in days:
        rows[day][".".join(FINDINGS.path)] = found[day]
    version = district.versions_key
    newest = max(days, default=WHOLE)
    for day, counts in sorted(rows.items(), key=lambda one: one[0] or "9", reverse=True):
        shown = previews if day in (WHOLE, newest) else {}
        made = _materialized(day, counts, shown)
        yield day, _word(version, sorted(counts.items())), made


def _given(database: Database, registry: Registry) -> Rows:
    """Return the rows of the dimensions and of the registry."""
    tables = [f"identity.{name}" for name in DIMENSIONS if database.has(f"identity.{name}")]
    counts = {name: database.rows(f"select count(*) from {name}")[0][0] for name in tables}  # noqa: S608
    frames = registry.frames.items()
    return counts | {f"registry.{name}": frame.height for name, frame in frames}


def _count(database: Database, model: Model, rows: Mapping[str, Rows]) -> None:
    """Add a model's rows to those of others, on each of the days."""
    if not model.is_dated:
        rows[WHOLE][model.name] = database.row_count(model, [None])
        return
    counted = database.rows_by_day(model.name)
    for day, counts in rows.items():
        if day != WHOLE:
            counts[model.name] = counted.get(date.fromisoformat(day), 0)


def _materialized(day: str, rows: Rows, previews: Mapping[str, Mapping[str, Any]]) -> list[Event]:
    return [
        dg.AssetMaterialization(
            name.split("."),
            partition=day or None,
            metadata={"dagster/row_count": count, **previews.get(name, {})},
            description="built by schoolbell run",
        )
        for name, count in rows.items()
    ]


def _checked(district: District) -> Iterator[AssetState]:
    """Yield the result of every check of a run: of the models, the lines and the sources."""
    held: dict[str, list[Quarantined]] = {}
    for entry in quarantined(district.store):
        held.setdefault(entry.model, []).append(entry)
    looked = last_run(district.store)
    for name, model in district.models.items():
        results = list(_of_model(model, held.get(name, ())))
        yield f"checks {name}", _word(looked, [one.passed for one in results]), list(results)
    files = ledger.source_files(district.store)
    wrong = [f"{file.source}/{file.path}" for file in files if not file.balances]
    balance = dg.AssetCheckEvaluation(
        asset_key=BALANCE.asset_key,
        check_name=BALANCE.name,
        passed=not wrong,
        metadata={"files_that_do_not_add_up": dg.MetadataValue.json(wrong)},
    )
    yield "checks lines", _word(looked, wrong), [balance]
    if not district.settings.dagster.automation:
        yield _of_sources(district.store)


def _of_model(model: Model, held: Sequence[Quarantined]) -> Iterator[dg.AssetCheckEvaluation]:
    """Yield the evaluations of a model: quarantined days fail, and the broken condition."""
    key = dg.AssetKey(model.name.split("."))
    own = [entry.reason for entry in held if entry.cause == model.name]
    broken = {
        name
        for name, check in named_checks(model).items()
        if any(reason.endswith(f": {check}") for reason in own)
    }
    for name in (BUILT, *named_checks(model)):
        yield dg.AssetCheckEvaluation(
            asset_key=key,
            check_name=name,
            passed=not held if name == BUILT else name not in broken,
            metadata={
                "days": listed(str(entry.event_date or "whole") for entry in held),
                "causes": listed(entry.cause for entry in held),
            }
            if name == BUILT
            else {},
        )


def _of_sources(store: Store) -> AssetState:
    """Return the checks of the sources, which a run examines when Dagster does not."""
    with store.reading() as connection:
        lasting = lasting_issues(connection, KINDS).values()
    found = {
        kind: sorted(row["source"] for row in lasting if row["kind"] == kind) for kind in KINDS
    }
    events: list[Event] = [dg.AssetMaterialization(SOURCES, description="looked at by schoolbell")]
    events += [
        dg.AssetCheckEvaluation(
            asset_key=SOURCES,
            check_name=kind,
            passed=not sources,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"sources": listed(sources)},
        )
        for kind, sources in found.items()
    ]
    return "checks sources", _word(last_look(store), sorted(found.items())), events


def _published(home: DistrictHome, store: Store) -> Iterator[AssetState]:
    """Yield the newest snapshot, and the director's page of each week."""
    try:
        snapshot = current(home.snapshots)
    except ModelError:
        return
    made = dg.AssetMaterialization(
        SNAPSHOT,
        metadata={"file": snapshot.name, "bytes": snapshot.stat().st_size},
    )
    yield "snapshot", snapshot.name, [made]
    newest = {fact["week"]: fact for fact in report_facts(store)}
    for week, fact in newest.items():
        label = f"{date.fromisoformat(week):%G-W%V}"
        page = home.reports / label / "index.html"
        numbers = fact["facts"]["numbers"]
        metadata = {name: dg.MetadataValue.int(n) for name, n in numbers.items()}
        made = dg.AssetMaterialization(
            REPORT,
            partition=week,
            metadata={**metadata, "report": dg.MetadataValue.path(page)},
        )
        word = _word(fact["revision"], sorted(numbers.items()))
        yield f"report {week}", word, [made]


def _word(*what: object) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()[:12]
