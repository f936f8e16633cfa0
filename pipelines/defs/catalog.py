"""Shows in Dagster's catalog what a home holds, no matter who ran the steps: a timer or Dagster.

One short word describes the state of an asset on a day, or of a check. Dagster's own
storage keeps the words that were reported, so that each look reports only what changed.
A table shows a few rows. Dagster's pages have no login, so the preview has only columns
that are not about people, and text columns only if their words are a closed list.
"""

import base64
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg

from pipelines.defs.assets import (
    BALANCE,
    BUILT,
    COMPLETE,
    DIMENSIONS,
    FINDINGS,
    OUTBOX,
    PUBLISHED,
    REPORT,
    SNAPSHOT,
    SOURCES,
    WARN,
    named_checks,
    severity_of,
)
from pipelines.defs.reporting import Event, report_events
from pipelines.defs.resources import HomeResource
from pipelines.district import District, versions_of
from pipelines.errors import BusyError, ModelError
from pipelines.events import EVENT_CLASSES
from pipelines.health.issues import KINDS
from pipelines.health.source_states import source_states
from pipelines.privacy.pseudonyms import is_published
from pipelines.refresh.spans import days_said_of
from pipelines.registry.registry import Registry
from pipelines.reports.dictionary import words_of
from pipelines.reports.headline import NUMBERS
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.alert_records import message_counts
from pipelines.state.findings import stored_findings
from pipelines.state.published_reports import report_facts
from pipelines.state.rows import ReportRow
from pipelines.state.source_records import Quarantined, last_look, lasting_issues, quarantined
from pipelines.warehouse.database import Database
from pipelines.warehouse.models import Model
from pipelines.warehouse.snapshots import current, reading

SOURCE_COLUMNS = ("source", "state", "newest_event", "newest_arrival", "usual_lag_minutes")
MAX_ROWS = 5
TEXT = ("varchar", "json", "[]", "struct", "map")
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
    description="Shows what the home holds, rows by day, and what the checks of a run found.",
)
def catalog(
    context: dg.SensorEvaluationContext, home: HomeResource
) -> dg.SensorResult | dg.SkipReason:
    """Report what changed since the last report; without a cursor, report everything.

    The cursor describes the files that were reported: while they are unchanged, nothing is
    opened or counted. It stays a sensor: a run of a timer has no run of Dagster that a
    condition could follow.
    """
    with home.opened() as district:
        if not district.home.warehouse.is_file():
            return dg.SkipReason("nothing was built yet")
        if context.cursor == _stamp(district):
            return dg.SkipReason(ALL_SHOWN)
    try:
        with home.idle() as district:
            stamp, states = _stamp(district), states_of(district)
    except BusyError:
        return dg.SkipReason("a run is in progress")
    memory = Memory(context.instance, home, is_new=not context.cursor)
    shown, left = report_changes(
        memory, states, EVENTS_PER_TICK, partial(report_events, context.instance)
    )
    return dg.SensorResult(
        skip_reason=f"{shown} changes are shown, {left} follow" if shown else ALL_SHOWN,
        cursor=UNFINISHED if left else stamp,
    )


def report_changes(
    memory: "Memory", states: Sequence[State], limit: int, report: Callable[[Sequence[Event]], None]
) -> tuple[int, int]:
    """Report the states that changed; return how many were reported, and how many are left."""
    due = memory.due(states)
    reported = due[:limit]
    # newest days come first in the list, and last in the log: its last event is the latest
    report([state.event for state in reversed(reported)])
    memory.note(states, reported)
    return len(reported), len(due) - len(reported)


def states_of(district: District) -> list[State]:
    """Return every asset on every day, and every check, newest days first."""
    return [
        *_published(district),
        *_checked(district),
        *_built(district),
    ]


