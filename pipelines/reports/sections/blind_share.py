"""Report section: lines that arrived and have no host or no account."""

from datetime import timedelta

import polars as pl

from pipelines.errors import capital
from pipelines.reports.charts import ROW_HEIGHT, Axis, Bars, Figure, Note, lane_axis
from pipelines.reports.sections import Section
from pipelines.reports.text_tables import Table, table, total
from pipelines.reports.view import View, at_place
from pipelines.reports.words import NOT_KNOWN, count, share

WEEKS_BEFORE = 4
SIDES = (
    ("host", "purple", "no site"),
    ("account", "vermillion", "no account"),
)
COUNTS = ("line_count", "without_host_count", "without_account_count")
NOWHERE = "building not known"

KEYS = ("source", "building")


def rows(view: View) -> pl.DataFrame:
    """Return one row per source and building: the lines of the week, and of those before."""
    days = view.inputs.blind_share.with_columns(pl.col("building").fill_null(NOWHERE))
    begin = view.start - timedelta(days=7 * WEEKS_BEFORE)
    past = days.filter(pl.col("event_date").is_between(begin, view.start, "left"))
    keys = ["source", "building"]
    before = past.group_by(keys).agg(pl.col(name).sum().alias(f"before_{name}") for name in COUNTS)
    week = view.of_week(days).group_by(keys).agg(pl.col(name).sum() for name in COUNTS)
    return week.join(before, on=keys, how="left").sort(keys)


def title(rows: pl.DataFrame) -> str:
    """Return the two shares over everything."""
    lines = total(rows, "line_count")
    if not lines:
        return "No use was logged this week"
    host, account = (share(total(rows, f"without_{n}_count"), lines) for n, *_ in SIDES)
    return capital(f"{host} of the log lines name no site, and {account} name no account")


def summary(rows: pl.DataFrame) -> str:
    """Return where most is left out, and why that matters."""
    if not total(rows, "line_count"):
        return ""
    top = rows.filter(pl.col("line_count") > 0).with_columns(
        part=pl.col("without_account_count") / pl.col("line_count")
    )
    most = top.sort(["part", *KEYS], descending=[True, False, False]).row(0, named=True)
    part = share(most["without_account_count"], most["line_count"])
    return (
        "Bars show the share of each source's lines with no account or no site, of "
        f"{count(total(rows, 'line_count'), 'line')} in all. Most often without an account: "
        f"{most['source']} {at_place(most['building'])}, {part}. Encryption, relays and a removed "
        "agent all increase this share. Leases and logons may still identify the account. Lines "
        "of programs that call at even intervals are left out: no one is signed in to them."
    )


def draw(rows: pl.DataFrame) -> Figure | None:
    """Return two bars a source."""
    sources = rows.group_by("source").agg(pl.col(name).sum() for name in COUNTS)
    known = sources.filter(pl.col("line_count") > 0).sort("source")
    if known.is_empty():
        return None
    traces, notes = [], []
    for place, (side, role, name) in enumerate(SIDES):
        marks = []
        for lane, row in enumerate(known.iter_rows(named=True)):
            part, at = row[f"without_{side}_count"], lane + 0.22 * (2 * place - 1)
            said = share(part, row["line_count"])
            length = 100 * part / row["line_count"]
            marks.append((at, 0, length, f"{row['source']}: {said} {name}"))
            notes.append(Note(length, at, said))
        traces.append(Bars(role, marks, name=name, thickness=0.36))
    across = Axis(0, 118, [(part, f"{part}%") for part in (0, 25, 50, 75, 100)])
    return Figure(
        traces,
        [(across, lane_axis(known["source"]))],
        height=90 + 2 * ROW_HEIGHT * known.height,
        notes=notes,
    )


def shares_table(rows: pl.DataFrame) -> Table:
    """Return the shares of each source and building, and what they were."""
    labels = [f"{text[0].upper()}{text[1:]}" for *_, text in SIDES]
    return table(
        f"One row per source and building. Before: the {WEEKS_BEFORE} weeks before.",
        [
            "Source",
            "Building",
            "Lines",
            *(f"{label}{when}" for label in labels for when in ("", ", before")),
        ],
        (
            [
                row["source"],
                row["building"],
                row["line_count"],
                *(part_of(row, side, when) for side, *_ in SIDES for when in ("", "before_")),
            ]
            for row in rows.iter_rows(named=True)
        ),
    )


def part_of(row: dict[str, int | None], side: str, when: str) -> str:
    """Return a share in words; not known where no line had arrived."""
    lines, part = row[f"{when}line_count"], row[f"{when}without_{side}_count"]
    return share(part or 0, lines) if lines else NOT_KNOWN


def is_any(rows: pl.DataFrame) -> bool:
    """Return whether the section has content."""
    return not rows.is_empty()


SECTION = Section(
    name="blind-share",
    order=58,
    label="Missing details",
    page="quality",
    rows=rows,
    title=title,
    summary=summary,
    draw=draw,
    table=shares_table,
    is_shown=is_any,
)
