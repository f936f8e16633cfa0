"""Which days a snapshot covers, and in which hours a source fell silent.

An hour is expected of a source when it spoke in that local hour on at least
three quarters of the other days of the same kind, of which there are at least
three: the rule of the weekly report.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

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
    hours = ask(_SILENT, zone=zone).fetchall()
    return Coverage([day for (day,) in days.fetchall()], joined(hours))


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


_SILENT = """
with
  span as (
    select unnest(generate_series(min(event_date), max(event_date), interval 1 day))
        ::date as event_date
    from marts.source_hours
  ),

  kinds as (
    select span.event_date, mode(days.day_type) as day_type
    from span
    left join marts.school_days as days on span.event_date = days.event_date
    group by span.event_date
  ),

  spoken as (
    select source, event_date, hour
    from marts.source_hours
    group by source, event_date, hour
  ),

  grid as (
    select sources.source, kinds.event_date, kinds.day_type, hours.hour
    from (select distinct source from spoken) as sources
    cross join kinds
    cross join (select unnest(generate_series(0, 23)) as hour) as hours
  ),

  counted as (
    select
      grid.source,
      grid.event_date,
      grid.hour,
      spoken.hour is not null as is_spoken,
      count(*) over kind as day_count,
      count(spoken.hour) over kind as spoken_count
    from grid
    left join spoken
      on grid.source = spoken.source
      and grid.event_date = spoken.event_date
      and grid.hour = spoken.hour
    window kind as (partition by grid.source, grid.day_type, grid.hour)
  )

select source, event_date, hour::int as hour
from counted
where
  not is_spoken
  and day_count >= 4
  and spoken_count >= 0.75 * (day_count - 1)
  and extract(
    hour from ((event_date + to_hours(hour)) at time zone $zone) at time zone $zone
  ) = hour
order by source, event_date, hour
"""
