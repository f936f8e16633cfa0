"""Report section: the share of the use whose account is known, by building."""

import polars as pl

from pipelines.reports.charts import ROW_HEIGHT, Axis, Bars, Figure, Note, lane_axis
from pipelines.reports.sections import Section
from pipelines.reports.text_tables import Table, table, total
from pipelines.reports.view import View, at_place
from pipelines.reports.words import count, share

GROUPS = (
    ("firm", "blue", "account known (grade A)"),
    ("weak", "purple", "one fact shows it (grade B or C)"),
    ("nobody", "vermillion", "account not known (grade D)"),
)
GRADE_GROUP = {"A": "firm", "B": "weak", "C": "weak"}
NAMING = (
    "A finding names an account at grade A: a login in the line itself, or two facts "
    "that agree. Rules on sites also take grade C, one fact alone. Grade D names no "
    "one. Guests, private phones, servers and screens are not counted."
)


def rows(view: View) -> pl.DataFrame:
    """Return one row per building: its requests by how well the account is known."""
    week = view.of_week(view.inputs.attribution).with_columns(
        pl.col("building").fill_null("building not known"),
        group=pl.col("grade").replace_strict(GRADE_GROUP, default="nobody"),
    )
    sums = [
        pl.col("request_count").filter(pl.col("group") == group).sum().alias(group)
        for group, _, _ in GROUPS
    ]
    buildings = week.group_by("building").agg(sums).sort("building")
    return buildings.with_columns(total=pl.sum_horizontal(g for g, _, _ in GROUPS))


def title(rows: pl.DataFrame) -> str:
    """Return the share of use whose account is not known."""
    requests = total(rows, "total")
    if not requests:
        return "No use was seen this week"
    if not total(rows, "nobody"):
        return "For all use, at least one fact shows the account"
    open_ = share(total(rows, "nobody"), requests)
    return f"For {open_} of the use, the account is unknown"


def summary(rows: pl.DataFrame) -> str:
    """Return total, and the building where least is known."""
    requests = total(rows, "total")
    if not requests:
        return ""
    least = rows.filter(pl.col("total") > 0).with_columns(part=pl.col("nobody") / pl.col("total"))
    top = least.sort(["part", "building"], descending=[True, False]).row(0, named=True)
    open_ = f"{share(top['nobody'], top['total'])} without an account. "
    least_known = f"Lowest {at_place(top['building'])}: {open_}"
    return (
        f"One bar per building, of {count(requests, 'request')}. An account is known "
        f"for {share(total(rows, 'firm'), requests)}. "
        f"{least_known if top['nobody'] else ''}{NAMING}"
    )


def draw(rows: pl.DataFrame) -> Figure | None:
    """Return each building as a whole, in three parts."""
    known = rows.filter(pl.col("total") > 0)
    if known.is_empty():
        return None
    shares = known.select("nobody", "total").iter_rows()
    notes = [
        Note(100, lane, f"{share(nobody, requests)} not known")
        for lane, (nobody, requests) in enumerate(shares)
    ]
    across = Axis(0, 124, [(part, f"{part}%") for part in (0, 25, 50, 75, 100)])
    return Figure(
        parts(known),
        [(across, lane_axis(known["building"]))],
        height=90 + ROW_HEIGHT * known.height,
        notes=notes,
    )


def parts(known: pl.DataFrame) -> list[Bars]:
    """Return the bars of each group, one after the other in every lane."""
    traces, starts = [], [0.0] * known.height
    for group, role, name in GROUPS:
        marks = []
        for lane, row in enumerate(known.iter_rows(named=True)):
            part = 100 * row[group] / row["total"]
            if part:
                said = f"{row['building']}: {part:.1f}% {name}"
                marks.append((lane, starts[lane], part, said))
            starts[lane] += part
        if marks:
            traces.append(Bars(role, marks, name=name))
    return traces


def grades_table(rows: pl.DataFrame) -> Table:
    """Return requests by how sure we are."""
    return table(
        "One row per building, in requests",
        [
            "Building",
            "Requests",
            *(name[0].upper() + name[1:] for _, _, name in GROUPS),
        ],
        rows.select("building", "total", *(group for group, _, _ in GROUPS)).iter_rows(),
    )


SECTION = Section(
    name="unattributed",
    editions=("principal", "superintendent"),
    order=65,
    label="Account known?",
    page="quality",
    rows=rows,
    title=title,
    summary=summary,
    draw=draw,
    table=grades_table,
)
