"""Axes and marks of the report's charts; every figure is finished here.

Figures use numbers on both axes with ticks named by hand, so that no time zone
and no library guess comes between the data and the paper. A color is a *role*
of the palette; the page's boot script puts the dark one in its place. Labels are
escaped, because Plotly renders a subset of HTML inside them.
"""

import html
from collections.abc import Sequence
from typing import Any

from plotly.offline import get_plotlyjs, get_plotlyjs_version

from pipelines.reports.palette import HEAT, LIGHT, PATTERNS
from pipelines.reports.safety import visible

NO_CLOUD = {
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "displaylogo": False,
    "displayModeBar": False,
    "responsive": True,
    "scrollZoom": False,
    "typesetMath": False,
    "doubleClick": False,
}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
ROW_HEIGHT = 34
LONGEST_TICK = 32
GROUND = 0.0001  # share of the highest value below which a cell counts as empty

Tick = tuple[float, str]
Trace = dict[str, Any]
Figure = dict[str, Any]
"""What the library draws: `data` and `layout`, as plain lists and numbers. Its own
classes check every key again and took most of a report's time; a test has them check
each of ours."""


def label(text: str) -> str:
    """Text that Plotly shows as it is: no tag, no entity, no control character."""
    return html.escape(visible(text), quote=False)


def shorter(text: str) -> str:
    """A name cut to what fits beside a chart; the table has all of it."""
    shown = visible(text)
    return shown if len(shown) <= LONGEST_TICK else shown[: LONGEST_TICK - 3] + "..."


def axis(
    low: float, high: float, ticks: Sequence[Tick] = (), **more: object
) -> dict[str, Any]:
    """An axis from `low` to `high` with ticks at given places; data may be escaped."""
    return {
        "range": [low, high],
        "tickmode": "array",
        "tickvals": [place for place, _ in ticks],
        "ticktext": [label(shorter(text)) for _, text in ticks],
        "ticklabelstandoff": 6,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "ticks": "",
        "gridcolor": LIGHT["line"],
        "tickfont": {"color": LIGHT["muted"], "size": 13},
        **more,
    }


def bars(
    role: str,
    marks: Sequence[tuple[float, float, float, str]],
    *,
    name: str = "",
    thickness: float = 0.66,
) -> Trace:
    """Horizontal bars of one series.

    Args:
        role: Colour; some roles carry a pattern, so that color is never alone.
        marks: Lane, start, length and hover text of each bar.
        name: The series in the legend; no entry where empty.
        thickness: Share of the lane.
    """
    return {
        "type": "bar",
        "orientation": "h",
        "y": [lane for lane, _, _, _ in marks],
        "base": [start for _, start, _, _ in marks],
        "x": [length for _, _, length, _ in marks],
        "hovertext": [label(text) for _, _, _, text in marks],
        **_look(role, name, thickness),
    }


def columns(
    role: str, marks: Sequence[tuple[float, float, str]], *, name: str = ""
) -> Trace:
    """Upright bars from zero: place, height and hover text of each."""
    return {
        "type": "bar",
        "x": [place for place, _, _ in marks],
        "base": [0 for _ in marks],
        "y": [height for _, height, _ in marks],
        "hovertext": [label(text) for _, _, text in marks],
        **_look(role, name, 0.7),
    }


def _look(role: str, name: str, thickness: float) -> dict[str, Any]:
    pattern = {"shape": PATTERNS.get(role, ""), "fgcolor": LIGHT["surface"], "size": 6}
    pattern |= {"fillmode": "overlay", "solidity": 0.18, "fgopacity": 0.75}
    return {
        "hoverinfo": "text",
        "width": thickness,
        "name": label(name),
        "showlegend": bool(name),
        "marker": {
            "color": LIGHT[role],
            "pattern": pattern,
        },
    }


