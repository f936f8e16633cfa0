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
from typing import NamedTuple

import polars as pl
from plotly.offline import get_plotlyjs, get_plotlyjs_version

from pipelines.reports.language import ended, text
from pipelines.reports.text_tables import visible
from pipelines.reports.view import View
from pipelines.reports.words import clock, count, day, device_name, listed, moment, span

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
Tick = tuple[float, str]
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


class Axis(NamedTuple):
    """One side of a chart: the numbers from `low` to `high`, and its ticks.

    Attributes:
        ticks: Place and text of each; the text may be data.
        domain: The part of the chart's width or height that the axis covers.
    """

    low: float
    high: float
    ticks: Sequence[Tick] = ()
    has_grid: bool = False
    domain: tuple[float, float] = (0, 1)

    @property
    def texts(self) -> list[str]:
        """Texts of the ticks, short enough for a chart."""
        return [shorter(text) for _, text in self.ticks]

    def layout(self) -> dict[str, object]:
        """Return the axis as Plotly's layout spells it."""
        return {
            "range": [self.low, self.high],
            "tickmode": "array",
            "tickvals": [place for place, _ in self.ticks],
            "ticktext": [label(text) for text in self.texts],
            "ticklabelstandoff": 6,
            "showgrid": self.has_grid,
            "zeroline": False,
            "fixedrange": True,
            "automargin": True,
            "ticks": "",
            "gridcolor": LIGHT["line"],
            "tickfont": {"color": LIGHT["muted"], "size": 13},
        }


def lane_axis(names: Iterable[str]) -> Axis:
    """Return an axis of lanes with a name each, the first on top."""
    ticks = list(enumerate(names))
    return Axis(len(ticks) - 0.5, -0.5, ticks)


def scale(top: float, unit: str = "") -> list[Tick]:
    """Return ticks at zero and at the highest round number up to `top`, with the unit."""
    if top <= 0:
        return []
    power = 10.0 ** math.floor(math.log10(top))
    high = max(step * power for step in (1, 2, 5) if step * power <= top * 1.0001)
    return [(0, f"0{unit}"), (high, f"{high:,.10g}{unit}")]


class Bars(NamedTuple):
    """Bars of one series.

    Attributes:
        role: Color; some roles have a pattern, so that color is never alone.
        marks: Lane, start, length and hover text of each bar.
        name: The series in the legend; no entry if empty.
        thickness: Share of the lane.
        is_upright: Whether lanes are next to each other, and bars grow upward.
        panel: Place of the pair of axes among those of the figure.
    """

    role: str
    marks: Sequence[tuple[float, float, float, str]]
    name: str = ""
    thickness: float = 0.66
    is_upright: bool = False
    panel: int = 0

    def trace(self) -> dict[str, object]:
        """Return the bars as Plotly's data."""
        lanes, starts, lengths, texts = zip(*self.marks, strict=True) if self.marks else ((),) * 4
        places = {"y": lanes, "base": starts, "x": lengths}
        if self.is_upright:
            places = {"x": lanes, "base": starts, "y": lengths}
        pattern = {"shape": PATTERNS.get(self.role, ""), "fgcolor": LIGHT["surface"], "size": 6}
        pattern |= {"fillmode": "overlay", "solidity": 0.18, "fgopacity": 0.75}
        return {
            "type": "bar",
            **({} if self.is_upright else {"orientation": "h"}),
            **{side: list(values) for side, values in places.items()},
            "hovertext": [label(text) for text in texts],
            "hoverinfo": "text",
            "width": self.thickness,
            "name": label(self.name),
            "showlegend": bool(self.name),
            "marker": {"color": LIGHT[self.role], "pattern": pattern},
        }


def columns(
    role: str, marks: Iterable[tuple[float, float, str]], *, name: str = "", panel: int = 0
) -> Bars:
    """Return upright bars from zero: place, height and hover text of each."""
    bars = [(place, 0, height, text) for place, height, text in marks]
    return Bars(role, bars, name, thickness=0.7, is_upright=True, panel=panel)


