"""Report section: which hours of which source arrived, and which did not."""

import polars as pl
from plotly.graph_objects import Figure

from pipelines.reports.amounts import total
from pipelines.reports.charts import ROW_HEIGHT, axis, bars, chart
from pipelines.reports.sections import Section
from pipelines.reports.tables import Table, table
from pipelines.reports.view import View
from pipelines.reports.words import WEEKDAYS, count, listed, number, share, span

STATES = (
    ("arrived", "blue", "lines arrived"),
    ("missing", "vermillion", "expected, nothing came"),
    ("idle", "idle", "not expected"),
)


def rows(view: View) -> pl.DataFrame:
    """One row a run of hours of one source in one state.

    `place` counts local hours from the week's first midnight.
    """
    hours = view.of_week(view.inputs.source_hours).sort("source", "hour_start")
    due = pl.col("is_expected") & (pl.col("hour_start") < view.inputs.generated_time)
    days = (pl.col("event_date") - pl.lit(view.start)).dt.total_days()
    lines = pl.col("line_count").fill_null(0)
    marked = hours.with_columns(
        place=days * 24 + pl.col("hour"),
        state=pl.when(lines > 0)
        .then(pl.lit("arrived"))
        .when(due)
        .then(pl.lit("missing"))
        .otherwise(pl.lit("idle")),
    ).with_columns(run=pl.struct("source", "state").rle_id())
    joined = marked.group_by("run", "source", "state", maintain_order=True).agg(
        pl.col("place").min(),
        pl.col("hour_start").min(),
        last_hour=pl.col("hour_start").max(),
        hour_count=pl.len(),
        line_count=pl.col("line_count").sum(),
    )
    ends = pl.col("last_hour") + pl.duration(hours=1)
    spans = pl.struct("hour_start", ends.alias("end")).map_elements(
        lambda run: span(run["hour_start"], run["end"], view.zone),
        return_dtype=pl.String,
    )
    return joined.with_columns(said=spans)


def title(rows: pl.DataFrame) -> str:
    """Whether all came."""
    sources = rows.filter(pl.col("state") != "idle")["source"].n_unique()
    missing = rows.filter(pl.col("state") == "missing")
    if not sources:
        return "No source was expected to send lines this week"
    if missing.is_empty():
        said = "The one source" if sources == 1 else f"All {number(sources)} sources"
        return f"{said} sent lines in every expected hour"
    silent = missing["source"].unique().sort().to_list()
    hours = count(total(missing, "hour_count"), "expected hour")
    return f"{hours} without lines: {listed(silent)}"


def summary(rows: pl.DataFrame) -> str:
    """The share of hours and the longest gap."""
    due = rows.filter(pl.col("state") != "idle")
    if due.is_empty():
        return ""
    missing = rows.filter(pl.col("state") == "missing")
    hours, absent = total(due, "hour_count"), total(missing, "hour_count")
    said = (
        "A strip a source over the hours of the week. "
        f"{share(hours - absent, hours)} of {count(hours, 'expected hour')} arrived."
    )
    if missing.is_empty():
        return said
    longest = missing.sort("hour_count", descending=True).row(0, named=True)
    return (
        f"{said} Longest gap: {longest['source']}, {longest['said']}. What happened "
        "in a gap is not known, and nothing is counted there."
    )


def draw(rows: pl.DataFrame) -> Figure | None:
    """A strip a source: filled, gap, or not expected."""
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
                row["hour_count"],
                f"{name}: {row['said']}",
            )
            for row in rows.filter(pl.col("state") == state).iter_rows(named=True)
        ]
        if marks:
            traces.append(bars(role, marks, name=name, thickness=0.6))
    days = [(24 * place + 12, name) for place, name in enumerate(WEEKDAYS)]
    return chart(
        traces,
        x=axis(0, 168, days),
        y=axis(len(sources) - 0.5, -0.5, list(enumerate(sources))),
        height=90 + ROW_HEIGHT * len(sources),
    )


def runs_table(rows: pl.DataFrame) -> Table:
    """The runs of hours that were expected."""
    names = {state: name for state, _, name in STATES}
    due = rows.filter(pl.col("state") != "idle")
    return table(
        "One row a run of hours",
        ["Source", "State", "When", "Hours", "Lines"],
        (
            [source, names[state], said, hours, lines or 0]
            for source, state, said, hours, lines in due.select(
                "source", "state", "said", "hour_count", "line_count"
            ).iter_rows()
        ),
    )


SECTION = Section(
    name="source-coverage",
    order=50,
    label="What arrived",
    rows=rows,
    title=title,
    summary=summary,
    draw=draw,
    table=runs_table,
)
