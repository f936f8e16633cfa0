"""Jobs, schedules and sensors: what runs when, and who is notified of failures.

A sensor reports failed jobs and failed checks. A message names the job, the step and the
type of error, never its text: that may contain a line of a log.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg

from pipelines.alerts.dispatch import announce, send_alerts
from pipelines.alerts.memory import active_news
from pipelines.alerts.news import Alert, check_failed, check_key, run_failed, run_key
from pipelines.build.due import registry_range, stale_range
from pipelines.defs.assets import FINDINGS, REPORT, SNAPSHOT, code_of, everything, housekeeping
from pipelines.defs.resources import OWNER, HomeResource
from pipelines.district import District
from pipelines.errors import BusyError
from pipelines.events import EVENT_CLASSES
from pipelines.health.issues import KINDS
from pipelines.health.overview import READ, Health, looked_at
from pipelines.health.source_states import source_states
from pipelines.run.registry_outline import keep_outline
from pipelines.state import ledger
from pipelines.state.source_records import dirty_days, note_look
from pipelines.warehouse.models import Model

# Dagster keeps the type of an asset job to itself
AssetJob = Any
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"

SOURCES = dg.AssetKey(["health", "sources"])
OUTBOX = dg.AssetKey(["alerts", "outbox"])
COLUMNS = ("source", "state", "newest_event", "newest_arrival", "usual_lag_minutes")
TICK_SECONDS = 30


def ingest_job() -> AssetJob:
    """Read everything new."""
    return dg.define_asset_job(
        "ingest",
        selection=dg.AssetSelection.assets(*(["raw", name] for name in EVENT_CLASSES)),
        executor_def=dg.in_process_executor,
        description="Landing files become events in the lake.",
    )


def daily_job(models: Sequence[Model]) -> AssetJob:
    """Build some days of every model, judge them, publish a snapshot."""
    keys = [model.name.split(".") for model in models]
    return dg.define_asset_job(
        "daily",
        selection=dg.AssetSelection.assets(*keys, FINDINGS, SNAPSHOT),
        executor_def=dg.in_process_executor,
        description="Models, detections and findings of a range of days, and the snapshot. "
        "The first log line of each asset lists the days that it builds and the "
        "number of rows that it replaces; other days, and published reports, are "
        "not changed.",
    )


def report_job() -> AssetJob:
    """Publish one week's report."""
    return dg.define_asset_job(
        "weekly_report",
        selection=dg.AssetSelection.assets(REPORT),
        executor_def=dg.in_process_executor,
        description="The report of one week.",
    )