class Memory:
    """The words that were reported of a home, in the storage of Dagster's cursors.

    Not in the sensor's cursor: Dagster copies that into each tick, and there are thousands.
    """

    def __init__(
        self, instance: dg.DagsterInstance, home: HomeResource, *, is_new: bool = False
    ) -> None:
        """Read the words.

        Args:
            is_new: Earlier reports do not count.
        """
        self._storage = instance.daemon_cursor_storage
        self._key = f"schoolbell/reported/{home.folder.resolve()}"
        self._words = {} if is_new else self._read()

    def due(self, states: Sequence[State]) -> list[State]:
        """Return the states that were not reported last."""
        return [state for state in states if not state.is_known(self._words)]

    def note(self, states: Sequence[State], reported: Sequence[State]) -> None:
        """Keep what was reported now, and forget what is gone."""
        if not reported:
            return
        keys = {state.key for state in states}
        words = {key: word for key, word in self._words.items() if key in keys}
        words |= {state.key: state.word for state in reported}
        text = base64.b85encode(zlib.compress(json.dumps(words).encode())).decode()
        self._storage.set_cursor_values({self._key: text})

    def _read(self) -> dict[str, str]:
        text = self._storage.get_cursor_values({self._key}).get(self._key)
        if not text:
            return {}
        words: dict[str, str] = json.loads(zlib.decompress(base64.b85decode(text)))
        return words


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
    yield from _of_sources(district)


def _result(check: dg.AssetCheckEvaluation) -> State:
    """Return the state of a check: its result, and what it lists."""
    values = sorted((name, value.value) for name, value in check.metadata.items())
    key = f"{check.asset_key.to_user_string()} check {check.check_name}"
    return State(key, _word(check.passed, values), check)


def _of_model(
    model: Model, quarantined_days: Sequence[Quarantined]
) -> Iterator[dg.AssetCheckEvaluation]:
    """Yield the evaluations of a model: quarantined days fail, and the broken condition."""
    key = dg.AssetKey(model.name.split("."))
    yield dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=BUILT,
        passed=not quarantined_days,
        metadata={
            "days": _listed(str(entry.event_date or "whole") for entry in quarantined_days),
            "causes": _listed(entry.cause for entry in quarantined_days),
        },
    )
    reasons = [entry.reason for entry in quarantined_days if entry.cause == model.name]
    for name, check in named_checks(model).items():
        yield dg.AssetCheckEvaluation(
            asset_key=key,
            check_name=name,
            passed=not any(reason.endswith(f": {check}") for reason in reasons),
            severity=severity_of(model, check),
        )


def _of_sources(district: District) -> Iterator[State]:
    """Yield the health of the sources at the last look, and the messages that were sent."""
    with district.store.reading() as connection:
        lasting = lasting_issues(connection, KINDS).values()
    shown = [state.shown for state in source_states(district.store, district.settings)]
    records = [dg.TableRecord({name: str(row[name]) for name in SOURCE_COLUMNS}) for row in shown]
    schema = dg.TableSchema([dg.TableColumn(name) for name in SOURCE_COLUMNS])
    table = dg.MetadataValue.table(records, schema=schema)
    looked = dg.AssetMaterialization(SOURCES, metadata={"sources": table})
    yield State("health.sources", _word(last_look(district.store), shown), looked)
    for kind in KINDS:
        issues = {
            row["source"]: f"since {row['start_time']}: {row['detail']}"
            for row in lasting
            if row["kind"] == kind
        }
        yield _result(
            dg.AssetCheckEvaluation(
                asset_key=SOURCES,
                check_name=kind,
                passed=not issues,
                severity=WARN,
                metadata={
                    name: dg.MetadataValue.text(detail) for name, detail in sorted(issues.items())
                },
            )
        )
    counts = message_counts(district.store)
    messages = {name: dg.MetadataValue.int(count) for name, count in sorted(counts.items())}
    sent = dg.AssetMaterialization(OUTBOX, metadata=messages)
    yield State("alerts.outbox", _word(sorted(counts.items())), sent)


