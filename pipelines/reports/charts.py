"""Colors, axes and marks of the report's charts; every figure is finished here.

Figures use numbers on both axes with explicitly named ticks, so that no time zone
and no library default changes the data. A color is a *role*
of the palette; the page's boot script replaces it with the dark one. The four series
can be distinguished under protan, deutan and tritan sight (a test measures it); three of
them have a pattern too, so that color is never alone. Labels are escaped, because
Plotly renders a subset of HTML inside them.
"""

import html
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

import polars as pl
from plotly.offline import get_plotlyjs, get_plotlyjs_version

from pipelines.reports.text_tables import visible
from pipelines.reports.view import View
from pipelines.reports.words import clock, count, day, listed, moment, span

LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "page": "#f4f5f7",
        "surface": "#ffffff",
        "ink": "#1c2127",
        "muted": "#57606c",
        "line": "#d8dce2",
        "border": "#868e99",
        "accent": "#1f5fbf",
        "blue": "#005a9c",
        "vermillion": "#b94700",
        "green": "#009e73",
        "purple": "#d66fb0",
        "idle": "#e6e9ed",
        "heat0": "#f0f2f4",
        "heat1": "#cfe3f2",
        "heat2": "#8fc1e3",
        "heat3": "#4597cb",
        "heat4": "#1a6ca6",
        "heat5": "#0b4674",
    }
)
DARK: Mapping[str, str] = MappingProxyType(
    {
        "page": "#101316",
        "surface": "#191d22",
        "ink": "#e8ebee",
        "muted": "#a5afba",
        "line": "#333a42",
        "border": "#727c88",
        "accent": "#8ab8f5",
        "blue": "#3d8fd6",
        "vermillion": "#d97a20",
        "green": "#c5e17a",
        "purple": "#f0b9d8",
        "idle": "#2a3037",
        "heat0": "#22272d",
        "heat1": "#16374f",
        "heat2": "#1b5680",
        "heat3": "#2a7ab3",
        "heat4": "#5ba8dc",
        "heat5": "#b3dcf7",
    }
)
HEAT = tuple(f"heat{step}" for step in range(1, 6))
PATTERNS = {"vermillion": "/", "purple": ".", "green": "\\"}

READABLE = 4.5  # WCAG 2.1, contrast of text with its ground, level AA
GROUNDS = ("page", "surface")
Accents = tuple[str, str]
"""The district's color of links and focus, on light and on dark; empty: our own."""


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
MAX_TICK = 32
GROUND = 0.0001  # share of the highest value below which a cell counts as empty
Row = Mapping[str, Any]
Tick = tuple[float, str]
Trace = dict[str, Any]
Figure = dict[str, Any]
"""The library's input: `data` and `layout`, as plain lists and numbers. Its own
classes check every key again, which took most of a report's time; a test runs those
checks on each chart.
"""
MAX_LANES = 8
ROLES = ("blue", "vermillion", "green", "purple")
BY_SITE = ("non_approved_site", "off_hours_external")
DAY_MINUTES = 24 * 60.0
STEPS = (5, 10, 15, 30, 60, 120, 180, 360, 720, *(days * 1440 for days in (1, 2, 7)))
MAX_TICKS = 8
SLOTS = 160
"""Maximum number of marks next to each other in a lane."""
ROOM = timedelta(minutes=5)
ONE_SECOND = timedelta(seconds=1)


def themes(accents: Accents) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the colors by role, on light and on dark, with the district's own accent."""
    light, dark = ({"accent": accent} if accent else {} for accent in accents)
    return {**LIGHT, **light}, {**DARK, **dark}


def least_contrast(accent: str, palette: Mapping[str, str]) -> float:
    """Return the lower of a color's contrasts with the two backgrounds of a theme.

    Args:
        accent: As in "#1f5fbf".
    """
    return min(contrast(accent, palette[ground]) for ground in GROUNDS)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors, 1 to 21, as WCAG 2.1 defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    """Return relative luminance, as WCAG 2.1 defines it."""
    parts = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def label(text: str) -> str:
    """Return text that Plotly shows literally: no tag, no entity, no control character."""
    return html.escape(visible(text), quote=False)


def shorter(text: str) -> str:
    """Return a name cut to fit next to a chart; the table has all of it."""
    shown = visible(text)
    return shown if len(shown) <= MAX_TICK else shown[: MAX_TICK - 3] + "..."


def axis(low: float, high: float, ticks: Sequence[Tick] = (), **more: object) -> dict[str, object]:
    """Return an axis from `low` to `high` with ticks at given places; data may be escaped."""
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


