"""Most used sites or kinds of sites, with bars and changes."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.reports.charts import ROW_HEIGHT, Axis, Bars, Figure, Note, lane_axis, scale
from pipelines.reports.comparisons import (
    a_day,
    averaged,
    before_said,
    chip,
    comparable,
    day_count,
    on_days,
    whole,
)
from pipelines.reports.headline import has_list
from pipelines.reports.language import term, text
from pipelines.reports.text_tables import Cell, amount, largest
from pipelines.reports.view import View
from pipelines.reports.words import number

MAX_DRAWN = 10


@dataclass(frozen=True)
class Ranking:
    """Ranking by use, the most used first.

    Attributes:
        rows: `name`, `minutes` per day, `before` (per day, null if not comparable),
            `days`, `accounts` (most in a day), `verdict` and `is_listed`.
        a_day: Unit of the minutes: a school day, or a day.
        before_said: Period of `before`.
        averaged: The days of the average.
        has_list: The district has a list of approved sites.
    """

    rows: pl.DataFrame
    a_day: str
    before_said: str
    averaged: str
    has_list: bool

    def __len__(self) -> int:
        return self.rows.height

    @property
    def minutes(self) -> float:
        """Minutes of all together, per day."""
        return amount(self.rows, "minutes")


def ranking(view: View, use: pl.DataFrame) -> Ranking:
    """Rank rows of sites' use by `name`.

    Args:
        use: `name`, `event_date`, `minutes`, `account_count` and `verdict`.
    """
    now = _by_name(view, use)
    last = next(iter(comparable(view)), None) if whole(view) else None
    is_next = last is not None and last.start == view.back(1).start
    if last is None or not is_next:
        joined = now.with_columns(before=pl.lit(None, pl.Float64))
    else:
        before = _by_name(last, use).select("name", before="minutes")
        joined = now.join(before, on="name", how="left").with_columns(
            pl.col("before").fill_null(0.0)
        )
    ordered = joined.sort(["minutes", "name"], descending=[True, False])
    return Ranking(ordered, a_day(view), before_said(view), averaged(view), has_list(view))


def _by_name(view: View, use: pl.DataFrame) -> pl.DataFrame:
    """Return minutes a day, days, and accounts of each."""
    return (
        on_days(view, use)
        .group_by("name")
        .agg(
            minutes=pl.col("minutes").sum() / day_count(view),
            days=pl.col("event_date").n_unique(),
            accounts=pl.col("account_count").max(),
            is_listed=(pl.col("verdict") == "approved").last(),
            verdict=pl.col("verdict").sort_by("event_date").last(),
        )
        .filter(pl.col("minutes") > 0)
    )


def hours(minutes: float) -> str:
    """Return text such as "3.2 h" and "12 min"."""
    if minutes >= 60:
        return text("{n} h", n=f"{minutes / 60:,.1f}")
    return text("{n} min", n=f"{minutes:.0f}")


def changed(minutes: float, before: float | None) -> str:
    """Return the change per day; "new" if there was nothing before."""
    if before is None:
        return ""
    return text("new") if not before else chip(round(minutes), round(before), minutes_said)


def minutes_said(minutes: int) -> str:
    """Return text such as "4 min"."""
    return text("{n} min", n=number(minutes))


def draw(ranked: Ranking, series: Sequence[tuple[pl.Expr, str, str]]) -> Figure | None:
    """Draw a bar for each of the first, with its change.

    Args:
        series: Its rows, the role of their color, and its name.
    """
    shown = ranked.rows.head(MAX_DRAWN).with_row_index("place")
    if shown.is_empty():
        return None
    longest = max(largest(shown, "minutes") / 60, 0.2)
    traces, notes = [], []
    for chosen, role, name in series:
        marks = []
        for row in shown.filter(chosen).iter_rows(named=True):
            long = row["minutes"] / 60
            said = hours(row["minutes"])
            marks.append((row["place"], 0, long, f"{row['name']}: {said}"))
            beside = f"{said} {changed(row['minutes'], row['before'])}".strip()
            notes.append(Note(long, row["place"], beside))
        if marks:
            traces.append(Bars(role, marks, name=term(name)))
    across = Axis(0, longest * 1.45, scale(longest, " h"))
    return Figure(
        traces,
        [(across, lane_axis(shown["name"]))],
        height=80 + ROW_HEIGHT * shown.height,
        notes=notes,
    )


def use_cell(ranked: Ranking, minutes: float) -> Cell:
    """Return minutes a day with a bar, as long as its share of the most used."""
    return Cell.bar(round(minutes), minutes / max(largest(ranked.rows, "minutes"), 1))