def line(
    role: str, points: Sequence[tuple[float, float | None, str]], *, name: str = ""
) -> Trace:
    """A line with a dot at each known point; unknown points break it."""
    return {
        "type": "scatter",
        "x": [place for place, _, _ in points],
        "y": [height for _, height, _ in points],
        "mode": "lines+markers",
        "hovertext": [label(text) for _, _, text in points],
        "hoverinfo": "text",
        "name": label(name),
        "showlegend": bool(name),
        "line": {"color": LIGHT[role], "width": 2},
        "marker": {"color": LIGHT[role], "size": 6},
    }


def dashed(
    role: str, points: Sequence[tuple[float, float | None, str]], *, name: str = ""
) -> Trace:
    """A dashed line without dots, for what another line is compared with."""
    drawn = line(role, points, name=name)
    return drawn | {"mode": "lines", "line": {**drawn["line"], "dash": "dash"}}


def grid(
    values: Sequence[Sequence[float]], said: Sequence[Sequence[str]], top: float
) -> Trace:
    """A heat map in five steps of one hue; a zero keeps the color of the ground."""
    steps = len(HEAT)
    edges = [
        (max(place / steps, GROUND), (place + 1) / steps) for place in range(steps)
    ]
    scale = [[0, LIGHT["heat0"]], [GROUND, LIGHT["heat0"]]]
    for role, (low, high) in zip(HEAT, edges, strict=True):
        scale += [[low, LIGHT[role]], [high, LIGHT[role]]]
    return {
        "type": "heatmap",
        "x": list(range(len(values[0]))),
        "y": list(range(len(values))),
        "z": [list(row) for row in values],
        "text": [[label(text) for text in row] for row in said],
        "hoverinfo": "text",
        "zmin": 0,
        "zmax": max(top, 1),
        "colorscale": scale,
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
    }


def box(x0: float, x1: float, y0: float, y1: float, **look: object) -> dict[str, Any]:
    """A rectangle in data coordinates: an outline unless told otherwise."""
    outline = {"color": LIGHT["ink"], "width": 1.5, "dash": "dot"}
    place = {"type": "rect", "x0": x0, "x1": x1, "y0": y0, "y1": y1}
    return place | {"line": outline, "layer": "above"} | look


def band(x0: float, x1: float, y0: float, y1: float, **refs: object) -> dict[str, Any]:
    """A usual range, shaded below the marks."""
    look = {"fillcolor": LIGHT["idle"], "line": {"width": 0}}
    return box(x0, x1, y0, y1, opacity=0.8, layer="below", **look, **refs)


def note(x: float, y: float, text: str, **look: object) -> dict[str, Any]:
    """A direct label in data coordinates, to the right of its place."""
    font = {"color": LIGHT["ink"], "size": 13}
    place = {"x": x, "y": y, "text": label(text), "showarrow": False}
    return place | {"xanchor": "left", "xshift": 6, "font": font} | look


def chart(
    traces: Sequence[Trace], *, x: dict[str, Any], y: dict[str, Any], **layout: Any
) -> Figure:
    """A figure in our look. `layout` may hold height, shapes, annotations, axes."""
    named = any(trace["showlegend"] for trace in traces if "showlegend" in trace)
    return {
        "data": list(traces),
        "layout": {
            "xaxis": x,
            "yaxis": y,
            "barmode": "overlay",
            "paper_bgcolor": LIGHT["surface"],
            "plot_bgcolor": LIGHT["surface"],
            "font": {"family": FONT, "size": 13, "color": LIGHT["ink"]},
            "margin": {
                "l": 8,
                "r": 16,
                "t": 34 if named else 8,
                "b": 32 if x["tickvals"] else 8,
            },
            "hoverlabel": {
                "bgcolor": LIGHT["ink"],
                "font": {"color": LIGHT["surface"]},
            },
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "dragmode": False,
            **layout,
        },
    }


def spec(figure: Figure) -> dict[str, Any]:
    """The figure with our settings of the library."""
    return {**figure, "config": NO_CLOUD}


def library() -> tuple[str, str]:
    """File name and text of the one chart library that an archive holds."""
    return f"plotly-{get_plotlyjs_version()}.min.js", get_plotlyjs()
