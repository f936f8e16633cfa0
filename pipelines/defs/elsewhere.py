"""Reports to Dagster about what `schoolbell run` and its timer built outside of it.

Without it, a district that is run from a timer would see "never materialized" at each
asset. The warehouse's content of a day is one short word; the cursor contains the last
reported word of each day, so that a day is reported once, and again when it changes.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import dagster as dg

from pipelines.defs.assets import FINDINGS, REPORT, SNAPSHOT, preview
from pipelines.defs.resources import HomeResource
from pipelines.district import District
from pipelines.errors import BusyError, ModelError
from pipelines.events import EVENT_CLASSES
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.connections import Store
from pipelines.state.findings import stored_findings
from pipelines.state.published_reports import report_facts
from pipelines.warehouse.database import Database
from pipelines.warehouse.models import Model
from pipelines.warehouse.snapshots import current, reading

EVENTS_PER_TICK = 1_000
"""A month of days at a time: a tick ends after a minute, and Dagster writes each."""

WHOLE = ""
"""The day of assets without days."""

Rows = dict[str, int]
"""The rows of each asset on one day."""

STAMP = "stamp"
"""The cursor's key for the files that it covers."""
Told = tuple[str, str, list[dg.AssetMaterialization]]
"""Asset, one word for its state, and the event to report."""


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Shows what `schoolbell run` built: rows by day.",
)
def built_elsewhere(
    context: dg.SensorEvaluationContext, home: HomeResource
) -> dg.SensorResult | dg.SkipReason:
    """Report what is new; the cursor contains the last report of each day.

    While the files are unchanged, nothing is opened or counted.
    """
    told: dict[str, str] = json.loads(context.cursor or "{}")
    with home.opened() as district:
        if not district.home.warehouse.is_file():
            return dg.SkipReason("nothing was built yet")
        if told.get(STAMP) == _stamp(district):
            return dg.SkipReason("everything that was built is shown")
    try:
        with home.idle() as district:
            stamp = _stamp(district)
            found = [*_published(district.home, district.store), *_built(district)]
    except BusyError:
        return dg.SkipReason("a run is in progress")
    events: list[dg.AssetMaterialization] = []
    due = [one for one in found if told.get(one[0]) != one[1]]
    for name, word, made in due:
        if len(events) + len(made) <= EVENTS_PER_TICK:
            events += made
            told[name] = word
    if all(told.get(name) == word for name, word, _ in due):
        told[STAMP] = stamp
    cursor = json.dumps(told)
    if not events:
        context.update_cursor(cursor)
        return dg.SkipReason("everything that was built is shown")
    return dg.SensorResult(asset_events=events, cursor=cursor)


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


def _built(district: District) -> Iterator[Told]:
    """Yield assets without days, then each day, so that the newest is reported last."""
    days = [day.isoformat() for day in ledger.event_days(district.store)]
    rows: dict[str, Rows] = {day: {} for day in (WHOLE, *days)}
    previews: dict[str, dict[str, object]] = {}
    with reading(district.home.warehouse) as database:
        for name, model in district.models.items():
            if database.has(name):
                _count(database, model, rows)
                previews[name] = preview(database, model)
    for name in EVENT_CLASSES:
        files = ledger.lake_files(district.store, name)
        rows[WHOLE][f"raw.{name}"] = sum(file.row_count for file in files)
    found = Counter(one["event_date"] for one in stored_findings(district.store))
    for day in days:
        rows[day][".".join(FINDINGS.path)] = found[day]
    version = district.versions_key
    newest = max(days, default=WHOLE)
    for day, counts in rows.items():
        shown = previews if day in (WHOLE, newest) else {}
        made = _materialized(day, counts, shown)
        yield day, _word(version, sorted(counts.items())), made


def _count(database: Database, model: Model, rows: Mapping[str, Rows]) -> None:
    """Add a model's rows to those of others, on each of the days."""
    if not model.is_dated:
        rows[WHOLE][model.name] = database.row_count(model, [None])
        return
    counted = database.rows_by_day(model.name)
    for day, counts in rows.items():
        if day != WHOLE:
            counts[model.name] = counted.get(date.fromisoformat(day), 0)


def _materialized(
    day: str, rows: Rows, previews: Mapping[str, Mapping[str, Any]]
) -> list[dg.AssetMaterialization]:
    return [
        dg.AssetMaterialization(
            name.split("."),
            partition=day or None,
            metadata={"dagster/row_count": count, **previews.get(name, {})},
            description="built by schoolbell run",
        )
        for name, count in rows.items()
    ]


def _published(home: DistrictHome, store: Store) -> Iterator[Told]:
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
