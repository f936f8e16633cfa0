"""Report section: permissions that end soon, or ended a short while ago."""

import polars as pl

from pipelines.reports.sections import Section, no_chart
from pipelines.reports.text_tables import Table, table
from pipelines.reports.view import View
from pipelines.reports.words import count, day, listed

DAYS_AHEAD, DAYS_BACK = 30, 14
KINDS = {"consent": "consent", "exception": "exception from a rule"}
ENDED, ENDS, LOOK = "has ended", "ends", "is due for review"

MANY = {ENDED: "have ended", ENDS: "end", LOOK: "are due for review"}
SOON = f" within {DAYS_AHEAD} days"


def rows(view: View) -> pl.DataFrame:
    """Return one row per consent or exception with a day that is near, soonest first.

    The day is the one on which it ends or, if that comes first, is to be reviewed.
    """
    near = pl.col("on").is_between(
        pl.lit(view.end).dt.offset_by(f"-{DAYS_BACK}d"),
        pl.lit(view.end).dt.offset_by(f"{DAYS_AHEAD}d"),
    )
    is_over = pl.col("valid_to") <= view.end
    is_look = pl.col("review_by").is_not_null() & (
        pl.col("valid_to").is_null() | (pl.col("review_by") < pl.col("valid_to"))
    )
    what = (
        pl.when(is_over)
        .then(pl.lit(ENDED))
        .when(is_look)
        .then(pl.lit(LOOK))
        .otherwise(pl.lit(ENDS))
    )
    when = pl.when(is_look & ~is_over).then("review_by").otherwise("valid_to")
    dated = view.inputs.permits.with_columns(what=what, on=when)
    return dated.filter(near).sort("on", "permit_id")


def title(rows: pl.DataFrame) -> str:
    """Return how many, of what standing."""
    if rows.is_empty():
        return "No permission ends soon"
    said = [
        f"{count(size, 'permission')} {what if size == 1 else MANY[what]}"
        for what, size in rows.group_by("what", maintain_order=True).len().iter_rows()
    ]
    return f"{listed(said)}{SOON if ENDS in rows['what'] else ''}"


def summary(rows: pl.DataFrame) -> str:
    """Return the effect of an ending one."""
    if rows.is_empty():
        return ""
    return (
        "When a permission ends, the same activity can show up here again from the "
        "day after. Renew it, or let it end. See consents.csv for who approved it."
    )


def permits_table(rows: pl.DataFrame) -> Table:
    """Return each permission, without the person it is for."""
    return table(
        "One row per permission",
        ["Permission", "Kind", "Clause or rule", "Standing", "Day"],
        (
            [name, KINDS.get(kind), about, what, day(when)]
            for name, kind, about, what, when in rows.select(
                "permit_id", "kind", "about", "what", "on"
            ).iter_rows()
        ),
    )


def is_near(rows: pl.DataFrame) -> bool:
    """Return whether the section has content."""
    return not rows.is_empty()


SECTION = Section(
    name="permits",
    order=68,
    label="Permissions",
    page="rules",
    rows=rows,
    title=title,
    summary=summary,
    draw=no_chart,
    table=permits_table,
    is_shown=is_near,
)
