"""Report section: is this week unusual? The last thirteen weeks, one line a number."""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from pipelines.reports.charts import Axis, Figure, Line, Note, band, scale
from pipelines.reports.headline import FEWEST, NUMBERS, history, is_whole, this_week, usual
from pipelines.reports.report_inputs import week_of
from pipelines.reports.report_rows import WeekNumbers
from pipelines.reports.sections import Section
from pipelines.reports.text_tables import Table, table
from pipelines.reports.view import View, counterpart
from pipelines.reports.words import count, number

ACROSS = 2
SHARE = 0.9

COLUMNS: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "last_year": pl.Int64,
    "week": pl.Date,
    "key": pl.String,
    "value": pl.Int64,
    "is_whole": pl.Boolean,
}


def rows(view: View) -> pl.DataFrame:
    """Return one row per week and number; the last week is the report's own.

    `last_year` is the number of the same instructional week a year before.
    """
    weeks = [(week_of(week), week) for week in history(view)]
    weeks.append((view.start, this_week(view)))
    known = {week_of(week): week for week in view.earlier}
    found = [
        {"week": start, "key": key, "value": week.get(key), "is_whole": is_whole(week)}
        | {"last_year": before.get(key)}
        for start, week in weeks
        for before in [known.get(counterpart(view, start) or date.min, WeekNumbers())]
        for key in NUMBERS
    ]
    return pl.DataFrame(found, schema=COLUMNS)


def rows_of(weeks: Sequence[WeekNumbers]) -> pl.DataFrame:
    """Return the same rows of any weeks, for a month or a semester."""
    found = [
        {"week": week_of(week), "key": key, "value": week.get(key)}
        | {"is_whole": is_whole(week), "last_year": None}
        for week in weeks
        for key in NUMBERS
    ]
    return pl.DataFrame(found, schema=COLUMNS)


def title(rows: pl.DataFrame) -> str:
    """Return the numbers outside their usual range."""
    if rows["week"].n_unique() < 2:
        return "There is no earlier week to compare with"
    outside = [NUMBERS[key].lower() for key in NUMBERS if leaves(rows, key)]
    if all(usual_range(rows, key) is None for key in NUMBERS):
        return f"A usual range needs {FEWEST} full weeks before this one"
    if not outside:
        return "No number left its usual range this week"
    return f"Outside the usual range this week: {', '.join(outside)}"


def series(rows: pl.DataFrame, key: str) -> list[int | None]:
    """Return one number over the weeks, oldest first."""
    return [value for _, value, _, _ in _of(rows, key)]


def _of(rows: pl.DataFrame, key: str) -> list[tuple[date, int | None, int | None, bool]]:
    """Return week, value, that of a year before, and whether the week is complete."""
    columns = rows.select("key", "week", "value", "last_year", "is_whole").rows()
    own = ((week, *rest) for name, week, *rest in columns if name == key)
    return sorted(own, key=lambda one: one[0])


def leaves(rows: pl.DataFrame, key: str) -> bool:
    """Return whether this week's number is outside the usual range of those before."""
    now, usually = series(rows, key)[-1], usual_range(rows, key)
    return usually is not None and now is not None and not (usually[0] <= now <= usually[1])


def usual_range(rows: pl.DataFrame, key: str) -> tuple[int, int] | None:
    """Return the usual range of a number, from the earlier weeks that arrived whole."""
    *before, _ = _of(rows, key)
    return usual([value for _, value, _, is_whole in before if is_whole])


def summary(rows: pl.DataFrame) -> str:
    """Return this week and the range of each number."""
    weeks = rows["week"].n_unique()
    if weeks < 2:
        return ""
    is_known = any(usual_range(rows, key) for key in NUMBERS)
    shaded = ", the usual range shaded" if is_known else ""
    said = [f"Lines over {count(weeks, 'week')}{shaded}."]
    if rows["last_year"].drop_nulls().len():
        said.append("Dashed: the same weeks of school a year before.")
    for key, name in NUMBERS.items():
        *before, now = series(rows, key)
        known = [value for value in before if value is not None]
        if now is None or not known:
            continue
        low, high = usual_range(rows, key) or (min(known), max(known))
        word = "usual" if usual_range(rows, key) else "before,"
        range_ = f"{word} {number(low)} to {number(high)}"
        said.append(f"{name}: {number(now)} this week; {range_}.")
    return " ".join(said)


