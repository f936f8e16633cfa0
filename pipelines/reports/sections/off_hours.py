"""Report section: when outside sites were used, hour by hour, duty hours outlined."""

from typing import Any

import polars as pl

from pipelines.reports.charts import Axis, Box, Figure, Heatmap, lane_axis
from pipelines.reports.gaps import not_yet
from pipelines.reports.headline import OFF_HOURS
from pipelines.reports.language import text
from pipelines.reports.sections import Section
from pipelines.reports.text_tables import Table, amount, largest, table
from pipelines.reports.view import View
from pipelines.reports.words import between, clock, count, duration, weekday_name

HOURS = range(24)
MIN_HOURS = 3
"""Hours with use below which words and a table replace the picture."""


def rows(view: View) -> pl.DataFrame:
    """Return one row per weekday and hour (all 168), with use and the day's duty window."""
    hours = pl.DataFrame(
        {"weekday": [d for d in range(7) for _ in HOURS], "hour": [*HOURS] * 7},
        schema={"weekday": pl.Int64, "hour": pl.Int64},
    )
    use = (
        view.of_week(view.inputs.off_hours)
        .group_by("weekday", "hour")
        .agg(minutes=pl.col("minutes").sum(), accounts=pl.col("account_count").sum())
    )
    duty = (
        view.of_week(view.inputs.school_days)
        .group_by(weekday=pl.col("event_date").dt.weekday().cast(pl.Int64) - 1)
        .agg(
            duty_start=pl.col("duty_start_minutes").min(),
            duty_end=pl.col("duty_end_minutes").max(),
        )
    )
    gap = not_yet(view, OFF_HOURS)
    joined = hours.join(use, on=["weekday", "hour"], how="left")
    return (
        joined.join(duty, on="weekday", how="left")
        .with_columns(not_yet=pl.lit(gap.title if gap else ""))
        .sort("weekday", "hour")
    )


def title(rows: pl.DataFrame) -> str:
    """Return how much, and when most."""
    total = amount(rows, "minutes")
    if not total and rows["not_yet"][0]:
        return str(rows["not_yet"][0])
    if 0 < total < 1:
        return text("Outside duty hours, outside sites were used for less than a minute")
    if not total:
        return text("No use of outside sites was logged outside duty hours")
    top = busiest(rows)
    return text(
        "Outside duty hours, accounts used outside sites most on {day} at {hour}",
        day=weekday_name(top["weekday"]),
        hour=clock(top["hour"]),
    )


def is_quiet(rows: pl.DataFrame) -> bool:
    """Return whether the week has less than a minute of such use."""
    return amount(rows, "minutes") < 1


def busiest(rows: pl.DataFrame) -> dict[str, Any]:
    """Return the hour of the week with the most minutes; the first of equals."""
    order = ["minutes", "weekday", "hour"]
    last = rows.sort(order, descending=[True, False, False], nulls_last=True)
    return last.row(0, named=True)


def summary(rows: pl.DataFrame) -> str:
    """Return total, the highest hour, the share of the weekend."""
    used = rows.filter(pl.col("minutes") > 0)
    if is_quiet(rows):
        return ""
    top = busiest(rows)
    weekend = amount(used.filter(pl.col("weekday") > 4), "minutes")
    said = [
        text(
            "Outside duty hours, accounts used outside sites for {minutes} in all, in {hours} of "
            "the week.",
            minutes=duration(amount(used, "minutes")),
            hours=count(used.height, "hour"),
        ),
        text(
            "Highest: {day} at {hour}, {minutes}.",
            day=weekday_name(top["weekday"]),
            hour=clock(top["hour"]),
            minutes=duration(top["minutes"]),
        ),
        *([text("Weekend: {minutes}.", minutes=duration(weekend))] if weekend else []),
        text("Uses too short for a case are included; background traffic is not."),
    ]
    if used.height >= MIN_HOURS:
        said.insert(0, text("A grid of weekdays and hours, in minutes, darker for more."))
        said.append(text("Dotted lines mark duty hours."))
    return " ".join(said)


def draw(rows: pl.DataFrame) -> Figure | None:
    """Draw seven rows of 24 cells, darker for more minutes; a few hours need no picture."""
    if rows.filter(pl.col("minutes") > 0).height < MIN_HOURS:
        return None
    values = [[0.0] * 24 for _ in range(7)]
    said = [[""] * 24 for _ in range(7)]
    columns = ["weekday", "hour", "minutes", "accounts"]
    for weekday, hour, minutes, accounts in rows.select(columns).iter_rows():
        if minutes and round(minutes):
            values[weekday][hour] = minutes
            who = count(accounts, "account")
            when = f"{weekday_name(weekday)}, {between(clock(hour), clock(hour + 1))}"
            said[weekday][hour] = f"{when}: {who}, {duration(minutes)}"
    across = Axis(-0.5, 23.5, [(hour, clock(hour)) for hour in range(0, 24, 3)])
    return Figure(
        [Heatmap(values, said, largest(rows, "minutes"))],
        [(across, lane_axis([weekday_name(day) for day in range(7)]))],
        height=310,
        boxes=duty(rows),
    )


def duty(rows: pl.DataFrame) -> list[Box]:
    """Return an outline around each day's duty hours."""
    days = rows.select("weekday", "duty_start", "duty_end").unique().drop_nulls()
    return [
        Box(start / 60 - 0.5, end / 60 - 0.5, weekday - 0.46, weekday + 0.46)
        for weekday, start, end in days.sort("weekday").iter_rows()
    ]


def hours_table(rows: pl.DataFrame) -> Table:
    """Return the hours in which there was any."""
    used = rows.filter(pl.col("minutes") > 0)
    return table(
        text("One row per hour with use. Minutes are estimates."),
        ["Day", "Hour", "Accounts", "Minutes"],
        (
            [weekday_name(day), between(clock(hour), clock(hour + 1)), accounts, round(minutes)]
            for day, hour, accounts, minutes in used.select(
                "weekday", "hour", "accounts", "minutes"
            ).iter_rows()
        ),
    )


SECTION = Section(
    name="off-hours",
    editions=("principal", "superintendent"),
    order=40,
    label="Outside hours",
    page="pictures",
    rows=rows,
    title=title,
    summary=summary,
    draw=draw,
    table=hours_table,
    kind="off_hours_external",
    is_quiet=is_quiet,
    is_for_spans=True,
)
