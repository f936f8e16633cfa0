"""Sensors that tell of jobs that failed and of checks that do not hold.

What is told names the job, the step and the kind of error, never its message: that
may hold a line of a log.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from pipelines.alerts.dispatch import announce
from pipelines.alerts.memory import active_news
from pipelines.alerts.news import News, check_failed, check_key, run_failed, run_key
from pipelines.defs.alerting import SOURCES
from pipelines.defs.resources import HomeResource
from pipelines.district import District

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
    for one in _evaluations(records):
        asset = one.asset_key.to_user_string()
        failed = None
        if not one.passed:
            failed = check_failed(asset, one.check_name, run_id, now)
        news[check_key(asset, one.check_name)] = failed
    broken = [one for one in news.values() if one is not None]
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
