"""Shows in Dagster's catalog what a home holds, no matter who ran the steps: a timer or Dagster.

One short word describes the state of an asset on a day, or of a check. Dagster's own
storage keeps the words that were reported, so that each look reports only what changed.

Each event has the versions of what it was made from, so that Dagster marks a day as outdated
exactly if its log lines, a list or a rule that it depends on changed since it was judged.

A table shows a few rows. Dagster's pages have no login, so the preview has only columns
that are not about people, and text columns only if their words are a closed list.
"""

import base64
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg

from pipelines.defs.assets import (
    BALANCE,
    BUILT,
    COMPLETE,
    CURRENT,
    DIMENSIONS,
    FINDINGS,
    OUTBOX,
    OWN_RULES,
    PUBLISHED,
    REPORT,
    SNAPSHOT,
    SOURCES,
    VERSION,
    WARN,
    lineage_of,
    named_checks,
    severity_of,
)
from pipelines.defs.observed import lists_seen
from pipelines.defs.reporting import Event, report_events
from pipelines.defs.resources import DAYS, MIN_WAIT_SECONDS, WEEKS, HomeResource
from pipelines.district import District, home_rules, only_writer
from pipelines.errors import BusyError, ModelError, safe, safe_lines
from pipelines.events import EVENT_CLASSES
from pipelines.health.issues import KINDS, MODELS_READ
from pipelines.health.source_states import source_states
from pipelines.refresh.due import LINES, MODEL, changes, noted, stale, versions_judged
from pipelines.refresh.spans import days_said_of
from pipelines.reports.dictionary import words_of
from pipelines.reports.headline import NUMBERS
from pipelines.run.watch import first_open_day, open_days
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.alert_records import message_counts
from pipelines.state.findings import stored_findings
from pipelines.state.published_reports import report_facts
from pipelines.state.rows import ReportRow
from pipelines.state.source_records import (
    Quarantined,
    dirty_days,
    last_look,
    last_run,
    last_run_versions,
    lasting_issues,
    quarantined,
    reason_lines,
)
from pipelines.warehouse.database import Database
from pipelines.warehouse.models import Model
from pipelines.warehouse.own_rules import MISTAKES
from pipelines.warehouse.snapshots import current, reading

SOURCE_COLUMNS = ("source", "state", "newest_event", "newest_arrival", "usual_lag_minutes")
MAX_ROWS = 5
TEXT = ("varchar", "json", "[]", "struct", "map")
EVENTS_AT_FIRST = 600
"""The checks and the newest days, in two seconds: a person who starts Dagster looks for today."""
EVENTS_PER_TICK = 4_000
"""A month of days, in some ten seconds; Dagster ends a tick after sixty."""

WHOLE = ""
"""The day of assets without days."""

Rows = dict[str, int]
"""The rows of each asset on one day."""

INPUT, POINTER = "dagster/input_data_version/", "dagster/input_event_pointer/"
CODE = "dagster/code_version"
FROM_USER = "dagster/data_version_is_user_provided"
"""Further tags by which Dagster decides whether an asset is outdated."""
LATEST, NEVER, REBUILT_TOGETHER = "latest", "1", "NULL"
"""Which report of a daily input a day was made from: the latest, none yet, or any, because a
run builds both."""
UNVERSIONED = "0"

ALL_SHOWN = "everything that was built is shown"
UNFINISHED, AGAIN = "unfinished", "again"
"""The cursor while states are left to report, and the one with which a person has all of them
reported again."""
NO_DAY = "none"
WAITING = "new lines, or a request to build again"
FINDINGS_NAME = ".".join(FINDINGS.path)


class State(NamedTuple):
    """An asset on a day, or a check.

    Attributes:
        key: Its name, with the day.
        word: One word for its rows or result. A second one after a colon describes what only
            the newest day shows; once the day is not the newest, the first decides.
        event: The report about it.
        is_input: Others are made from it, so it is reported before them.
    """

    key: str
    word: str
    event: Event
    is_input: bool = False

    def is_known(self, reported: Mapping[str, str]) -> bool:
        """Return whether this state was reported last."""
        return f"{reported.get(self.key, '')}:".startswith(f"{self.word}:")


