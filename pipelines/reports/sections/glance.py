"""Report section: a handful of numbers of use, each against what was before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from pipelines.reports.comparisons import (
    Compared,
    Measure,
    Say,
    a_day,
    averaged,
    before_said,
    compared,
    day_count,
    on_days,
    use_per_day,
)
from pipelines.reports.gaps import awaited_files, not_judged_at
from pipelines.reports.headline import OFF_HOURS, has_list
from pipelines.reports.language import marked, term, text
from pipelines.reports.sections import Section, no_chart
from pipelines.reports.text_tables import Table, amount, table
from pipelines.reports.view import View
from pipelines.reports.words import NOT_KNOWN, between, count, number

Per = Callable[[View], str]


@dataclass(frozen=True)
class Tile:
    """One number.

    Attributes:
        per: Its unit, such as "a school day".
        say: Writes it for readers.
        averaged: The days of the average.
    """

    label: str
    per: str
    numbers: Compared
    say: Say
    before_said: str
    averaged: str

    @property
    def text(self) -> str:
        """The number."""
        now = self.numbers.now
        return term(NOT_KNOWN) if now is None else self.say(now)

    @property
    def chip(self) -> str:
        """The change; empty if nothing compares."""
        if self.say is percent:
            return self.numbers.chip(points, is_share=False)
        return self.numbers.chip(self.say)

    @property
    def compared(self) -> str:
        """A comparison such as "last week 310 hours; usually 280 to 330 hours"."""
        said = []
        if self.numbers.before is not None:
            said.append(f"{self.before_said} {self.say(self.numbers.before)}")
        if self.numbers.usual:
            low, high = self.numbers.usual
            said.append(text("usually {range}", range=in_one_unit(self.say(low), self.say(high))))
        return "; ".join(said) or text("nothing to compare with")


def in_one_unit(low: str, high: str) -> str:
    """Return text such as "280 to 330 hours", naming the unit once."""
    if low == high:
        return low
    size, _, unit = low.partition(" ")
    return between(size if high.endswith(f" {unit}") else low, high)


def use(view: View) -> int | None:
    """Return minutes on sites, a school day."""
    rows = on_days(view, view.inputs.hourly_use)
    return None if rows.is_empty() else use_per_day(view)


def sites(view: View) -> int | None:
    """Return sites that people used, a school day."""
    rows = on_days(view, view.inputs.site_use)
    return None if rows.is_empty() else round(rows.height / day_count(view))


def on_the_list(view: View) -> int | None:
    """Return the percent of time on approved sites; None without a list."""
    rows = on_days(view, view.inputs.site_use)
    if not has_list(view):
        return None
    whole = amount(rows, "minutes")
    listed = amount(rows.filter(pl.col("verdict") == "approved"), "minutes")
    return round(100 * listed / whole) if whole else None


def received(view: View) -> int | None:
    """Return the MB that people and devices received per school day."""
    rows = on_days(view, view.inputs.daily_use)
    if rows.is_empty():
        return None
    return round(amount(rows, "bytes_in") / 1e6 / day_count(view))


def after_hours(view: View) -> int | None:
    """Return the minutes of outside sites outside duty hours, a week.

    A zero is not shown where the rules could see nothing.
    """
    if view.of_week(view.inputs.hourly_use).is_empty():
        return None
    minutes = amount(view.of_week(view.inputs.off_hours), "minutes")
    if not minutes and (not_judged_at(view, OFF_HOURS) or awaited_files(view, OFF_HOURS)):
        return None
    return round(minutes / view.weeks)


def hours(minutes: int) -> str:
    """Return text such as "310 hours", "2.5 hours" and "40 minutes"; estimates all."""
    if minutes < 90:
        return count(minutes, "minute")
    whole = minutes / 60
    return text("{n} hours", n=f"{whole:,.1f}" if whole < 10 else f"{whole:,.0f}")


def volume(megabytes: int) -> str:
    """Return text such as "12.3 GB"."""
    size = megabytes / 1000
    return f"{size:.1f} GB" if size < 100 else f"{size:,.0f} GB"


def percent(value: int) -> str:
    """Return text such as "87%"."""
    return f"{value}%"


def points(value: int) -> str:
    """Return a difference of two percentages."""
    return count(value, "point")


def a_week(_view: View) -> str:
    """Return the unit of what is counted by week."""
    return text("a week")


MEASURES: Mapping[str, tuple[Measure, Say, Per]] = {
    "Time on sites (estimate)": (use, hours, a_day),
    "Sites used": (sites, number, a_day),
    "Share of time on approved sites": (on_the_list, percent, a_day),
    "Received by all devices": (received, volume, a_day),
    "Non-work use outside duty hours (estimate)": (after_hours, hours, a_week),
}


def rows(view: View) -> list[Tile]:
    """Return the numbers that are known of the view."""
    said = before_said(view)
    tiles = [
        Tile(term(label), per(view), compared(view, measure), say, said, averaged(view))
        for label, (measure, say, per) in MEASURES.items()
    ]
    return [tile for tile in tiles if tile.numbers.now is not None]


def title(rows: list[Tile]) -> str:
    """Return the use of a day, and what changed."""
    if not rows:
        return text("No web use is known")
    first = rows[0]
    said = text(
        "{label}: about {size} {per}",
        label=first.label.split(" (")[0],
        size=first.text,
        per=first.per,
    )
    change = first.numbers.change
    if change is None:
        return said
    size = round(100 * abs(change))
    if not size:
        return text("{said}, as much as {before}", said=said, before=first.before_said)
    more = marked("{said}, {size}% more than {before}")
    less = marked("{said}, {size}% less than {before}")
    return text(more if change > 0 else less, said=said, size=size, before=first.before_said)


def summary(rows: list[Tile]) -> str:
    """Return what is compared."""
    if not rows:
        return ""
    return text(
        "Arrows compare an average school day with {before}. {averaged} Weeks with too many "
        "missing logs are left out. Time counts active minutes of all accounts together. The "
        "hours and sites below add up to it.",
        before=rows[0].before_said,
        averaged=rows[0].averaged,
    )


def numbers_table(rows: list[Tile]) -> Table:
    """Return each number with those that it is compared with."""
    return table(
        text("One row per number"),
        ["Number", "Of", "Now", "Change", "Compared"],
        (
            [tile.label, tile.per, tile.text, tile.chip or text("not compared"), tile.compared]
            for tile in rows
        ),
    )


SECTION = Section(
    name="glance",
    editions=("superintendent",),
    order=10,
    label="At a glance",
    page="pictures",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=numbers_table,
    template="glance.html.j2",
    more=list,
    is_for_spans=True,
)
