"""Report section: the hours of each source that arrived, and the missing ones."""

from datetime import UTC, datetime, time, timedelta

import polars as pl

from pipelines.reports.charts import ROW_HEIGHT, Axis, Bars, Figure, lane_axis
from pipelines.reports.language import marked, plural, term, text
from pipelines.reports.sections import Section
from pipelines.reports.text_tables import Table, each, table, total
from pipelines.reports.view import View
from pipelines.reports.words import count, listed, number, share, span, weekday_name

STATES = (
    ("arrived", "blue", marked("lines arrived")),
    ("missing", "vermillion", marked("expected, but missing")),
    ("idle", "idle", marked("none expected")),
)


def rows(view: View) -> pl.DataFrame:
    """Return one row per run of hours of one source in one state.

    `place` counts local hours from the week's first midnight. A run ends if
    the next hour is unknown.
    """
    follows = pl.col("hour_start").diff().over("source") == pl.duration(hours=1)
    marked = in_states(view).with_columns(
        run=pl.struct("source", "state").rle_id() + (~follows.fill_null(value=False)).cum_sum()
    )
    runs = marked.group_by("run", "source", "state", maintain_order=True).agg(
        pl.col("place").min(),
        pl.col("hour_start").min(),
        end=pl.col("hour_start").max() + pl.duration(hours=1),
        width=pl.col("place").max() - pl.col("place").min() + 1,
        hour_count=pl.len(),
        expected_count=pl.col("is_due").sum(),
        line_count=pl.col("line_count").sum(),
    )
    said = each(runs, lambda start, end: span(start, end, view.zone), "hour_start", "end")
    return runs.with_columns(said=said)


def in_states(view: View) -> pl.DataFrame:
    """Return the week's source-hours: arrived, missing or idle."""
    hours = with_idle_hours(view).sort("source", "hour_start", "event_date")
    days = (pl.col("event_date") - pl.lit(view.start)).dt.total_days()
    is_due = pl.col("is_expected") & (pl.col("hour_start") < view.inputs.generated_time)
    arrived = pl.col("line_count").fill_null(0) > 0
    return hours.with_columns(
        place=days * 24 + pl.col("hour"),
        is_due=is_due,
        state=pl.when(arrived)
        .then(pl.lit("arrived"))
        .when(is_due)
        .then(pl.lit("missing"))
        .otherwise(pl.lit("idle")),
    )


def with_idle_hours(view: View) -> pl.DataFrame:
    """Return the hours of each source, those in which none was expected included.

    Without them a source that sends lines by day only looks as if nights were lost.
    """
    hours = view.of_week(view.inputs.source_hours)
    # before the first line of any source, and after the last, nothing is known
    known = view.inputs.source_hours.filter(pl.col("line_count") > 0)["hour_start"]
    if known.is_empty() or hours.is_empty():
        return hours
    first = datetime.combine(view.start, time(), view.zone).astimezone(UTC)
    after = datetime.combine(view.end + timedelta(days=1), time(), view.zone)
    starts = pl.datetime_range(
        first, after.astimezone(UTC), "1h", closed="left", time_zone="UTC", eager=True
    ).cast(hours.schema["hour_start"])
    starts = starts.filter((starts >= known.min()) & (starts <= known.max()))
    local = starts.dt.convert_time_zone(view.zone.key)
    grid = pl.DataFrame(
        {
            "hour_start": starts,
            "event_date": local.dt.date(),
            "hour": local.dt.hour().cast(hours.schema["hour"]),
        }
    )
    every = hours.select(pl.col("source").unique()).join(grid, how="cross")
    idle = every.join(hours, on=["source", "hour_start"], how="anti")
    return pl.concat([hours, idle], how="diagonal").with_columns(
        pl.col("is_expected").fill_null(value=False)
    )


def title(rows: pl.DataFrame) -> str:
    """Return whether all came."""
    sources = rows.filter(pl.col("state") != "idle")["source"].n_unique()
    missing = rows.filter(pl.col("state") == "missing")
    if not sources:
        return text("No source was expected to send lines this week")
    if missing.is_empty():
        return plural(
            "The one source sent lines in every expected hour",
            "All {n} sources sent lines in every expected hour",
            sources,
            n=number(sources),
        )
    silent = missing["source"].unique().sort().to_list()
    hours = count(total(missing, "hour_count"), "expected hour")
    return text("{hours} without lines: {sources}", hours=hours, sources=listed(silent))


def summary(rows: pl.DataFrame) -> str:
    """Return the share of hours and the longest gap."""
    hours = total(rows, "expected_count")
    if not hours:
        return ""
    missing = rows.filter(pl.col("state") == "missing")
    absent = total(missing, "hour_count")
    said = text(
        "One strip per source over the hours of the week. {share} of {hours} arrived.",
        share=share(hours - absent, hours),
        hours=count(hours, "expected hour"),
    )
    if missing.is_empty():
        return said
    order = ["hour_count", "source", "hour_start"]
    longest = missing.sort(order, descending=[True, False, False]).row(0, named=True)
    gap = text(
        "Longest gap: {source}, {hours}. We don't know what happened in a gap, and nothing is "
        "counted there.",
        source=longest["source"],
        hours=longest["said"],
    )
    return f"{said} {gap}"


def draw(rows: pl.DataFrame) -> Figure | None:
    """Return one strip per source: filled, gap, or not expected."""
    if rows.is_empty():
        return None
    sources = rows["source"].unique().sort().to_list()
    lane = {source: place for place, source in enumerate(sources)}
    traces = []
    for state, role, name in STATES:
        marks = [
            (
                lane[row["source"]],
                row["place"],
                row["width"],
                f"{term(name)}: {row['said']}",
            )
            for row in rows.filter(pl.col("state") == state).iter_rows(named=True)
        ]
        if marks:
            traces.append(Bars(role, marks, name=term(name), thickness=0.6))
    days = [(24 * place + 12, weekday_name(place)) for place in range(7)]
    across = Axis(0, 168, days)
    return Figure(traces, [(across, lane_axis(sources))], height=90 + ROW_HEIGHT * len(sources))


def runs_table(rows: pl.DataFrame) -> Table:
    """Return the runs of hours that were expected."""
    names = {state: name for state, _, name in STATES}
    due = rows.filter(pl.col("state") != "idle")
    return table(
        text("One row per run of hours"),
        ["Source", "State", "When", "Hours", "Lines"],
        (
            [source, term(names[state]), said, hours, lines or 0]
            for source, state, said, hours, lines in due.select(
                "source", "state", "said", "hour_count", "line_count"
            ).iter_rows()
        ),
    )


SECTION = Section(
    name="source-coverage",
    editions=("principal", "superintendent"),
    order=50,
    label="What arrived",
    page="quality",
    rows=rows,
    title=title,
    summary=summary,
    draw=draw,
    table=runs_table,
    stays=True,
)