def show_changes(
    instance: dg.DagsterInstance,
    home: HomeResource,
    cursor: str | None = None,
    limit: int | None = None,
) -> dg.SensorResult | dg.SkipReason:
    """Report what changed since the last report.

    The cursor describes the files that were reported, and the reports: while they are
    unchanged, nothing is opened or counted.

    Args:
        cursor: None at a start: what another program reported before is not reported again.
        limit: How many changes to report, instead of those of a tick.
    """
    memory = Memory(instance, home, is_new=cursor == AGAIN)
    with home.opened() as district:
        if not district.home.warehouse.is_file():
            return dg.SkipReason("nothing was built yet")
        stamp = _stamp(district)
        if cursor == f"{stamp} {memory.mark}":
            return dg.SkipReason(ALL_SHOWN)
        try:
            states = states_of(district, only_writer(district.home, MIN_WAIT_SECONDS))
        except BusyError:
            return dg.SkipReason("a run is in progress")
        # read now: a run may have ended since, and its newest day stays
        show_days(instance, district)
    is_rest = memory.has_words and cursor in {None, UNFINISHED}
    report = partial(report_events, instance)
    shown, left = report_changes(memory, states, limit or EVENTS_PER_TICK, report, is_rest=is_rest)
    return dg.SensorResult(
        skip_reason=f"{shown} changes are shown, {left} follow" if shown else ALL_SHOWN,
        cursor=UNFINISHED if left else f"{stamp} {memory.mark}",
    )


def show_days(instance: dg.DagsterInstance, district: District) -> None:
    """Make the days and weeks with log lines Dagster's partitions, oldest first."""
    weeks = {fact["week"] for fact in report_facts(district.store)}
    for partitions, keys in (
        (DAYS, sorted(map(str, days_shown(district)))),
        (WEEKS, sorted(weeks)),
    ):
        name = str(partitions.name)
        shown = list(instance.get_dynamic_partitions(name))
        same = 0
        while same < min(len(shown), len(keys)) and shown[same] == keys[same]:
            same += 1
        # a range of partitions goes by their order: older logs move the later days behind them
        for key in shown[same:]:
            instance.delete_dynamic_partition(name, key)
        if keys[same:]:
            instance.add_dynamic_partitions(name, keys[same:])


def days_shown(district: District) -> set[date]:
    """Return the days that a run judges: those with log lines, and shortly after."""
    waiting = (entry.event_date for entry in quarantined(district.store))
    return days_said_of([*ledger.event_days(district.store), *filter(None, waiting)])


def report_changes(
    memory: "Memory",
    states: Sequence[State],
    limit: int,
    report: Callable[[Sequence[Event]], None],
    *,
    is_rest: bool = False,
) -> tuple[int, int]:
    """Report the states that changed; return how many were reported, and how many are left.

    Args:
        is_rest: Newer days were reported before. With the last of the older days, the newest
            day is reported again, because Dagster shows an asset's last event as its latest.
    """
    due = memory.due(states)
    reported = due[:limit]
    if is_rest and reported == due:
        newest = max(map(_day, states), default=WHOLE)
        again = [state for state in states if newest and _day(state) == newest]
        reported = [*again, *(state for state in due if state not in again)]
    # newest days come first in the list, and last in the log: its last event is the latest
    report([state.event for state in reversed(reported) if state.is_input])
    newest_input = memory.newest_event()
    made = (state.event for state in reversed(reported) if not state.is_input)
    report([_after(event, newest_input) for event in made])
    memory.note(states, reported)
    return len(reported), len(due[limit:])


def _day(state: State) -> str:
    """Return the day or week of what a run made; empty for other states."""
    is_made = isinstance(state.event, dg.AssetMaterialization) and not state.is_input
    return (state.event.partition or WHOLE) if is_made else WHOLE


def _after(event: Event, newest_input: int) -> Event:
    """Return a materialization with the number of the newest reported input in its tags."""
    if not isinstance(event, dg.AssetMaterialization):
        return event
    tags = event.tags or {}
    tags = {name: str(newest_input) if value == LATEST else value for name, value in tags.items()}
    return event._replace(tags=tags)


def states_of(district: District, lock: AbstractContextManager[None] | None = None) -> list[State]:
    """Return every asset on every day, and every check, newest days first.

    Args:
        lock: The home's lock, if the caller does not hold it. A person at the desk waits for
            it, so it is held while the ledger is read; the open warehouse keeps runs waiting.
    """
    with ExitStack() as opened:
        with lock or nullcontext():
            published, records = [*_published(district), *_checked(district)], Ledger(district)
            database = opened.enter_context(reading(district.home.warehouse))
        contents = _contents(district, database)
        return [
            *published,
            _result(_current(district, database)),
            *_built(district, records, contents),
        ]