class Line(NamedTuple):
    """A line with a dot at each known point; unknown points break it.

    Attributes:
        points: Place, height and hover text of each.
        is_dashed: Whether it is compared with another line: dashed, without dots.
    """

    role: str
    points: Sequence[tuple[float, float | None, str]]
    name: str = ""
    is_dashed: bool = False
    panel: int = 0

    def trace(self) -> dict[str, object]:
        """Return the line as Plotly's data."""
        dash = {"dash": "dash"} if self.is_dashed else {}
        return {
            "type": "scatter",
            "x": [place for place, _, _ in self.points],
            "y": [height for _, height, _ in self.points],
            "mode": "lines" if self.is_dashed else "lines+markers",
            "hovertext": [label(text) for _, _, text in self.points],
            "hoverinfo": "text",
            "name": label(self.name),
            "showlegend": bool(self.name),
            "line": {"color": LIGHT[self.role], "width": 2, **dash},
            "marker": {"color": LIGHT[self.role], "size": 6},
        }


class Heatmap(NamedTuple):
    """Cells in five steps of one hue; a zero keeps the color of the ground.

    Attributes:
        values: The rows of cells, from the first lane on.
        texts: Hover text of each cell.
        top: The highest value.
    """

    values: Sequence[Sequence[float]]
    texts: Sequence[Sequence[str]]
    top: float
    panel: int = 0

    def trace(self) -> dict[str, object]:
        """Return the cells as Plotly's data."""
        steps = len(HEAT)
        edges = [(max(place / steps, GROUND), (place + 1) / steps) for place in range(steps)]
        scale = [[0, LIGHT["heat0"]], [GROUND, LIGHT["heat0"]]]
        for role, (low, high) in zip(HEAT, edges, strict=True):
            scale += [[low, LIGHT[role]], [high, LIGHT[role]]]
        return {
            "type": "heatmap",
            "x": list(range(len(self.values[0]))),
            "y": list(range(len(self.values))),
            "z": [list(row) for row in self.values],
            "text": [[label(text) for text in row] for row in self.texts],
            "hoverinfo": "text",
            "zmin": 0,
            "zmax": max(self.top, 1),
            "colorscale": scale,
            "showscale": False,
            "xgap": 2,
            "ygap": 2,
        }


class Box(NamedTuple):
    """A rectangle in data coordinates: an outline, or a filled area below the marks.

    Attributes:
        fill: Role of the color of an area; empty for an outline.
    """

    x0: float
    x1: float
    y0: float
    y1: float
    fill: str = ""
    opacity: float = 1
    panel: int = 0

    def layout(self) -> dict[str, object]:
        """Return the rectangle as Plotly's layout spells it."""
        ends = {"type": "rect", "x0": self.x0, "x1": self.x1, "y0": self.y0, "y1": self.y1}
        if self.fill:
            area = {"line": {"width": 0}, "layer": "below", "opacity": self.opacity}
            return {**ends, **area, "fillcolor": LIGHT[self.fill]}
        outline = {"color": LIGHT["ink"], "width": 1.5, "dash": "dot"}
        return {**ends, "line": outline, "layer": "above"}


def band(x0: float, x1: float, y0: float, y1: float, panel: int = 0) -> Box:
    """Return a usual range, shaded below the marks."""
    return Box(x0, x1, y0, y1, fill="idle", opacity=0.8, panel=panel)


def shade(x0: float, x1: float, y0: float, y1: float) -> Box:
    """Return the time in question, shaded below the marks."""
    return Box(x0, x1, y0, y1, fill="heat2", opacity=0.25)


class Note(NamedTuple):
    """A direct label in data coordinates, to the right of its place.

    Attributes:
        shift: Pixels between the place and the text.
    """

    x: float
    y: float
    text: str
    shift: int = 6
    panel: int = 0

    def layout(self) -> dict[str, object]:
        """Return the label as Plotly's layout spells it."""
        return {
            "x": self.x,
            "y": self.y,
            "text": label(self.text),
            "showarrow": False,
            "xanchor": "left",
            "xshift": self.shift,
            "font": {"color": LIGHT["ink"], "size": 13},
        }