def _published(district: District) -> Iterator[State]:
    """Yield the director's page of each week with its checks, and the newest snapshot."""
    home = district.home
    try:
        snapshot = current(home.snapshots)
    except ModelError:
        return
    copied = dg.AssetMaterialization(
        SNAPSHOT, metadata={"file": snapshot.name, "bytes": snapshot.stat().st_size}
    )
    yield State("snapshot", snapshot.name, copied)
    newest = {fact["week"]: fact for fact in report_facts(district.store)}
    for week, fact in sorted(newest.items(), reverse=True):
        shown = week_shown(district, fact)
        page = dg.AssetMaterialization(REPORT, partition=week, metadata=shown)
        numbers = sorted(fact["facts"]["numbers"].items())
        yield State(f"report {week}", _word(fact["revision"], numbers), page)
    if newest:
        yield from map(_result, week_checks(district, newest[max(newest)]))


def week_checks(district: District, fact: ReportRow) -> Iterator[dg.AssetCheckEvaluation]:
    """Yield whether a week's page is there, and whether any hour of a log is missing."""
    page = page_of(district.home, date.fromisoformat(fact["week"]))
    missing = fact["facts"]["numbers"].get("hours_missing")
    for name, passed in ((PUBLISHED, page.is_file()), (COMPLETE, not missing)):
        yield dg.AssetCheckEvaluation(
            asset_key=REPORT,
            check_name=name,
            passed=passed,
            severity=WARN,
            metadata={"week": fact["week"]},
        )


def page_of(home: DistrictHome, week: date) -> Path:
    """Return the place of a week's page."""
    return home.reports / f"{week:%G-W%V}" / "index.html"


def _label(number: str) -> str:
    """Return the name of a number as page one calls it."""
    labels = {str(name): label for name, label in NUMBERS.items()}
    return labels.get(number, number).lower().replace(" ", "_")


def week_shown(district: District, fact: ReportRow) -> dict[str, dg.MetadataValue[Any]]:
    """Return the location of a week's report, and the numbers of its page one."""
    page = page_of(district.home, date.fromisoformat(fact["week"]))
    shown: dict[str, dg.MetadataValue[Any]] = {
        _label(name): dg.MetadataValue.int(count)
        for name, count in fact["facts"]["numbers"].items()
        if count is not None
    }
    shown |= {
        "revision": dg.MetadataValue.int(fact["revision"]),
        "report": dg.MetadataValue.path(page),
    }
    if address := district.settings.reports_address:
        place = f"{address.rstrip('/')}/{page.parent.name}/{page.name}"
        shown["address"] = dg.MetadataValue.url(place)
    return shown


def _snapshot_name(home: DistrictHome) -> str:
    try:
        return current(home.snapshots).name
    except ModelError:
        return ""


def _word(*what: object) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()[:8]


def _listed(words: Iterable[str]) -> str:
    """Return words as a check's page shows them."""
    return ", ".join(sorted(set(words)))


def shown_columns(model: Model) -> list[str]:
    """Return the columns that anyone who opens the page may see."""
    return [
        name
        for name, column in model.header.columns.items()
        if column.pii == "none"
        and (
            not any(kind in column.type.lower() for kind in TEXT)
            or (column.type == "varchar" and bool(words_of(model.name, name)))
        )
    ]


def preview(database: Database, model: Model) -> dict[str, dg.TableMetadataValue]:
    """Return metadata of a materialization; empty if nothing may be shown."""
    columns = shown_columns(model)
    if not columns or not database.has(model.name):
        return {}
    rows = database.newest(model.name, columns, MAX_ROWS)
    if not rows:
        return {}
    records = [
        dg.TableRecord({name: _plain(value) for name, value in zip(columns, row, strict=True)})
        for row in rows
    ]
    return {"preview": dg.MetadataValue.table(records)}


def _plain(value: object) -> str | int | float | bool:
    if isinstance(value, str | int | float | bool):
        return value
    return "" if value is None else str(value)
