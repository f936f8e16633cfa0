"""The page *Use*: sites, categories, buildings and hours over any whole weeks.

No range subtracts to a person. A range is the sum of whole weeks, and of each week it
takes only the counts that could be shown by themselves: those of a site or an hour that
enough accounts used on its busiest day, on two days or more. So the difference of two
ranges is a sum of such counts too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

import polars as pl

from pipelines.desk.queue import weeks_in_words
from pipelines.errors import SettingsError
from pipelines.reports.comparisons import a_day, averaged, day_count, on_days
from pipelines.reports.report_inputs import ReportInputs
from pipelines.reports.text_tables import visible
from pipelines.reports.top_lists import hours
from pipelines.reports.view import View, week_label
from pipelines.reports.words import clock, count, day_range

MIN_DAYS = 2
"""Fewest days on which a site or an hour was in use in a week that is counted."""
MAX_SITES = 50
MAX_TEXT = 60
UNNAMED = "no category"
ONE_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class UseFilter:
    """The choices of the page, as the address contains them.

    Attributes:
        first: First ISO week; empty for the newest week.
        last: Last ISO week.
    """

    first: str = ""
    last: str = ""
    category: str = ""
    building: str = ""

    @staticmethod
    def read(query: Mapping[str, str]) -> "UseFilter":
        """Return the choices of an address."""
        names = UseFilter.__dataclass_fields__
        return UseFilter(**{one: query.get(one, "")[:MAX_TEXT] for one in names})

    def link(self, **changed: str) -> str:
        """Return the address of the same page with other choices."""
        parts = {name: value for name, value in asdict(replace(self, **changed)).items() if value}
        return f"/use?{urlencode(parts)}"


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its length in percent, its text, and where a click leads."""

    name: str
    width: int
    text: str
    href: str = ""
    is_chosen: bool = False


def use_page(inputs: ReportInputs, chosen: UseFilter) -> dict[str, object]:
    """Return the use of a range of weeks.

    Raises:
        SettingsError: The range ends before it begins, or the weeks have no data.
    """
    weeks = weeks_of(inputs)
    if not weeks:
        return {"weeks": {}, "filter": chosen}
    last = _week(chosen.last or chosen.first, weeks) or weeks[-1]
    first = _week(chosen.first, weeks) or last
    if first > last:
        raise SettingsError("the last week is before the first", remedy="Choose them again.")
    view = View(inputs, first, weeks=(last - first).days // 7 + 1)
    least, unit = inputs.least_count, day_count(view)
    sites, left_out = _counted(on_days(view, inputs.site_use), ["site"], least)
    hourly, _ = _counted(on_days(view, inputs.hourly_use), ["building", "hour"], least)
    kinds = _summed(sites, "category", unit)
    here = sites.filter(pl.col("category") == chosen.category) if chosen.category else sites
    places = _summed(hourly, "building", unit)
    there = hourly.filter(pl.col("building") == chosen.building) if chosen.building else hourly
    by_hour = (
        there.group_by("hour").agg(pl.col("minutes").sum() / unit).drop_nulls("hour").sort("hour")
    )
    return {
        "weeks": weeks_in_words(map(week_label, weeks)),
        "filter": replace(chosen, first=week_label(first), last=week_label(last)),
        "dates": day_range(view.start, view.end),
        "unit": a_day(view),
        "averaged": averaged(view),
        "least": least,
        "left_out": count(left_out, "site"),
        "categories": _bars(kinds, chosen, "category"),
        "sites": _bars(_summed(here, "site", unit)[:MAX_SITES]),
        "site_count": here["site"].n_unique(),
        "buildings": _bars(places, chosen, "building"),
        "hours": _bars(
            [(clock(hour), minutes) for hour, minutes in by_hour.sort("hour").iter_rows()]
        ),
    }


def weeks_of(inputs: ReportInputs) -> list[date]:
    """Return the Mondays of the weeks with use, the oldest first."""
    days = inputs.site_use["event_date"].dt.truncate("1w").unique().sort()
    return list(days.drop_nulls())


def _week(text: str, weeks: Sequence[date]) -> date | None:
    """Return the Monday of a week of the choices; None for no choice.

    Raises:
        SettingsError: It is not one of the weeks with data.
    """
    if not text:
        return None
    monday = next((one for one in weeks if week_label(one) == text), None)
    if monday is None:
        raise SettingsError(
            f"there is no use of week {text!r}", remedy="Choose a week of the list."
        )
    return monday


def _counted(rows: pl.DataFrame, names: Sequence[str], least: int) -> tuple[pl.DataFrame, int]:
    """Return the weekly counts that can be shown by themselves, and how many sites have none."""
    if "category" in rows.columns:
        named = pl.col("category").fill_null("").str.replace_all("_", " ").replace("", UNNAMED)
        rows = rows.with_columns(category=named)
    else:
        rows = rows.with_columns(category=pl.lit(""))
    weekly = (
        rows.with_columns(week=pl.col("event_date").dt.truncate("1w"))
        .group_by("week", *names)
        .agg(
            pl.col("minutes").sum(),
            pl.col("category").sort_by("event_date").last(),
            days=pl.col("event_date").n_unique(),
            accounts=pl.col("account_count").max(),
        )
        .filter(pl.col("minutes") > 0)
    )
    shown = weekly.filter(pl.col("accounts") >= least, pl.col("days") >= MIN_DAYS)
    left = weekly.select(names[0]).unique().join(shown, on=names[0], how="anti").height
    # a site whose category changed is counted under its newest one
    newest = shown.sort("week").group_by(*names).agg(category=pl.col("category").last())
    return shown.drop("category").join(newest, on=list(names)), left


def _summed(rows: pl.DataFrame, name: str, days: int) -> list[tuple[str, float]]:
    """Return minutes a day by name, the most first."""
    sums = rows.drop_nulls(name).group_by(name).agg(minutes=pl.col("minutes").sum() / days)
    return list(sums.sort(["minutes", name], descending=[True, False]).iter_rows())


def _bars(
    rows: Sequence[tuple[object, float]], chosen: UseFilter | None = None, name: str = ""
) -> list[Bar]:
    longest = max((minutes for _, minutes in rows), default=0.0) or 1.0
    current = getattr(chosen, name) if chosen else ""
    return [
        Bar(
            visible(str(key)),
            round(100 * minutes / longest),
            hours(minutes),
            chosen.link(**{name: "" if key == current else str(key)}) if chosen else "",
            bool(current) and key == current,
        )
        for key, minutes in rows
    ]
