"""Report section: where and when one account acted in two places."""

from typing import Any

import polars as pl
from plotly.graph_objects import Figure

from pipelines.reports.charts import LIGHT, ROW_HEIGHT, axis, bars, box, chart, note
from pipelines.reports.sections import Section
from pipelines.reports.tables import Table, table
from pipelines.reports.view import View
from pipelines.reports.words import clock, count, day, listed, moment

MOST_FINDINGS = 5  # drawn; the table holds all
TICK = 0.035  # hours that one log line is drawn wide
AROUND = 1.0  # hours drawn before and after the time in question
ROLES = ("blue", "vermillion", "green", "purple")


def rows(view: View) -> pl.DataFrame:
    """One row a log line of a shared-account finding, with its local hour."""
    found = view.seen("shared_account").select(
        "finding_id", "subject", "start_time", "end_time", "event_date"
    )
    lines = view.inputs.evidence.join(found, on="finding_id")
    midnight = local("start_time", view).dt.truncate("1d")
    return lines.sort("start_time", "finding_id", "position", "time").with_columns(
        hour=(local("time", view) - midnight).dt.total_seconds() / 3600,
        first_hour=(local("start_time", view) - midnight).dt.total_seconds() / 3600,
        last_hour=(local("end_time", view) - midnight).dt.total_seconds() / 3600,
        said=pl.col("time").map_elements(
            lambda time: moment(time, view.zone), return_dtype=pl.String
        ),
        place=pl.format("{} ({})", "device", "building").fill_null(pl.col("device")),
    )


def local(column: str, view: View) -> pl.Expr:
    """An instant in the district's time zone."""
    return pl.col(column).dt.convert_time_zone(view.inputs.zone)


def title(rows: pl.DataFrame) -> str:
    """How many accounts."""
    if rows.is_empty():
        return "No account was seen in two places at once this week"
    accounts = rows["subject"].n_unique()
    verb = "was" if accounts == 1 else "were"
    return f"{count(accounts, 'account')} {verb} active in two places at the same time"


def summary(rows: pl.DataFrame) -> str:
    """Which account, on which devices, over how long, in how many lines."""
    said = []
    grouped = rows.group_by("finding_id", "subject", maintain_order=True)
    for (_, subject), lines in grouped:
        places = lines["place"].drop_nulls().unique(maintain_order=True).to_list()
        seen = f"{count(lines.height, 'log line')} on {listed(places)}"
        when = f"from {lines['said'][0]} to {lines['said'][-1]}"
        said.append(f"Account {subject}: {seen}, {when}.")
    return " ".join(said[:MOST_FINDINGS])


def draw(rows: pl.DataFrame) -> Figure | None:
    """A lane a device, a mark a log line; the time in question is shaded."""
    near = rows.filter(
        pl.col("hour").is_between(
            pl.col("first_hour") - AROUND, pl.col("last_hour") + AROUND
        )
    )
    shown = near["finding_id"].unique(maintain_order=True).to_list()[:MOST_FINDINGS]
    if not shown:
        return None
    drawn = near.filter(pl.col("finding_id").is_in(shown))
    return laid_out(drawn, shown)


def laid_out(drawn: pl.DataFrame, shown: list[str]) -> Figure:
    """Every finding a heading and its lanes, over the hours in question."""
    begin, end = hours_of(drawn)
    place, traces, ticks, shapes, headings = 0, [], [], [], []
    for finding_id in shown:
        mine = drawn.filter(pl.col("finding_id") == finding_id)
        heading = f"Account {mine['subject'][0]}, {day(mine['event_date'][0])}"
        headings.append(note(begin, place, heading, xshift=0))
        lanes = mine["place"].unique(maintain_order=True).to_list()
        for row, name in enumerate(lanes, start=place + 1):
            role = ROLES[(row - place - 1) % len(ROLES)]
            traces.append(lane(row, role, mine.filter(pl.col("place") == name)))
            ticks.append((row, name or "device not known"))
        shapes.append(in_question(mine, place + 1, place + len(lanes)))
        place += len(lanes) + 1
    step = 1 if end - begin <= 9 else 2
    hours = [(hour, clock(hour)) for hour in range(begin, end + 1, step)]
    return chart(
        traces,
        x=axis(begin, end, hours, showgrid=True),
        y=axis(place - 0.5, -0.6, ticks),
        shapes=shapes,
        annotations=headings,
        height=60 + ROW_HEIGHT * place,
    )


def hours_of(drawn: pl.DataFrame) -> tuple[int, int]:
    """Whole local hours around everything drawn."""
    low = min(*drawn["hour"], *drawn["first_hour"])
    high = max(*drawn["hour"], *drawn["last_hour"])
    return int(low), int(high) + 1


def lane(place: int, role: str, lines: pl.DataFrame) -> Any:
    """The marks of one device."""
    marks = [
        (place, hour - TICK / 2, TICK, f"{said}: {activity or 'activity'}")
        for hour, said, activity in lines.select("hour", "said", "activity").iter_rows()
    ]
    return bars(role, marks, thickness=0.6)


def in_question(mine: pl.DataFrame, first_lane: int, last_lane: int) -> dict[str, Any]:
    """The shaded time of one finding, over all its lanes."""
    shade: dict[str, Any] = {
        "fillcolor": LIGHT["heat2"],
        "opacity": 0.3,
        "layer": "below",
    }
    hours = (mine["first_hour"][0], mine["last_hour"][0])
    place = (first_lane - 0.45, last_lane + 0.45)
    return box(*hours, *place, line={"width": 0}, **shade)


def lines_table(rows: pl.DataFrame) -> Table:
    """Each log line of these findings."""
    columns = ["subject", "said", "device", "building", "role", "source"]
    labels = ["Account", "When", "Device", "Building", "Role", "Source"]
    return table("One row a log line", labels, rows.select(columns).iter_rows())


SECTION = Section(
    name="shared-accounts",
    order=20,
    label="Shared accounts",
    rows=rows,
    title=title,
    summary=summary,
    draw=draw,
    table=lines_table,
)
