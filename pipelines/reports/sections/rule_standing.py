"""Report section: how often reviewers confirmed what each rule found."""

import polars as pl

from pipelines.findings.rule_quality import MEANS
from pipelines.reports.charts import ROW_HEIGHT, Axis, Bars, Figure, Note, lane_axis
from pipelines.reports.sections import Section
from pipelines.reports.text_tables import Table, table, total
from pipelines.reports.view import View
from pipelines.reports.words import NOT_KNOWN, count, listed, number

SAID = {str(state): said for state, said in MEANS.items()}


def rows(view: View) -> pl.DataFrame:
    """Return one row per rule with decisions: decisions, confirmed, bounds."""
    titles = {rule["code"]: str(rule.get("title")) for rule in view.inputs.rules}
    decided = view.inputs.rule_standing.filter(pl.col("decisions") > 0)
    name = pl.col("code").replace_strict(titles, default=pl.col("code"), return_dtype=pl.String)
    return decided.with_columns(title=name).sort("code")


def title(rows: pl.DataFrame) -> str:
    """Return how many of the decisions confirmed a rule."""
    if rows.is_empty():
        return "No one has decided on a rule's findings yet"
    decisions, confirmed = total(rows, "decisions"), total(rows, "confirmed")
    return f"{number(confirmed)} of {count(decisions, 'decision')} confirmed a finding"


def summary(rows: pl.DataFrame) -> str:
    """Return which rules make leads only, and the meaning of the bars."""
    if rows.is_empty():
        return ""
    leads = rows.filter(pl.col("state") == "leads")["code"].to_list()
    few = rows.filter(pl.col("state") == "too few").height
    said = (
        "A bar reaches from the lowest to the highest share that the decisions allow with 95% "
        f"confidence: a long bar means little evidence. Too few decisions: {count(few, 'rule')}."
    )
    if leads:
        said += f" Not confirmed often enough, so that they make leads: {listed(leads)}."
    return said


def draw(rows: pl.DataFrame) -> Figure | None:
    """Return one bar per rule, from bound to bound, with the confirmed number."""
    known = rows.drop_nulls(["precision_low", "precision_high"])
    if known.is_empty():
        return None
    marks, notes = [], []
    for lane, row in enumerate(known.iter_rows(named=True)):
        low, high = 100 * row["precision_low"], 100 * row["precision_high"]
        said = f"{row['confirmed']} of {row['decisions']} confirmed"
        marks.append((lane, low, max(high - low, 0.5), f"{row['code']}: {said}"))
        notes.append(Note(high, lane, said))
    across = Axis(0, 135, [(part, f"{part}%") for part in (0, 25, 50, 75, 100)], has_grid=True)
    return Figure(
        [Bars("blue", marks)],
        [(across, lane_axis(known["code"]))],
        height=50 + ROW_HEIGHT * known.height,
        notes=notes,
    )


def standing_table(rows: pl.DataFrame) -> Table:
    """Return each rule with its decisions and what follows from them."""
    return table(
        "One row per rule with decided findings",
        ["Code", "Rule", "Decisions", "Confirmed", "Between (95% confidence)", "So"],
        (
            [
                row["code"],
                row["title"],
                row["decisions"],
                row["confirmed"],
                between(row["precision_low"], row["precision_high"]),
                SAID.get(row["state"], row["state"]),
            ]
            for row in rows.iter_rows(named=True)
        ),
    )


def between(low: float | None, high: float | None) -> str:
    """Return text such as "63% and 95%"."""
    if low is None or high is None:
        return NOT_KNOWN
    return f"{100 * low:.0f}% and {100 * high:.0f}%"


def is_any(rows: pl.DataFrame) -> bool:
    """Return whether the section has content."""
    return not rows.is_empty()


SECTION = Section(
    name="rule-standing",
    order=82,
    label="How accurate are the rules?",
    page="rules",
    rows=rows,
    title=title,
    summary=summary,
    draw=draw,
    table=standing_table,
    is_shown=is_any,
)
