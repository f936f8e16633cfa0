"""Report section: time on sites, day by day, each building on the same scale."""

import polars as pl

from pipelines.reports.charts import Axis, Figure, Note, columns, scale
from pipelines.reports.comparisons import remote_days
from pipelines.reports.language import marked, term, text
from pipelines.reports.sections import Section
from pipelines.reports.text_tables import Cell, Table, largest, table, total
from pipelines.reports.view import NO_BUILDING, View, at_place, place_name
from pipelines.reports.words import (
    USE_CLASSES,
    count,
    duration,
    number,
    share,
    weekday_letter,
    weekday_name,
)

MAX_BUILDINGS = 8
ACROSS = 4
UNKNOWN = marked("building not known")


def rows(view: View) -> pl.DataFrame:
    """Return one row per building, weekday and class of use; people's with their time."""
    use, hours = (
        view.of_week(frame).with_columns(
            pl.col("building").fill_null(UNKNOWN),
            weekday=pl.col("event_date").dt.weekday().cast(pl.Int64) - 1,
        )
        for frame in (view.inputs.daily_use, view.inputs.hourly_use)
    )
    counted = use.group_by("building", "weekday", "use_class").agg(
        pl.col("request_count").sum(), pl.col("account_count").max()
    )
    timed = hours.group_by("building", "weekday").agg(
        pl.col("minutes").sum(), use_class=pl.lit("people")
    )
    keys = ["building", "weekday", "use_class"]
    return (
        counted.join(timed, on=keys, how="full", coalesce=True)
        .with_columns(
            pl.col("request_count", "minutes").fill_null(0), remote=pl.lit(remote_days(view))
        )
        .sort(keys)
    )


def by_people(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that people caused."""
    return rows.filter(pl.col("use_class") == "people")


def totals(rows: pl.DataFrame) -> pl.DataFrame:
    """Return minutes and requests of people by building, the longest use first."""
    people = by_people(rows).group_by("building").agg(pl.col("minutes", "request_count").sum())
    used = people.filter(pl.col("minutes") > 0)
    return used.sort(["minutes", "building"], descending=[True, False])


def title(rows: pl.DataFrame) -> str:
    """Return where people used the network most."""
    busiest = totals(rows)
    if busiest.is_empty():
        return text("No use by people could be counted in any building")
    if busiest["building"].to_list() == [NO_BUILDING]:
        return text("The building of this use is not known yet: no networks are listed")
    where = at_place(busiest["building"][0])
    if busiest.height == 1:
        return text("People used sites {where}", where=where)
    return text("People used sites most {where}", where=where)


def summary(rows: pl.DataFrame) -> str:
    """Return total, spread, and what the machines did by themselves."""
    busiest = totals(rows)
    if busiest.is_empty():
        return ""
    everything = total(rows, "request_count")
    people = total(busiest, "request_count")
    top, low = (busiest.row(at, named=True) for at in (0, -1))
    remote = f"{rows['remote'][0]}. " if rows["remote"][0] else ""
    places = count(busiest.height, "building")
    if busiest.height == 1 and top["building"] == NO_BUILDING:
        places = text("all buildings together")
    said = text(
        "Small bar charts of the time on sites, in hours on one scale, for {buildings}.",
        buildings=places,
    )
    if busiest.height > 1:
        ends = text(
            "Highest: {top}, {longest}. Lowest: {low}, {shortest}.",
            top=place_name(top["building"]),
            longest=duration(top["minutes"]),
            low=place_name(low["building"]),
            shortest=duration(low["minutes"]),
        )
        said = f"{said} {ends}"
    rest = text(
        "Of {requests} requests in all, {share} came from people. Background traffic is in the "
        "table.",
        requests=number(everything),
        share=share(people, everything),
    )
    return f"{remote}{said} {rest}"


def draw(rows: pl.DataFrame) -> Figure | None:
    """Return one small bar chart a building."""
    names = totals(rows)["building"].to_list()[:MAX_BUILDINGS]
    if not names:
        return None
    people = by_people(rows)
    top = max(largest(people, "minutes") / 60, 0.5) * 1.25
    traces, panels, notes = [], [], []
    down = (len(names) - 1) // ACROSS + 1
    for place, name in enumerate(names):
        mine = people.filter(pl.col("building") == name).select("weekday", "minutes")
        called = place_name(name)
        marks = [
            (weekday, minutes / 60, f"{called}, {weekday_name(weekday)}: {duration(minutes)}")
            for weekday, minutes in mine.iter_rows()
        ]
        traces.append(columns("blue", marks, panel=place))
        panels.append(pair(place, top, down))
        notes.append(Note(-0.5, top * 0.96, called, shift=0, panel=place))
    return Figure(traces, panels, height=50 + 150 * down, notes=notes)


def pair(place: int, top: float, down: int) -> tuple[Axis, Axis]:
    """Return the axes of the building at `place`."""
    column, row = place % ACROSS, place // ACROSS
    wide, tall = 1 / ACROSS, 1 / down
    left, high = column * wide, 1 - row * tall
    days = [(day, weekday_letter(day)) for day in range(7)]
    across = Axis(-0.6, 6.6, days, domain=(left, left + wide * 0.83))
    return across, Axis(0, top, scale(top / 1.25, " h"), domain=(high - tall * 0.8, high))


def use_table(rows: pl.DataFrame) -> Table:
    """Return every class of use, by building and day."""
    most = max(largest(rows, "request_count"), 1)
    return table(
        text("One row per building, day and kind of use"),
        ["Building", "Day", "Caused by", "Requests", "Minutes", "Accounts"],
        (
            [
                place_name(building),
                Cell(weekday_name(weekday), weekday_name(weekday), order=str(weekday)),
                term(USE_CLASSES.get(kind, "")),
                Cell.bar(requests, requests / most),
                round(minutes),
                accounts,
            ]
            for building, weekday, kind, requests, minutes, accounts in rows.select(
                "building", "weekday", "use_class", "request_count", "minutes", "account_count"
            ).iter_rows()
        ),
    )


SECTION = Section(
    name="buildings",
    editions=("principal", "superintendent"),
    order=60,
    label="Buildings",
    page="pictures",
    rows=rows,
    title=title,
    summary=summary,
    draw=draw,
    table=use_table,
    is_for_spans=True,
)
