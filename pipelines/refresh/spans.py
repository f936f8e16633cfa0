"""Stale days of each model, and how they are built.

A changed day of an input touches the days whose window reaches it. The touched days
spread from model to model, and stop at the first and last day with events. They also
stop long after the last event, because such a day has no rows.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from threading import Event, Lock
from types import MappingProxyType

from pipelines.engines import Engine
from pipelines.errors import ModelError
from pipelines.refresh.remote_build import SpanTask, build_span
from pipelines.state.connections import Store
from pipelines.state.source_records import Quarantined, hold_back, lift, quarantined
from pipelines.warehouse import attribution
from pipelines.warehouse.database import Database, of_days
from pipelines.warehouse.headers import Scalar
from pipelines.warehouse.inputs import LakeFiles, Listed, listed, show
from pipelines.warehouse.models import Model, Part, arguments, given
from pipelines.warehouse.sentences import counted

# Builds what is stale, two models side by side: as many days in one statement, and in
# one transaction, as the rows they read allow; see decisions 0050 and 0135.
#
# A failing model fails alone. A day of it that cannot be built, or whose rows break a
# promise, is put into quarantine: its rows are taken out, and so are those of the days
# of other models that would have read it. All else is built.

Watch = Callable[[str, int, int], None]
"""Called before each build: the model, steps done, steps in total."""

Changed = Callable[[str], Collection[date]]
"""A model -> its days whose rows are others than before."""

Day = date | None
"""A local day; None for the whole of an undated model."""

MAX_ROWS = 1_200_000
"""The number of input rows that a model reads in one statement; a single day may need
more.
"""
LOOKS_BACK = 8
"""The number of rows of surrounding days that weighs as much as one row of the day itself
in a statement of several days: most are filtered or aggregated early.
"""
AT_ONCE = 2
"""The number of models that are built at the same time: planning a statement keeps one core
busy, and each running one needs memory.
"""
MAX_PARTS = 64
"""Each part reads all rows of what is split, and keeps its own."""
LINGER_DAYS = 8
"""A day without events is built up to this long after the last events: leases count for
eight days, and Sundays look back at a week.
"""


@dataclass
class BuildResult:
    """Result of a build.

    Attributes:
        rows: Rows written, by model.
        days: Days built, by model.
        because: Registry files whose change was one reason.
        again: Days whose models are current, and whose candidates are judged again.
        reasons: Reasons -> their days.
        reattributed: Requests of rebuilt days with another account now, or another
            grade.
        held_back: Everything that is in quarantine now.
        newly_held_back: Days that were not before.
        is_noted: The inputs of the warehouse need no record.
    """

    rows: dict[str, int] = field(default_factory=dict)
    days: dict[str, Sequence[date]] = field(default_factory=dict)
    because: tuple[str, ...] = ()
    again: Sequence[date] = ()
    reasons: Mapping[str, Sequence[date]] = field(default_factory=dict)
    reattributed: int = 0
    held_back: Sequence[Quarantined] = ()
    newly_held_back: frozenset[date] = frozenset()
    is_noted: bool = False


class Quarantine:
    """Days of models that no reader may use.

    Args:
        store: Where they are noted; without one a failure is raised instead, for
            tests and benchmarks, which want to see it.
    """

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._held: dict[str, dict[Day, Quarantined]] = {}
        for held in quarantined(store) if store is not None else ():
            self._held.setdefault(held.model, {})[held.event_date] = held

    def __iter__(self) -> Iterator[Quarantined]:
        return (held for days in self._held.values() for held in days.values())

    def forget(self, models: Collection[str], days: Sequence[date]) -> None:
        """Remove models and days that no longer exist from quarantine.

        Args:
            models: The current models.
            days: Every day with events, oldest first.
        """
        for name, held in list(self._held.items()):
            is_gone = name not in models
            self.lift(
                name, [day for day in held if is_gone or (day and not days[0] <= day <= days[-1])]
            )

    @property
    def days(self) -> dict[str, list[date]]:
        """The days of dated models."""
        return {name: sorted(day for day in held if day) for name, held in self._held.items()}

    def blocking_day(self, model: Model, day: Day) -> Quarantined | None:
        """Return the quarantined input of a model's day; None if all inputs are available.

        An undated model that reads dated ones is made of the available days.
        """
        for name in sorted(model.inputs & set(self._held)):
            for held, one in self._held[name].items():
                if held is None or (day is not None and _reads(model, day, held)):
                    return one
        return None

    def hold_back(self, database: Database, model: Model, found: Mapping[Day, Quarantined]) -> None:
        """Note days of a model, then take their rows out.

        In this order: a run that is killed in between finds the note.
        """
        held = self._held.get(model.name, {})
        new = [one for day, one in found.items() if held.get(day) != one]
        if new and self._store is None:
            raise ModelError(new[0].reason, where=new[0].cause)
        if new and self._store is not None:
            hold_back(self._store, new)
            self._held[model.name] = {**held, **found}
        if found:
            database.leave_out(model, list(found))

    def lift(self, model: str, days: Sequence[Day]) -> None:
        """Release these days of a model from quarantine."""
        held = self._held.get(model, {})
        gone = [day for day in days if held.pop(day, None) is not None]
        if gone and self._store is not None:
            lift(self._store, model, gone)
        if not held:
            self._held.pop(model, None)


def _reads(model: Model, day: date, held: date) -> bool:
    header = model.header
    return -header.lookback <= (held - day).days <= header.lookahead


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Result of building some days of one model.

    Attributes:
        rows: Rows written.
        days: Days that were built and pass their checks.
        breaches: Checks that failed.
        held_back: Days that are in quarantine now.
    """

    rows: int
    days: Sequence[Day]
    breaches: Sequence["Breach"]
    held_back: Sequence[Quarantined]