class Figure(NamedTuple):
    """A chart in our look.

    Attributes:
        panels: The axes, across and up, of each part; most charts have one.
    """

    traces: Sequence[Bars | Line | Heatmap]
    panels: Sequence[tuple[Axis, Axis]]
    height: int
    boxes: Sequence[Box] = ()
    notes: Sequence[Note] = ()

    @property
    def named(self) -> list[Bars | Line]:
        """The series of the legend."""
        return [one for one in self.traces if not isinstance(one, Heatmap) and one.name]


def spec(figure: Figure) -> dict[str, object]:
    """Return the library's input, as plain lists and numbers, with our settings of it.

    Its own classes check every key again, which took most of a report's time; a test
    runs those checks on each chart.
    """
    sides = {}
    for place, (across, up) in enumerate(figure.panels):
        x, y = _axes(place)
        sides[f"xaxis{x[1:]}"], sides[f"yaxis{y[1:]}"] = across.layout(), up.layout()
        if len(figure.panels) > 1:
            sides[f"xaxis{x[1:]}"] |= {"domain": list(across.domain), "anchor": y}
            sides[f"yaxis{y[1:]}"] |= {"domain": list(up.domain), "anchor": x}
    lists: Mapping[str, Sequence[Note | Box]] = {
        "annotations": figure.notes,
        "shapes": figure.boxes,
    }
    return {
        "data": [trace.trace() | _refs(figure, trace.panel, "axis") for trace in figure.traces],
        "layout": {
            "xaxis": sides.pop("xaxis"),
            "yaxis": sides.pop("yaxis"),
            "barmode": "overlay",
            "paper_bgcolor": LIGHT["surface"],
            "plot_bgcolor": LIGHT["surface"],
            "font": {"family": FONT, "size": 13, "color": LIGHT["ink"]},
            "margin": {
                "l": 8,
                "r": 16,
                "t": 34 if figure.named else 8,
                "b": 32 if figure.panels[0][0].ticks else 8,
            },
            "hoverlabel": {
                "bgcolor": LIGHT["ink"],
                "font": {"color": LIGHT["surface"]},
            },
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "dragmode": False,
            **sides,
            **{
                name: [part.layout() | _refs(figure, part.panel, "ref") for part in parts]
                for name, parts in lists.items()
                if parts
            },
            "height": figure.height,
        },
        "config": NO_CLOUD,
    }


def _axes(panel: int) -> tuple[str, str]:
    """Return the library's names of a pair of axes."""
    suffix = str(panel + 1) if panel else ""
    return f"x{suffix}", f"y{suffix}"


def _refs(figure: Figure, panel: int, word: str) -> dict[str, str]:
    """Return the axes of a part, where the figure has several."""
    if len(figure.panels) == 1:
        return {}
    return {f"{side[0]}{word}": side for side in _axes(panel)}


@cache
def library() -> tuple[str, bytes]:
    """Return file name and content of the one chart library that an archive holds."""
    return f"plotly-{get_plotlyjs_version()}.min.js", get_plotlyjs().encode()


class CitedLine(NamedTuple):
    """A log line of a finding's evidence, with where it was seen."""

    finding_id: str
    position: int
    source: str
    path: str
    line_no: int
    time: datetime
    building: str | None
    site: str | None
    device: str | None


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


def cited_lines(view: View, findings: Sequence[str]) -> pl.DataFrame:
    """Return the log lines of some findings, each once."""
    mine = view.inputs.evidence.filter(pl.col("finding_id").is_in(list(findings)))
    return mine.unique(["source", "path", "line_no"], keep="first", maintain_order=True)


