"""The page *Charts*: saved queries with a chart, for one week; see `notebook.own_charts`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from pipelines.desk.open_homes import OpenHome
from pipelines.desk.queue import weeks_in_words
from pipelines.errors import ModelError
from pipelines.notebook.own_charts import Numbers, chart_queries, numbers, weeks_with_lines
from pipelines.registry.registry import building_names
from pipelines.reports.charts import ROLES, Axis, Figure, Heatmap, Line, columns, lane_axis, scale
from pipelines.reports.static_charts import drawing
from pipelines.reports.text_tables import Cell, Table, table, visible
from pipelines.reports.view import week_label
from pipelines.reports.words import clock, day
from pipelines.warehouse.headers import Chart, Header
from pipelines.warehouse.snapshots import current

THOUSAND = 1000
WITHHELD = "withheld"


def charts_page(home: OpenHome, query: Mapping[str, str]) -> dict[str, object]:
    """Return every chart of a week; a query that fails has its reason in place of its chart.

    Raises:
        NothingReadError: There is no snapshot yet, or it has no day.
    """
    home.base()
    snapshot = current(home.home.snapshots)
    district = home.district
    charted, least = chart_queries(home.home.queries), district.settings.report.least_count
    weeks = weeks_with_lines(snapshot)
    newest = weeks[0] if weeks else None
    week = next((one for one in weeks if week_label(one) == query.get("week")), newest)
    buildings = building_names(district.registry)
    charts: list[dict[str, object]] = []
    problems = [str(one) for one in charted.problems]
    for name, model in charted.queries.items():
        if week is None:
            break
        try:
            shown = numbers(snapshot, name, model, week, least)
        except ModelError as error:
            problems.append(str(error))
            continue
        charts.append(
            {
                "name": name,
                "title": visible(model.header.title or name.replace("_", " ").capitalize()),
                "summary": visible(" ".join(model.header.summary.split())),
                "withheld": shown.withheld,
                **_drawn(model.header, shown, buildings),
            }
        )
    return {
        "charts": charts,
        "problems": [visible(one) for one in problems],
        "weeks": weeks_in_words(week_label(one) for one in weeks),
        "week": week_label(week) if week else "",
        "least": least,
    }


def _drawn(header: Header, shown: Numbers, buildings: Mapping[str, str]) -> dict[str, object]:
    """Return the drawings and the table of a chart; no drawing of a table, or of nothing."""
    chart = header.chart
    assert chart is not None
    across = [_label(chart.across, one, buildings) for one in shown.across]
    by = [_label(chart.by, one, buildings) for one in shown.by]
    figure = _figure(chart, shown, across, by) if across and by else None
    return {
        "drawing": drawing(figure) if figure else None,
        "phone": drawing(figure, is_narrow=True) if figure else None,
        "table": _table(chart, shown, across, by),
        "is_grid": bool(figure and chart.draws == "heat map"),
        "is_in_percent": _top(shown) >= THOUSAND,
        "left_out": max(len(by) - len(ROLES), 0) if chart.draws == "lines" else 0,
    }


def _label(column: str, value: object, buildings: Mapping[str, str]) -> str:
    """Return a value as readers write it: a day, an hour, the name of a building."""
    if isinstance(value, date):
        return day(value)
    if column == "hour" and isinstance(value, int):
        return clock(value)
    text = visible(str(value))
    return buildings.get(text, text) if "building" in column else text.replace("_", " ")


def _figure(
    chart: Chart, shown: Numbers, across: Sequence[str], by: Sequence[str]
) -> Figure | None:
    """Return the chart as a figure of the report; None for a table."""
    top = _top(shown)
    if chart.draws == "table" or not top:
        return None
    every = -(-len(across) // 8)
    ticks = [(at, name) for at, name in enumerate(across) if at % every == 0]
    sideways = Axis(-0.6, len(across) - 0.4, ticks)
    if chart.draws == "heat map":
        # a cell has room for three digits
        unit = top / 100 if top >= THOUSAND else 1
        values = [[(value or 0) / unit for value in row] for row in shown.values]
        texts = [
            [
                f"{name}, {column}: {_number(value)}"
                for column, value in zip(across, row, strict=True)
            ]
            for name, row in zip(by, shown.values, strict=True)
        ]
        return Figure(
            [Heatmap(values, texts, top / unit)],
            [(Axis(-0.5, len(across) - 0.5, ticks), lane_axis(by))],
            height=80 + 34 * len(by),
        )
    up = Axis(0, top * 1.08, scale(top), has_grid=True)
    if chart.draws == "bars":
        marks = [
            (at, value, f"{across[at]}: {_number(value)}")
            for at, value in enumerate(shown.values[0])
            if value is not None
        ]
        return Figure([columns("blue", marks)], [(sideways, up)], height=300)
    return Figure(list(_lines(shown, across, by)), [(sideways, up)], height=300)


def _lines(shown: Numbers, across: Sequence[str], by: Sequence[str]) -> Iterator[Line]:
    """Yield a line for each of the largest rows; a withheld number breaks it."""
    largest = sorted(
        zip(by, shown.values, strict=True), key=lambda one: -sum(map(_or_zero, one[1]))
    )
    for role, (name, row) in zip(ROLES, largest, strict=False):
        points = [
            (at, value, f"{name}, {across[at]}: {_number(value)}") for at, value in enumerate(row)
        ]
        yield Line(role, points, name=name)


def _top(shown: Numbers) -> float:
    return max((value or 0 for row in shown.values for value in row), default=0)


def _or_zero(value: float | None) -> float:
    return value or 0


def _number(value: float | None) -> str:
    if value is None:
        return WITHHELD
    return f"{value:,.0f}" if value == round(value) or value >= 100 else f"{value:,.1f}"


def _table(chart: Chart, shown: Numbers, across: Sequence[str], by: Sequence[str]) -> Table:
    """Return every number: a row for each value of `by`, or of `across` without it."""
    value = chart.value.replace("_", " ")
    if not chart.by or len(across) > len(by):
        # the longer side goes down, where a phone can scroll
        head, names, labels = chart.across, across, by if chart.by else [value.capitalize()]
        lines = [[row[at] for row in shown.values] for at in range(len(across))]
    else:
        head, names, labels = chart.by, by, across
        lines = [list(row) for row in shown.values]
    head = "day" if head == "event_date" else head.replace("_", " ")
    rows = [
        [Cell(name, name), *(Cell(_number(one), _number(one), is_number=True) for one in line)]
        for name, line in zip(names, lines, strict=True)
    ]
    return table(f"One row per {head}: {value}", [head.capitalize(), *labels], rows)
