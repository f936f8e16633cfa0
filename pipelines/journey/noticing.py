"""Gathers what may be announced: findings, files, runs, the audit chain."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from pipelines.alerts.news import News, of_files, of_findings
from pipelines.district.calendar import WORKING
from pipelines.errors import SchoolbellError
from pipelines.findings.keeping import stored_findings
from pipelines.journey.district import District
from pipelines.journey.status import in_trouble
from pipelines.state import ledger
from pipelines.state.audit import open_chain
from pipelines.state.store import Store, fact, now_text, remember

LAST_RUN = "last_run"
FIRST_WEEKEND_DAY = 5


def noticed(district: District, now: datetime, more: Iterable[News] = ()) -> list[News]:
    """Every fact that is true now.

    Args:
        more: What only the caller knows, such as a run that failed.
    """
    files = ledger.source_files(district.store)
    trouble = in_trouble(files, district.settings.limits.reject_share)
    rules = district.settings.alerts.security_rules
    return [
        *of_findings(stored_findings(district.store), rules),
        *of_files(trouble, now),
        *_audit(district, now),
        *_runs(district, now),
        *more,
    ]


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
    """Nothing ran for longer than it should; whoever asks is not that run."""
    last = last_run(district.store)
    hours = district.settings.alerts.quiet_run_hours
    if last is None or now - last < timedelta(hours=hours):
        return []
    return [
        News(
            key="runs",
            about="health",
            severity="high",
            confidence="C3",
            line=f"no run has ended for more than {hours} hours; new lines wait",
            since=last,
            reference="schoolbell run",
            lasting=min(9, int((now - last) / timedelta(days=1))),
            group="runs",
        )
    ]


def run_failed(job: str, run_id: str, message: str, now: datetime) -> News:
    """A job ended before it was done."""
    return News(
        key=f"run:{job}",
        about="health",
        severity="high",
        confidence="C3",
        line=f"the job {job} did not end well: {message}",
        since=now,
        reference=run_id,
        group="runs",
    )


def note_run(store: Store, now: datetime) -> None:
    """Remember that a run came to its end."""
    with store.writing() as connection:
        remember(connection, LAST_RUN, now_text(now))


def last_run(store: Store) -> datetime | None:
    """When a run last came to its end."""
    with store.reading() as connection:
        text = fact(connection, LAST_RUN)
    return datetime.fromisoformat(text) if text else None


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
