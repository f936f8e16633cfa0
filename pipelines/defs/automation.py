"""Schedule and sensors: what runs when, and who is notified of failures.

A message about a failed job names the job, the step and the type of error, never its text:
that may contain a line of a log.
"""

import hashlib
from datetime import UTC, datetime, timedelta

import dagster as dg

from pipelines.alerts.dispatch import announce, send_alerts
from pipelines.alerts.memory import active_news
from pipelines.alerts.news import run_failed, run_key
from pipelines.defs.resources import HomeResource
from pipelines.defs.runs import PRIORITY, WATCH_PRIORITY, run_job, watch_job
from pipelines.district import District
from pipelines.errors import BusyError
from pipelines.health.overview import looked_at
from pipelines.run.registry_outline import keep_outline
from pipelines.run.watch import first_open_day
from pipelines.state import ledger
from pipelines.state.source_records import dirty_days, last_run, last_run_versions, note_look

TICK_SECONDS = 30
LOOK_SECONDS = 60
BETWEEN_LOOKS = timedelta(minutes=15)
"""Time between two checks of the sources when no file arrives."""
NIGHT = "15 4 * * *"


def nightly_run(zone: str, *, is_on: bool) -> dg.ScheduleDefinition:
    """Return the schedule of the run of every night."""
    status = dg.DefaultScheduleStatus
    return dg.ScheduleDefinition(
        name="nightly_run",
        job=run_job,
        cron_schedule=NIGHT,
        execution_timezone=zone,
        default_status=status.RUNNING if is_on else status.STOPPED,
        description="The run of every night, which judges the day that ended and publishes.",
    )


def due_sensor(*, is_on: bool) -> dg.SensorDefinition:
    """Build the sensor that requests a run or a watch, only if something is due.

    It stays a sensor: files arrive outside of Dagster, and only the ledger knows which days
    a late one changed.
    """
    status = dg.DefaultSensorStatus

    @dg.sensor(
        jobs=[run_job, watch_job],
        minimum_interval_seconds=LOOK_SECONDS,
        name="something_due",
        default_status=status.RUNNING if is_on else status.STOPPED,
        description="Asks for a run after a late line, a changed list, rule or setting, and for a "
        "watch when files came or grew. Otherwise it looks at the sources every quarter of an "
        "hour, and sends the alerts that are due.",
    )
    def something_due(
        context: dg.SensorEvaluationContext, home: HomeResource
    ) -> dg.RunRequest | dg.SkipReason:
        """Request what is due; the run key is what it is due for, so the same asks once."""
        now = datetime.now(UTC)
        with home.opened() as district:
            files = _new_files(district)
            reason = _reason_to_run(district, now, has_files=bool(files))
            last = last_run(district.store)
        if reason:
            context.log.info("a run is due: %s", reason)
            return dg.RunRequest(run_key=f"{last} {reason} {files}", job_name=run_job.name)
        if files:
            return dg.RunRequest(
                run_key=files, job_name=watch_job.name, tags={PRIORITY: WATCH_PRIORITY}
            )
        looked = datetime.fromisoformat(context.cursor) if context.cursor else None
        if looked is not None and now - looked < BETWEEN_LOOKS:
            return dg.SkipReason("nothing new in the landing folders")
        try:
            with home.idle() as district:
                # what was looked for and did not come is missing, not unknown
                note_look(district.store, now)
                summary = send_alerts(district, now, looked_at(district, now))
                keep_outline(district)
        except BusyError:
            return dg.SkipReason("a run is in progress")
        context.update_cursor(now.isoformat())
        return dg.SkipReason(f"nothing new in the landing folders; alerts: {summary}")

    return something_due


def _new_files(district: District) -> str:
    """Return one word for the files that are new or have grown; empty without any."""
    read_files = {
        (file.source, file.path, file.raw_bytes, file.raw_mtime_ns)
        for file in ledger.source_files(district.store)
    }
    listed_files = {
        (delivery.source, delivery.path, delivery.raw_bytes, delivery.raw_mtime_ns)
        for source in district.sources()
        for delivery in source.listing().deliveries
    }
    new = sorted(listed_files - read_files, key=repr)
    return hashlib.sha256(repr(new).encode()).hexdigest()[:16] if new else ""


def _reason_to_run(district: District, now: datetime, *, has_files: bool) -> str:
    """Return why a run cannot wait for the night; empty if it can."""
    if not district.home.warehouse.is_file():
        has_files = has_files or bool(ledger.source_files(district.store))
        return "the first build" if has_files else ""
    if last_run_versions(district.store) != district.versions_key:
        return f"other lists, rules or settings ({district.versions_key})"
    first = first_open_day(district, now)
    late = [str(day) for day in dirty_days(district.store) if day < first]
    return f"new lines of {', '.join(late)}" if late else ""


@dg.run_failure_sensor(
    name="run_failures",
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Notifies the operator of a job that failed.",
)
def failed_runs(context: dg.RunFailureSensorContext, home: HomeResource) -> None:
    """Send one notice per job, until a run of it succeeds."""
    run = context.dagster_run
    steps = [(event.step_key or "?", _error(event)) for event in context.get_step_failure_events()]
    now = datetime.now(UTC)
    with home.opened() as district:
        announce(district, [run_failed(run.job_name, run.run_id, steps, now)], (), now)


def _error(event: dg.DagsterEvent) -> str:
    """Return the class of the error, innermost first."""
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
    description="Ends the notice of a job that succeeds.",
)
def finished_runs(context: dg.RunStatusSensorContext, home: HomeResource) -> None:
    """Act only if there is such a notice."""
    key = run_key(context.dagster_run.job_name)
    now = datetime.now(UTC)
    with home.opened() as district:
        if any(row["key"].startswith(key) for row in active_news(district.store)):
            announce(district, [], (key,), now)
