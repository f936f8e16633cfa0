"""What Dagster starts: a run, a watch, some days again, the page of a week.

A run in Dagster is `schoolbell run`: the same function, with the same records afterwards.
"""

import time
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipelines.defs.assets import (
    COMPLETE,
    FINDINGS,
    PUBLISHED,
    REPORT,
    SNAPSHOT,
    checks_of,
    code_of,
    tags_of_layer,
)
from pipelines.defs.resources import (
    MAX_WAIT_SECONDS,
    OWNER,
    WEEKS,
    HomeResource,
    days_of,
    in_words,
)
from pipelines.errors import safe
from pipelines.state.ledger import event_days
from pipelines.state.published_reports import is_snapshot_due, report_facts
from pipelines.state.source_records import mark_dirty, quarantined
from pipelines.warehouse.models import Model

if TYPE_CHECKING:  # Dagster's daemon loads this module each minute; a run imports the rest
    from pipelines.defs.reporting import Event
    from pipelines.run.run import RunResult, Watchers

# Dagster keeps the type of an asset job to itself
AssetJob = Any
POOL = "warehouse_writer"
EVENTS_PER_RUN = 1_000
"""Some twenty seconds; the sensor of the catalog shows the rest."""
PRIORITY = "dagster/priority"
WATCH_PRIORITY, REBUILD_PRIORITY = "10", "-10"
"""Alerts come before a run, a run before days that a person asked for."""
SECONDS_PER_LINE = 5.0
"""Dagster writes a line of a run's log in some hundredths of a second."""
ASKED = "asked for in Dagster"
"""Reason of a day that is built again because a person materialized it."""


