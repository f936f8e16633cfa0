"""Report section: when people used the web, hour by hour, against what is usual."""

from dataclasses import dataclass

import polars as pl

from pipelines.reports.charts import Axis, Bars, Figure, Line, band, columns
from pipelines.reports.comparisons import (
    a_day,
    averaged,
    chip,
    comparable,
    day_count,
    on_days,
    use_per_day,
    weeks_before,
    whole,
)
from pipelines.reports.headline import usual
from pipelines.reports.language import marked, plural, text
from pipelines.reports.sections import Section
from pipelines.reports.text_tables import Cell, Table, table
from pipelines.reports.view import View
from pipelines.reports.words import between, clock, duration, number

HOURS = range(24)

FAR = 0.2
"""Minimum distance from the median, as a share of it, for a mention in a title."""
LEAST = 60
"""Total minutes of all accounts below which an hour is shown as empty."""


@dataclass(frozen=True)
class Day:
    """The hours of a day.

    Attributes:
        now: Minutes of use in each hour, a day.
        earlier: The same of the views before, the last first.
        weeks: How many weeks each of them is.
        total: Minutes of all hours, a day; rounded hours add up to a little more or less.
    """

    now: tuple[int, ...]
    earlier: tuple[tuple[int, ...], ...]
    weeks: int
    total: int
    a_day: str
    averaged: str

    def __len__(self) -> int:
        return sum(self.now)

    @property
    def top(self) -> int:
        """The hour with the most use; the first of equals."""
        return self.now.index(max(self.now))

    def of(self, hour: int) -> list[int]:
        """Return one hour in the views before, the oldest first."""
        return [each[hour] for each in reversed(self.earlier)]

    def middle(self, hour: int) -> int:
        """Return the typical earlier value of the hour."""
        return round(float(pl.Series(self.of(hour)).median() or 0))  # type: ignore[arg-type]

    def band(self, hour: int) -> tuple[int, int] | None:
        """Return the usual range of an hour."""
        return usual(self.of(hour))

    @property
    def spans(self) -> str:
        """The comparison, as in "the 3 weeks before"."""
        return weeks_before(len(self.earlier) * self.weeks)


def rows(view: View) -> Day:
    """Return a day of the view, and of those before it that arrived whole."""
    earlier = comparable(view) if whole(view) else ()
    return Day(
        by_hour(view),
        tuple(by_hour(one) for one in earlier),
        view.weeks,
        use_per_day(view),
        a_day(view),
        averaged(view),
    )


def by_hour(view: View) -> tuple[int, ...]:
    """Return minutes of use in each of the 24 hours, a day."""
    use = on_days(view, view.inputs.hourly_use).group_by("hour")
    known = dict(use.agg(pl.col("minutes").sum()).iter_rows())
    return tuple(round(known.get(hour, 0) / day_count(view)) for hour in HOURS)


def title(rows: Day) -> str:
    """Return the busiest time, and whether that is usual."""
    if not len(rows):
        return text("No web use by people could be counted")
    first, last = clock(rows.top), clock(rows.top + 1)
    top = text("People used the web most from {first} to {last}", first=first, last=last)
    outside = [hour for hour in HOURS if is_unusual(rows, hour)]
    if not outside:
        return top
    hours = plural(
        "{n} hour was different from the weeks before",
        "{n} hours were different from the weeks before",
        len(outside),
        n=number(len(outside)),
    )
    return f"{top}; {hours}"


def is_unusual(rows: Day, hour: int) -> bool:
    """Return whether an hour's use is outside its usual range by a relevant amount."""
    usually, now, middle = rows.band(hour), rows.now[hour], rows.middle(hour)
    if usually is None or usually[0] <= now <= usually[1]:
        return False
    return abs(now - middle) > FAR * max(middle, LEAST)


