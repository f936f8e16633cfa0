"""Report section: which clauses of the policy the logs can speak to."""

import polars as pl
from plotly.graph_objects import Figure

from pipelines.reports.charts import ROW_HEIGHT, axis, bars, chart, note
from pipelines.reports.sections import Section
from pipelines.reports.tables import Table, table
from pipelines.reports.view import View
from pipelines.reports.words import STRENGTHS, count, listed, number

BINDS = {
    "U": "all users", "E": "employees", "D": "the district", "St": "students",
    "E+St": "employees and students", "D, U": "the district and all users",
}  # fmt: skip
ROLES = {"S": "blue", "I": "green", "W": "purple", "0": "vermillion"}
TEXT = ("clause_id", "title", "binds", "strength", "cannot_show")


def rows(view: View) -> pl.DataFrame:
    """One row a clause: whom it binds, what logs can show, what watches it."""
    clauses = [
        {key: str(clause.get(key) or "") for key in TEXT}
        | {"detections": [str(name) for name in clause.get("detections") or ()]}
        for clause in view.inputs.clauses
    ]
    kinds = dict.fromkeys(TEXT, pl.String) | {"detections": pl.List(pl.String)}
    return pl.DataFrame(clauses, schema=kinds)


def title(rows: pl.DataFrame) -> str:
    """How many clauses logs can speak to."""
    if rows.is_empty():
        return "No policy clause is set up yet"
    blind = rows.filter(pl.col("strength") == "0").height
    seen = rows.height - blind
    return f"Logs can speak to {number(seen)} of {count(rows.height, 'policy clause')}"


def summary(rows: pl.DataFrame) -> str:
    """Clauses by strength, and those that no rule watches."""
    if rows.is_empty():
        return ""
    sizes = [
        f"{text}: {number(rows.filter(pl.col('strength') == strength).height)}"
        for strength, text in STRENGTHS.items()
    ]
    idle = rows.filter(pl.col("detections").list.len() == 0).height
    return (
        f"A bar for each answer. {'; '.join(sizes)}. "
        f"Without a rule that watches: {count(idle, 'clause')}."
    )


def draw(rows: pl.DataFrame) -> Figure | None:
    """Clauses by what logs can show."""
    if rows.is_empty():
        return None
    traces, notes = [], []
    longest = 1
    for lane, (strength, role) in enumerate(ROLES.items()):
        mine = rows.filter(pl.col("strength") == strength)
        longest = max(longest, mine.height)
        said = f"{STRENGTHS[strength]}: {count(mine.height, 'clause')}"
        traces.append(bars(role, [(lane, 0, mine.height, said)]))
        notes.append(note(mine.height, lane, number(mine.height)))
    return chart(
        traces,
        x=axis(0, longest * 1.1),
        y=axis(len(ROLES) - 0.5, -0.5, list(enumerate(STRENGTHS.values()))),
        annotations=notes,
        height=30 + ROW_HEIGHT * len(ROLES),
    )


def clauses_table(rows: pl.DataFrame) -> Table:
    """Every clause."""
    return table(
        "One row a clause of the policy",
        [
            "Clause",
            "What it asks",
            "Binds",
            "From logs",
            "Watched by",
            "Can not be shown",
        ],
        (
            [
                row["clause_id"],
                row["title"],
                BINDS.get(row["binds"], row["binds"]),
                STRENGTHS.get(row["strength"]),
                listed(row["detections"], most=6) or "no rule",
                row["cannot_show"] or "nothing more to say",
            ]
            for row in rows.iter_rows(named=True)
        ),
    )


SECTION = Section(
    name="policy-map",
    order=70,
    label="Policy coverage",
    rows=rows,
    title=title,
    summary=summary,
    draw=draw,
    table=clauses_table,
)
