"""Schedule and sensors: what runs when, and who is notified of failures.

A message about a failed job names the job, the step and the type of error, never its text:
that may contain a line of a log.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from pipelines.defs.observed import Delivered, delivered, files_seen, observe_files, version_of
from pipelines.defs.resources import ERROR, MIN_WAIT_SECONDS, HomeResource
from pipelines.defs.runs import PRIORITY, WATCH_PRIORITY, run_job, watch_job
from pipelines.district import District, only_writer
from pipelines.errors import BusyError
from pipelines.state import ledger
from pipelines.state.source_records import last_run, note_look

SHOW_SECONDS = 5
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
        from pipelines.alerts.dispatch import collect_alerts, deliver_alerts
        from pipelines.defs.catalog import pending
        from pipelines.health.overview import looked_at
        from pipelines.run.registry_outline import keep_outline

        now = datetime.now(UTC)
        with home.opened() as district:
            listed = delivered(district)
            files = _new_files(district, listed)
            reason = pending(district, now)
            if files and not district.home.warehouse.is_file():
                reason = "the first build"
            last = last_run(district.store)
            seen = list(files_seen(district, listed))
        definitions = context.repository_def
        keys = definitions.asset_graph.get_all_asset_keys() if definitions else ()
        observe_files(context.instance, seen, keys)
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
        with home.opened() as district:
            try:
                with only_writer(district.home, MIN_WAIT_SECONDS):
                    # what was looked for and did not come is missing, not unknown
                    note_look(district.store, now)
                    health = looked_at(district, now)
                    new = collect_alerts(district, now, health, MIN_WAIT_SECONDS)
                    keep_outline(district)
                # without the lock: a receiver may be slow, and a person at the desk waits for it
                summary = deliver_alerts(district, now, new)
            except BusyError as error:
                return dg.SkipReason(error.what)
        context.update_cursor(now.isoformat())
        return dg.SkipReason(f"nothing new in the landing folders; alerts: {summary}")

    return something_due


def _new_files(district: District, listed: Sequence[Delivered]) -> str:
    """Return one word for the files that are new or have grown; empty without any."""
    read_files = {
        (file.source, file.path, file.raw_bytes, file.raw_mtime_ns)
        for file in ledger.source_files(district.store)
    }
    new = [file for file in listed if file not in read_files]
    return version_of(new) if new else ""


@dg.sensor(
    name="catalog",
    minimum_interval_seconds=SHOW_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Shows what the home holds, rows by day, and what the checks of a run found.",
)
def catalog(
    context: dg.SensorEvaluationContext, home: HomeResource
) -> dg.SensorResult | dg.SkipReason:
    """Report what changed since the last report.

    It stays a sensor: a run of a timer has no run of Dagster that a condition could follow.
    """
    from pipelines.defs.catalog import show_changes

    return show_changes(context.instance, home, context.cursor)


@dg.run_failure_sensor(
    name="run_failures",
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Notifies the operator of a job that failed.",
)
def failed_runs(context: dg.RunFailureSensorContext, home: HomeResource) -> None:
    """Send one notice per job, until a run of it succeeds."""
    from pipelines.alerts.dispatch import announce
    from pipelines.alerts.news import run_failed

    run = context.dagster_run
    steps = [(event.step_key or "?", _error(event)) for event in context.get_step_failure_events()]
    now = datetime.now(UTC)
    with home.opened() as district:
        announce(district, [run_failed(run.job_name, run.run_id, steps, now)], (), now)


def _error(event: dg.DagsterEvent) -> str:
    """Return the class of the error, innermost first."""
    data = event.event_specific_data
    expected = getattr(data, "user_failure_data", None)
    if expected is not None and ERROR in expected.metadata:
        return str(expected.metadata[ERROR].value)
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
    from pipelines.alerts.dispatch import announce
    from pipelines.alerts.memory import active_news
    from pipelines.alerts.news import run_key

    key = run_key(context.dagster_run.job_name)
    now = datetime.now(UTC)
    with home.opened() as district:
        if any(row["key"].startswith(key) for row in active_news(district.store)):
            announce(district, [], (key,), now)
