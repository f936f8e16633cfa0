"""Sensors that tell of jobs that failed and of checks that do not hold.

What is told names the job, the step and the kind of error, never its message: that
may hold a line of a log.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import dagster as dg

from pipelines.alerts.failures import check_failed, check_key, run_failed, run_key
from pipelines.alerts.standing import standing
from pipelines.defs.alerting import SOURCES
from pipelines.defs.resources import HomeResource
from pipelines.journey.alerting import announce

TICK_SECONDS = 30
MOST_EVENTS = 200


@dg.run_failure_sensor(
    name="run_failures",
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells the operator of a job that failed.",
)
def run_failures(context: dg.RunFailureSensorContext, home: HomeResource) -> None:
    """One notice a job, until a run of it ends well."""
    run = context.dagster_run
    steps = [
        (event.step_key or "?", _error(event))
        for event in context.get_step_failure_events()
    ]
    now = datetime.now(UTC)
    with home.opened() as district:
        announce(district, [run_failed(run.job_name, run.run_id, steps, now)], (), now)


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
    description="A job that ends well ends the notice of its failure.",
)
def run_recoveries(context: dg.RunStatusSensorContext, home: HomeResource) -> None:
    """Only where there is such a notice."""
    key = run_key(context.dagster_run.job_name)
    with home.opened() as district:
        if any(row["key"].startswith(key) for row in standing(district.store)):
            announce(district, [], (key,), datetime.now(UTC))


@dg.sensor(
    name="check_failures",
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells the operator of a check that does not hold but stops nothing.",
)
def check_failures(
    context: dg.SensorEvaluationContext, home: HomeResource
) -> dg.SkipReason:
    """Evaluations since the last tick; a check that holds again ends its notice."""
    records = context.instance.get_event_records(
        dg.EventRecordsFilter(
            event_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION,
            after_cursor=int(context.cursor) if context.cursor else None,
        ),
        limit=MOST_EVENTS,
        ascending=True,
    )
    if not records:
        return dg.SkipReason("no check was evaluated since")
    broken = _tell(records, home)
    context.update_cursor(str(records[-1].storage_id))
    return dg.SkipReason(f"{len(records)} evaluations, {broken} checks do not hold")


def _tell(records: Iterable[dg.EventLogRecord], home: HomeResource) -> int:
    """Announce the newest evaluation of each check; how many do not hold."""
    now = datetime.now(UTC)
    news, looked = {}, set()
    for record in records:
        event = record.event_log_entry.dagster_event
        if event is None:
            continue
        one = event.asset_check_evaluation_data
        # sources are told of one by one; what blocks fails its run, which is told
        if one.asset_key == SOURCES or one.severity is dg.AssetCheckSeverity.ERROR:
            continue
        asset = one.asset_key.to_user_string()
        key = check_key(asset, one.check_name)
        looked.add(key)
        news[key] = (
            None
            if one.passed
            else check_failed(asset, one.check_name, record.run_id, now)
        )
    broken = [one for one in news.values() if one is not None]
    with home.opened() as district:
        known = {row["key"] for row in standing(district.store)}
        if broken or looked & known:
            announce(district, broken, looked, now)
    return len(broken)