def draw(rows: pl.DataFrame) -> Figure | None:
    """Return a small line chart a number, with its usual range as a band."""
    if rows["week"].n_unique() < 2:
        return None
    traces: list[Line] = []
    panels, notes, boxes = [], [], []
    for place, (key, name) in enumerate(NUMBERS.items()):
        values = series(rows, key)
        end = len(values) - 1
        past = before_that(rows, key)
        top = max([value or 0 for value in [*values, *past]] + [4]) * 1.35
        panels.append(pair(rows, place, top))
        traces += curves(rows, key, place)
        notes.append(Note(0, top * 0.97, name, shift=0, panel=place))
        if values[-1] is not None:
            notes.append(Note(end, values[-1], number(values[-1]), panel=place))
        if usually := usual_range(rows, key):
            boxes.append(band(0, end, *usually, panel=place))
    return Figure(traces, panels, height=360, boxes=boxes, notes=notes)


def before_that(rows: pl.DataFrame, key: str) -> list[int | None]:
    """Return one number in the same instructional weeks a year before."""
    return [past for _, _, past, _ in _of(rows, key)]


def curves(rows: pl.DataFrame, key: str, panel: int) -> list[Line]:
    """Return the line of one number; beneath it that of a year before, where it is known."""
    names = [f"Week {week.isocalendar().week}" for week, _, _, _ in _of(rows, key)]
    past, own = before_that(rows, key), series(rows, key)
    said = [
        (place, value, f"{names[place]}, a year before: {value}")
        for place, value in enumerate(past)
    ]
    lines = [Line("blue", [(p, v, f"{names[p]}: {v}") for p, v in enumerate(own)], panel=panel)]
    if any(value is not None for value in past):
        lines.insert(0, Line("muted", said, is_dashed=True, panel=panel))
    return lines


def pair(rows: pl.DataFrame, place: int, top: float) -> tuple[Axis, Axis]:
    """Return the axes of the number at `place`."""
    weeks = rows["week"].unique().sort().to_list()
    names = [(p, f"{week.isocalendar().week}") for p, week in enumerate(weeks)]
    left, low = (place % ACROSS) / ACROSS, 0.56 if place < ACROSS else 0.0
    wide = (left, left + SHARE / ACROSS)
    across = Axis(-0.3, len(weeks) + 0.4, names[:: 1 + len(names) // 8], domain=wide)
    return across, Axis(0, top, scale(top / 1.35), domain=(low, low + 0.42))


def weeks_table(rows: pl.DataFrame) -> Table:
    """Return the numbers of every week drawn."""
    weeks = rows.pivot("key", index="week", values="value").sort("week")
    past = rows.pivot("key", index="week", values="last_year").sort("week")
    both = weeks.select("week", *NUMBERS).hstack(
        past.select(pl.col(key).alias(f"{key} a year before") for key in NUMBERS)
    )
    labels = list(NUMBERS.values())
    if not rows["last_year"].drop_nulls().len():
        both = both.select("week", *NUMBERS)
    else:
        labels += [f"{name} a year before" for name in labels]
    return table(
        "One row per week",
        ["Week", *labels],
        (
            [f"Week {week.isocalendar().week} of {week.isocalendar().year}", *values]
            for week, *values in both.iter_rows()
        ),
    )


SECTION = Section(
    name="trend",
    order=18,
    label="Unusual numbers",
    page="pictures",
    rows=rows,
    title=title,
    summary=summary,
    draw=draw,
    table=weeks_table,
)
