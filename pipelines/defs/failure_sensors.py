"""Sensors that tell of jobs that failed and of checks that do not hold.

What is told names the job, the step and the kind of error, never its message: that
may hold a line of a log.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from pipelines.alerts.dispatch import announce, send_alerts
from pipelines.alerts.memory import active_news
from pipelines.alerts.news import News, check_failed, check_key, run_failed, run_key
from pipelines.defs.resources import OWNER, HomeResource
from pipelines.district import District
from pipelines.health.issues import KINDS
from pipelines.health.overview import READ, Health, looked_at
from pipelines.health.source_states import source_states

SOURCES = dg.AssetKey(["health", "sources"])
OUTBOX = dg.AssetKey(["alerts", "outbox"])

CHECKS = {
    kind: dg.AssetCheckSpec(name=kind, asset=SOURCES, description=f"Not so: {meaning}.")
    for kind, meaning in KINDS.items()
}
COLUMNS = ("source", "state", "newest_event", "newest_arrival", "usual_lag_minutes")


@dg.multi_asset(
    name="look_and_tell",
    specs=[
        dg.AssetSpec(
            SOURCES,
            deps=[dg.AssetKey(["marts", name]) for name in READ],
            group_name="health",
            owners=[OWNER],
            description="Whether each source's lines still come, by its own past.",
        ),
        dg.AssetSpec(
            OUTBOX,
            deps=[SOURCES],
            group_name="health",
            owners=[OWNER],
            description="The alerts that were due, each sent once.",
        ),
    ],
    check_specs=list(CHECKS.values()),
)
def look_and_tell(
    context: dg.AssetExecutionContext, home: HomeResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Judge the sources, and send what is due."""
    now = datetime.now(UTC)
    with home.writing() as district:
        health = looked_at(district, now)
        states = [source_state.shown for source_state in source_states(district)]
        summary = send_alerts(district, now, health)
    context.log.info("alerts: %s", summary)
    yield dg.MaterializeResult(asset_key=SOURCES, metadata=_metadata(states, health))
    yield from _results(health)
    yield dg.MaterializeResult(
        asset_key=OUTBOX,
        metadata={
            "new": summary.new,
            "sent": sum(one.sent for one in summary.by_channel.values()),
            "failed": sum(one.failed for one in summary.by_channel.values()),
            "warning": summary.warning or "none",
        },
    )


def _metadata(states: list[dict[str, Any]], health: Health) -> dict[str, Any]:
    records = [
        dg.TableRecord({name: str(state[name]) for name in COLUMNS}) for state in states
    ]
    schema = dg.TableSchema([dg.TableColumn(name) for name in COLUMNS])
    return {
        "sources": dg.MetadataValue.table(records, schema=schema),
        "known_until": dg.MetadataValue.timestamp(health.as_of),
        "troubles": len(health.lasting),
    }


def _results(health: Health) -> Iterator[dg.AssetCheckResult]:
    """One result a kind; one that could not be looked at warns too."""
    for kind in KINDS:
        found = [one for one in health.lasting if one.kind == kind]
        is_known = kind in health.kinds
        yield dg.AssetCheckResult(
            check_name=kind,
            asset_key=SOURCES,
            passed=is_known and not found,
            severity=dg.AssetCheckSeverity.WARN,
            description=None if is_known else "not looked at: nothing was built yet",
            metadata={
                one.key: f"since {one.start:%Y-%m-%d %H:%M} UTC: {one.detail}"
                for one in found
            },
        )


def alerts_job() -> Any:
    """Look at the sources, and send what is due."""
    return dg.define_asset_job(
        "alerts",
        selection=dg.AssetSelection.assets(SOURCES, OUTBOX),
        executor_def=dg.in_process_executor,
        description="Whether logs still come, and the alerts that are due, each once.",
    )


TICK_SECONDS = 30

# Dagster keeps the type of an evaluation to itself
Evaluation = Any


@dg.run_failure_sensor(
    name="run_failures",
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells the operator of a job that failed, and of its checks.",
)
def failed_runs(context: dg.RunFailureSensorContext, home: HomeResource) -> None:
    """One notice a job, until a run of it ends well."""
    run = context.dagster_run
    steps = [
        (event.step_key or "?", _error(event))
        for event in context.get_step_failure_events()
    ]
    now = datetime.now(UTC)
    with home.opened() as district:
        announce(district, [run_failed(run.job_name, run.run_id, steps, now)], (), now)
        _tell_of_checks(district, context, now)


def _error(event: dg.DagsterEvent) -> str:
    """The class of what was raised, innermost first."""
    data = event.event_specific_data
    error = getattr(data, "error", None)
    while error is not None and getattr(error, "cause", None) is not None:
        error = error.cause
    return str(getattr(error, "cls_name", None) or "an error")


@dg.run_status_sensor(
    name="run_recoveries",
    run_status=dg.DagsterRunStatus.SUCCESS,
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends the notice of a job that ends well; tells of checks that warn.",
)
def finished_runs(context: dg.RunStatusSensorContext, home: HomeResource) -> None:
    """Only where there is such a notice, or a check does not hold."""
    key = run_key(context.dagster_run.job_name)
    now = datetime.now(UTC)
    with home.opened() as district:
        if any(row["key"].startswith(key) for row in active_news(district.store)):
            announce(district, [], (key,), now)
        _tell_of_checks(district, context, now)


def _tell_of_checks(
    district: District, context: dg.RunStatusSensorContext, now: datetime
) -> None:
    """Announce what a run's checks came to; one that holds again ends its notice."""
    run_id = context.dagster_run.run_id
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    records = context.instance.get_records_for_run(run_id, of_type=kind).records
    news: dict[str, News | None] = {}
    for evaluation in _evaluations(records):
        asset = evaluation.asset_key.to_user_string()
        failed = None
        if not evaluation.passed:
            failed = check_failed(asset, evaluation.check_name, run_id, now)
        news[check_key(asset, evaluation.check_name)] = failed
    broken = [new for new in news.values() if new is not None]
    known = {row["key"] for row in active_news(district.store)}
    if broken or news.keys() & known:
        announce(district, broken, news, now)


def _evaluations(records: Iterable[dg.EventLogRecord]) -> Iterator[Evaluation]:
    """Those of checks that warn and are told of nowhere else."""
    for record in records:
        event = record.event_log_entry.dagster_event
        if event is None:
            continue
        one = event.asset_check_evaluation_data
        # sources are told of one by one; what blocks fails its run, which is told
        if one.asset_key != SOURCES and one.severity is not dg.AssetCheckSeverity.ERROR:
            yield one
