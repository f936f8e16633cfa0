"""Everything that is due in one district home: what `schoolbell run` does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipelines.findings.keeping import Kept
from pipelines.journey.alerting import AlertSummary, send_alerts
from pipelines.journey.district import District, only_writer, open_district
from pipelines.journey.looking import note_run
from pipelines.journey.owed import owed, settle
from pipelines.journey.publishing import publish_snapshot
from pipelines.journey.reporting import (
    Published,
    check_report_settings,
    publish_reports,
)
from pipelines.journey.steps import (
    Progress,
    build_and_judge,
    nobody_watches,
    take_in,
)
from pipelines.lake.intake import SETTLE_SECONDS, Outcome, Watch
from pipelines.warehouse.building import Built


@dataclass(frozen=True)
class Result:
    """What a run did; empty parts had nothing to do."""

    outcomes: Sequence[Outcome] = ()
    built: Built = field(default_factory=Built)
    kept: Kept = field(default_factory=lambda: Kept((), (), ()))
    snapshot: Path | None = None
    reports: Sequence[Published] = ()
    alerts: AlertSummary | None = None
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Watchers:
    """Who is told how far each step has come."""

    reading: Watch | None = None
    building: Progress = nobody_watches


def run(
    path: Path,
    *,
    now: datetime | None = None,
    watchers: Watchers | None = None,
    settle_seconds: float = SETTLE_SECONDS,
) -> Result:
    """Take in, build, judge and publish what is due; then send alerts.

    Raises:
        SchoolbellError: The home can not be used, or another run is at work.
    """
    with open_district(path) as district, only_writer(district.home):
        return run_opened(
            district,
            now or datetime.now(UTC),
            watchers or Watchers(),
            settle_seconds=settle_seconds,
        )


def run_opened(
    district: District,
    now: datetime,
    watchers: Watchers,
    *,
    settle_seconds: float = SETTLE_SECONDS,
) -> Result:
    """The steps of a run on an opened district whose lock is held."""
    check_report_settings(district)
    seconds: dict[str, float] = {}
    began = datetime.now(UTC)

    def lap(step: str) -> None:
        nonlocal began
        ended = datetime.now(UTC)
        seconds[step] = (ended - began).total_seconds()
        began = ended

    outcomes = take_in(district, settle_seconds=settle_seconds, watch=watchers.reading)
    lap("ingest")
    done = build_and_judge(district, watchers.building)
    # a rebuild that was cut off leaves it; what was to be deleted may be in it
    district.home.old_warehouse.unlink(missing_ok=True)
    lap("build and judge")
    snapshot, reports = None, []
    weeks = owed(district.store)
    if weeks:
        snapshot = publish_snapshot(district, now)
        lap("snapshot")
        reports = publish_reports(district, now, weeks)
        settle(district.store, weeks)
        lap("report")
    note_run(district.store, now)
    alerts = send_alerts(district, now)
    lap("alerts")
    return Result(outcomes, done.built, done.kept, snapshot, reports, alerts, seconds)
