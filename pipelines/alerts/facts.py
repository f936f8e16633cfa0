"""Gathers what may be announced: findings, files, runs, the audit chain."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from pipelines.alerts.memory import Noticed
from pipelines.alerts.newcomers import FIRST, of_newcomers
from pipelines.alerts.news import News, of_files, of_findings
from pipelines.alerts.standstill import KEYS, shrunk_files, standstill
from pipelines.alerts.unwell import of_troubles
from pipelines.district import District
from pipelines.errors import SchoolbellError
from pipelines.findings.keeping import stored_findings
from pipelines.findings.lookups import without_case
from pipelines.findings.unjudged import failures
from pipelines.health.file_trouble import in_trouble
from pipelines.health.overview import Health
from pipelines.privacy.editions import about_pupils
from pipelines.registry.calendar import WORKING
from pipelines.registry.registry import building_names
from pipelines.state import ledger
from pipelines.state.audit import open_chain
from pipelines.state.audit_heads import verified

FIRST_WEEKEND_DAY = 5


def noticed(district: District, now: datetime, health: Health | None = None) -> Noticed:
    """Every fact that is true now.

    Args:
        health: How the sources do; None: only what the ledger tells, for a watch
            that must not wait for a run at work.
    """
    files = ledger.source_files(district.store)
    trouble = in_trouble(files, district.settings.limits.reject_share)
    rules = district.settings.alerts.security_rules
    news = [
        *of_findings(stored_findings(district.store), rules, about_pupils(district)),
        *of_files(trouble, now),
        *of_newcomers(map(asdict, files), now),
        *standstill(district, now),
        *shrunk_files(district, now),
        *_lookups(district, now),
        *_not_built(district, now),
    ]
    looked = ["finding:", "files:", "lookups:", "not_built:", FIRST, *KEYS]
    if health is not None:
        names = building_names(district.registry)
        news += [*_audit(district, now), *of_troubles(health.troubles, now, names)]
        looked += ["audit", *(f"health:{kind}:" for kind in health.kinds)]
    return Noticed(news, tuple(looked))


def _audit(district: District, now: datetime) -> list[News]:
    """The audit chain does not hold, or can not be read."""
    try:
        broken = verified(district.store, district.home)
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


def _not_built(district: District, now: datetime) -> list[News]:
    """Models that could not be built, and the rules that are blind because of it."""
    return [
        News(
            key=f"not_built:{one.cause}",
            about="health",
            severity="high",
            confidence="C3",
            line=one.said,
            since=now,
            reference="schoolbell status",
            lasting=min(9, len(one.days)),
            group="models",
        )
        for one in failures(district)
    ]


def _lookups(district: District, now: datetime) -> list[News]:
    """Somebody looked a name up without saying for which case; who, the chain says."""
    entries = open_chain(district.store, district.home).entries()
    return [
        News(
            key=f"lookups:{month}:{actor}",
            about="security",
            severity="medium",
            confidence="C3",
            line=f"one person asked for a name without a case, {len(found)} times",
            since=datetime.fromisoformat(found[0].time),
            reference="schoolbell audit lookups",
            lasting=min(9, len(found)),
            group="lookups",
        )
        for (month, actor), found in without_case(entries, now).items()
    ]


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
