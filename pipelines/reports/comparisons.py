"""Comparisons of a week, or some weeks, with those before: school day by school day.

Only complete weeks are compared. Weeks with a holiday have fewer school days, so
sums would show the calendar and not use.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipelines.reports.headline import (
    WEEKS_COMPARED,
    coverage,
    is_whole,
    usual,
)
from pipelines.reports.language import plural, text
from pipelines.reports.report_inputs import week_of
from pipelines.reports.report_rows import Number
from pipelines.reports.view import ONE_WEEK, View, once
from pipelines.reports.words import count, day, listed, number

MIN_FOR_SHARES = 10
"""Below this, a difference is shown as a number: 3 and 4 are not "a third more"."""
MAX_DAYS_NAMED = 3
UP, DOWN = "\N{BLACK UP-POINTING TRIANGLE}", "\N{BLACK DOWN-POINTING TRIANGLE}"

Measure = Callable[[View], int | None]
Say = Callable[[int], str]

STOCKS = ("needs_review",)
"""Headline numbers as of the end of a week; the others add up over its days."""


@dataclass(frozen=True)
class Compared:
    """One number, the one before, and the usual range; None where it is not known."""

    now: int | None
    before: int | None = None
    usual: tuple[int, int] | None = None

    @property
    def change(self) -> float | None:
        """The difference as a share of what was before."""
        if self.now is None or not self.before:
            return None
        return (self.now - self.before) / self.before

    def chip(self, say: Say, *, is_share: bool = True) -> str:
        """Return text such as "▲12%", or "▼3" of small counts; empty where nothing compares."""
        if self.now is None or self.before is None:
            return ""
        return chip(self.now, self.before, say, is_share=is_share)


def chip(now: int, before: int, say: Say, *, is_share: bool = True) -> str:
    """Return the change, as short as possible.

    Args:
        say: Writes a difference.
        is_share: Whether a difference is a share, if the counts are not small.
    """
    if now == before:
        return text("no change")
    mark = UP if now > before else DOWN
    if not is_share or min(now, before) < MIN_FOR_SHARES:
        return f"{mark}{say(abs(now - before))}"
    share = round(100 * abs(now - before) / before)
    return f"{mark}{share}%" if share else text("no change")


def change(view: View, key: Number, now: int | None) -> str:
    """Return the change of a headline number since last week, as a chip.

    Weeks with different numbers of school days are compared per school day. An
    unfinished week, or one with too little data, has none.
    """
    last = view.last_week
    if now is None or last is None or (before := last.get(key)) is None:
        return ""
    if not view.is_over or coverage(view).is_partial or not is_whole(last):
        return ""
    days = last.get("school_days")
    mine = view.school_day_count
    if key in STOCKS or not days or not mine or days == mine:
        return "" if now == before else chip(now, before, number, is_share=False)
    rate = round(now / mine - before / days, 1)
    return f"{UP if rate > 0 else DOWN}{abs(rate)}/day" if rate else ""


def compared(view: View, measure: Measure) -> Compared:
    """Return the measure of a view, and of the views of the same length before it."""
    now = measure(view)
    earlier = comparable(view)
    if not earlier or not whole(view):
        return Compared(now)
    just = earlier[0] if earlier[0].end + timedelta(days=1) == view.start else None
    return Compared(
        now,
        measure(just) if just else None,
        usual([measure(one) for one in reversed(earlier)]),
    )


@once
def comparable(view: View) -> list[View]:
    """Return up to eight earlier views of the same length that arrived whole, the last first.

    Those without a school day are passed over: they are another kind of week.
    """
    known = {week_of(week): is_whole(week) for week in view.inputs.previous}
    found: list[View] = []
    first = min(known, default=view.start)
    earlier = view.back(1)
    while earlier.start >= first and len(found) < WEEKS_COMPARED:
        mondays = [earlier.start + n * ONE_WEEK for n in range(view.weeks)]
        if all(known.get(monday) for monday in mondays) and earlier.on_site_dates:
            found.append(earlier)
        earlier = earlier.back(1)
    return found


def whole(view: View) -> bool:
    """Return whether it has ended, had a school day, and enough of it arrived."""
    return bool(view.on_site_dates) and view.is_over and not coverage(view).is_partial


def before_said(view: View) -> str:
    """Return the name of the period before."""
    return text("last week") if view.weeks == 1 else weeks_before(view.weeks)


def weeks_before(weeks: int) -> str:
    """Return text such as "the 3 weeks before"."""
    return plural("the {n} week before", "the {n} weeks before", weeks, n=number(weeks))


def on_days(view: View, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of school days in the buildings; of all days where there was none."""
    rows = view.of_week(frame)
    if not view.on_site_dates:
        return rows
    return rows.filter(pl.col("event_date").is_in(view.on_site_dates))


def day_count(view: View) -> int:
    """Return the days that `on_days` keeps."""
    return len(view.on_site_dates) or 7 * view.weeks


def a_day(view: View) -> str:
    """Return text such as "a school day"; in a week without one, "a day"."""
    return text("a school day") if view.on_site_dates else text("a day")


def use_per_day(view: View) -> int:
    """Return minutes on sites per day: the one total that every part of the page states.

    Rows of hours and of sites are rounded, so that their own sums differ by some minutes.
    """
    rows = on_days(view, view.inputs.hourly_use)
    return round(float(rows["minutes"].sum() or 0) / day_count(view))


def averaged(view: View) -> str:
    """Return the number of days of an average, and the remote ones.

    As in "Averages are over 3 school days; Fri, Nov 13 was remote learning and is not
    in them."
    """
    if not view.on_site_dates:
        return ""
    days = count(len(view.on_site_dates), "school day")
    if remote := remote_days(view):
        return text(
            "Averages are over {days}; {remote} and is not included.", days=days, remote=remote
        )
    return text("Averages are over {days}.", days=days)


def remote_days(view: View) -> str:
    """Return the remote-learning days of a view in words; empty without one."""
    on_site = set(view.on_site_dates)
    remote = [one for one in view.school_dates if one not in on_site]
    if not remote:
        return ""
    if len(remote) > MAX_DAYS_NAMED:
        days = count(len(remote), "day")
        return text("{days} of remote learning were among the days", days=days)
    days = listed([day(one) for one in remote])
    return plural(
        "{days} was remote learning", "{days} were remote learning", len(remote), days=days
    )
