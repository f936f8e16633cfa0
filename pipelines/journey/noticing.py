"""Gathers what may be announced: findings, files, runs, the audit chain."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from shutil import disk_usage
from typing import Any

import polars as pl

from pipelines.alerts.memory import Noticed
from pipelines.alerts.news import News, of_files, of_findings
from pipelines.alerts.unwell import of_troubles
from pipelines.district.calendar import WORKING
from pipelines.errors import SchoolbellError
from pipelines.findings.keeping import stored_findings
from pipelines.health.history import keep_troubles
from pipelines.journey.district import District
from pipelines.journey.health import health_of
from pipelines.journey.looking import last_look
from pipelines.journey.status import in_trouble
from pipelines.state import ledger
from pipelines.state.audit import open_chain
from pipelines.state.dirty import oldest_dirty

LEAST_FREE_BYTES = 2_000_000_000
FIRST_WEEKEND_DAY = 5


def noticed(
    district: District, now: datetime, more: Iterable[News] = (), *, deep: bool = True
) -> Noticed:
    """Every fact that is true now.

    Args:
        more: What only the caller knows.
        deep: False: only what the ledger tells, for a watch that must not wait for
            a run at work.
    """
    files = ledger.source_files(district.store)
    trouble = in_trouble(files, district.settings.limits.reject_share)
    rules = district.settings.alerts.security_rules
    news = [
        *of_findings(stored_findings(district.store), rules),
        *of_files(trouble, now),
        *_runs(district, now),
        *_waiting_days(district, now),
        *_disk(district, now),
        *more,
    ]
    looked = ["finding:", "files:", "runs", "days", "disk"]
    if deep:
        health = health_of(district, now)
        keep_troubles(district.store, health.troubles, health.kinds, now)
        news += [*_audit(district, now), *of_troubles(health.troubles, now)]
        looked += ["audit", *(f"health:{kind}:" for kind in health.kinds)]
    return Noticed(news, tuple(looked))


def _audit(district: District, now: datetime) -> list[News]:
    """The audit chain does not hold, or can not be read."""
    try:
        broken = open_chain(district.store, district.home).verify()
    except SchoolbellError as error:
        what = error.what
    else:
        if broken is None:
            return []
        what = f"entry {broken.number} {broken.what}"
    return [
        News(
            key="audit",
            about="security",
            severity="critical",
            confidence="C3",
            line=f"the audit chain does not hold: {what}",
            since=now,
            reference="schoolbell audit verify",
            group="audit",
        )
    ]


def _runs(district: District, now: datetime) -> list[News]:
    """Nobody looked at the landing folders for longer than it should be."""
    last = last_look(district.store)
    hours = district.settings.alerts.quiet_run_hours
    if last is None or now - last < timedelta(hours=hours):
        return []
    line = f"nobody looked for new log files for more than {hours} hours"
    return [_health("runs", line, last, "schoolbell run", now)]


def _waiting_days(district: District, now: datetime) -> list[News]:
    """Days whose events changed wait to be built: runs begin and do not end."""
    since = oldest_dirty(district.store)
    hours = district.settings.alerts.quiet_run_hours
    if since is None or now - since < timedelta(hours=hours):
        return []
    line = f"new events wait to be judged for more than {hours} hours"
    return [_health("days", line, since, "schoolbell run", now)]


def _disk(district: District, now: datetime) -> list[News]:
    """Soon nothing can be written any more."""
    free = disk_usage(district.home.path).free
    if free >= LEAST_FREE_BYTES:
        return []
    line = f"only {free / 1e9:,.1f} GB are free on the disk of the home"
    return [_health("disk", line, now, str(district.home.path), now)]


def _health(
    key: str, line: str, since: datetime, reference: str, now: datetime
) -> News:
    return News(
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


def open_days(district: District) -> Callable[[date], bool]:
    """Whether a school of the district works on a day.

    A weekday that the calendar does not mention counts as open.
    """
    days = district.registry.frames["calendar_days"]
    known: dict[Any, bool] = dict(
        days.group_by("date").agg(pl.col("day_type").is_in(WORKING).any()).iter_rows()
    )
    return lambda day: known.get(day, day.weekday() < FIRST_WEEKEND_DAY)


def utc(now: datetime | None) -> datetime:
    """The moment that a caller gave, else now."""
    return now or datetime.now(UTC)