@dataclass(frozen=True, kw_only=True)
class RemoteExecutor:
    """Remote executor of spans.

    Attributes:
        warehouse: The file, for its readers.
        folder: Where they leave their output.
        memory_mb: Megabytes that each may use before it writes to disk.
    """

    engine: Engine
    warehouse: Path
    folder: Path
    memory_mb: int


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Context in which every model of a district is built.

    Attributes:
        most_rows: See `MAX_ROWS`.
        most_days: Maximum number of days in one statement.
        at_once: See `AT_ONCE`.
        most_parts: Maximum number of parts of a day that has more rows alone.
        away: Remote executor of spans of more than one statement; None to build here,
            one after another.
    """

    database: Database
    files: LakeFiles
    overrides: Mapping[str, Mapping[str, Scalar]]
    zone: str
    quarantine: Quarantine
    most_rows: int = MAX_ROWS
    most_days: int = sys.maxsize
    at_once: int = AT_ONCE
    most_parts: int = MAX_PARTS
    away: RemoteExecutor | None = None
    _turn: Lock = field(default_factory=Lock)
    _row_counts: dict[str, Mapping[date, int]] = field(default_factory=dict)

    def attempt(
        self, model: Model, days: Sequence[Day], watch: Callable[[int], None] = lambda _days: None
    ) -> Attempt:
        """Build some days of a model; those that fail are quarantined.

        Args:
            watch: Called before each statement with the number of its days.
        """
        with self._turn:
            return self._attempt(model, days, watch)

    def _attempt(self, model: Model, days: Sequence[Day], watch: Callable[[int], None]) -> Attempt:
        if not days:
            return Attempt(rows=0, days=(), breaches=(), held_back=())
        values = arguments(model, given(model, self.overrides), zone=self.zone)
        held: dict[Day, Quarantined] = {}
        for day in days:
            before = self.quarantine.blocking_day(model, day)
            if before is not None:
                held[day] = Quarantined(model.name, day, before.cause, before.reason)
        if held:
            watch(len(held))
        spans = list(self._spans(model, [day for day in days if day not in held]))
        made = self._carried(model, values, spans)
        for span in spans:
            watch(len(span))
            held |= self._build(model, values, span, made.get((*span,), ()))
        self.quarantine.hold_back(self.database, model, held)
        self._row_counts.pop(model.name, None)
        # days without rows break no promise
        broken: Sequence[Breach] = ()
        built = [day for day in days if day not in held]
        if built and self._rows_of(model, built):
            with self._others():
                broken = breaches(self.database, model, built)
        wrong = {
            day: Quarantined(model.name, day, model.name, str(check))
            for check in broken
            if check.severity == "fail"
            for day in check.days
        }
        if wrong:
            self.quarantine.hold_back(self.database, model, wrong)
            self._row_counts.pop(model.name, None)
        held |= wrong
        good = [day for day in days if day not in held]
        self.quarantine.lift(model.name, good)
        return Attempt(
            rows=self._rows_of(model, good),
            days=good,
            breaches=broken,
            held_back=list(held.values()),
        )

    @contextmanager
    def _others(self) -> Iterator[None]:
        """Release the lock while a statement runs, so that other models can go on."""
        self._turn.release()
        try:
            yield
        finally:
            self._turn.acquire()

    def _carried(
        self, model: Model, values: Mapping[str, Scalar], spans: Sequence[Sequence[Day]]
    ) -> Mapping[tuple[Day, ...], Sequence[Path]]:
        """Return the files that an engine made for each span; failed spans are left out."""
        parts = [(span, part) for span in spans for part in self._parts(model, span)]
        if self.away is None or len(parts) < 2:
            return {}
        tasks = [
            SpanTask(
                warehouse=self.away.warehouse,
                model=model,
                values=values,
                days=span,
                listed=_listed(model, self.files, span),
                part=part,
                folder=self.away.folder,
                memory_mb=self.away.memory_mb,
            )
            for span, part in parts
        ]
        with self.database.set_free():
            files = list(self.away.engine.map(tasks, build_span))
        made: dict[tuple[Day, ...], list[Path | None]] = {}
        for (span, _), file in zip(parts, files, strict=True):
            made.setdefault((*span,), []).append(file)
        return {
            span: [file for file in found if file] for span, found in made.items() if all(found)
        }

    def _parts(self, model: Model, span: Sequence[Day]) -> Iterator[Part]:
        """Yield one part, or as many as an oversized day needs."""
        parts = 1
        if model.header.by_account and len(span) == 1 and span[0] is not None:
            rows = sum(self._rows_read(model, span[0]))
            parts = max(1, min(-(-rows // self.most_rows), self.most_parts))
        return (Part(number, parts) for number in range(parts))

    def _build(
        self,
        model: Model,
        values: Mapping[str, Scalar],
        days: Sequence[Day],
        made: Sequence[Path] = (),
    ) -> dict[Day, Quarantined]:
        """Build days in one statement, or in halves if it fails; return the failed days.

        Args:
            made: Files that contain their rows.
        """
        try:
            with self._others():
                build_days(self.database, model, values, self.files, days, made)
        except ModelError as error:
            if len(days) == 1:
                (day,) = days
                return {day: Quarantined(model.name, day, model.name, error.what)}
            half = len(days) // 2
            first = self._build(model, values, days[:half])
            return first | self._build(model, values, days[half:])
        return {}

    def _spans(self, model: Model, days: Sequence[Day]) -> Iterator[Sequence[Day]]:
        """Yield the days of one statement each: as many as its inputs' rows allow."""
        if len(days) == 1:
            yield days
            return
        span: list[Day] = []
        rows, most_rows = 0, self.most_rows * model.queries
        for day in days:
            own, around = self._rows_read(model, day) if day is not None else (0, 0)
            more = own + around // LOOKS_BACK
            if span and (rows + more > most_rows or len(span) == self.most_days):
                yield span
                span, rows = [], 0
            span.append(day)
            rows += more
        if span:
            yield span

    def _rows_read(self, model: Model, day: date) -> tuple[int, int]:
        """Count the input rows that a day of a model reads: its own, and surrounding ones."""
        header = model.header
        around = _range(
            day - timedelta(days=header.lookback), day + timedelta(days=header.lookahead)
        )
        around.remove(day)
        counts = {name: self._rows_by_day(name) for name in model.inputs}
        wide = model.inputs - model.of_the_day
        return (
            sum(count.get(day, 0) for count in counts.values()),
            sum(counts[name].get(one, 0) for name in wide for one in around),
        )

    def _rows_of(self, model: Model, days: Sequence[Day]) -> int:
        """Count the rows of some days of a model."""
        if not model.is_dated:
            return self.database.row_count(model, days)
        count = self._rows_by_day(model.name)
        return sum(count.get(day, 0) for day in days if day is not None)

    def _rows_by_day(self, name: str) -> Mapping[date, int]:
        if name not in self._row_counts:
            schema, table = name.split(".")
            self._row_counts[name] = (
                self.files.row_counts(table) if schema == "raw" else self.database.rows_by_day(name)
            )
        return self._row_counts[name]


