"""Reports to Dagster about what `schoolbell run` and its timer built outside of it.

Without it, a district that is run from a timer would see "never materialized" at each
asset. One short word describes the state of an asset on a day, or of a check. Dagster's own
storage keeps the words that were reported, so that a run reports only what it changed.
"""

import base64
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

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
from pipelines.defs.reporting import Event, report_events
from pipelines.defs.resources import HomeResource
from pipelines.district import District, versions_of
from pipelines.errors import BusyError, ModelError
from pipelines.events import EVENT_CLASSES
from pipelines.health.issues import KINDS
from pipelines.privacy.pseudonyms import is_published
from pipelines.registry.registry import Registry
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.connections import Store
from pipelines.state.findings import stored_findings
from pipelines.state.published_reports import report_facts
from pipelines.state.source_records import Quarantined, last_look, lasting_issues, quarantined
from pipelines.warehouse.database import Database
from pipelines.warehouse.models import Model
from pipelines.warehouse.snapshots import current, reading

EVENTS_PER_TICK = 4_000
"""A month of days, in some ten seconds; Dagster ends a tick after sixty."""
TICK_SECONDS = 5

WHOLE = ""
"""The day of assets without days."""

Rows = dict[str, int]
"""The rows of each asset on one day."""

ALL_SHOWN = "everything that was built is shown"
UNFINISHED = "unfinished"
"""The cursor while states are left to report."""
FINDINGS_NAME = ".".join(FINDINGS.path)


class State(NamedTuple):
    """An asset on a day, or a check.

    Attributes:
        key: Its name, with the day.
        word: One word for its rows or result. A second one after a colon describes what only
            the newest day shows; once the day is not the newest, the first decides.
        event: The report about it.
    """

    key: str
    word: str
    event: Event

    def is_known(self, reported: Mapping[str, str]) -> bool:
        """Return whether this state was reported last."""
        return f"{reported.get(self.key, '')}:".startswith(f"{self.word}:")


@dg.sensor(
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Shows what `schoolbell run` built, rows by day, and what its checks found.",
)
def built_elsewhere(
    context: dg.SensorEvaluationContext, home: HomeResource
) -> dg.SensorResult | dg.SkipReason:
    """Report what changed since the last report; without a cursor, report everything.

    The cursor describes the files that were reported: while they are unchanged, nothing is
    opened or counted. It stays a sensor: what another process builds has no run of Dagster
    that a condition could follow.
    """
    with home.opened() as district:
        if not district.home.warehouse.is_file():
            return dg.SkipReason("nothing was built yet")
        if context.cursor == _stamp(district):
            return dg.SkipReason(ALL_SHOWN)
    try:
        with home.idle() as district:
            stamp = _stamp(district)
            states = [
                *_published(district.home, district.store),
                *_checked(district),
                *_built(district),
            ]
    except BusyError:
        return dg.SkipReason("a run is in progress")
    memory = _Memory(context.instance, home)
    reported = memory.read() if context.cursor else {}
    due = [state for state in states if not state.is_known(reported)]
    taken = due[:EVENTS_PER_TICK]
    # newest days come first in the list, and last in the log: its last event is the latest
    report_events(context.instance, [state.event for state in reversed(taken)])
    if taken:
        current_keys = {state.key for state in states}
        kept = {key: word for key, word in reported.items() if key in current_keys}
        memory.write(kept | {state.key: state.word for state in taken})
    left = len(due) - len(taken)
    return dg.SensorResult(
        skip_reason=f"{len(taken)} changes are shown, {left} follow" if due else ALL_SHOWN,
        cursor=UNFINISHED if left else stamp,
    )


class _Memory:
    """The words that were reported of a home, in the storage of Dagster's cursors.

    Not in the sensor's cursor: Dagster copies that into each tick, and there are thousands.
    """

    def __init__(self, instance: dg.DagsterInstance, home: HomeResource) -> None:
        self._storage = instance.daemon_cursor_storage
        self._key = f"schoolbell/reported/{home.folder.resolve()}"

    def read(self) -> dict[str, str]:
        """Return the words by key; empty before the first report."""
        text = self._storage.get_cursor_values({self._key}).get(self._key)
        if not text:
            return {}
        words: dict[str, str] = json.loads(zlib.decompress(base64.b85decode(text)))
        return words

    def write(self, words: Mapping[str, str]) -> None:
        """Replace the words."""
        text = base64.b85encode(zlib.compress(json.dumps(words).encode())).decode()
        self._storage.set_cursor_values({self._key: text})


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


