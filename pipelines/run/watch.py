"""The run of every quarter of an hour: reads what arrived, and alerts on the day itself.

It builds only what the health of the sources and the rules that alert immediately need, and
judges these rules on days that are not over, if they have new lines. It publishes nothing and
marks no day as built: the next run does all of it again, and finds the same findings under the
same ids.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.alerts.dispatch import AlertSummary, collect_alerts, deliver_alerts, send_watch
from pipelines.district import District, only_writer, open_outlined
from pipelines.errors import BusyError
from pipelines.fetch.fetching import WATCH_SECONDS, Fetched, fetch
from pipelines.findings.lifecycle import LifecycleResult
from pipelines.health.issues import MODELS_READ
from pipelines.health.overview import looked_at
from pipelines.ingest.source import SETTLE_SECONDS, Outcome
from pipelines.refresh.steps import ingest_sources, judge_unfinished
from pipelines.state.retention import begun
from pipelines.state.source_records import dirty_days
from pipelines.warehouse.repair import DamagedWarehouseError

WAIT_SECONDS = 2.0
"""A run, a backup or a purge that holds the lock for longer does this work itself."""
OPEN_DAYS = 2
"""Today, and yesterday until the night has judged it. Lines of earlier days wait."""


@dataclass(frozen=True)
class WatchResult:
    """Result of a look.

    Attributes:
        is_busy: A run was in progress; only what the ledger shows was announced.
        days: Days with new lines that the next run judges again.
        rules: The rules that judged them.
    """

    alerts: AlertSummary
    is_busy: bool = False
    fetched: Sequence[Fetched] = ()
    outcomes: Sequence[Outcome] = ()
    days: Sequence[date] = ()
    rules: Collection[str] = ()
    changes: LifecycleResult = field(default_factory=lambda: LifecycleResult((), (), ()))


def watch(
    path: Path, *, now: datetime | None = None, settle_seconds: float = SETTLE_SECONDS
) -> WatchResult:
    """Read what arrived, judge unfinished days by the rules that alert immediately, and alert.

    Raises:
        SchoolbellError: The home cannot be used.
    """
    moment = now or datetime.now(UTC)
    with open_outlined(path) as district:
        try:
            with only_writer(district.home, WAIT_SECONDS):
                looked = _looked(district, moment, settle_seconds)
        except BusyError:
            return WatchResult(send_watch(district, moment), is_busy=True)
        # a receiver may be slow, and a person at the desk waits for the lock
        return replace(looked, alerts=deliver_alerts(district, moment, looked.alerts.new))


def ringing(district: District) -> list[str]:
    """Return the live rules that alert immediately and may judge an unfinished day."""
    alerts = district.settings.alerts
    at_once = {*alerts.security_rules, *alerts.administration_rules}
    return [
        code
        for code, rule in district.rules.items()
        if code in at_once and rule.header.open_day and district.stages[code] == "live"
    ]


def open_days(district: District, now: datetime) -> list[date]:
    """Return yesterday and today, if a run has not judged their newest lines yet."""
    today = now.astimezone(ZoneInfo(district.zone)).date()
    first = first_open_day(district, now)
    return [day for day in dirty_days(district.store) if first <= day <= today]


def first_open_day(district: District, now: datetime) -> date:
    """Return the oldest day that a watch still judges."""
    today = now.astimezone(ZoneInfo(district.zone)).date()
    return today - timedelta(days=OPEN_DAYS - 1)


def _looked(district: District, now: datetime, settle_seconds: float) -> WatchResult:
    if begun(district.store) is not None:  # of a purge, which the next run finishes first
        return WatchResult(_collected(district, now))
    fetched = fetch(district.home, district.settings, district.store, seconds=WATCH_SECONDS)
    outcomes = ingest_sources(district, settle_seconds=settle_seconds)
    days = open_days(district, now)
    rules = ringing(district) if days else []  # reading the models takes a tenth of a look
    changes = None
    # before the first run nothing is usual, and a damaged warehouse is rebuilt by the next
    if days and district.home.warehouse.is_file():
        with suppress(DamagedWarehouseError), district.open_warehouse() as database:
            changes = judge_unfinished(
                database, district, rules, [f"marts.{name}" for name in MODELS_READ], days
            )
    return WatchResult(
        _collected(district, now),
        fetched=fetched,
        outcomes=outcomes,
        days=days if changes else (),
        rules=rules,
        changes=changes or LifecycleResult((), (), ()),
    )


def _collected(district: District, now: datetime) -> AlertSummary:
    """Put the messages that are due into the outbox."""
    return AlertSummary(collect_alerts(district, now, looked_at(district, now)), {})
