"""Findings, snapshot, report, alerts, housekeeping."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.clock import monday
from pipelines.defs.resources import OWNER, HomeResource, days_of
from pipelines.findings.unjudged_days import failures
from pipelines.ingest.lake import sweep
from pipelines.operations.purge import finish_purge
from pipelines.refresh.staleness import note_built
from pipelines.refresh.steps import judge_days
from pipelines.reports.headline import NUMBERS, this_week
from pipelines.reports.publication import Published, publish_reports
from pipelines.reports.snapshot_tables import publish_snapshot
from pipelines.reports.view import View
from pipelines.run.run import Result, Watchers, run_opened
from pipelines.run.summary import told
from pipelines.state.audit import open_chain
from pipelines.state.runs import note_run
from pipelines.state.source_days import mark_clean
from pipelines.warehouse.models import Model

FINDINGS = dg.AssetKey(["findings", "findings"])
SNAPSHOT = dg.AssetKey(["snapshots", "current"])
REPORT = dg.AssetKey(["reports", "weekly"])
LEAST_ARRIVED = 0.9
WARN = dg.AssetCheckSeverity.WARN


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
        owners=[OWNER],
    )
    def findings(
        context: dg.AssetExecutionContext, home: HomeResource
    ) -> dg.MaterializeResult[None]:
        days = days_of(context)
        with home.writing() as district, home.warehouse(district) as database:
            built = {model.name: days for model in detections}
            kept = judge_days(database, district, built)
            note_built(database, district, days)
            for day in days:
                mark_clean(district.store, day)
            note_run(district.store, datetime.now(UTC))
            not_judged = [failure.message for failure in failures(district)]
        return dg.MaterializeResult(
            metadata={
                "new": len(kept.new),
                "updated": len(kept.updated),
                "withdrawn": len(kept.withdrawn),
                "not_judged": not_judged,
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
        owners=[OWNER],
    )
    def snapshot(home: HomeResource) -> dg.MaterializeResult[None]:
        with home.writing() as district:
            path = publish_snapshot(district, datetime.now(UTC))
        return dg.MaterializeResult(
            metadata={"file": path.name, "bytes": path.stat().st_size}
        )

    return snapshot


def weekly(zone: str, first: date) -> dg.WeeklyPartitionsDefinition:
    """Weeks from Monday to Sunday from the first day's, the running one included."""
    start = monday(first).isoformat()
    return dg.WeeklyPartitionsDefinition(
        start_date=start, timezone=zone, day_offset=1, end_offset=1
    )


def report_metadata(
    done: Sequence[Published], week: date, address: str
) -> dict[str, dg.MetadataValue[Any]]:
    """Where the week's report is, and the numbers of its page one.

    Args:
        done: What was published; the week before is among it, for its link.
        address: Where the reports folder is on a web server; may be empty.
    """
    pages = [str(one.page) for one in done]
    found: dict[str, dg.MetadataValue[Any]] = {"pages": dg.MetadataValue.json(pages)}
    own = next((one for one in done if one.week_start == week), None)
    if own is None:
        return found | {"report": dg.MetadataValue.text("no events in this week")}
    found["report"] = dg.MetadataValue.path(own.page)
    if address:
        place = f"{address.rstrip('/')}/{own.page.parent.name}/{own.page.name}"
        found["address"] = dg.MetadataValue.url(place)
    numbers = this_week(View(own.inputs, week))
    for key, label in NUMBERS.items():
        if numbers.get(key) is not None:
            found[label.lower().replace(" ", "_")] = dg.MetadataValue.int(numbers[key])
    return found | {"arrived": dg.MetadataValue.float(float(numbers["coverage"]))}


def report_asset(weeks: dg.WeeklyPartitionsDefinition) -> dg.AssetsDefinition:
    """The weekly report, made from the newest snapshot."""

    @dg.asset(
        key=REPORT,
        deps=[SNAPSHOT],
        group_name="reports",
        partitions_def=weeks,
        description="Offline pages of each week, and the index of weeks.",
        owners=[OWNER],
        check_specs=[
            dg.AssetCheckSpec(
                "published", asset=REPORT, description="the week's page is there"
            ),
            dg.AssetCheckSpec(
                "hours_arrived",
                asset=REPORT,
                description=f"at least {LEAST_ARRIVED:.0%} of the hours expected came",
            ),
        ],
    )
    def report(
        context: dg.AssetExecutionContext, home: HomeResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        week = date.fromisoformat(context.partition_key)
        with home.writing() as district:
            done = publish_reports(district, datetime.now(UTC), [week])
            metadata = report_metadata(done, week, district.settings.report.address)
        yield dg.MaterializeResult(metadata=metadata)
        page = Path(str(metadata["report"].value))
        yield dg.AssetCheckResult(
            check_name="published", passed=page.is_file(), severity=WARN
        )
        arrived = metadata.get("arrived")
        yield dg.AssetCheckResult(
            check_name="hours_arrived",
            passed=arrived is not None and float(arrived.value or 0) >= LEAST_ARRIVED,
            severity=WARN,
            metadata={"arrived": arrived} if arrived else {},
        )

    return report


@dg.op
def sweep_orphans(context: dg.OpExecutionContext, home: HomeResource) -> None:
    """Clear the lake of files that no ledger row lists."""
    with home.writing() as district:
        swept = sweep(district.store, district.home.lake)
    context.log.info("%d files of the lake were deleted", swept.deleted)
    if swept.moved:
        context.log.warning("%d were moved to .unlisted", len(swept.moved))


@dg.op
def finish_interrupted_purge(
    context: dg.OpExecutionContext, home: HomeResource
) -> None:
    """Delete what a purge that was cut off left, and certify it."""
    with home.writing() as district:
        chain = open_chain(district.store, district.home)
        made = finish_purge(district, chain, datetime.now(UTC))
        district.home.old_warehouse.unlink(missing_ok=True)
    if made:
        context.log.warning("finished a purge that was cut off: %s", made.name)


@dg.op
def run_all(context: dg.OpExecutionContext, home: HomeResource) -> None:
    """Read, build, judge, publish and alert, as `schoolbell run` does."""
    with home.writing() as district:
        done = run_opened(district, datetime.now(UTC), Watchers())
    for line in logged(done):
        context.log.info("%s", line)


def logged(done: Result) -> Iterator[str]:
    """What a run tells, less the reasons of failures, which may hold a log's value."""
    yield from told(replace(done, failures=()))
    yield from (failure.message for failure in done.failures)


@dg.job(
    executor_def=dg.in_process_executor,
    description="All that is due, as `schoolbell run` does it: a first run, or days "
    "older than the first partition.",
)
def everything() -> None:
    """Do all that is due."""
    run_all()


@dg.job(
    executor_def=dg.in_process_executor,
    description="Sweep what interrupted runs left behind.",
)
def housekeeping() -> None:
    """Keep the home tidy."""
    sweep_orphans()
    finish_interrupted_purge()