def _built(district: District) -> Iterator[State]:
    """Yield assets without days, then those of each day that a run builds, newest first."""
    days = sorted(map(str, days_said_of(ledger.event_days(district.store))))
    rows: dict[str, Rows] = {day: {} for day in (WHOLE, *days)}
    previews: dict[str, dict[str, dg.TableMetadataValue]] = {}
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
        rows[day][FINDINGS_NAME] = found[day]
    versions = versions_of(district.models, district.settings)
    fresh = {name: _snapshot_name(district.home) for name in _with_freshness(district.models)}
    newest = max(days, default=WHOLE)
    for day, counts in sorted(rows.items(), key=lambda one: one[0] or "9", reverse=True):
        for name, count in counts.items():
            word, shown = _word(versions.get(name), count), {}
            if day in (WHOLE, newest):
                shown = previews.get(name, {})
                word += ":" + _word(shown, fresh.get(name))
            made = dg.AssetMaterialization(
                name.split("."),
                partition=day or None,
                metadata={"dagster/row_count": count, **shown},
                description="built by schoolbell run",
            )
            yield State(f"{name} {day}", word, made)


def _with_freshness(models: Mapping[str, Model]) -> Iterator[str]:
    """Yield the assets whose age Dagster checks: a new snapshot renews them."""
    yield FINDINGS_NAME
    yield from (name for name, model in models.items() if is_published(model))


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


def _checked(district: District) -> Iterator[State]:
    """Yield the result of every check of a run: of the models, the lines and the sources."""
    held: dict[str, list[Quarantined]] = {}
    for entry in quarantined(district.store):
        held.setdefault(entry.model, []).append(entry)
    for name, model in district.models.items():
        yield from map(_result, _of_model(model, held.get(name, ())))
    files = ledger.source_files(district.store)
    wrong = [f"{file.source}/{file.path}" for file in files if not file.balances]
    balance = dg.AssetCheckEvaluation(
        asset_key=BALANCE.asset_key,
        check_name=BALANCE.name,
        passed=not wrong,
        metadata={"files_that_do_not_add_up": dg.MetadataValue.json(wrong)},
    )
    yield _result(balance)
    if not district.settings.dagster.automation:
        yield from _of_sources(district.store)


def _result(check: dg.AssetCheckEvaluation) -> State:
    """Return the state of a check: its result, and what it lists."""
    values = sorted((name, value.value) for name, value in check.metadata.items())
    key = f"{check.asset_key.to_user_string()} check {check.check_name}"
    return State(key, _word(check.passed, values), check)


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


def _of_sources(store: Store) -> Iterator[State]:
    """Yield the checks of the sources, which a run examines when Dagster does not."""
    with store.reading() as connection:
        lasting = lasting_issues(connection, KINDS).values()
    made = dg.AssetMaterialization(SOURCES, description="looked at by schoolbell")
    yield State("health.sources", _word(last_look(store)), made)
    for kind in KINDS:
        sources = sorted(row["source"] for row in lasting if row["kind"] == kind)
        yield _result(
            dg.AssetCheckEvaluation(
                asset_key=SOURCES,
                check_name=kind,
                passed=not sources,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"sources": listed(sources)},
            )
        )


def _published(home: DistrictHome, store: Store) -> Iterator[State]:
    """Yield the director's page of each week, and the newest snapshot."""
    try:
        snapshot = current(home.snapshots)
    except ModelError:
        return
    made = dg.AssetMaterialization(
        SNAPSHOT, metadata={"file": snapshot.name, "bytes": snapshot.stat().st_size}
    )
    yield State("snapshot", snapshot.name, made)
    newest = {fact["week"]: fact for fact in report_facts(store)}
    for week, fact in sorted(newest.items(), reverse=True):
        label = f"{date.fromisoformat(week):%G-W%V}"
        page = home.reports / label / "index.html"
        numbers = fact["facts"]["numbers"]
        metadata = {name: dg.MetadataValue.int(n) for name, n in numbers.items() if n is not None}
        made = dg.AssetMaterialization(
            REPORT, partition=week, metadata={**metadata, "report": dg.MetadataValue.path(page)}
        )
        yield State(f"report {week}", _word(fact["revision"], sorted(numbers.items())), made)


def _snapshot_name(home: DistrictHome) -> str:
    try:
        return current(home.snapshots).name
    except ModelError:
        return ""


def _word(*what: object) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()[:8]