@dataclass(frozen=True)
class RequiredDays:
    """The stale days that are built in any case.

    On the others, a model is built only if the rows of an input changed.

    Attributes:
        direct: Days with new lines; days whose log lines are an input of a model, or with
            no other reason; and days without a line, which no build saw before.
        other: Days that are stale for another reason than new lines.
    """

    direct: Mapping[str, Collection[date]]
    other: Mapping[str, Collection[date]]

    def days(self, model: Model, stale: Iterable[Day], changed: Changed) -> list[Day]:
        """Return the days of a model to build."""
        inputs = [day for name in model.inputs for day in changed(name)]
        reached = _reaching(model, inputs)
        reached |= {*self.direct.get(model.name, ()), *self.other.get(model.name, ())}
        # of a run that was ended: built, and perhaps not judged
        reached.update(changed(model.name))
        return [day for day in stale if day in reached]


def narrowed(
    models: Mapping[str, Model],
    stale: Mapping[str, Sequence[date]],
    held: Collection[date],
    lines: Collection[date],
    other: Mapping[str, Collection[date]],
) -> RequiredDays:
    """Return the stale days that are built in any case.

    Args:
        stale: From `stale_days`.
        held: Days with lines.
        lines: Days with new lines.
        other: From `stale_days`, without them.
    """
    direct: dict[str, set[date]] = {}
    for name, days in stale.items():
        model = models[name]
        # a day with new lines: a model may join the registry to inputs without rows
        direct[name] = set(days) - (set(held) - set(lines))
        if model.reads_lines or not any(stale.get(one) for one in model.inputs):
            direct[name] |= _reaching(model, lines)
    return RequiredDays(direct, other)


