"""The picture of a case: when it was seen, on a lane for each device or site.

The axis is the clock of the district, so that two lanes that are busy at once are seen
to be. What goes on for more than a day is drawn by days.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from pipelines.reports.charts import ROW_HEIGHT, Figure, axis, bars, box, chart
from pipelines.reports.palette import LIGHT
from pipelines.reports.view import View
from pipelines.reports.words import clock, count, day, listed, moment, span

MOST_LANES = 8
ROLES = ("blue", "vermillion", "green", "purple")
BY_SITE = ("non_approved_site", "off_hours_external")
DAY_MINUTES = 24 * 60.0
STEPS = (5, 10, 15, 30, 60, 120, 180, 360, 720, *(days * 1440 for days in (1, 2, 7)))
MOST_TICKS = 8
SLOTS = 160
"""So many marks, at most, stand side by side in a lane."""


def case_lines(view: View, findings: Sequence[str], kind: str) -> pl.DataFrame:
    """The log lines of some findings: local minute, and the lane that each is in."""
    mine = view.inputs.evidence.filter(
        pl.col("finding_id").is_in(list(findings)), pl.col("time").is_not_null()
    ).unique(["source", "path", "line_no"], keep="first", maintain_order=True)
    mine = _in_their_time(view, mine)
    building = view.short_place().drop_nulls().mode().sort().first()
    seen_at = building.over("device")
    place = pl.format("{} ({})", "device", seen_at).fill_null(pl.col("device"))
    is_by_site = kind in BY_SITE and mine["site"].drop_nulls().len() > 0
    lane = pl.coalesce("site", place) if is_by_site else place
    return mine.sort("time", "position").with_columns(
        lane=lane.fill_null("device not known"),
        # as a clock on the wall shows it, so that marks and ticks agree on any night
        wall=pl.col("time")
        .dt.convert_time_zone(view.zone.key)
        .dt.replace_time_zone(None),
    )


ROOM = timedelta(minutes=5)


def _in_their_time(view: View, lines: pl.DataFrame) -> pl.DataFrame:
    """Lines of the time that their finding is about; all, where none is of it.

    A lease from the night before tells whose address it was. Drawn, it would press the
    minutes that matter into a corner.
    """
    spans = view.known.select("finding_id", "start_time", "end_time")
    joined = lines.join(spans, on="finding_id", how="left", maintain_order="left")
    inside = pl.col("time").is_between(
        pl.col("start_time") - ROOM, pl.col("end_time") + ROOM
    )
    kept = joined.filter(inside).select(lines.columns)
    return lines if kept.is_empty() else kept


def swim_lane(view: View, lines: pl.DataFrame) -> Figure | None:
    """A lane each, a mark for each moment with a log line; None where there is none."""
    if lines.is_empty():
        return None
    begin = lines["wall"].min()
    assert isinstance(begin, datetime)
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    placed = lines.with_columns(
        minute=(pl.col("wall") - midnight).dt.total_seconds() / 60
    )
    low, high = _ends(placed)
    width = (high - low) / SLOTS
    slot = ((pl.col("minute") - low) / width).floor()
    marks = (
        placed.group_by("lane", slot.alias("slot"), maintain_order=True)
        .agg(pl.col("minute").first(), size=pl.len(), first=pl.col("time").first())
        .sort("minute")
    )

    def said(size: int, first: datetime) -> str:
        return f"{moment(first, view.zone)}: {count(size, 'log line')}"

    names = marks["lane"].unique(maintain_order=True).to_list()[:MOST_LANES]
    traces = [
        bars(
            ROLES[place % len(ROLES)],
            [
                (place, at - width / 2, width, said(size, first))
                for at, size, first in marks.filter(lane=name)
                .select("minute", "size", "first")
                .iter_rows()
            ],
            thickness=0.6,
        )
        for place, name in enumerate(names)
    ]  # fmt: skip
    return chart(
        traces,
        x=axis(low, high, _ticks(low, high, midnight), showgrid=True),
        y=axis(len(names) - 0.5, -0.5, list(enumerate(names))),
        shapes=[_overlap(placed, len(names))] if len(names) > 1 else [],
        height=44 + ROW_HEIGHT * len(names),
    )


def _ends(placed: pl.DataFrame) -> tuple[float, float]:
    first, last = placed.select(
        pl.col("minute").min(), last=pl.col("minute").max()
    ).row(0)
    room = max((last - first) * 0.04, 2)
    return first - room, last + room


def _ticks(low: float, high: float, midnight: datetime) -> list[tuple[float, str]]:
    step = next((s for s in STEPS if (high - low) / s <= MOST_TICKS), STEPS[-1])
    first = int(-(-low // step)) * step
    return [
        (place, _tick(midnight + timedelta(minutes=place), step))
        for place in range(first, int(high) + 1, step)
    ]


def _tick(when: datetime, step: int) -> str:
    if step >= DAY_MINUTES:
        return day(when.date())
    return clock(when.hour, when.minute)


def _overlap(placed: pl.DataFrame, lanes: int) -> dict[str, Any]:
    """Shades the time in which more than one lane is busy."""
    ends = placed.group_by("lane").agg(
        first=pl.col("minute").min(), last=pl.col("minute").max()
    )
    second = sorted(ends["first"])[1]
    last = sorted(ends["last"])[-2]
    shade: dict[str, Any] = {"fillcolor": LIGHT["heat2"], "opacity": 0.25}
    span = (min(second, last), max(second, last), -0.5, lanes - 0.5)
    return box(*span, line={"width": 0}, layer="below", **shade)


def in_words(view: View, lines: pl.DataFrame) -> str:
    """What the picture shows, for who cannot see it."""
    if lines.is_empty():
        return ""
    lanes = lines.group_by("lane", maintain_order=True).agg(
        size=pl.len(), first=pl.col("time").min(), last=pl.col("time").max()
    )
    said = [
        f"{lane}: {count(size, 'log line')}, {span(first, last, view.zone)}"
        for lane, size, first, last in lanes.head(4).iter_rows()
    ]
    more = lanes.height - len(said)
    rest = f"; and {count(more, 'more lane')}" if more else ""
    return f"{listed(said, most=4)}{rest}."
