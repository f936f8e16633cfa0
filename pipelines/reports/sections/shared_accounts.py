"""Report section: where and when an account was in use that its owner may not explain."""

import polars as pl

from pipelines.reports.charts import (
    ROW_HEIGHT,
    Axis,
    Bars,
    Figure,
    Note,
    shade,
)
from pipelines.reports.language import plural, term, text
from pipelines.reports.sections import Section
from pipelines.reports.text_tables import Table, each, table
from pipelines.reports.view import View
from pipelines.reports.words import activity_name, count, device_name, listed, moment, number

MAX_FINDINGS = 5  # drawn; the table holds all
AROUND = 15.0  # minutes drawn before and after the time in question
TICK = 0.006  # share of the width that one log line is drawn wide
STEPS = (5, 10, 15, 30, 60, 120, 240)  # minutes between ticks
MAX_TICKS = 9
LONGEST = 12 * 60.0  # minutes; an interval of days is described in words
ROLES = ("blue", "vermillion", "green", "purple")


def rows(view: View) -> pl.DataFrame:
    """Return one row per log line of a shared-account finding, with its minute."""
    found = view.seen("shared_account").select("finding_id", "subject", "start_time", "end_time")
    lines = view.inputs.evidence.join(found, on="finding_id")
    # a logon names its device, a request the building too: one lane for both
    building = view.short_place().drop_nulls().mode().sort().first()
    seen_at = building.over("finding_id", "device")

    def moments(column: str) -> pl.Series:
        return each(lines, lambda time: moment(time, view.zone), column)

    return (
        lines.with_columns(
            said=moments("time"),
            began=moments("start_time"),
            device=each(lines, device_name, "device"),
        )
        .sort("start_time", "finding_id", "time", "position")
        .with_columns(
            minute=minutes_after_start("time"),
            last_minute=minutes_after_start("end_time"),
            place=pl.format("{} ({})", "device", seen_at).fill_null(pl.col("device")),
        )
    )


def minutes_after_start(column: str) -> pl.Expr:
    """Return minutes from the finding's start to an instant."""
    return (pl.col(column) - pl.col("start_time")).dt.total_seconds() / 60


def title(rows: pl.DataFrame) -> str:
    """Return how many accounts."""
    if rows.is_empty():
        return text(
            "No account was used in two places, on others' devices, or during leave this week"
        )
    accounts = rows["subject"].n_unique()
    return plural(
        "{n} account was used in two places, on others' devices, or during leave",
        "{n} accounts were used in two places, on others' devices, or during leave",
        accounts,
        n=number(accounts),
    )


def summary(rows: pl.DataFrame) -> str:
    """Return the account, its devices, the duration, and the number of lines."""
    said = []
    grouped = rows.group_by("finding_id", "subject", maintain_order=True)
    for (_, subject), lines in grouped:
        places = lines["place"].drop_nulls().unique(maintain_order=True).to_list()
        seen = count(lines.height, "log line")
        # a finding of one moment may rest on lines of other days
        spread = lines.select(pl.col("minute").max() - pl.col("minute").min())["minute"][0]
        length = lasting(max(lines["last_minute"][0], 0) or spread)
        said.append(
            text(
                "Account {subject}: {lines} on {devices}, from {start} {length}.",
                subject=subject,
                lines=seen,
                devices=listed(places),
                start=lines["began"][0],
                length=length,
            )
        )
    shown = _drawn(rows)
    drawn = len(shown)
    if 0 < drawn < len(said):
        undrawn = rows.filter(~pl.col("finding_id").is_in(shown))
        left_out = undrawn["subject"].unique(maintain_order=True).to_list()
        said[MAX_FINDINGS:] = [
            text(
                "The chart shows {drawn} of {findings}, not {accounts}; the table has all.",
                drawn=number(drawn),
                findings=count(len(said), "finding"),
                accounts=listed(left_out),
            )
        ]
    return " ".join(said)