def case_lines(view: View, findings: Sequence[str], kind: str) -> list[SeenLines]:
    """Return the log lines of some findings by time, each in its lane."""
    cited = cited_lines(view, findings).filter(pl.col("time").is_not_null())
    rows = map(CitedLine._make, cited.select(CitedLine._fields).iter_rows())
    mine = _in_their_time(view, [row for row in rows if not _is_context(view, row)])
    seen_at = _usual_places(view, mine)
    return [
        SeenLines(
            _lane(view, row, seen_at, is_by_site=kind in BY_SITE),
            row.time,
            row.time.astimezone(view.zone).replace(tzinfo=None),
        )
        for row in sorted(mine, key=lambda row: (row.time, row.position))
    ]


def _is_context(view: View, row: CitedLine) -> bool:
    """Return whether a line is about another site and no device: it shows that a log arrived."""
    named = view.named_sites.get(row.finding_id)
    return bool(named and row.site and row.site not in named and row.device is None)


def _in_their_time(view: View, lines: Sequence[CitedLine]) -> Sequence[CitedLine]:
    """Return lines within their finding's time; all, if none is.

    A lease from the night before identifies the address. Drawn, it would press the
    minutes that matter into a corner.
    """
    kept = [
        row
        for row in lines
        if row.finding_id in view.spans
        for start, end in [view.spans[row.finding_id]]
        if start - ROOM <= row.time <= end + ROOM
    ]
    return kept or lines


def _usual_places(view: View, lines: Iterable[CitedLine]) -> dict[str, str]:
    """Return for each code the building in which most lines saw a device."""
    codes = view.inputs.building_codes
    found: dict[str, Counter[str]] = {}
    for row in lines:
        if row.building is not None and row.device is not None:
            code = codes.get(row.building, row.building)
            found.setdefault(row.device, Counter())[code] += 1
    return {
        device: min(sizes, key=lambda place: (-sizes[place], place))
        for device, sizes in found.items()
    }


def _lane(view: View, row: CitedLine, seen_at: Mapping[str, str], *, is_by_site: bool) -> str:
    if row.site is not None and (is_by_site or row.device is None):
        return str(row.site)
    # a line about traffic inside names addresses alone; its finding names the device
    device = row.device or view.devices_meant.get(row.finding_id)
    if device is None:
        return text("device not known")
    name = device_name(device)
    return f"{name} ({seen_at[device]})" if device in seen_at else name


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
        Bars(
            ROLES[place % len(ROLES)],
            [(place, start, width, said) for start, said in by_lane[name]],
            thickness=0.6,
        )
        for place, name in enumerate(names)
    ]
    across = Axis(low, high, _ticks(low, high, midnight), has_grid=True)
    return Figure(
        traces,
        [(across, lane_axis(names))],
        height=44 + ROW_HEIGHT * len(names),
        boxes=[_overlap(busy.values(), len(names))] if len(names) > 1 else [],
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


def _overlap(busy: Collection[Sequence[float]], size: int) -> Box:
    """Shade the time in which more than one lane is busy.

    Args:
        busy: The minutes of each lane that has any.
    """
    second = sorted(map(min, busy))[1]
    last = sorted(map(max, busy))[-2]
    return shade(min(second, last), max(second, last), -0.5, size - 0.5)


def in_words(view: View, lines: Iterable[SeenLines], cited: int) -> str:
    """Describe the picture for readers who cannot see it.

    Args:
        cited: The number of lines of the case; those not drawn are counted.
    """
    drawn = list(lines)
    lanes: dict[str, list[datetime]] = {}
    for one in drawn:
        lanes.setdefault(one.lane, []).append(one.time)
    if not lanes:
        return ""
    said = [
        f"{lane}: {count(len(times), 'log line')}, {span(*ends, view.zone)}"
        for lane, times in list(lanes.items())[:4]
        for ends in [(times[0], times[-1])]
    ]
    more = len(lanes) - len(said)
    rest = text("; and {lanes}", lanes=count(more, "more lane")) if more else ""
    if len(drawn) < cited:
        left_out = count(cited - len(drawn), "log line")
        rest += text("; not drawn: {lines} of other times or traffic", lines=left_out)
    return ended(f"{listed(said, most=4)}{rest}.")
