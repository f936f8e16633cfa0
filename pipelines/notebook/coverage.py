"""Which days a snapshot covers, and in which hours a source fell silent.

It is judged as the weekly report and the alerts judge it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from pipelines.health.source_hours import closed_times, expected_hours

ONE_HOUR = timedelta(hours=1)
SHOWN = 3
"""Gaps that one line names; the rest are counted."""

Ask = Callable[..., Any]


@dataclass(frozen=True, order=True)
class Gap:
    """Hours of a local day without a line of a source.

    Attributes:
        first_hour: The first silent hour, 0 to 23.
        end_hour: The hour after the last silent one, up to 24.
    """

    event_date: date
    source: str
    first_hour: int
    end_hour: int

    def __str__(self) -> str:
        hours = f"{self.first_hour:02}:00-{self.end_hour:02}:00"
        return f"{self.source} {self.event_date} {hours}"


@dataclass(frozen=True)
class Coverage:
    """What a snapshot holds, as one line says it.

    Attributes:
        days: Local days with events, oldest first.
        gaps: Expected hours without lines.
    """

    days: Sequence[date]
    gaps: Sequence[Gap]

    def __str__(self) -> str:
        if not self.days:
            return "no days"
        span = f"{len(self.days)} days, {self.days[0]} to {self.days[-1]}"
        named = "; ".join(str(gap) for gap in self.gaps[:SHOWN])
        more = len(self.gaps) - SHOWN
        rest = f"; and {more} more" if more > 0 else ""
        return f"{span}; gaps: {named or 'none'}{rest}"


def coverage(ask: Ask, zone: str) -> Coverage:
    """Days and gaps of a snapshot.

    Args:
        ask: Runs a query with parameters, as a connection's `sql` does.
        zone: The district's; an hour that its clocks skip is never expected.
    """
    days = ask("select distinct event_date from marts.source_hours order by all")
    hours = ask("select * from marts.source_hours").pl()
    kinds = ask("select * from marts.school_days").pl()
    silent = expected_hours(hours, kinds, _closed(hours), zone).filter(
        pl.col("line_count") == 0
    )
    places = silent.select("source", "event_date", "hour").sort(pl.all()).rows()
    return Coverage([day for (day,) in days.fetchall()], joined(places))


def _closed(hours: pl.DataFrame) -> pl.DataFrame:
    """No source is missed after the newest line of all."""
    newest = hours["hour_start"].max()
    as_of = newest + ONE_HOUR if isinstance(newest, datetime) else datetime.now(UTC)
    lags = dict.fromkeys(hours["source"].unique().to_list())
    return closed_times(lags, as_of, is_history_closed=True)


def joined(hours: Sequence[tuple[str, date, int]]) -> list[Gap]:
    """Silent hours, in order of source, day and hour, as stretches; by day."""
    gaps: list[Gap] = []
    for source, day, hour in hours:
        last = gaps[-1] if gaps else None
        if last and (last.source, last.event_date, last.end_hour) == (
            source,
            day,
            hour,
        ):
            gaps[-1] = Gap(day, source, last.first_hour, hour + 1)
        else:
            gaps.append(Gap(day, source, hour, hour + 1))
    return sorted(gaps)
