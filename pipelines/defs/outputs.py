"""Findings, snapshot, report, alerts, housekeeping."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import dagster as dg

from pipelines.defs.partitions import FIRST_DAY, days_of
from pipelines.defs.resources import HomeResource
from pipelines.journey.looking import note_run
from pipelines.journey.publishing import publish_snapshot
from pipelines.journey.reporting import publish_reports
from pipelines.journey.steps import judge_days
from pipelines.lake.staging import sweep
from pipelines.state import ledger
from pipelines.warehouse.models import Model

FINDINGS = dg.AssetKey(["findings", "findings"])
SNAPSHOT = dg.AssetKey(["snapshots", "current"])
REPORT = dg.AssetKey(["reports", "weekly"])


def findings_asset(
    detections: Sequence[Model], daily: dg.DailyPartitionsDefinition
) -> dg.AssetsDefinition:
    """Candidates of a day become findings, each with its lines copied."""

    @dg.asset(
        key=FINDINGS,
        deps=[model.name.split(".") for model in detections],
        group_name="findings",
        partitions_def=daily,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool="warehouse_writer",
        description="Findings with evidence, alternatives and life-cycle.",
    )
    def findings(
        context: dg.AssetExecutionContext, home: HomeResource
    ) -> dg.MaterializeResult[None]:
        days = days_of(context)
        with home.writing() as district, home.warehouse(district) as database:
            built = {model.name: days for model in detections}
            kept = judge_days(database, district, built)
            for day in days:
                ledger.clean(district.store, day)
            note_run(district.store, datetime.now(UTC))
        return dg.MaterializeResult(
            metadata={
                "new": len(kept.new),
                "updated": len(kept.updated),
                "withdrawn": len(kept.withdrawn),
            }
        )

    return findings


def snapshot_asset(marts: Sequence[Model]) -> dg.AssetsDefinition:
    """The pseudonymous copy that readers open."""

    @dg.asset(
        key=SNAPSHOT,
        deps=[FINDINGS, *(model.name.split(".") for model in marts)],
        group_name="reports",
        pool="warehouse_writer",
        description="Immutable, pseudonymous copy of the warehouse for readers.",
    )
    def snapshot(home: HomeResource) -> dg.MaterializeResult[None]:
        with home.writing() as district:
            path = publish_snapshot(district, datetime.now(UTC))
        return dg.MaterializeResult(
            metadata={"file": path.name, "bytes": path.stat().st_size}
        )

    return snapshot


def weekly(zone: str) -> dg.WeeklyPartitionsDefinition:
    """Weeks from Monday to Sunday, the running one included."""
    return dg.WeeklyPartitionsDefinition(
        start_date=FIRST_DAY, timezone=zone, day_offset=1, end_offset=1
    )


def report_asset(zone: str) -> dg.AssetsDefinition:
    """The weekly report, made from the newest snapshot."""

    @dg.asset(
        key=REPORT,
        deps=[SNAPSHOT],
        group_name="reports",
        partitions_def=weekly(zone),
        description="One offline page for each week, and the index of weeks.",
    )
    def report(
        context: dg.AssetExecutionContext, home: HomeResource
    ) -> dg.MaterializeResult[None]:
        week = date.fromisoformat(context.partition_key)
        with home.writing() as district:
            done = publish_reports(district, datetime.now(UTC), [week])
        pages = [str(one.page) for one in done]
        return dg.MaterializeResult(
            metadata={
                "pages": dg.MetadataValue.json(pages),
                "report": dg.MetadataValue.path(pages[0]) if pages else "no events",
            }
        )

    return report


@dg.op
def sweep_orphans(context: dg.OpExecutionContext, home: HomeResource) -> None:
    """Delete Parquet files that no ledger row lists."""
    with home.writing() as district:
        gone = sweep(district.store, district.home.lake)
    context.log.info("swept %d orphan files", gone)


@dg.job(
    executor_def=dg.in_process_executor,
    description="Sweep what interrupted runs left behind.",
)
def housekeeping() -> None:
    """Keep the home tidy."""
    sweep_orphans()
