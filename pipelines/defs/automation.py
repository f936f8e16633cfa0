"""Jobs, schedules and sensors: what runs when."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg

from pipelines.defs.output_assets import (
    FINDINGS,
    REPORT,
    SNAPSHOT,
    everything,
    housekeeping,
)
from pipelines.defs.resources import HomeResource
from pipelines.errors import BusyError
from pipelines.events import EVENT_CLASSES
from pipelines.refresh.staleness import registry_range, stale_range
from pipelines.state import ledger
from pipelines.state.runs import note_look
from pipelines.state.source_days import dirty_days
from pipelines.warehouse.models import Model

# Dagster keeps the type of an asset job to itself
AssetJob = Any
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


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
        description="Models, detections and findings of a range of days, and the "
        "snapshot. Each asset's first line of the log says which days it builds and "
        "how many rows it replaces; other days, and published reports, stay.",
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
    """Monday's report, alerts every quarter of an hour, the night's housekeeping."""
    status = (
        dg.DefaultScheduleStatus.RUNNING if is_on else dg.DefaultScheduleStatus.STOPPED
    )

    @dg.schedule(
        job=report,
        cron_schedule="0 6 * * 1",
        execution_timezone=zone,
        name="monday_report",
        default_status=status,
        description="The report of the week that ended, on Monday at six.",
    )
    def monday_report(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        """The week that ended yesterday."""
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
    """Whether a sensor begins switched on."""
    status = dg.DefaultSensorStatus
    return status.RUNNING if is_on else status.STOPPED


def landing_sensor(job: AssetJob, *, is_on: bool) -> dg.SensorDefinition:
    """Asks for an ingest when the landing folders changed."""

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
        """The run key is what lies there: the same files ask once."""
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


def dirty_sensor(job: AssetJob, first: date, *, is_on: bool) -> dg.SensorDefinition:
    """Asks for the days whose events changed, as one range.

    Args:
        first: The first partition; days before it are asked for as a whole run.
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
        """The run key holds the ledger's state: the same days ask once."""
        with home.opened() as district:
            span = stale_range(district)
            days = dirty_days(district.store)
            files = ledger.source_files(district.store)
        if span is None:
            return dg.SkipReason("no day is dirty")
        newest = max((file.last_read_time for file in files), default="")
        context.log.info("%d days from %s to %s are to be built", len(days), *span)
        key = f"{span[0]}..{span[1]}@{newest}"
        if span[0] < first:
            return dg.RunRequest(run_key=key, job_name=everything.name)
        return dg.RunRequest(run_key=key, job_name=job.name, tags=range_tags(*span))

    return dirty_days_watch


def registry_sensor(job: AssetJob, *, is_on: bool) -> dg.SensorDefinition:
    """Asks for the days that a changed registry, rule or setting touches."""

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
        """The cursor is what was asked for last: the same registry asks once."""
        try:
            with home.idle() as district:
                if dirty_days(district.store):
                    return dg.SkipReason("dirty days come first")
                if not district.home.warehouse.is_file():
                    return dg.SkipReason("nothing was built yet")
                key = district.versions_key
                with home.warehouse(district) as database:
                    span = registry_range(database, district)
        except BusyError:
            return dg.SkipReason("a run is at work")
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
    """Tags of a run over a range of daily partitions."""
    days = (last - first).days + 1
    return {
        RANGE_START: first.isoformat(),
        RANGE_END: last.isoformat(),
        "schoolbell/rebuilds": f"{days} days, {first} to {last}",
    }