def schedules(
    zone: str, report: AssetJob, alerts: AssetJob, *, is_on: bool
) -> list[dg.ScheduleDefinition]:
    """Return Monday's report, alerts every quarter of an hour, the nightly housekeeping."""
    status = dg.DefaultScheduleStatus.RUNNING if is_on else dg.DefaultScheduleStatus.STOPPED

    @dg.schedule(
        job=report,
        cron_schedule="0 6 * * 1",
        execution_timezone=zone,
        name="monday_report",
        default_status=status,
        description="The report of the week that ended, on Monday at six.",
    )
    def monday_report(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        """Request the report of the week that ended yesterday."""
        today = context.scheduled_execution_time.date()
        week = today - timedelta(days=today.weekday() + 7)
        return dg.RunRequest(run_key=week.isoformat(), partition_key=week.isoformat())

    return [
        monday_report,
        dg.ScheduleDefinition(
            name="alerts_every_15_minutes",
            default_status=status,
            description="Whether logs still come, and the alerts that are due.",
            job=alerts,
            cron_schedule="*/15 * * * *",
            execution_timezone=zone,
        ),
        dg.ScheduleDefinition(
            name="nightly_housekeeping",
            default_status=status,
            description="Sweep what interrupted runs left behind, at night.",
            job=housekeeping,
            cron_schedule="15 2 * * *",
            execution_timezone=zone,
        ),
    ]


def sensor_status(*, is_on: bool) -> dg.DefaultSensorStatus:
    """Return whether a sensor starts switched on."""
    status = dg.DefaultSensorStatus
    return status.RUNNING if is_on else status.STOPPED


def landing_sensor(job: AssetJob, *, is_on: bool) -> dg.SensorDefinition:
    """Build the sensor that requests an ingest when the landing folders change.

    It stays a sensor: files arrive outside of Dagster.
    """

    @dg.sensor(
        job=job,
        minimum_interval_seconds=60,
        name="landing_watch",
        default_status=sensor_status(is_on=is_on),
        description="Asks for an ingest when files came, or grew.",
    )
    def landing_watch(
        context: dg.SensorEvaluationContext, home: HomeResource
    ) -> dg.RunRequest | dg.SkipReason:
        """Request an ingest; the run key is the folder's content, so the same files ask once."""
        digest = hashlib.sha256()
        known, new, began = set(), 0, datetime.now(UTC)
        with home.opened() as district:
            for row in ledger.source_files(district.store):
                known.add((row.source, row.path, row.raw_bytes, row.raw_mtime_ns))
            for source in district.sources():
                for delivery in source.listing().deliveries:
                    mark = (
                        delivery.source,
                        delivery.path,
                        delivery.raw_bytes,
                        delivery.raw_mtime_ns,
                    )
                    digest.update(repr(mark).encode())
                    new += mark not in known
            if not new:
                # what was looked for and did not come is missing, not unknown
                note_look(district.store, began)
        if not new:
            return dg.SkipReason("nothing new in the landing folders")
        context.log.info("%d files are new or have grown", new)
        return dg.RunRequest(run_key=digest.hexdigest())

    return landing_watch


def automation_sensor(*, is_on: bool) -> dg.AutomationConditionSensorDefinition:
    """Build the sensor that evaluates the automation conditions of published assets."""
    return dg.AutomationConditionSensorDefinition(
        "automation",
        target=dg.AssetSelection.assets(REPORT),
        default_status=sensor_status(is_on=is_on),
        description="Republishes the current week after a new snapshot.",
    )


def dirty_sensor(
    job: AssetJob, days: dg.DailyPartitionsDefinition, *, is_on: bool
) -> dg.SensorDefinition:
    """Build the sensor that requests the days with changed events, as one range.

    It stays a sensor: only the ledger knows which days a late file changed, and one run
    over the range reads each input once.

    Args:
        days: The partitions; days of no partition are requested as a whole run.
    """

    @dg.sensor(
        jobs=[job, everything],
        minimum_interval_seconds=60,
        name="dirty_days",
        default_status=sensor_status(is_on=is_on),
        description="Asks for the days whose events changed, as one range.",
    )
    def dirty_days_watch(
        context: dg.SensorEvaluationContext, home: HomeResource
    ) -> dg.RunRequest | dg.SkipReason:
        """Request changed days; the run key is the ledger's state, so the same days ask once."""
        with home.opened() as district:
            span = stale_range(district.store, district.home, district.models)
            dirty = dirty_days(district.store)
            files = ledger.source_files(district.store)
        if span is None:
            return dg.SkipReason("no day is dirty")
        newest = max((file.last_read_time for file in files), default="")
        context.log.info("%d days from %s to %s are to be built", len(dirty), *span)
        key = f"{span[0]}..{span[1]}@{newest}"
        if not all(days.has_partition_key(str(day)) for day in (*span, *dirty)):
            return dg.RunRequest(run_key=key, job_name=everything.name)
        return dg.RunRequest(run_key=key, job_name=job.name, tags=range_tags(*span))

    return dirty_days_watch


def registry_sensor(job: AssetJob, *, is_on: bool) -> dg.SensorDefinition:
    """Build the sensor that requests the days that a changed registry, rule or setting touches.

    It stays a sensor: the changed rows decide which days they touch.
    """

    @dg.sensor(
        job=job,
        minimum_interval_seconds=300,
        name="registry_changes",
        default_status=sensor_status(is_on=is_on),
        description="Asks for the days that a changed list, rule or setting touches.",
    )
    def registry_changes(
        context: dg.SensorEvaluationContext, home: HomeResource
    ) -> dg.RunRequest | dg.SkipReason:
        """Request touched days; the cursor is the last request, so the same registry asks once."""
        try:
            with home.idle() as district:
                if dirty_days(district.store):
                    return dg.SkipReason("dirty days come first")
                if not district.home.warehouse.is_file():
                    return dg.SkipReason("nothing was built yet")
                key = district.versions_key
                with district.open_warehouse() as database:
                    span = registry_range(database, district)
        except BusyError:
            return dg.SkipReason("a run is in progress")
        if span is None:
            context.update_cursor("")
            return dg.SkipReason("the registry is what everything was judged with")
        if context.cursor == key:
            return dg.SkipReason("the days were asked for")
        context.update_cursor(key)
        context.log.info("the registry touches days from %s to %s", *span)
        return dg.RunRequest(tags=range_tags(*span))

    return registry_changes


def range_tags(first: date, last: date) -> dict[str, str]:
    """Return the tags of a run over a range of daily partitions."""
    days = (last - first).days + 1
    return {
        RANGE_START: first.isoformat(),
        RANGE_END: last.isoformat(),
        "schoolbell/rebuilds": f"{days} days, {first} to {last}",
    }


CHECKS = {
    kind: dg.AssetCheckSpec(name=kind, asset=SOURCES, description=f"Not so: {meaning}.")
    for kind, meaning in KINDS.items()
}


@dg.multi_asset(
    name="look_and_tell",
    specs=[
        dg.AssetSpec(
            SOURCES,
            deps=[dg.AssetKey(["marts", name]) for name in READ],
            group_name="health",
            owners=[OWNER],
            kinds={"python"},
            tags={"layer": "health", "personal_data": "none"},
            metadata=code_of(looked_at),
            description="Whether each source's lines still come, by its own past.",
        ),
        dg.AssetSpec(
            OUTBOX,
            deps=[SOURCES],
            group_name="health",
            owners=[OWNER],
            kinds={"python"},
            tags={"layer": "health", "personal_data": "none"},
            metadata=code_of(send_alerts),
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
        states = [
            source_state.shown for source_state in source_states(district.store, district.settings)
        ]
        summary = send_alerts(district, now, health)
        keep_outline(district)
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


def _metadata(
    states: list[dict[str, object]], health: Health
) -> dict[str, int | dg.TableMetadataValue | dg.TimestampMetadataValue]:
    records = [dg.TableRecord({name: str(state[name]) for name in COLUMNS}) for state in states]
    schema = dg.TableSchema([dg.TableColumn(name) for name in COLUMNS])
    return {
        "sources": dg.MetadataValue.table(records, schema=schema),
        "known_until": dg.MetadataValue.timestamp(health.as_of),
        "troubles": len(health.lasting),
    }


def _results(health: Health) -> Iterator[dg.AssetCheckResult]:
    """Yield one result per kind; a failed look warns too."""
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
                one.key: f"since {one.start:%Y-%m-%d %H:%M} UTC: {one.detail}" for one in found
            },
        )


def alerts_job() -> AssetJob:
    """Look at the sources, and send what is due."""
    return dg.define_asset_job(
        "alerts",
        selection=dg.AssetSelection.assets(SOURCES, OUTBOX),
        executor_def=dg.in_process_executor,
        description="Whether logs still come, and the alerts that are due, each once.",
    )


@dg.run_failure_sensor(
    name="run_failures",
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Notifies the operator of a job that failed, and of its checks.",
)
def failed_runs(context: dg.RunFailureSensorContext, home: HomeResource) -> None:
    """Send one notice per job, until a run of it succeeds."""
    run = context.dagster_run
    steps = [(event.step_key or "?", _error(event)) for event in context.get_step_failure_events()]
    now = datetime.now(UTC)
    with home.opened() as district:
        announce(district, [run_failed(run.job_name, run.run_id, steps, now)], (), now)
        _tell_of_checks(district, context, now)


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
    description="Ends the notice of a job that succeeds; reports checks that warn.",
)
def finished_runs(context: dg.RunStatusSensorContext, home: HomeResource) -> None:
    """Act only if there is such a notice, or a check fails."""
    key = run_key(context.dagster_run.job_name)
    now = datetime.now(UTC)
    with home.opened() as district:
        if any(row["key"].startswith(key) for row in active_news(district.store)):
            announce(district, [], (key,), now)
        _tell_of_checks(district, context, now)


def _tell_of_checks(district: District, context: dg.RunStatusSensorContext, now: datetime) -> None:
    """Announce what a run's checks came to; one that holds again ends its notice."""
    run_id = context.dagster_run.run_id
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    records = context.instance.get_records_for_run(run_id, of_type=kind).records
    news: dict[str, Alert | None] = {}
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


def _evaluations(records: Iterable[dg.EventLogRecord]) -> Iterator[dg.AssetCheckEvaluation]:
    """Yield evaluations of checks that warn and are reported nowhere else."""
    for record in records:
        event = record.event_log_entry.dagster_event
        if event is None:
            continue
        one = event.asset_check_evaluation_data
        # sources are reported one by one; a blocking check fails its run, which is reported
        if one.asset_key != SOURCES and one.severity is not dg.AssetCheckSeverity.ERROR:
            yield one
