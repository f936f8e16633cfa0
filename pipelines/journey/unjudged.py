"""Days that a rule says nothing of, since a field that it stands on went missing.

After an update of a firewall or proxy its log may read well and lack a field. A
rule that ran all the same would find nothing, or the wrong account: its day is
*not judged*, which every report says. Findings of such a day stay as they were.
A district that gave the field up on purpose says so, and the days are judged.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import polars as pl

from pipelines.district.calendar import WORKING
from pipelines.journey.district import District
from pipelines.lake.drift import Drift, drifts
from pipelines.warehouse.database import Database

UNJUDGED = "marts.unjudged_days"
NOTED = "main.unjudged_days"
SATURDAY = 5
SCHEMA: Mapping[str, Any] = {
    "rule": pl.String,
    "event_date": pl.Date,
    "source": pl.String,
    "event_class": pl.String,
    "field": pl.String,
    "share_before": pl.Float64,
}
_PAIR: Mapping[str, Any] = {"rule": pl.String, "event_date": pl.Date}


@dataclass(frozen=True, kw_only=True)
class Unjudged:
    """One day that one rule says nothing of, and the field that is missing.

    Attributes:
        rule: The rule's code.
        share_before: Share of the source's events that had the field before.
    """

    rule: str
    event_date: date
    source: str
    event_class: str
    field: str
    share_before: float


def unjudged(district: District) -> list[Unjudged]:
    """Every rule and day that must not be judged now, in a fixed order."""
    codes = {one.model.table_name: code for code, one in district.detections.items()}
    found = [
        Unjudged(
            rule=codes[name],
            event_date=day,
            source=one.source,
            event_class=one.event_class,
            field=one.field,
            share_before=one.share_before,
        )
        for one in missing(district)
        for name in one.detections
        if name in codes
        for day in one.empty_dates
    ]
    return sorted(found, key=lambda one: (one.event_date, one.rule, one.source))


def missing(district: District) -> list[Drift]:
    """The fields that went missing and that some rule stands on.

    A field that nobody filled while nobody worked is not missing, and neither is
    one that the district gave up.
    """
    idle = _idle_days(district.registry.frames["calendar_days"])
    return [
        one
        for one in drifts(district.store)
        if one.is_blocking
        and not all(_is_idle(day, idle) for day in one.empty_dates)
        and one.field not in _given_up(district, one.source)
    ]


def _given_up(district: District, source: str) -> Sequence[str]:
    said = district.settings.sources.get(source)
    return said.given_up if said is not None else ()


def _idle_days(calendar: pl.DataFrame) -> Mapping[date, bool]:
    """For each day that the calendar speaks of, whether no building works."""
    works = pl.col("day_type").is_in(WORKING).any()
    return dict(calendar.group_by("date").agg(~works).iter_rows())


def _is_idle(day: date, told: Mapping[date, bool]) -> bool:
    return told.get(day, day.weekday() >= SATURDAY)


def judged_days(
    days: Mapping[str, Sequence[date]], skipped: Iterable[Unjudged]
) -> dict[str, list[date]]:
    """The days of each rule, less those that are not to be judged."""
    not_now = {(one.rule, one.event_date) for one in skipped}
    return {
        rule: [day for day in given if (rule, day) not in not_now]
        for rule, given in days.items()
    }


def frame(found: Iterable[Unjudged]) -> pl.DataFrame:
    """The days as a table."""
    return pl.DataFrame([asdict(one) for one in found], schema=dict(SCHEMA))


def note_unjudged(
    database: Database,
    found: Iterable[Unjudged],
    judged: Mapping[str, Iterable[date]],
) -> None:
    """Remember in the warehouse what was left out, to judge it when it may be.

    Args:
        found: What must not be judged now.
        judged: What was judged now; what was noted before and was not stays noted.
    """
    pairs = [(rule, day) for rule, days in judged.items() for day in days]
    done = pl.DataFrame(pairs, _PAIR, orient="row")
    now = frame(found)
    if database.has(NOTED):
        waiting = database.table(NOTED).join(done, on=list(_PAIR), how="anti")
        now = pl.concat([now, waiting]).unique(maintain_order=True)
    database.replace(NOTED, now)


def released(database: Database, found: Iterable[Unjudged]) -> Iterator[date]:
    """Days that were left out for a rule and need not be any more."""
    if not database.has(NOTED):
        return
    now = {(one.rule, one.event_date) for one in found}
    known = database.table(NOTED).select("rule", "event_date").unique()
    for rule, day in known.iter_rows():
        if (rule, day) not in now:
            yield day