def build(
    builder: Builder,
    models: Mapping[str, Model],
    stale: Mapping[str, Sequence[date]],
    watch: Watch = lambda _name, _done, _all: None,
    narrowed: RequiredDays | None = None,
) -> BuildResult:
    """Build undated models as a whole and dated ones on their stale days.

    Args:
        models: In build order.
        stale: From `stale_days`.
        narrowed: The days that are built in any case; None for all of them.

    Raises:
        ModelError: A model fails and there is no store to record it in.
    """
    built = BuildResult()
    known = set(builder.quarantine)
    steps = len(models) - len(stale) + sum(len(days) for days in stale.values())
    done = 0
    is_over = Event()

    def attempt(model: Model) -> Attempt:
        nonlocal done
        days: Sequence[Day] = stale.get(model.name, ()) if model.is_dated else (None,)
        if narrowed is not None and model.is_dated:
            due, days = days, narrowed.days(model, days, builder.database.changed)
            done += len(due) - len(days)
        of = f", {counted(len(days), 'day')}" if model.is_dated else ""

        def tell(days: int) -> None:
            nonlocal done
            if is_over.is_set():
                raise CancelledError
            watch(model.name + of, done, steps)
            done += days

        one = idle.pop()
        try:
            made = one.attempt(model, days, tell)
        finally:
            idle.append(one)
        failed = {held.event_date for held in made.held_back}
        one.database.add_changed(model.name, {day for day in failed if day})
        return made

    def end() -> None:
        is_over.set()
        for one in builders:
            one.database.interrupt()

    with ExitStack() as opened:
        others = [
            replace(builder, database=opened.enter_context(builder.database.another()))
            # a file that is set free for others has no second connection
            for _ in range(1, builder.at_once if builder.away is None else 1)
        ]
        builders = [builder, *others]
        idle = [*builders]
        made = _side_by_side(models, attempt, len(builders), end)
    for name in models:
        built.rows[name] = made[name].rows
        built.days[name] = [day for day in made[name].days if day is not None]
    built.held_back = sorted(builder.quarantine, key=_by_model_and_day)
    built.newly_held_back = frozenset(
        held.event_date
        for held in builder.quarantine
        if held.event_date is not None and held not in known
    )
    return built


