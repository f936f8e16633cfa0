"""Report section: where every line went. In = read + set aside + all the rest."""

import polars as pl

from pipelines.reports.charts import ROW_HEIGHT, Axis, Bars, Figure, Note, lane_axis, scale
from pipelines.reports.sections import Section
from pipelines.reports.text_tables import Table, largest, table, total
from pipelines.reports.view import View
from pipelines.reports.words import count, listed, number

PARTS = ("events", "rejects", "blanks", "duplicates", "pending")
LABELS = ("Read", "Rejected", "Blank", "Read before", "Waiting")


def rows(view: View) -> pl.DataFrame:
    """Return one row per source: lines in, where they went, and what is left over."""
    days = view.of_week(view.inputs.source_days)
    counts = pl.col("lines", *PARTS, "unchecked").sum()
    totals = days.group_by("source").agg(counts).sort("source")
    return totals.with_columns(left=pl.col("lines") - pl.sum_horizontal(PARTS))


def title(rows: pl.DataFrame) -> str:
    """Return whether the account closes."""
    if rows.is_empty():
        return "No line was read this week"
    open_ = rows.filter(pl.col("left") != 0)
    lines = count(total(rows, "lines"), "line")
    if open_.is_empty():
        return f"All {lines} are accounted for"
    return f"The line account does not balance for {listed(open_['source'].to_list())}"


def summary(rows: pl.DataFrame) -> str:
    """Return how much was read, and what was set aside most."""
    if rows.is_empty():
        return ""
    sums = {part: total(rows, part) for part in ("lines", *PARTS)}
    said = (
        f"Bars show the lines of each source. {number(sums['events'])} of "
        f"{count(sums['lines'], 'line')} were read as events; {number(sums['rejects'])} were "
        f"rejected, each with a reason; {number(sums['blanks'])} were blank; "
        f"{number(sums['duplicates'])} had been read before; {number(sums['pending'])} wait for "
        "the rest of a file."
    )
    unchecked = rows.filter(pl.col("unchecked") > 0)
    if lines := total(unchecked, "unchecked"):
        said += (
            f" {count(lines, 'line')} of {listed(unchecked['source'].to_list())} arrived "
            "compressed without a checksum: damage in transit could not be detected."
        )
    left = total(rows.select(pl.col("left").abs()), "left")
    if left:
        said += f" {count(left, 'line')} are unaccounted for: ask the operator."
    return said


def draw(rows: pl.DataFrame) -> Figure | None:
    """Return one bar per source, with the numbers of its lines."""
    if rows.is_empty():
        return None
    marks, notes = [], []
    for place, row in enumerate(rows.iter_rows(named=True)):
        said = f"{number(row['lines'])} lines"
        more = f"{said}, {number(row['rejects'])} rejected"
        marks.append((place, 0, row["lines"], f"{row['source']}: {more}"))
        notes.append(Note(row["lines"], place, said))
    longest = max(largest(rows, "lines"), 1)
    across = Axis(0, longest * 1.6, scale(longest, " lines"))
    return Figure(
        [Bars("blue", marks)],
        [(across, lane_axis(rows["source"]))],
        height=50 + ROW_HEIGHT * rows.height,
        notes=notes,
    )


def account_table(rows: pl.DataFrame) -> Table:
    """Return lines in and where they went, by source; a column of zeros is in files only."""
    is_balanced = rows.filter(pl.col("left") != 0).is_empty()
    return table(
        "Lines in = read + rejected + blank + read before + waiting",
        ["Source", "Lines in", *LABELS, "Left over"],
        rows.select("source", "lines", *PARTS, "left").iter_rows(),
        only_in_files=("Left over",) if is_balanced else ("Blank",),
    )


SECTION = Section(
    name="line-account",
    order=55,
    label="Line account",
    page="quality",
    rows=rows,
    title=title,
    summary=summary,
    draw=draw,
    table=account_table,
    stays=True,
)