class Memory:
    """The words that were reported of a home, in the storage of Dagster's cursors.

    Not in the sensor's cursor: Dagster copies that into each tick, and there are thousands. A
    job that ends while a tick reports writes the keys to report again into a place of its own,
    with a number. The words contain the number that was read before their states were, so that
    a tick that began earlier and ends later loses none of these keys.
    """

    def __init__(
        self, instance: dg.DagsterInstance, home: HomeResource, *, is_new: bool = False
    ) -> None:
        """Read the words.

        Args:
            is_new: Earlier reports do not count.
        """
        self._storage, self._events = instance.daemon_cursor_storage, instance.event_log_storage
        folder = home.folder.resolve()
        self._key, self._again_key = f"schoolbell/reported/{folder}", f"schoolbell/again/{folder}"
        values = self._storage.get_cursor_values({self._key, self._again_key})
        noted_number, words = _unpacked(values.get(self._key))
        self._number, again = _unpacked(values.get(self._again_key))
        self._again = again if noted_number != self._number else {}
        valid_keys = set() if is_new else words.keys() - self._again.keys()
        self._words = {key: words[key] for key in valid_keys}

    @property
    def mark(self) -> str:
        """One word for the reports; another one if a job has some reported again."""
        return _word(sorted(self._words.items()))

    @property
    def has_words(self) -> bool:
        """Whether there are earlier reports."""
        return bool(self._words)

    def newest_event(self) -> int:
        """Return the number of the newest event in Dagster's log."""
        return self._events.get_maximum_record_id() or 0

    def due(self, states: Sequence[State]) -> list[State]:
        """Return the states that were not reported last."""
        return [state for state in states if not state.is_known(self._words)]

    def note(self, states: Sequence[State], reported: Sequence[State]) -> None:
        """Keep what was reported now, and forget what is gone."""
        if not reported:
            return
        keys = {state.key for state in states}
        words = {key: word for key, word in self._words.items() if key in keys}
        self._words = words | {state.key: state.word for state in reported}
        self._storage.set_cursor_values({self._key: _packed(self._number, self._words)})

    def forget(self, states: Sequence[State]) -> None:
        """Have some states reported again."""
        again = self._again | {state.key: state.word for state in states}
        self._storage.set_cursor_values({self._again_key: _packed(self._number + 1, again)})


def _packed(number: int, words: Mapping[str, str]) -> str:
    text = json.dumps([number, dict(words)]).encode()
    return base64.b85encode(zlib.compress(text)).decode()


def _unpacked(text: str | None) -> tuple[int, dict[str, str]]:
    if not text:
        return 0, {}
    number, words = json.loads(zlib.decompress(base64.b85decode(text)))
    return number, words


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
        district.settings.own_rules,
        pending(district, datetime.now(UTC)),
    )


class Contents(NamedTuple):
    """What the warehouse contains.

    Attributes:
        rows: Model or dimension without days -> its rows.
        rows_by_day: Model -> day -> its rows; days without any are left out.
        previews: Model -> metadata of its newest day.
        built: Model -> its version in the last whole run.
        judged: Frame of the registry -> its version at the last judgment.
    """

    rows: Rows
    rows_by_day: Mapping[str, Mapping[date, int]]
    previews: Mapping[str, Mapping[str, dg.MetadataValue[Any]]]
    built: Mapping[str, str]
    judged: Mapping[str, str]


def _contents(district: District, database: Database) -> Contents:
    """Return what the warehouse contains."""
    tables = database.tables
    built = {name: model for name, model in district.models.items() if name in tables}
    by_day = {name: database.rows_by_day(name) for name, model in built.items() if model.is_dated}
    dimensions = {f"identity.{name}" for name in DIMENSIONS} & tables
    return Contents(
        {
            name: database.rows(f"select count(*) from {name}")[0][0]  # noqa: S608
            for name in sorted((built.keys() - by_day.keys()) | dimensions)
        },
        by_day,
        {
            name: {
                **preview(database, model, max(by_day.get(name, ()), default=None)),
                **lineage_of(model),
            }
            for name, model in built.items()
        },
        {
            name.removeprefix(MODEL): version
            for name, version in noted(database, "main.built_with")
            if name.startswith(MODEL)
        },
        versions_judged(database, district),
    )