def _side_by_side(
    models: Mapping[str, Model],
    attempt: Callable[[Model], Attempt],
    at_once: int,
    end: Callable[[], None],
) -> Mapping[str, Attempt]:
    """Build each model when its inputs are done; among those that are ready, the first.

    Args:
        end: Cancels the running statements when one of them has failed.
    """
    order = TopologicalSorter({n: m.inputs & models.keys() for n, m in models.items()})
    order.prepare()
    waiting = set[str]()
    running: dict[Future[Attempt], str] = {}
    made: dict[str, Attempt] = {}
    with ThreadPoolExecutor(at_once) as pool:
        try:
            while order.is_active():
                waiting |= {*order.get_ready()}
                first = [name for name in models if name in waiting]
                for name in first[: at_once - len(running)]:
                    waiting.remove(name)
                    running[pool.submit(attempt, models[name])] = name
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    name = running.pop(future)
                    made[name] = future.result()
                    order.done(name)
        except BaseException:
            # a statement that has not begun yet does not hear it
            while wait(running, timeout=0.1).not_done:
                end()
            raise
    return made


def _by_model_and_day(held: Quarantined) -> tuple[str, date]:
    return held.model, held.event_date or date.min


def build_days(
    database: Database,
    model: Model,
    values: Mapping[str, Scalar],
    files: LakeFiles,
    days: Sequence[Day],
    made: Sequence[Path] = (),
) -> int:
    """Build days of a model in one statement, or an undated one as a whole; count its rows.

    Args:
        made: Files that contain the rows; none for the query itself.
    """
    show(database, _listed(model, files, days))
    is_attributed = model.name == attribution.ATTRIBUTED
    was_built = is_attributed and attribution.remember(database, days)
    if made:
        rows = database.take(model, values, days, made)
    else:
        rows = database.build(model, values, *days)
    if was_built:
        attribution.compare(database)
    return rows


def is_of_registry(model: Model) -> bool:
    """Return whether a model reads the registry alone."""
    return all(name.startswith("registry.") for name in model.inputs)


def build_registry_models(builder: Builder, models: Mapping[str, Model]) -> None:
    """Build again, for each day that they hold, dated models of the registry alone.

    What they say of a day holds without a line of it, so a registry that changed
    changes them on every day; what reads them follows only where lines do.
    """
    database = builder.database
    for model in models.values():
        if model.is_dated and is_of_registry(model) and database.has(model.name):
            days = database.rows(f"select distinct event_date from {model.name}")
            builder.attempt(model, [day for (day,) in days])


def _listed(model: Model, files: LakeFiles, days: Sequence[Day]) -> Listed:
    """Return the files of the lake that a model reads for some days."""
    dated = [day for day in days if day is not None]
    classes = [name.split(".")[1] for name in sorted(model.inputs) if name.startswith("raw.")]
    if not classes or not dated:
        return {}
    header = model.header
    first = min(dated) - timedelta(days=header.lookback)
    last = max(dated) + timedelta(days=header.lookahead)
    return listed(files, classes, (first, last))


@dataclass(frozen=True)
class Breach:
    """A check of a model's header that its rows fail.

    Attributes:
        row_count: Rows, or groups of rows that share a key of the grain.
        days: The days; None for an undated model.
    """

    model: str
    check: str
    row_count: int
    severity: str
    days: tuple[Day, ...]

    def __str__(self) -> str:
        what = "rows break its promise" if self.row_count > 1 else "row breaks its promise"
        return f"{self.row_count:,} {what}: {self.check}"


