"""Everything that is due in one district home: what `schoolbell run` does."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipelines.alerts.dispatch import AlertSummary, send_alerts
from pipelines.district import District, only_writer, open_district
from pipelines.engines import Kind
from pipelines.findings.lifecycle import Kept
from pipelines.findings.unjudged_days import Failure, failures
from pipelines.health.overview import looked_at
from pipelines.health.rule_coverage import RuleCoverage, noted_coverage
from pipelines.ingest.lake import unlisted_files
from pipelines.ingest.source import SETTLE_SECONDS, Outcome, Watch
from pipelines.refresh.steps import (
    Progress,
    build_and_judge,
    ingest_sources,
    nobody_watches,
)
from pipelines.reports.publication import (
    Published,
    check_report_settings,
    publish_reports,
)
from pipelines.reports.snapshot_tables import publish_snapshot
from pipelines.run.readiness import names_of, not_delivered
from pipelines.state.home_mark import move_on
from pipelines.state.openings import gather_openings
from pipelines.state.published_reports import mark_reports_written, pending_reports
from pipelines.state.runs import note_run, set_back
from pipelines.warehouse.builds import Built
from pipelines.warehouse.snapshots import set_broken_aside


@dataclass(frozen=True)
class Result:
    """What a run did; empty parts had nothing to do."""

    outcomes: Sequence[Outcome] = ()
    built: Built = field(default_factory=Built)
    kept: Kept = field(default_factory=lambda: Kept((), (), ()))
    snapshot: Path | None = None
    reports: Sequence[Published] = ()
    alerts: AlertSummary | None = None
    failures: Sequence[Failure] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    set_aside: int = 0
    notes: Sequence[str] = ()
    names: Sequence[str] = ()
    coverage: RuleCoverage = field(default_factory=lambda: RuleCoverage(0, 0, ()))
    not_delivered: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Watchers:
    """Who is told how far each step has come."""

    reading: Watch | None = None
    building: Progress = nobody_watches
    workers: Callable[[str], None] = lambda _text: None


def run(
    path: Path,
    *,
    now: datetime | None = None,
    watchers: Watchers | None = None,
    settle_seconds: float = SETTLE_SECONDS,
    engine: Kind | None = None,
) -> Result:
    """Read, build, judge and publish what is due; then send alerts.

    Args:
        engine: Where lines are parsed and large days built, in place of what the
            settings say.

    Raises:
        SchoolbellError: The home cannot be used, or another run is at work.
    """
    with open_district(path) as district, only_writer(district.home):
        return run_opened(
            district,
            now or datetime.now(UTC),
            watchers or Watchers(),
            settle_seconds=settle_seconds,
            engine=engine,
        )


def run_opened(
    district: District,
    now: datetime,
    watchers: Watchers,
    *,
    settle_seconds: float = SETTLE_SECONDS,
    engine: Kind | None = None,
) -> Result:
    """The steps of a run on an opened district whose lock is held."""
    check_report_settings(district)
    gather_openings(district.store, district.home)
    behind = set_back(district.store, now)
    seconds: dict[str, float] = {}
    began = datetime.now(UTC)

    def lap(step: str) -> None:
        nonlocal began
        ended = datetime.now(UTC)
        seconds[step] = (ended - began).total_seconds()
        began = ended

    with district.engine(engine, watchers.workers) as opened:
        outcomes = ingest_sources(
            district,
            settle_seconds=settle_seconds,
            watch=watchers.reading,
            engine=opened,
        )
        lap("ingest")
        done = build_and_judge(district, watchers.building, opened)
    # a rebuild that was cut off leaves it; what was to be deleted may be in it
    district.home.old_warehouse.unlink(missing_ok=True)
    lap("build and judge")
    health = looked_at(district, now)
    snapshot, reports = None, []
    weeks = pending_reports(district.store)
    broken = set_broken_aside(district.home.snapshots)
    if weeks or (broken and district.home.warehouse.exists()):
        snapshot = publish_snapshot(district, now)
        lap("snapshot")
    if weeks:
        reports = publish_reports(district, now, weeks)
        mark_reports_written(district.store, weeks)
        lap("report")
    note_run(district.store, now)
    alerts = send_alerts(district, now, health)
    lap("alerts")
    if weeks or alerts.new:
        move_on(district.home, district.store)
    return Result(
        outcomes=outcomes,
        built=done.built,
        kept=done.kept,
        snapshot=snapshot,
        reports=reports,
        alerts=alerts,
        failures=failures(district),
        seconds=seconds,
        set_aside=len(unlisted_files(district.home.lake)),
        notes=(
            *_repaired(district, done.damaged, broken),
            *([behind] if behind else []),
        ),
        names=list(names_of(district)),
        coverage=noted_coverage(district.store),
        not_delivered=list(not_delivered(district)),
    )


def _repaired(district: District, damaged: Path | None, broken: str) -> Iterator[str]:
    """What was made again, since it is derived and could not be read."""
    if damaged is not None:
        yield (
            f"{district.home.warehouse} was damaged, and was made again. The damaged "
            f"file is {damaged}: delete it when nobody needs it."
        )
    if broken:
        yield f"Another snapshot was published: {broken}."