class Ledger:
    """What the home's state records of each day.

    Attributes:
        lines: Event class, then day -> rows and version of its log lines.
        dirty: Days that wait to be built with new lines.
        days: Days that a run judges.
        findings: Day -> number of findings.
        quarantined: Model and day of what could not be built.
        run: Metadata of what the last run made; Dagster's own time is that of the report.
    """

    def __init__(self, district: District) -> None:
        """Read it."""
        files: dict[tuple[str, str], list[str]] = {}
        rows: Counter[tuple[str, str]] = Counter()
        for file in ledger.lake_files(district.store):
            if file.event_class in EVENT_CLASSES:
                files.setdefault((file.event_class, file.event_date), []).append(file.sha256)
                rows[file.event_class, file.event_date] += file.row_count
        self.lines: dict[str, dict[str, tuple[int, str]]] = {name: {} for name in EVENT_CLASSES}
        for (name, day), digests in files.items():
            self.lines[name][day] = (rows[name, day], _word(sorted(digests)))
        self.dirty = {str(day) for day in dirty_days(district.store)}
        self.days = sorted(days_shown(district), reverse=True)
        self.findings = Counter(one["event_date"] for one in stored_findings(district.store))
        self.quarantined = {
            (entry.model, entry.event_date) for entry in quarantined(district.store)
        }
        ended = last_run(district.store)
        self.run = {"run_ended": dg.MetadataValue.timestamp(ended)} if ended else {}


def _tags_of_model(model: Model, records: Ledger, contents: Contents, day: str) -> dict[str, str]:
    """Return the tags of a model's materialization on a day."""
    code = contents.built.get(model.name, UNVERSIONED)
    tags = {CODE: code, VERSION: UNVERSIONED, FROM_USER: "true"}
    for relation in model.inputs:
        schema, table = relation.split(".", 1)
        key = relation.replace(".", "/")
        if schema == "raw":
            version = records.lines[table].get(day, (0, UNVERSIONED))[1]
            pointer = NEVER if day in records.dirty else LATEST
        elif schema == "registry":
            version, pointer = contents.judged[table], REBUILT_TOGETHER
        else:
            version, pointer = UNVERSIONED, REBUILT_TOGETHER
        tags |= {INPUT + key: version, POINTER + key: pointer}
    return tags


def _versions_fixed(reads: Iterable[str] = ()) -> dict[str, str]:
    """Return the tags of an asset that is never outdated, because each run brings it up to date."""
    tags = {CODE: UNVERSIONED, VERSION: UNVERSIONED, FROM_USER: "true"}
    for relation in reads:
        key = relation.replace(".", "/")
        tags |= {INPUT + key: UNVERSIONED, POINTER + key: REBUILT_TOGETHER}
    return tags


def _built(district: District, records: Ledger, contents: Contents) -> Iterator[State]:
    """Yield assets without days, then those of each day, newest first."""
    yield from map(_input, lists_seen(district))
    yield from _of_day(district, records, contents, None, contents.rows, is_newest=True)
    for day in records.days:
        yield from _lines(records, str(day))
        counts = {name: days.get(day, 0) for name, days in contents.rows_by_day.items()}
        counts[FINDINGS_NAME] = records.findings[str(day)]
        is_newest = day == records.days[0]
        yield from _of_day(district, records, contents, day, counts, is_newest=is_newest)


def _of_day(
    district: District,
    records: Ledger,
    contents: Contents,
    day: date | None,
    counts: Rows,
    *,
    is_newest: bool,
) -> Iterator[State]:
    """Yield the assets of a day, or those without days."""
    partition = str(day) if day else None
    for name, count in counts.items():
        if (name, day) in records.quarantined:
            continue  # it was not built, so the day is missing
        model = district.models.get(name)
        tags = (
            _tags_of_model(model, records, contents, partition or WHOLE)
            if model
            else _versions_fixed(_named(district, "detections") if name == FINDINGS_NAME else ())
        )
        shown = contents.previews.get(name, {}) if is_newest else {}
        made = dg.AssetMaterialization(
            name.split("."),
            partition=partition,
            metadata={"dagster/row_count": count, **records.run, **shown},
            tags=tags,
        )
        word = _word(sorted(tags.items()), count)
        key = f"{name} {partition or WHOLE}"
        yield State(key, f"{word}:{_word(shown)}" if is_newest else word, made)


def _named(district: District, schema: str) -> Iterator[str]:
    """Yield the names of the models of a schema."""
    return (name for name, model in district.models.items() if model.schema_name == schema)


def _input(event: dg.AssetMaterialization | dg.AssetObservation) -> State:
    """Return the state of what others are made from; its version is its word."""
    key = f"{'.'.join(event.asset_key.path)} {event.partition or WHOLE}"
    return State(key, (event.tags or {})[VERSION], event, is_input=True)


