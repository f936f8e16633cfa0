"""The run of every quarter of an hour: reads what arrived, and alerts on the day itself.

It builds only what the health of the sources and the rules that alert immediately need, and
judges these rules on days that are not over. It publishes nothing and marks no day as built:
the next run does all of it again, and finds the same findings under the same ids.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.alerts.dispatch import AlertSummary, send_alerts, send_watch
from pipelines.build.steps import build_open, ingest_sources, judge_open
from pipelines.district import District, only_writer, open_outlined
from pipelines.errors import BusyError
from pipelines.findings.lifecycle import LifecycleResult
from pipelines.health.overview import READ, looked_at
from pipelines.ingest.source import SETTLE_SECONDS, Outcome
from pipelines.state.retention import begun
from pipelines.state.source_records import dirty_days
from pipelines.warehouse.repair import DamagedWarehouseError, opened

WAIT_SECONDS = 2.0
"""A run, a backup or a purge that holds the lock for longer does this work itself."""
OPEN_DAYS = 2
"""Today, and yesterday until the night has judged it. Lines of earlier days wait."""


@dataclass(frozen=True)
class WatchResult:
    """Result of a look.

    Attributes:
        is_busy: A run was in progress; only what the ledger shows was announced.
        days: Days that were judged before they are over.
    """

    alerts: AlertSummary
    is_busy: bool = False
    outcomes: Sequence[Outcome] = ()
    days: Sequence[date] = ()
    rules: Collection[str] = ()
    kept: LifecycleResult = field(default_factory=lambda: LifecycleResult((), (), ()))


def watch(
    path: Path, *, now: datetime | None = None, settle_seconds: float = SETTLE_SECONDS
) -> WatchResult:
    """Read what arrived, judge the open days by the rules that ring, and alert.

    Raises:
        SchoolbellError: The home cannot be used.
    """
    moment = now or datetime.now(UTC)
    with open_outlined(path) as district:
        try:
            with only_writer(district.home, WAIT_SECONDS):
                return _looked(district, moment, settle_seconds)
        except BusyError:
            return WatchResult(send_watch(district, moment), is_busy=True)


def ringing(district: District) -> list[str]:
    """Return the live rules that alert immediately and may judge a day that is not over."""
    alerts = district.settings.alerts
    at_once = {*alerts.security_rules, *alerts.administration_rules}
    return [
        code
        for code, rule in district.rules.items()
        if code in at_once and rule.header.open_day and district.stages[code] == "live"
    ]


def open_days(district: District, now: datetime) -> list[date]:
    """Return the days of new lines that are not over, or just are; oldest first."""
    today = now.astimezone(ZoneInfo(district.zone)).date()
    first = today - timedelta(days=OPEN_DAYS - 1)
    return [day for day in sorted(dirty_days(district.store)) if first <= day <= today]


def _looked(district: District, now: datetime, settle_seconds: float) -> WatchResult:
    if begun(district.store) is not None:  # of a purge, which the next run finishes first
        return WatchResult(send_alerts(district, now))
    outcomes = ingest_sources(district, settle_seconds=settle_seconds)
    days, rules = open_days(district, now), ringing(district)
    kept = LifecycleResult((), (), ())
    # before the first run nothing is usual, and a damaged warehouse is rebuilt by the next
    if days and district.home.warehouse.is_file():
        try:
            kept = _judged(district, rules, days)
        except DamagedWarehouseError:
            days = []
    return WatchResult(
        send_alerts(district, now, looked_at(district, now)),
        outcomes=outcomes,
        days=days,
        rules=rules,
        kept=kept,
    )


def _judged(district: District, rules: Sequence[str], days: Sequence[date]) -> LifecycleResult:
    limits = district.settings.limits
    health = {f"marts.{name}" for name in READ}
    wanted = health | {district.detections[code].model.name for code in rules}
    with opened(
        district.home.warehouse,
        memory_mb=limits.memory_mb,
        most_memory_mb=limits.most_memory_mb,
    ) as database:
        build_open(database, district, wanted, days)
        return judge_open(database, district, rules, days)
