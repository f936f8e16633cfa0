"""Report section: the share of the use whose account is known, by building."""

import polars as pl

from pipelines.errors import capital
from pipelines.reports.charts import (
    ROW_HEIGHT,
    Axis,
    Bars,
    Figure,
    Note,
    lane_axis,
)
from pipelines.reports.language import marked, term, text
from pipelines.reports.sections import Section
from pipelines.reports.text_tables import Table, table, total
from pipelines.reports.view import View, at_place, place_name
from pipelines.reports.words import count, share

GROUPS = (
    ("firm", "blue", marked("account known (grade A)")),
    ("weak", "purple", marked("one fact shows it (grade B or C)")),
    ("nobody", "vermillion", marked("account not known (grade D)")),
)
GRADE_GROUP = {"A": "firm", "B": "weak", "C": "weak"}
NAMING = marked(
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
        return text("No use was seen this week")
    if not total(rows, "nobody"):
        return text("For all use, at least one fact shows the account")
    open_ = share(total(rows, "nobody"), requests)
    return text("For {share} of the use, the account is unknown", share=open_)


def summary(rows: pl.DataFrame) -> str:
    """Return total, and the building where least is known."""
    requests = total(rows, "total")
    if not requests:
        return ""
    least = rows.filter(pl.col("total") > 0).with_columns(part=pl.col("nobody") / pl.col("total"))
    top = least.sort(["part", "building"], descending=[True, False]).row(0, named=True)
    least_known = text(
        "Lowest {where}: {share} without an account. ",
        where=at_place(top["building"]),
        share=share(top["nobody"], top["total"]),
    )
    said = text(
        "One bar per building, of {requests}. For {share}, the account is known at grade A. ",
        requests=count(requests, "request"),
        share=share(total(rows, "firm"), requests),
    )
    return f"{said}{least_known if top['nobody'] else ''}{term(NAMING)}"


def draw(rows: pl.DataFrame) -> Figure | None:
    """Return each building as a whole, in three parts."""
    known = rows.filter(pl.col("total") > 0)
    if known.is_empty():
        return None
    shares = known.select("nobody", "total").iter_rows()
    notes = [
        Note(100, lane, text("{share} not known", share=share(nobody, requests)))
        for lane, (nobody, requests) in enumerate(shares)
    ]
    across = Axis(0, 124, [(part, f"{part}%") for part in (0, 25, 50, 75, 100)])
    return Figure(
        parts(known),
        [(across, lane_axis([place_name(one) for one in known["building"]]))],
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
                said = f"{place_name(row['building'])}: {part:.1f}% {term(name)}"
                marks.append((lane, starts[lane], part, said))
            starts[lane] += part
        if marks:
            traces.append(Bars(role, marks, name=term(name)))
    return traces


def grades_table(rows: pl.DataFrame) -> Table:
    """Return requests by how sure we are."""
    return table(
        text("One row per building, in requests"),
        [
            "Building",
            "Requests",
            *(capital(name) for _, _, name in GROUPS),
        ],
        (
            [place_name(building), *counts]
            for building, *counts in rows.select(
                "building", "total", *(group for group, _, _ in GROUPS)
            ).iter_rows()
        ),
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