def _lines(records: Ledger, day: str) -> Iterator[State]:
    """Yield the log lines of a day; a file that is not read yet outdates no day."""
    for name, days in records.lines.items():
        count, version = days.get(day, (0, UNVERSIONED))
        yield _input(
            dg.AssetMaterialization(
                ["raw", name],
                partition=day,
                metadata={"dagster/row_count": count},
                tags={VERSION: version},
            )
        )


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
    problems = home_rules(district.settings).problems
    rules = dg.AssetCheckEvaluation(
        asset_key=OWN_RULES.asset_key,
        check_name=OWN_RULES.name,
        passed=not problems,
        severity=WARN,
        metadata={problem.file: dg.MetadataValue.text(safe_lines(problem)) for problem in problems},
    )
    yield _result(rules)
    yield from _of_sources(district)


def _current(district: District, database: Database) -> dg.AssetCheckEvaluation:
    """Return whether any day before the open ones waits for a run, which ones, and why."""
    now = datetime.now(UTC)
    reason, key = pending(district, now), district.versions_key
    shown = {"a_run_is_due": reason.removesuffix(f" ({key})")} if reason else {}
    if reason and (changed := changes(database, district)):
        shown["changed_by"] = _listed(changed)
    if reason:
        shown["outdated_days"] = "; ".join(_outdated(district, database, now)) or NO_DAY
    return dg.AssetCheckEvaluation(
        asset_key=CURRENT.asset_key,
        check_name=CURRENT.name,
        passed=not reason,
        severity=WARN,
        metadata=shown,
    )


def _outdated(district: District, database: Database, now: datetime) -> Iterator[str]:
    """Yield each reason with its outdated days, as far as no log line has to be read."""
    found = stale(database, district, ledger.event_days(district.store), reads_logs=False)
    lines = set(open_days(district, now))
    reasons = {
        name: [day for day in days if name != LINES or day not in lines]
        for name, days in found.reasons.items()
    }
    yield from reason_lines({name: days for name, days in reasons.items() if days})
    if found.in_logs:
        names = ", ".join(found.in_logs).replace("_", " ")
        yield f"{names}: days with log lines about the changed rows"


def pending(district: District, now: datetime) -> str:
    """Return why a run cannot wait for the night; empty if it can."""
    if not district.home.warehouse.is_file():
        return "the first build" if ledger.source_files(district.store) else ""
    if last_run_versions(district.store) != district.versions_key:
        return f"other lists, rules or settings ({district.versions_key})"
    first = first_open_day(district, now)
    late = [day for day in dirty_days(district.store) if day < first]
    return next(reason_lines({WAITING: late}), "") if late else ""


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
    mistakes = [safe(one.reason) for one in quarantined_days if one.reason.startswith(MISTAKES)]
    yield dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=BUILT,
        passed=not quarantined_days,
        metadata={
            "days": _listed(str(entry.event_date or "whole") for entry in quarantined_days),
            "causes": _listed(entry.cause for entry in quarantined_days),
            **({"mistakes": _listed(mistakes)} if mistakes else {}),
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
    looked = dg.AssetMaterialization(
        SOURCES,
        metadata={"sources": table},
        tags=_versions_fixed(f"marts.{name}" for name in MODELS_READ),
    )
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
    sent = dg.AssetMaterialization(
        OUTBOX,
        metadata=messages,
        tags=_versions_fixed([".".join(SOURCES.path), FINDINGS_NAME]),
    )
    yield State("alerts.outbox", _word(sorted(counts.items())), sent)


def _published(district: District) -> Iterator[State]:
    """Yield the director's page of each week with its checks, and the newest snapshot."""
    home = district.home
    try:
        snapshot = current(home.snapshots)
    except ModelError:
        return
    copied = dg.AssetMaterialization(
        SNAPSHOT,
        metadata={"file": snapshot.name, "bytes": snapshot.stat().st_size},
        tags=_versions_fixed([FINDINGS_NAME, *_named(district, "marts")]),
    )
    yield State("snapshot", snapshot.name, copied)
    newest = {fact["week"]: fact for fact in report_facts(district.store)}
    for week, fact in sorted(newest.items(), reverse=True):
        shown = week_shown(district, fact)
        page = dg.AssetMaterialization(
            REPORT,
            partition=week,
            metadata=shown,
            tags=_versions_fixed([".".join(SNAPSHOT.path)]),
        )
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


def preview(database: Database, model: Model, day: date | None) -> dict[str, dg.TableMetadataValue]:
    """Return metadata of a materialization; empty if nothing may be shown."""
    columns = shown_columns(model)
    rows = database.sample(model.name, columns, MAX_ROWS, day) if columns else []
    records = [dg.TableRecord({name: _plain(value) for name, value in row.items()}) for row in rows]
    return {"preview": dg.MetadataValue.table(records)} if records else {}


def _plain(value: object) -> str | int | float | bool:
    if isinstance(value, str | int | float | bool):
        return value
    return "" if value is None else str(value)