def scale(top: float, unit: str = "") -> list[Tick]:
    """Return ticks at zero and at the highest round number up to `top`, with the unit."""
    if top <= 0:
        return []
    power = 10.0 ** math.floor(math.log10(top))
    high = max(step * power for step in (1, 2, 5) if step * power <= top * 1.0001)
    return [(0, f"0{unit}"), (high, f"{high:,.10g}{unit}")]


def bars(
    role: str,
    marks: Sequence[tuple[float, float, float, str]],
    *,
    name: str = "",
    thickness: float = 0.66,
) -> Trace:
    """Return horizontal bars of one series.

    Args:
        role: Color; some roles have a pattern, so that color is never alone.
        marks: Lane, start, length and hover text of each bar.
        name: The series in the legend; no entry if empty.
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


def columns(role: str, marks: Sequence[tuple[float, float, str]], *, name: str = "") -> Trace:
    """Return upright bars from zero: place, height and hover text of each."""
    return {
        "type": "bar",
        "x": [place for place, _, _ in marks],
        "base": [0 for _ in marks],
        "y": [height for _, height, _ in marks],
        "hovertext": [label(text) for _, _, text in marks],
        **_look(role, name, 0.7),
    }


def _look(role: str, name: str, thickness: float) -> dict[str, object]:
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


def line(role: str, points: Sequence[tuple[float, float | None, str]], *, name: str = "") -> Trace:
    """Return a line with a dot at each known point; unknown points break it."""
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
    """Return a dashed line without dots, for what another line is compared with."""
    drawn = line(role, points, name=name)
    return drawn | {"mode": "lines", "line": {**drawn["line"], "dash": "dash"}}


def grid(values: Sequence[Sequence[float]], said: Sequence[Sequence[str]], top: float) -> Trace:
    """Return a heat map in five steps of one hue; a zero keeps the color of the ground."""
    steps = len(HEAT)
    edges = [(max(place / steps, GROUND), (place + 1) / steps) for place in range(steps)]
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


def box(x0: float, x1: float, y0: float, y1: float, **look: object) -> dict[str, object]:
    """Return a rectangle in data coordinates: an outline by default."""
    outline = {"color": LIGHT["ink"], "width": 1.5, "dash": "dot"}
    place = {"type": "rect", "x0": x0, "x1": x1, "y0": y0, "y1": y1}
    return place | {"line": outline, "layer": "above"} | look


def band(x0: float, x1: float, y0: float, y1: float, **refs: object) -> dict[str, object]:
    """Return a usual range, shaded below the marks."""
    look = {"fillcolor": LIGHT["idle"], "line": {"width": 0}}
    return box(x0, x1, y0, y1, opacity=0.8, layer="below", **look, **refs)


def note(x: float, y: float, text: str, **look: object) -> dict[str, object]:
    """Return a direct label in data coordinates, to the right of its place."""
    font = {"color": LIGHT["ink"], "size": 13}
    place = {"x": x, "y": y, "text": label(text), "showarrow": False}
    return place | {"xanchor": "left", "xshift": 6, "font": font} | look


def chart(
    traces: Sequence[Trace], *, x: dict[str, object], y: dict[str, object], **layout: Any
) -> Figure:
    """Return a figure in our look. `layout` may contain height, shapes, annotations, axes."""
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


def spec(figure: Figure) -> dict[str, object]:
    """Return the figure with our settings of the library."""
    return {**figure, "config": NO_CLOUD}


@cache
def library() -> tuple[str, bytes]:
    """Return file name and content of the one chart library that an archive holds."""
    return f"plotly-{get_plotlyjs_version()}.min.js", get_plotlyjs().encode()


class SeenLines(NamedTuple):
    """A log line as a picture shows it.

    Attributes:
        lane: The site, or the device and where it was.
        time: When it was (UTC).
        wall: The same as a clock on the wall shows it, so that marks and ticks agree
            on any night.
    """

    lane: str
    time: datetime
    wall: datetime


def case_lines(view: View, findings: Sequence[str], kind: str) -> list[SeenLines]:
    """Return the log lines of some findings by time, each in its lane."""
    cited = view.inputs.evidence.filter(
        pl.col("finding_id").is_in(list(findings)), pl.col("time").is_not_null()
    )
    rows: dict[tuple[object, ...], Row] = {}
    for row in cited.rows(named=True):
        rows.setdefault((row["source"], row["path"], row["line_no"]), row)
    mine = _in_their_time(view, list(rows.values()))
    seen_at = _usual_places(view, mine)
    return [
        SeenLines(
            _lane(row, seen_at, is_by_site=kind in BY_SITE),
            row["time"],
            row["time"].astimezone(view.zone).replace(tzinfo=None),
        )
        for row in sorted(mine, key=lambda row: (row["time"], row["position"]))
    ]


def _in_their_time(view: View, lines: Sequence[Row]) -> Sequence[Row]:
    """Return lines within their finding's time; all, if none is.

    A lease from the night before identifies the address. Drawn, it would press the
    minutes that matter into a corner.
    """
    kept = [
        row
        for row in lines
        if row["finding_id"] in view.spans
        for start, end in [view.spans[row["finding_id"]]]
        if start - ROOM <= row["time"] <= end + ROOM
    ]
    return kept or lines


def _usual_places(view: View, lines: Iterable[Row]) -> dict[str, str]:
    """Return for each code the building in which most lines saw a device."""
    codes = view.inputs.building_codes
    found: dict[str, Counter[str]] = {}
    for row in lines:
        if row["building"] is not None:
            code = codes.get(row["building"], row["building"])
            found.setdefault(row["device"], Counter())[code] += 1
    return {
        device: min(sizes, key=lambda place: (-sizes[place], place))
        for device, sizes in found.items()
    }


def _lane(row: Row, seen_at: Mapping[str, str], *, is_by_site: bool) -> str:
    if is_by_site and row["site"] is not None:
        return str(row["site"])
    device = row["device"]
    if device is None:
        return "device not known"
    return f"{device} ({seen_at[device]})" if device in seen_at else str(device)


def swim_lane(view: View, lines: Sequence[SeenLines]) -> Figure | None:
    """Return a lane each, a mark for each moment with a log line; None where there is none."""
    if not lines:
        return None
    begin = min(one.wall for one in lines)
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    minutes = [(one.wall - midnight) // ONE_SECOND / 60 for one in lines]
    low, high = _ends(minutes)
    width = (high - low) / SLOTS
    marks: dict[tuple[str, float], list[int]] = {}
    busy: dict[str, list[float]] = {}
    for at, (one, minute) in enumerate(zip(lines, minutes, strict=True)):
        slot = (minute - low) // width
        marks.setdefault((one.lane, slot), []).append(at)
        busy.setdefault(one.lane, []).append(minute)
    by_lane: dict[str, list[tuple[float, str]]] = {}
    for (lane, _), held in sorted(marks.items(), key=lambda mark: minutes[mark[1][0]]):
        first = held[0]
        said = f"{moment(lines[first].time, view.zone)}: {count(len(held), 'log line')}"
        by_lane.setdefault(lane, []).append((minutes[first] - width / 2, said))
    names = list(by_lane)[:MAX_LANES]
    traces = [
        bars(
            ROLES[place % len(ROLES)],
            [(place, start, width, said) for start, said in by_lane[name]],
            thickness=0.6,
        )
        for place, name in enumerate(names)
    ]
    return chart(
        traces,
        x=axis(low, high, _ticks(low, high, midnight), showgrid=True),
        y=axis(len(names) - 0.5, -0.5, list(enumerate(names))),
        shapes=[_overlap(busy.values(), len(names))] if len(names) > 1 else [],
        height=44 + ROW_HEIGHT * len(names),
    )


def _ends(minutes: Sequence[float]) -> tuple[float, float]:
    first, last = min(minutes), max(minutes)
    room = max((last - first) * 0.04, 2)
    return first - room, last + room


def _ticks(low: float, high: float, midnight: datetime) -> list[tuple[float, str]]:
    step = next((s for s in STEPS if (high - low) / s <= MAX_TICKS), STEPS[-1])
    first = int(-(-low // step)) * step
    return [
        (place, _tick(midnight + timedelta(minutes=place), step))
        for place in range(first, int(high) + 1, step)
    ]


def _tick(when: datetime, step: int) -> str:
    if step >= DAY_MINUTES:
        return day(when.date())
    return clock(when.hour, when.minute)


def _overlap(busy: Collection[Sequence[float]], lanes: int) -> dict[str, object]:
    """Shade the time in which more than one lane is busy.

    Args:
        busy: The minutes of each lane that has any.
    """
    second = sorted(map(min, busy))[1]
    last = sorted(map(max, busy))[-2]
    shade: dict[str, Any] = {"fillcolor": LIGHT["heat2"], "opacity": 0.25}
    span = (min(second, last), max(second, last), -0.5, lanes - 0.5)
    return box(*span, line={"width": 0}, layer="below", **shade)


def in_words(view: View, lines: Iterable[SeenLines]) -> str:
    """Describe the picture for readers who cannot see it."""
    lanes: dict[str, list[datetime]] = {}
    for one in lines:
        lanes.setdefault(one.lane, []).append(one.time)
    if not lanes:
        return ""
    said = [
        f"{lane}: {count(len(times), 'log line')}, {span(*ends, view.zone)}"
        for lane, times in list(lanes.items())[:4]
        for ends in [(times[0], times[-1])]
    ]
    more = len(lanes) - len(said)
    rest = f"; and {count(more, 'more lane')}" if more else ""
    return f"{listed(said, most=4)}{rest}."
