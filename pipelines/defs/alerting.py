"""Source health and alerts as assets, on a schedule, each visible with its numbers.

Dagster's own freshness knows assets, not sources, and an old day that is built again
makes it green. Here each source is judged by the time of its newest event.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from pipelines.alerts.dispatch import send_alerts
from pipelines.defs.resources import HomeResource
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
            description="Whether each source's lines still come, by its own past.",
        ),
        dg.AssetSpec(
            OUTBOX,
            deps=[SOURCES],
            group_name="health",
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
        states = [one.shown for one in source_states(district)]
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
        dg.TableRecord({name: str(one[name]) for name in COLUMNS}) for one in states
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
