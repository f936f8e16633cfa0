"""Facts about a standstill: no run looks for new files, days wait, the disk is full.

They come from `state.db` and the disk alone, so that a monitor works even if
everything else hangs.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from shutil import disk_usage
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipelines.alerts.memory import Observation
from pipelines.alerts.news import (
    FIRST,
    UNDECIDED,
    Alert,
    of_cases,
    of_files,
    of_issues,
    of_newcomers,
    of_undecided,
)
from pipelines.district import District
from pipelines.errors import SchoolbellError
from pipelines.findings.cases import queue
from pipelines.gaps.now import not_built
from pipelines.health.source_states import files_with_issues
from pipelines.privacy.lookups import without_case
from pipelines.records import due_line, due_soon
from pipelines.registry.outline import Outline
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.state import ledger
from pipelines.state.audit import open_chain, verified
from pipelines.state.connections import Store
from pipelines.state.source_records import last_look, oldest_dirty

if TYPE_CHECKING:  # DuckDB takes a third of a second to import
    from pipelines.health.overview import Health

MIN_FREE_BYTES = 2_000_000_000
KEYS = ("runs", "days", "disk", "registry:")
"""The keys of what is looked at, as they begin."""

FIRST_WEEKEND_DAY = 5


def standstill(store: Store, home: DistrictHome, settings: Settings, now: datetime) -> list[Alert]:
    """Return every such fact that is true now."""
    return [
        *_runs(store, settings, now),
        *_waiting_days(store, settings, now),
        *_disk(home, now),
    ]


def shrunk_files(outline: Outline, now: datetime) -> list[Alert]:
    """Return registry files that shrank and were not accepted: an export may have failed."""
    return [
        _health(
            f"registry:{refusal.name}",
            f"registry/{refusal.name} shrank from {refusal.kept.rows:,} rows to {refusal.rows:,} "
            "and is not used",
            datetime.fromisoformat(refusal.kept.refused_time or now.isoformat()),
            "schoolbell check",
            now,
        )
        for refusal in outline.refused
    ]


def _runs(store: Store, settings: Settings, now: datetime) -> list[Alert]:
    """Report that no run has looked at the landing folders in time."""
    last = last_look(store)
    hours = settings.alerts.quiet_run_hours
    if last is None or now - last < timedelta(hours=hours):
        return []
    line = f"no run has checked for new log files in more than {hours} hours"
    return [_health("runs", line, last, "schoolbell run", now)]


def _waiting_days(store: Store, settings: Settings, now: datetime) -> list[Alert]:
    """Report changed days that wait to be built: runs begin and do not end."""
    since = oldest_dirty(store)
    hours = settings.alerts.quiet_run_hours
    if since is None or now - since < timedelta(hours=hours):
        return []
    line = f"new events have waited for rules for more than {hours} hours"
    return [_health("days", line, since, "schoolbell run", now)]


def _disk(home: DistrictHome, now: datetime) -> list[Alert]:
    """Report a disk that is almost full."""
    free = disk_usage(home.path).free
    if free >= MIN_FREE_BYTES:
        return []
    line = f"only {free / 1e9:,.1f} GB are free on the disk of the home"
    return [_health("disk", line, now, str(home.path), now)]


def _health(key: str, line: str, since: datetime, reference: str, now: datetime) -> Alert:
    return Alert(
        key=key,
        about="health",
        severity="high",
        confidence="C3",
        line=line,
        since=since,
        reference=reference,
        lasting=min(9, max(0, int((now - since) / timedelta(days=1)))),
        group="runs",
    )


def noticed(district: District, now: datetime, health: "Health | None" = None) -> Observation:
    """Return every fact that is true now.

    Args:
        health: Health of the sources; None: only facts from the ledger, for a monitor
            that must not wait for a run in progress.
    """
    files = ledger.source_files(district.store)
    issue = files_with_issues(files, district.settings.limits.reject_share)
    alerts = district.settings.alerts
    waiting = queue(district.store, district.home, district.reading)
    news = [
        *of_cases(waiting, alerts),
        *of_undecided(waiting, now),
        *of_files(issue, now),
        *of_newcomers(map(vars, files), now),
        *standstill(district.store, district.home, district.settings, now),
        *shrunk_files(district.outline, now),
        *_records(district.store, district.settings, now),
        *_lookups(district.store, district.home, now),
        *_not_built(district.store, district.settings, now),
    ]
    looked = ["case:", "finding:", "files:", "lookups:", "not_built:", "records:",
              FIRST, UNDECIDED, *KEYS]  # fmt: skip
    if health is not None:
        names = district.outline.buildings
        news += [*_audit(district.store, district.home, now), *of_issues(health.issues, now, names)]
        looked += ["audit", *(f"health:{kind}:" for kind in health.kinds)]
    return Observation(news, tuple(looked))


def _audit(store: Store, home: DistrictHome, now: datetime) -> list[Alert]:
    """Report an audit chain that is broken or cannot be read."""
    try:
        broken = verified(store, home)
    except SchoolbellError as error:
        what = error.what
    else:
        if broken is None:
            return []
        what = f"entry {broken.number} {broken.what}"
    return [
        Alert(
            key="audit",
            about="security",
            severity="critical",
            confidence="C3",
            line=f"the audit chain is broken: {what}",
            since=now,
            reference="schoolbell audit verify",
            group="audit",
        )
    ]


def _records(store: Store, settings: Settings, now: datetime) -> list[Alert]:
    """Report public-records requests that are nearly due or overdue."""
    today = now.astimezone(ZoneInfo(settings.district.zone)).date()
    return [
        _health(
            f"records:{one.request_id}",
            due_line(one.request_id, left),
            now - timedelta(days=max(0, -left)),
            f"schoolbell records show {one.request_id}",
            now,
        )
        for one, left in due_soon(settings, store, today)
    ]


def _not_built(store: Store, settings: Settings, now: datetime) -> list[Alert]:
    """Report models that could not be built, and the rules that they disable."""
    return [
        Alert(
            key=f"not_built:{gap.what}",
            about="health",
            severity="high",
            confidence="C3",
            line=gap.line,
            since=now,
            reference="schoolbell status",
            lasting=min(9, len(gap.days)),
            group="models",
        )
        for gap in not_built(store, settings)
    ]


def _lookups(store: Store, home: DistrictHome, now: datetime) -> list[Alert]:
    """Report a name that was looked up without a case; the audit chain records the user."""
    entries = open_chain(store, home).entries()
    return [
        Alert(
            key=f"lookups:{month}:{actor}",
            about="security",
            severity="medium",
            confidence="C3",
            line=f"one person requested names without a case {len(found)} times",
            since=datetime.fromisoformat(found[0].time),
            reference="schoolbell audit lookups",
            lasting=min(9, len(found)),
            group="lookups",
        )
        for (month, actor), found in without_case(entries, now).items()
    ]


def open_days(outline: Outline) -> Callable[[date], bool]:
    """Return whether a school of the district works on a day.

    A weekday that the calendar does not mention counts as open.
    """
    works = outline.works
    return lambda day: works.get(day.isoformat(), day.weekday() < FIRST_WEEKEND_DAY)


def utc(now: datetime | None) -> datetime:
    """Return the caller's time, or the current one."""
    return now or datetime.now(UTC)