def summary(rows: Day) -> str:
    """Return the whole of a day, what it was before, and the highest hour."""
    if not len(rows):
        return ""
    whole = duration(rows.total)
    said = [
        text(
            "Bars: time on sites of all accounts in each hour of {a_day}, {whole} in all. "
            "{averaged}",
            a_day=rows.a_day,
            whole=whole,
            averaged=rows.averaged,
        ).strip()
    ]
    if rows.earlier:
        before = sum(rows.middle(hour) for hour in HOURS)
        said.append(
            text(
                "Dashed: the same hours in {weeks}, {whole} in all.",
                weeks=rows.spans,
                whole=duration(before),
            )
        )
    said.append(
        text(
            "Highest: {hour}, {minutes}.",
            hour=between(clock(rows.top), clock(rows.top + 1)),
            minutes=duration(rows.now[rows.top]),
        )
    )
    if rows.band(0):
        said.append(text("Shaded: the usual range of each hour."))
    said.append(text("Background traffic is not included."))
    return " ".join(said)


def draw(rows: Day) -> Figure | None:
    """Return one bar per hour, a dashed line for the weeks before, and the usual as a band."""
    if not len(rows):
        return None
    marks = [(hour, rows.now[hour] / 60, hover(rows, hour)) for hour in HOURS if rows.now[hour]]
    name = text("time on sites, {a_day}", a_day=rows.a_day)
    traces: list[Bars | Line] = [columns("blue", marks, name=name)]
    boxes = []
    top = max(rows.now) / 60
    if rows.earlier:
        points = [(hour, rows.middle(hour) / 60, hover(rows, hour)) for hour in HOURS]
        traces.append(Line("vermillion", points, name=rows.spans, is_dashed=True))
        top = max(top, *(height for _, height, _ in points))
        for hour in HOURS:
            if usually := rows.band(hour):
                low, high = (minutes / 60 for minutes in usually)
                boxes.append(band(hour - 0.5, hour + 0.5, low, high))
                top = max(top, high)
    top = top or 1
    across = Axis(-0.6, 23.6, [(hour, clock(hour)) for hour in range(0, 24, 3)])
    return Figure(
        traces,
        [(across, Axis(0, top * 1.08, [(0, "0 h"), (top, f"{top:,.0f} h")], has_grid=True))],
        height=300,
        boxes=boxes,
    )


def hover(rows: Day, hour: int) -> str:
    """Return the text at the mark of an hour."""
    said = f"{between(clock(hour), clock(hour + 1))}: {duration(rows.now[hour])}"
    if rows.earlier:
        said += text("; before: {minutes}", minutes=duration(rows.middle(hour)))
    return said


def hours_table(rows: Day) -> Table:
    """Return every hour with use, now or before."""
    most = max([*rows.now, 1])
    used = [hour for hour in HOURS if rows.now[hour] or any(each[hour] for each in rows.earlier)]
    labels = ["Hour", "Minutes"]
    if rows.earlier:
        labels += [marked("Before"), marked("Usual"), marked("Change")]
    return table(
        text("One row per hour of {a_day}. Minutes are estimates.", a_day=rows.a_day),
        labels,
        ([*_row(rows, hour, most)] for hour in used),
    )


def _row(rows: Day, hour: int, most: int) -> list[str | int | Cell]:
    now = rows.now[hour]
    said: list[str | int | Cell] = [
        Cell(between(clock(hour), clock(hour + 1)), clock(hour), order=f"{hour:02d}"),
        Cell.bar(now, now / most),
    ]
    if rows.earlier:
        low_high, middle = rows.band(hour), rows.middle(hour)
        usually = between(*map(number, low_high)) if low_high else text("too few weeks")
        said += [middle, usually, chip(now, middle, number)]
    return said


SECTION = Section(
    name="use-by-hour",
    editions=("principal", "superintendent"),
    order=11,
    label="Use by hour",
    page="pictures",
    rows=rows,
    title=title,
    summary=summary,
    draw=draw,
    table=hours_table,
    is_for_spans=True,
)