def run_assets(models: Sequence[Model], specs: Sequence[dg.AssetSpec]) -> dg.AssetsDefinition:
    """Build the assets of a run, each materialized by a run.

    Args:
        specs: Each after what it reads.
    """

    @dg.multi_asset(
        name="run_steps",
        specs=specs,
        check_specs=checks_of(models),
        can_subset=True,
        pool=POOL,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def run_steps(
        context: dg.AssetExecutionContext, home: HomeResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        from pipelines.defs.catalog import Memory, states_of

        days = days_of(context)
        _ask_for(home, days)
        _run(context.log.info, home)
        with home.writing() as district:
            states = states_of(district)
        keys = [spec.key for spec in specs if spec.key in context.selected_asset_keys]
        checks = context.op_execution_context.selected_asset_check_keys
        shown = [state for state in states if _is_of(state.event, days, set(keys), checks)]
        rows = {
            (event.asset_key, event.partition): event.metadata
            for event in (state.event for state in shown)
            if isinstance(event, dg.AssetMaterialization)
        }
        for key in keys:
            for day in map(str, days):
                if (key, day) in rows:
                    context.add_asset_metadata(rows[key, day], asset_key=key, partition_key=day)
            yield dg.MaterializeResult(asset_key=key, metadata=rows.get((key, None), {}))
        for state in shown:
            if isinstance(state.event, dg.AssetCheckEvaluation):
                yield _result_of(state.event)
        # Dagster wrote versions of its own; the catalog reports what the days were made from
        Memory(context.instance, home).forget(shown)

    return run_steps


def _is_of(
    event: "Event", days: Sequence[date], keys: set[dg.AssetKey], checks: Set[dg.AssetCheckKey]
) -> bool:
    """Return whether a run of these days, assets and checks reports an event."""
    if isinstance(event, dg.AssetCheckEvaluation):
        return event.asset_check_key in checks
    return event.asset_key in keys and event.partition in {None, *map(str, days)}


def _result_of(check: dg.AssetCheckEvaluation) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.check_name,
        passed=check.passed,
        severity=check.severity,
        metadata=check.metadata,
    )


def _ask_for(home: HomeResource, days: Sequence[date]) -> None:
    """Have the next run build some days again; refuse days without log lines around them."""
    if not days:
        return
    with home.writing() as district:
        waiting = [entry.event_date for entry in quarantined(district.store)]
        refuse_empty(days, [*event_days(district.store), *filter(None, waiting)])
        with district.store.writing() as connection:
            mark_dirty(connection, days, reason=ASKED)


def refuse_empty(days: Sequence[date], logged: Sequence[date]) -> None:
    """Raise an error for days without log lines on them or shortly before."""
    from pipelines.refresh.spans import days_said_of

    if not days_said_of(logged) & {*days}:
        span = f"{logged[0]} to {logged[-1]}" if logged else "none yet"
        raise dg.Failure(
            f"No log line of {days[0]} to {days[-1]} was read. Days with lines: {span}.",
            allow_retries=False,
        )


def _run(log: Callable[[str], None], home: HomeResource) -> None:
    """Do everything that is due, and log the result."""
    from pipelines.run.run import run

    with in_words():
        done = run(home.folder, watchers=_watchers(log), wait_seconds=MAX_WAIT_SECONDS)
    for line in logged(done):
        log(line)


def _watchers(log: Callable[[str], None]) -> "Watchers":
    """Return receivers that log what is built and published, a line every few seconds."""
    from pipelines.run.run import Watchers

    building, publishing = _throttled(log), _throttled(log)
    return Watchers(
        building=lambda what, done, total: building(f"{done} of {total} built: {what}"),
        publishing=lambda week, place, total: publishing(
            f"report {place} of {total}: week of {week}"
        ),
        message=log,
    )


def _throttled(log: Callable[[str], None]) -> Callable[[str], None]:
    """Return a function that logs a line unless it logged one shortly before."""
    next_line = 0.0

    def log_line(text: str) -> None:
        nonlocal next_line
        if time.monotonic() >= next_line:
            log(text)
            next_line = time.monotonic() + SECONDS_PER_LINE

    return log_line


def logged(done: "RunResult") -> Iterator[str]:
    """Yield a run's messages without the details of failures, which may contain log values."""
    from pipelines.run.run import result_lines

    yield from map(safe, (*done.refused, *done.mistakes))
    without_details = [gap for gap in done.gaps if gap not in done.failures]
    yield from result_lines(replace(done, gaps=without_details))
    yield from (gap.line for gap in done.failures)


def report_asset(freshness: dg.FreshnessPolicy) -> dg.AssetsDefinition:
    """Build the asset of the weekly report, made from the newest snapshot."""

    @dg.asset(
        key=REPORT,
        deps=[SNAPSHOT],
        group_name="reports",
        partitions_def=WEEKS,
        description="Offline pages of each week, and the index of weeks. A report also writes each "
        "week that was judged since its own page was written.",
        owners=[OWNER],
        kinds={"html"},
        tags=tags_of_layer("published", {}),
        metadata=code_of("pipelines.reports.publication", "publish_pending"),
        freshness_policy=freshness,
        pool=POOL,
        check_specs=[
            dg.AssetCheckSpec(
                PUBLISHED, asset=REPORT, description="the newest week's page is there"
            ),
            dg.AssetCheckSpec(
                COMPLETE, asset=REPORT, description="no hour of a log is missing in it"
            ),
        ],
    )
    def report(
        context: dg.AssetExecutionContext, home: HomeResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        from pipelines.defs.catalog import week_checks, week_shown
        from pipelines.reports.publication import publish_pending
        from pipelines.reports.snapshot_tables import publish_snapshot

        week, now = date.fromisoformat(context.partition_key), datetime.now(UTC)
        with home.writing() as district:
            if is_snapshot_due(district.store):
                publish_snapshot(district, now)
            publish_pending(district, now, [week])
            facts = report_facts(district.store, week)
            if not facts:
                raise dg.Failure(f"No log line of the week of {week} was read.")
            yield dg.MaterializeResult(metadata=week_shown(district, facts[-1]))
            yield from map(_result_of, week_checks(district, facts[-1]))

    return report


@dg.op(pool=POOL)
def run_all(context: dg.OpExecutionContext, home: HomeResource) -> None:
    """Read, build, judge, publish and alert, and show in the catalog what changed."""
    from pipelines.defs.catalog import Memory, report_changes, show_days, states_of

    _run(context.log.info, home)
    with home.writing() as district:
        states = states_of(district)
        show_days(context.instance, district)

    def log(events: "Sequence[Event]") -> None:
        for event in events:
            context.log_event(event)  # type: ignore[arg-type]  # it logs checks, too

    report_changes(Memory(context.instance, home), states, EVENTS_PER_RUN, log)


@dg.op
def watch_all(context: dg.OpExecutionContext, home: HomeResource) -> None:
    """Read what arrived and alert on today, as `schoolbell watch` does."""
    from pipelines.run.run import troubles
    from pipelines.run.watch import watch

    with in_words():
        done = watch(home.folder)
    for text in troubles(done.outcomes):
        context.log.warning(text)
    new = sum(outcome.is_new for outcome in done.outcomes)
    context.log.info("%d files were new or had new lines; alerts: %s", new, done.alerts)


@dg.job(
    name="run",
    executor_def=dg.in_process_executor,
    description="All that is due, as `schoolbell run` does it: reads, builds, judges, publishes, "
    "alerts. The catalog shows what it changed.",
)
def run_job() -> None:
    """Run everything that is due."""
    run_all()


@dg.job(
    name="watch",
    executor_def=dg.in_process_executor,
    tags={PRIORITY: WATCH_PRIORITY},
    description="What `schoolbell watch` does: reads what arrived, judges today by the rules that "
    "alert immediately, alerts. While a run holds the home it alerts from the ledger.",
)
def watch_job() -> None:
    """Read what arrived and alert on today."""
    watch_all()


def days_job() -> AssetJob:
    """Return the job that builds some days again.

    It selects the findings alone: a run builds all that they depend on, and the catalog shows it.
    Dagster plans each selected asset on each day in some 25 ms, so a year of every asset would
    begin after 20 minutes.
    """
    return dg.define_asset_job(
        "rebuild_days",
        selection=dg.AssetSelection.assets(FINDINGS),
        executor_def=dg.in_process_executor,
        tags={PRIORITY: REBUILD_PRIORITY},
        description="Builds every model of a range of days again and judges them, then publishes "
        "what changed. The log shows the progress. After a cancel, the next run starts over.",
    )


def report_job() -> AssetJob:
    """Return the job that publishes one week's report."""
    return dg.define_asset_job(
        "weekly_report",
        selection=dg.AssetSelection.assets(REPORT),
        executor_def=dg.in_process_executor,
        description="The report of one week, from the newest snapshot.",
    )