def lasting(minutes: float) -> str:
    """Return text such as "over 12 minutes", in days where there are many minutes."""
    if minutes > LONGEST:
        return text("over {length}", length=count(round(minutes / (24 * 60)) or 1, "day"))
    if minutes < 1:
        return text("within a minute")
    return text("over {length}", length=count(round(minutes), "minute"))


def draw(rows: pl.DataFrame) -> Figure | None:
    """Return a lane a device, a mark a log line, on the minutes since the start."""
    shown = _drawn(rows)
    if not shown:
        return None
    return laid_out(_near(rows).filter(pl.col("finding_id").is_in(shown)), shown)


def _near(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the log lines around findings that are short enough to draw."""
    in_view = pl.col("minute").is_between(-AROUND, pl.col("last_minute") + AROUND)
    near = rows.filter(in_view, pl.col("last_minute") <= LONGEST)
    return near.filter(pl.len().over("finding_id") > 1)


def _drawn(rows: pl.DataFrame) -> list[str]:
    """Return the ids of the findings that are drawn."""
    found = _near(rows)["finding_id"].unique(maintain_order=True).to_list()
    return found[:MAX_FINDINGS]


def laid_out(drawn: pl.DataFrame, shown: list[str]) -> Figure:
    """Return every finding a heading and its lanes; the time in question is shaded."""
    low, high = min(0, *drawn["minute"]), max(*drawn["minute"], *drawn["last_minute"])
    edge = (high - low or 1) * 0.03
    place, traces, names, boxes, headings = 0, [], [], [], []
    for finding_id in shown:
        mine = drawn.filter(pl.col("finding_id") == finding_id)
        heading = text(
            "Account {subject}, from {start}", subject=mine["subject"][0], start=mine["began"][0]
        )
        headings.append(Note(low - edge, place, heading, shift=0))
        lanes = mine["place"].unique(maintain_order=True).to_list()
        for row, name in enumerate(lanes, start=place + 1):
            role = ROLES[(row - place - 1) % len(ROLES)]
            lines = mine.filter(pl.col("place").eq_missing(name))
            traces.append(lane(row, role, lines, TICK * (high - low or 1)))
            names.append((row, name or text("device not known")))
        boxes.append(shade(0, mine["last_minute"][0], place + 0.55, place + len(lanes) + 0.45))
        place += len(lanes) + 1
    across = Axis(low - edge, high + edge, ticks(low, high), has_grid=True)
    return Figure(
        traces,
        [(across, Axis(place - 0.5, -0.6, names))],
        height=50 + ROW_HEIGHT * place,
        boxes=boxes,
        notes=headings,
    )


def ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Round minutes after the start, few enough to be read."""
    step = next((s for s in STEPS if (high - low) / s <= MAX_TICKS), STEPS[-1])
    places = range(0, int(high) + 1, step)
    return [(place, text("{n} min", n=place) if place else text("start")) for place in places]


def lane(place: int, role: str, lines: pl.DataFrame, width: float) -> Bars:
    """Return the marks of one device."""
    columns = ["minute", "said", "activity"]
    marks = [
        (place, minute - width / 2, width, f"{said}: {activity_name(activity) or text('activity')}")
        for minute, said, activity in lines.select(columns).iter_rows()
    ]
    return Bars(role, marks, thickness=0.6)


def lines_table(rows: pl.DataFrame) -> Table:
    """Return each log line of these findings."""
    columns = ["subject", "said", "device", "building", "role", "source"]
    return table(
        text("One row per log line"),
        ["Account", "When", "Device", "Building", "Role", "Source"],
        (
            [account, said, device_name(device), place, term(role or ""), source]
            for account, said, device, place, role, source in rows.select(columns).iter_rows()
        ),
    )


SECTION = Section(
    name="shared-accounts",
    editions=("principal", "superintendent"),
    order=20,
    label="Shared accounts",
    page="pictures",
    rows=rows,
    title=title,
    summary=summary,
    draw=draw,
    table=lines_table,
    kind="shared_account",
)
