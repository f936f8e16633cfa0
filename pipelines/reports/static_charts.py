"""The small drawing beside a line of page one: the number over the last weeks."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from plotly.graph_objects import Figure

from pipelines.reports.palette import HEAT, LIGHT, PATTERNS

WIDTH = 880
TOP, RIGHT, BOTTOM = 14, 20, 30
LEGEND_HEIGHT = 24
LETTER = 7.4  # mean width of a letter at 13 px
WIDEST_LABEL = 250
DARK_STEP = 3  # from this step of the heat map on, text is light
ANCHORS = {"left": "start", "right": "end", "center": "middle"}
ROLES = {color: role for role, color in LIGHT.items()}


@dataclass(frozen=True)
class Shape:
    """One mark in pixels: `rect`, `path`, `dot` or `text`; an outline is dashed."""

    kind: str
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0
    role: str = "ink"
    text: str = ""
    anchor: str = "start"
    pattern: str = ""
    points: str = ""
    is_outline: bool = False
    opacity: float = 1


@dataclass(frozen=True)
class Drawing:
    """Shapes and the size of the sheet they are on."""

    width: int
    height: int
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class Scale:
    """Places data of one pair of axes on the sheet."""

    x0: float
    x1: float
    left: float
    right: float
    y0: float
    y1: float
    bottom: float
    top: float

    def across(self, value: float) -> float:
        share = (value - self.x0) / ((self.x1 - self.x0) or 1)
        return round(self.left + share * (self.right - self.left), 1)

    def up(self, value: float) -> float:
        share = (value - self.y0) / ((self.y1 - self.y0) or 1)
        return round(self.bottom + share * (self.top - self.bottom), 1)

    def rect(self, ends: Sequence[float], **look: Any) -> Shape:
        """A rectangle between data points x0, x1, y0, y1; at least a pixel wide."""
        left, right = sorted((self.across(ends[0]), self.across(ends[1])))
        top, bottom = sorted((self.up(ends[2]), self.up(ends[3])))
        size = {"width": round(max(right - left, 1), 1), "height": bottom - top}
        return Shape("rect", left, top, size["width"], round(size["height"], 1), **look)


def drawing(figure: Figure) -> Drawing:
    """Lay the figure out on a sheet of fixed width."""
    plain = figure.to_plotly_json()
    layout = plain["layout"]
    height = int(layout.get("height") or 320)
    named = [trace for trace in plain["data"] if trace.get("showlegend")]
    top = TOP + (LEGEND_HEIGHT if named else 0)
    bottom = height - (BOTTOM if layout["xaxis"]["tickvals"] else TOP)
    sheet = (left_margin(layout), WIDTH - RIGHT, bottom, top)
    suffixes = [name[5:] for name in sorted(layout) if name.startswith("xaxis")]
    scales = {suffix: scale_of(layout, suffix, sheet) for suffix in suffixes}
    shapes = list(legend(named, sheet[0]))
    for suffix, scale in scales.items():
        shapes += axes(layout, suffix, scale)
    shapes += boxes(layout, scales, "below")
    for trace in plain["data"]:
        shapes += marks(trace, scales[trace.get("xaxis", "x")[1:]])
    shapes += [*boxes(layout, scales, "above"), *notes(layout, scales)]
    return Drawing(WIDTH, height, tuple(shapes))


def left_margin(layout: dict[str, Any]) -> float:
    """Room for the longest name of a lane."""
    names = layout.get("yaxis", {}).get("ticktext") or [""]
    longest = max(len(html.unescape(name)) for name in names)
    return min(longest * LETTER + 14, WIDEST_LABEL)


def scale_of(layout: dict[str, Any], suffix: str, sheet: Sequence[float]) -> Scale:
    """The part of the sheet that a pair of axes covers."""
    left, right, bottom, top = sheet
    across, up = layout[f"xaxis{suffix}"], layout[f"yaxis{suffix}"]
    begin, end = across.get("domain", (0, 1))
    low, high = up.get("domain", (0, 1))
    return Scale(
        x0=across["range"][0],
        x1=across["range"][1],
        left=left + begin * (right - left),
        right=left + end * (right - left),
        y0=up["range"][0],
        y1=up["range"][1],
        bottom=bottom - low * (bottom - top),
        top=bottom - high * (bottom - top),
    )


def legend(named: Sequence[dict[str, Any]], left: float) -> Iterator[Shape]:
    """A swatch and a name for each series, in one line."""
    for trace in named:
        role = ROLES[trace["marker"]["color"]]
        yield Shape("rect", left, 6, 12, 12, role=role, pattern=pattern(role))
        text = html.unescape(trace["name"])
        yield Shape("text", left + 18, 16.5, text=text)
        left += 18 + len(text) * LETTER + 22


def axes(layout: dict[str, Any], suffix: str, scale: Scale) -> Iterator[Shape]:
    """Names at the ticks, and thin lines where the axis asks for a grid."""
    across, up = layout[f"xaxis{suffix}"], layout[f"yaxis{suffix}"]
    for value, text in ticks(across):
        place = scale.across(value)
        if across.get("showgrid"):
            yield Shape("rect", place, scale.top, 1, scale.bottom - scale.top, "line")
        yield Shape(
            "text", place, scale.bottom + 20, role="muted", text=text, anchor="middle"
        )
    for value, text in ticks(up):
        place = scale.up(value)
        if up.get("showgrid"):
            yield Shape("rect", scale.left, place, scale.right - scale.left, 1, "line")
        left, middle = scale.left - 8, place + 4.5
        yield Shape("text", left, middle, role="muted", text=text, anchor="end")


def ticks(side: dict[str, Any]) -> list[tuple[float, str]]:
    """The ticks of an axis, with their text as it is to be read."""
    names = [html.unescape(text) for text in side.get("ticktext") or ()]
    return list(zip(side.get("tickvals") or (), names, strict=True))


def marks(trace: dict[str, Any], scale: Scale) -> Iterator[Shape]:
    """The marks of one trace."""
    draw = {"bar": bar_marks, "heatmap": cells, "scatter": line_marks}
    return draw[trace["type"]](trace, scale)


def bar_marks(trace: dict[str, Any], scale: Scale) -> Iterator[Shape]:
    """Bars that lie or stand, from their base."""
    role = ROLES[trace["marker"]["color"]]
    look = {"role": role, "pattern": pattern(role)}
    half = trace["width"] / 2
    for x, y, base in zip(trace["x"], trace["y"], trace["base"], strict=True):
        if trace.get("orientation") == "h":
            yield scale.rect((base, base + x, y - half, y + half), **look)
        else:
            yield scale.rect((x - half, x + half, base, base + y), **look)


def pattern(role: str) -> str:
    """The name of the hatching that goes with a color, if any."""
    return role if role in PATTERNS else ""


def cells(trace: dict[str, Any], scale: Scale) -> Iterator[Shape]:
    """Squares of a heat map, in the step of their value."""
    for y, row in zip(trace["y"], trace["z"], strict=True):
        for x, value in zip(trace["x"], row, strict=True):
            ends = (x - 0.46, x + 0.46, y - 0.44, y + 0.44)
            step = min(int(value / trace["zmax"] * len(HEAT)), len(HEAT) - 1)
            yield scale.rect(ends, role=HEAT[step] if value else "heat0")
            if value:
                role = "ink" if step < DARK_STEP else "surface"
                place = (scale.across(x), scale.up(y) + 4.5)
                text = f"{value:.0f}"
                yield Shape("text", *place, role=role, text=text, anchor="middle")


def line_marks(trace: dict[str, Any], scale: Scale) -> Iterator[Shape]:
    """A line in pieces between unknown points, and its dots."""
    role = ROLES[trace["line"]["color"]]
    has_dots, is_dashed = "markers" in trace["mode"], "dash" in trace["line"]
    piece: list[str] = []
    for x, y in [*zip(trace["x"], trace["y"], strict=True), (0, None)]:
        if y is not None:
            piece.append(f"{scale.across(x)},{scale.up(y)}")
            if has_dots:
                yield Shape("dot", scale.across(x), scale.up(y), role=role)
            continue
        if len(piece) > 1:
            points = " ".join(piece)
            yield Shape("path", role=role, points=points, is_outline=is_dashed)
        piece = []


def boxes(
    layout: dict[str, Any], scales: dict[str, Scale], layer: str
) -> Iterator[Shape]:
    """Rectangles of one layer, each on its own axes."""
    for shape in layout.get("shapes") or ():
        if shape["layer"] != layer:
            continue
        role = ROLES.get(shape.get("fillcolor", ""), "")
        ends = (shape["x0"], shape["x1"], shape["y0"], shape["y1"])
        look = {"role": role or "ink", "is_outline": not role}
        scale = scales[shape.get("xref", "x")[1:]]
        yield scale.rect(ends, opacity=shape.get("opacity", 1), **look)


def notes(layout: dict[str, Any], scales: dict[str, Scale]) -> Iterator[Shape]:
    """Direct labels, each on its own axes."""
    for words in layout.get("annotations") or ():
        scale = scales[words.get("xref", "x")[1:]]
        yield Shape(
            "text",
            scale.across(words["x"]) + words.get("xshift", 0),
            scale.up(words["y"]) + 4.5,
            text=html.unescape(words["text"]),
            anchor=ANCHORS[words.get("xanchor", "left")],
        )


SPARK_WIDTH, HEIGHT = 132, 34
FEWEST = 3  # fewer weeks say nothing as bars
SLOTS = 13


@dataclass(frozen=True)
class Bar:
    """One week; the last is the report's own."""

    x: float
    y: float
    width: float
    height: float
    is_now: bool


@dataclass(frozen=True)
class Spark:
    """Bars on a small sheet."""

    width: int
    height: int
    bars: tuple[Bar, ...]


def spark(values: Sequence[int | None]) -> Spark | None:
    """One bar per week, the tallest as high as the sheet; None where there are too few.

    A week that is not known has no bar, a zero has a thin one.
    """
    if sum(value is not None for value in values) < FEWEST:
        return None
    shown = values[-SLOTS:]
    step = SPARK_WIDTH / SLOTS
    top = max(1, *(value or 0 for value in shown))
    first = SLOTS - len(shown)
    bars = []
    for place, value in enumerate(shown):
        if value is None:
            continue
        tall = round(max(value / top * (HEIGHT - 2), 2), 1)
        x = round((first + place) * step + 1, 1)
        now = place == len(shown) - 1
        bars.append(Bar(x, round(HEIGHT - tall, 1), round(step - 3, 1), tall, now))
    return Spark(SPARK_WIDTH, HEIGHT, tuple(bars))
