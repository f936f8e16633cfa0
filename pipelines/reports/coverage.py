"""Which hours of which source arrived, and which are missing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from pipelines.reports.view import View
from pipelines.reports.words import span

WHOLE_ENOUGH = 0.95  # below this a week is called partial (A3)
ONE_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Gap:
    """Hours in a row in which an expected source sent nothing."""

    source: str
    start: datetime
    end: datetime
    hour_count: int


@dataclass(frozen=True)
class Coverage:
    """How much of what was expected has arrived.

    Attributes:
        expected: Source-hours in which lines were expected.
        missing: Those without a line.
        sources: Names of the sources with an expected hour.
        gaps: The missing hours, in runs.
    """

    expected: int
    missing: int
    sources: tuple[str, ...]
    gaps: tuple[Gap, ...]

    @property
    def has_data(self) -> bool:
        """Whether anything that was expected arrived."""
        return self.expected > self.missing

    @property
    def is_partial(self) -> bool:
        """Whether too much is missing to call a change a change."""
        return self.expected - self.missing < WHOLE_ENOUGH * max(self.expected, 1)


def coverage(view: View) -> Coverage:
    """Judge the week's source-hours; hours not yet due are not expected."""
    due = view.of_week(view.inputs.source_hours).filter(
        pl.col("is_expected"), pl.col("hour_start") < view.inputs.generated_time
    )
    absent = missing_hours(view)
    return Coverage(
        expected=due.height,
        missing=absent.height,
        sources=tuple(due["source"].unique().sort()),
        gaps=tuple(runs(absent)),
    )


def missing_hours(view: View, *, is_week_only: bool = True) -> pl.DataFrame:
    """The expected hours without a line, by source and time."""
    known = view.inputs.source_hours
    hours = (view.of_week(known) if is_week_only else known).filter(
        pl.col("is_expected"),
        pl.col("line_count").fill_null(0) == 0,
        pl.col("hour_start") < view.inputs.generated_time,
    )
    return hours.sort("source", "hour_start")


def runs(absent: pl.DataFrame) -> list[Gap]:
    """Join hours that follow each other."""
    found: list[Gap] = []
    for source, start in absent.select("source", "hour_start").iter_rows():
        last = found[-1] if found else None
        if last and last.source == source and last.end == start:
            found[-1] = Gap(source, last.start, start + ONE_HOUR, last.hour_count + 1)
        else:
            found.append(Gap(source, start, start + ONE_HOUR, 1))
    return found


def say_gap(gap: Gap, view: View) -> str:
    """As in "proxy, Wed 18 Nov, 2 am to 5 am"."""
    return f"{gap.source}, {span(gap.start, gap.end, view.zone)}"