def breaches(database: Database, model: Model, days: Sequence[Day] = (None,)) -> list[Breach]:
    """Return the checks that rows of a model fail: its grain first, then its conditions.

    Args:
        days: Days of a dated model; those built before were checked then. None for all rows.
    """
    header = model.header
    where, values = of_days(model, days)
    rows = f"(from {model.name}{where})"
    grain = ", ".join(header.grain)
    twice = f"from {rows} group by {grain} having count(*) > 1"
    found = []
    # to keep the days of each group takes as long again, and hardly ever is one broken
    if database.rows(f"select 1 {twice} limit 1", values):
        day = _day(model, "unnest(list_distinct(list(event_date)))")
        wrong = f"select {day} as day {twice}"
        found.append(_breach(database, model, wrong, values, "grain", "fail"))
    for check in header.audits:
        wrong = f"select {_day(model, 'event_date')} as day from {rows} where not ({check.holds})"
        found.append(_breach(database, model, wrong, values, check.holds, check.severity))
    return [one for one in found if one.row_count]


def _day(model: Model, expression: str) -> str:
    return expression if model.is_dated else "null::date"


def _breach(
    database: Database,
    model: Model,
    offending: str,
    values: Mapping[str, object],
    check: str,
    severity: str,
) -> Breach:
    query = f"select day, count(*) from ({offending}) group by day order by day"
    rows = database.rows(query, values)
    count, days = sum(row[1] for row in rows), tuple(row[0] for row in rows)
    return Breach(model.name, check, count, severity, days)


def verify(database: Database, model: Model) -> list[Breach]:
    """Return the failed checks that only warn.

    Raises:
        ModelError: A check failed that must pass.
    """
    found = breaches(database, model)
    for one in found:
        if one.severity == "fail":
            raise ModelError(str(one), where=model.name)
    return found


def stale_days(
    models: Mapping[str, Model],
    changed: Iterable[date],
    held: Sequence[date],
    own: Mapping[str, Collection[date]] = MappingProxyType({}),
) -> dict[str, list[date]]:
    """Return the days to build for each dated model, oldest first.

    Args:
        models: In build order.
        changed: Local days with new events.
        held: Local days with events.
        own: Further days by model: it changed, or could not be built before.
    """
    roots = set(changed)
    if not (roots or own) or not held:
        return {}
    near = days_said_of(held)
    stale: dict[str, set[date]] = {}
    for model in models.values():
        if not model.is_dated:
            continue
        inputs = [stale.get(name, set()) for name in model.inputs]
        if model.reads_lines or not any(inputs):
            inputs.append(roots)
        days = _reaching(model, set().union(*inputs))
        stale[model.name] = (days | set(own.get(model.name, ()))) & near
    return {name: sorted(days) for name, days in stale.items()}


def days_read(
    models: Mapping[str, Model],
    wanted: Mapping[str, Collection[date]],
    event_days: Collection[date],
) -> dict[str, set[date]]:
    """Return the days of each model that the wanted days of some models are made from.

    Args:
        models: In build order.
        wanted: Days by model.
        event_days: Local days with events, all of which a model without days reads.
    """
    read = {name: set(days) for name, days in wanted.items()}
    for model in reversed([*models.values()]):
        days = read.get(model.name)
        if days is None:
            continue
        before, after = model.header.lookback, model.header.lookahead
        reached = (
            {one + timedelta(days=n) for one in days for n in range(-before, after + 1)}
            if model.is_dated
            else set(event_days)
        )
        for name in model.inputs:
            read.setdefault(name, set()).update(reached)
    return read


def _reaching(model: Model, days: Iterable[date]) -> set[date]:
    """Return the days of a model that read any of these days of its inputs."""
    before = timedelta(days=model.header.lookback)
    after = timedelta(days=model.header.lookahead)
    return {day for one in days for day in _range(one - after, one + before)}


def days_said_of(held: Sequence[date]) -> set[date]:
    """Return days with events, and the days that shortly earlier events affect."""
    last = max(held, default=date.min)
    return {
        day
        for one in set(held)
        for day in _range(one, one + timedelta(days=LINGER_DAYS))
        if day <= last
    }


def _range(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
