"""Charts as drawings that need no script, and the small ones of page one."""

import html
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from markupsafe import Markup

from pipelines.reports.charts import HEAT, LIGHT, PATTERNS, Figure

WIDTH = 880
TOP, RIGHT, BOTTOM = 14, 20, 30
LEGEND_HEIGHT = 24
WIDE_LETTER = 8.0
LETTER = 7.4  # mean width of a letter at 13 px
WIDEST_LABEL = 250
DARK_STEP = 3  # from this step of the heat map on, text is light
PHONE, PHONE_RIGHT = 340, 12
SHORT_NAME = 6  # letters; longer names of lanes are above their bars on a phone
PART_HEIGHT = 130.0
NAMED_LANE = 46.0
BELOW_NAME, NAME_ABOVE, THINNER = 0.16, 0.26, 0.7  # in lanes
ANCHORS = {"left": "start", "right": "end", "center": "middle"}
ROLES = {color: role for role, color in LIGHT.items()}

SPARK_WIDTH, HEIGHT = 132, 34
FEWEST = 3  # fewer weeks say nothing as bars
SLOTS = 13


class Shape(NamedTuple):
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

    @property
    def coordinates(self) -> Markup:
        """Return all points for the page, which cuts only text from data."""
        return Markup("{}").format(self.points)

    @property
    def name(self) -> str:
        """Name of the marks in the page, to fill them twice: with color and hatching."""
        return f"m{zlib.crc32(self.points.encode()):x}"


@dataclass(frozen=True)
class Drawing:
    """Shapes and the size of the sheet they are on."""

    width: int
    height: int
    shapes: tuple[Shape, ...]

    @property
    def joined(self) -> Iterator[Shape]:
        """Combine similar rectangles into one path.

        Otherwise half of a page with a swim lane would be names of attributes.
        """
        for look, alike in groupby(self.shapes, key=_look):
            if look is None:
                yield from alike
                continue
            first, *rest = alike
            corners = "".join(
                f"M{one.x:g} {one.y:g}h{one.width:g}v{one.height:g}h-{one.width:g}z"
                for one in _merged([first, *rest])
            )
            yield first._replace(x=0, y=0, width=0, height=0, points=corners)


def _merged(bars: Iterable[Shape]) -> Iterator[Shape]:
    """Yield bars in order; those of one lane that run into each other are one."""
    last: Shape | None = None
    for bar in bars:
        if last and _runs_into(last, bar):
            width = max(last.width, bar.x + bar.width - last.x)
            last = last._replace(width=round(width, 1))
            continue
        if last:
            yield last
        last = bar
    if last:
        yield last


def _runs_into(last: Shape, bar: Shape) -> bool:
    in_lane = (last.y, last.height) == (bar.y, bar.height)
    return in_lane and not bar.is_outline and last.x <= bar.x <= last.x + last.width


def _look(shape: Shape) -> tuple[object, ...] | None:
    """Return the common attributes of similar rectangles; None for another shape."""
    if shape.kind != "rect":
        return None
    marks = (shape.role, shape.text, shape.anchor, shape.pattern, shape.points)
    return (*marks, shape.is_outline, shape.opacity)


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
        """Return a rectangle between data points x0, x1, y0, y1; at least a pixel wide."""
        left, right = sorted((self.across(ends[0]), self.across(ends[1])))
        top, bottom = sorted((self.up(ends[2]), self.up(ends[3])))
        size = {"width": round(max(right - left, 1), 1), "height": bottom - top}
        return Shape("rect", left, top, size["width"], round(size["height"], 1), **look)


def drawing(figure: Figure, *, is_narrow: bool = False) -> Drawing:
    """Lay the figure out on a sheet of fixed width.

    Args:
        is_narrow: For a phone: names are above their bars, parts of a chart are stacked,
            and a tick without room is left out.
    """
    sheet = _narrow(figure) if is_narrow else _wide(figure)
    shapes = list(legend(_named(figure), sheet))
    for suffix, scale in sheet.scales.items():
        shapes += axes(figure["layout"], suffix, scale, sheet)
    shapes += boxes(figure["layout"], sheet.scales, "below")
    for trace in figure["data"]:
        shapes += marks(trace, sheet.scales[trace.get("xaxis", "x")[1:]], sheet)
    shapes += boxes(figure["layout"], sheet.scales, "above")
    shapes += notes(figure["layout"], sheet)
    return Drawing(sheet.width, sheet.height, tuple(shapes))


@dataclass(frozen=True)
class Sheet:
    """Positions of all parts of a drawing.

    Attributes:
        scales: The part of each pair of axes, by their suffix.
        left: Where names of lanes end, or begin if they are above.
        are_names_above: Names of lanes are above their bars.
    """

    width: int
    height: int
    scales: dict[str, Scale]
    left: float
    are_names_above: bool = False

    @property
    def is_narrow(self) -> bool:
        """Whether it is for a phone."""
        return self.width < WIDTH

    def inside(self, x: float, text: str, anchor: str) -> float:
        """Return a text position that is inside a phone's sheet."""
        if not self.is_narrow:
            return x
        wide = len(text) * WIDE_LETTER + 6
        before = {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
        return max(min(x, self.width - wide + before), before)

    def lane(self, place: float) -> float:
        """Return the position of a lane's marks: below its name, if that is above."""
        return place + (BELOW_NAME if self.are_names_above else 0)


def _named(plain: dict[str, Any]) -> list[dict[str, Any]]:
    return [trace for trace in plain["data"] if trace.get("showlegend")]


def _suffixes(layout: dict[str, Any]) -> list[str]:
    return [name[5:] for name in sorted(layout) if name.startswith("xaxis")]


def _wide(plain: dict[str, Any]) -> Sheet:
    layout = plain["layout"]
    height = int(layout.get("height") or 320)
    top = TOP + (LEGEND_HEIGHT if _named(plain) else 0)
    bottom = height - (BOTTOM if layout["xaxis"]["tickvals"] else TOP)
    left = left_margin(layout)
    parts = (left, WIDTH - RIGHT, bottom, top)
    scales = {name: scale_of(layout, name, parts) for name in _suffixes(layout)}
    return Sheet(WIDTH, height, scales, left)


def _narrow(plain: dict[str, Any]) -> Sheet:
    """Stack parts that are next to each other on a desktop."""
    layout = plain["layout"]
    suffixes = _suffixes(layout)
    names = layout.get("yaxis", {}).get("ticktext") or [""]
    above = max(len(html.unescape(name)) for name in names) > SHORT_NAME
    left = 4.0 if above else left_margin(layout)
    legends = _legend_rows(_named(plain), left) * LEGEND_HEIGHT
    foot = BOTTOM if layout["xaxis"]["tickvals"] else TOP
    each = _part_height(layout, len(suffixes), is_above=above)
    scales = {}
    for place, name in enumerate(suffixes):
        top = TOP + legends + place * (each + foot)
        whole = {
            f"{side}axis{name}": {**layout[f"{side}axis{name}"], "domain": (0, 1)} for side in "xy"
        }
        parts = (left, PHONE - PHONE_RIGHT, top + each, top)
        whole[f"xaxis{name}"]["range"] = _with_labels(layout, name, PHONE - PHONE_RIGHT - left)
        scales[name] = scale_of(whole, name, parts)
    height = round(TOP + legends + len(suffixes) * (each + foot))
    return Sheet(PHONE, height, scales, left, above)


def _with_labels(layout: dict[str, Any], suffix: str, wide: float) -> tuple[float, float]:
    """Return the range of an x axis in which the labels next to bars fit beyond them.

    Args:
        wide: Pixels of the axis.
    """
    low, high = layout[f"xaxis{suffix}"]["range"]
    for words in layout.get("annotations") or ():
        if words.get("xref", "x") != f"x{suffix}" or words.get("xanchor", "left") != "left":
            continue
        room = len(html.unescape(words["text"])) * LETTER + words.get("xshift", 0)
        if room < wide / 2 and words["x"] > low:
            high = max(high, low + (words["x"] - low) * wide / (wide - room))
    return low, high


def _part_height(layout: dict[str, Any], size: int, *, is_above: bool) -> float:
    if size > 1:
        return PART_HEIGHT
    if is_above:
        low, high = layout["yaxis"]["range"]
        return abs(float(high) - float(low)) * NAMED_LANE
    return float(layout.get("height") or 320) - TOP - BOTTOM


def left_margin(layout: dict[str, Any]) -> float:
    """Return the room for the longest name of a lane, in any part of the picture."""
    sides = [side for key, side in layout.items() if key.startswith("yaxis")]
    names = [name for side in sides for name in side.get("ticktext") or ()]
    longest = max((len(html.unescape(name)) for name in names), default=0)
    return min(longest * LETTER + 14, WIDEST_LABEL)


def scale_of(layout: dict[str, Any], suffix: str, sheet: Sequence[float]) -> Scale:
    """Return the part of the sheet that a pair of axes covers."""
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


def legend(named: Sequence[dict[str, Any]], sheet: Sheet) -> Iterator[Shape]:
    """Yield a swatch and a name for each series, in as many rows as it takes."""
    left, row = sheet.left, 0
    for trace in named:
        text = html.unescape(trace["name"])
        wide = 18 + len(text) * LETTER
        if left > sheet.left and left + wide > sheet.width:
            left, row = sheet.left, row + 1
        role, top = ROLES[trace["marker"]["color"]], row * LEGEND_HEIGHT
        if trace["type"] == "scatter":
            points, is_outline = f"{left},{top + 12} {left + 12},{top + 12}", True
            yield Shape("path", role=role, points=points, is_outline=is_outline)
        else:
            yield Shape("rect", left, top + 6, 12, 12, role=role, pattern=pattern(role))
        yield Shape("text", left + 18, top + 16.5, text=text)
        left += wide + 22


def _legend_rows(named: Sequence[dict[str, Any]], left: float) -> int:
    found = list(legend(named, Sheet(PHONE, 0, {}, left)))
    return round(max((one.y for one in found), default=-18) / LEGEND_HEIGHT + 0.5)


def axes(layout: dict[str, Any], suffix: str, scale: Scale, sheet: Sheet) -> Iterator[Shape]:
    """Yield names at the ticks, and thin lines where the axis asks for a grid."""
    across, up = layout[f"xaxis{suffix}"], layout[f"yaxis{suffix}"]
    named = ticks(across)
    for value, _ in named if across.get("showgrid") else ():
        place = scale.across(value)
        yield Shape("rect", place, scale.top, 1, scale.bottom - scale.top, "line")
    for value, text in named[:: _stride(named, scale) if sheet.is_narrow else 1]:
        place = scale.across(value)
        place = sheet.inside(place, text, "middle")
        yield Shape("text", place, scale.bottom + 20, role="muted", text=text, anchor="middle")
    for value, text in ticks(up):
        place = scale.up(value)
        if up.get("showgrid"):
            yield Shape("rect", scale.left, place, scale.right - scale.left, 1, "line")
        if sheet.are_names_above:
            name = scale.up(value - NAME_ABOVE) + 4.5
            yield Shape("text", scale.left, name, role="muted", text=text)
            continue
        left, middle = scale.left - 8, place + 4.5
        yield Shape("text", left, middle, role="muted", text=text, anchor="end")


def _stride(named: Sequence[tuple[float, str]], scale: Scale) -> int:
    """Return the step between ticks whose names fit."""
    wide = max((len(text) for _, text in named), default=0) * LETTER + 8
    places = [scale.across(value) for value, _ in named]
    gaps = [after - before for before, after in pairwise(places)]
    least = min(gaps, default=wide)
    return max(1, -(-int(wide) // max(int(least), 1)))


def ticks(side: dict[str, Any]) -> list[tuple[float, str]]:
    """Return the ticks of an axis, with their plain text."""
    names = [html.unescape(text) for text in side.get("ticktext") or ()]
    return list(zip(side.get("tickvals") or (), names, strict=True))


def marks(trace: dict[str, Any], scale: Scale, sheet: Sheet) -> Iterator[Shape]:
    """Yield the marks of one trace."""
    draw = {"bar": bar_marks, "heatmap": cells, "scatter": line_marks}
    return draw[trace["type"]](trace, scale, sheet)


def bar_marks(trace: dict[str, Any], scale: Scale, sheet: Sheet) -> Iterator[Shape]:
    """Yield horizontal or vertical bars, from their base."""
    role = ROLES[trace["marker"]["color"]]
    look = {"role": role, "pattern": pattern(role)}
    half = trace["width"] / 2 * (THINNER if sheet.are_names_above else 1)
    for x, y, base in zip(trace["x"], trace["y"], trace["base"], strict=True):
        if trace.get("orientation") == "h":
            lane = sheet.lane(y)
            yield scale.rect((base, base + x, lane - half, lane + half), **look)
        else:
            yield scale.rect((x - half, x + half, base, base + y), **look)


def pattern(role: str) -> str:
    """Return the name of the hatching that goes with a color, if any."""
    return role if role in PATTERNS else ""


def cells(trace: dict[str, Any], scale: Scale, sheet: Sheet) -> Iterator[Shape]:
    """Yield squares of a heat map, in the step of their value."""
    for y, row in zip(trace["y"], trace["z"], strict=True):
        for x, value in zip(trace["x"], row, strict=True):
            ends = (x - 0.46, x + 0.46, y - 0.44, y + 0.44)
            step = min(int(value / trace["zmax"] * len(HEAT)), len(HEAT) - 1)
            yield scale.rect(ends, role=HEAT[step] if value else "heat0")
            if value and not sheet.is_narrow:
                role = "ink" if step < DARK_STEP else "surface"
                place = (scale.across(x), scale.up(y) + 4.5)
                text = f"{value:.0f}"
                yield Shape("text", *place, role=role, text=text, anchor="middle")


def line_marks(
    trace: dict[str, Any],
    scale: Scale,
    sheet: Sheet,  # noqa: ARG001 - as the others
) -> Iterator[Shape]:
    """Yield a line in pieces between unknown points, and its dots."""
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


def boxes(layout: dict[str, Any], scales: dict[str, Scale], layer: str) -> Iterator[Shape]:
    """Yield rectangles of one layer, each on its own axes."""
    for shape in layout.get("shapes") or ():
        if shape["layer"] != layer:
            continue
        role = ROLES.get(shape.get("fillcolor", ""), "")
        ends = (shape["x0"], shape["x1"], shape["y0"], shape["y1"])
        look = {"role": role or "ink", "is_outline": not role}
        scale = scales[shape.get("xref", "x")[1:]]
        yield scale.rect(ends, opacity=shape.get("opacity", 1), **look)


def notes(layout: dict[str, Any], sheet: Sheet) -> Iterator[Shape]:
    """Yield direct labels, each on its own axes; on a phone all are inside the sheet."""
    lanes = set(layout["yaxis"].get("tickvals") or ())
    for words in layout.get("annotations") or ():
        scale = sheet.scales[words.get("xref", "x")[1:]]
        text = html.unescape(words["text"])
        x = scale.across(words["x"]) + words.get("xshift", 0)
        y = sheet.lane(words["y"]) if words["y"] in lanes else words["y"]
        anchor = ANCHORS[words.get("xanchor", "left")]
        x = sheet.inside(x, text, anchor)
        yield Shape("text", x, scale.up(y) + 4.5, text=text, anchor=anchor)


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
    """Return one bar per week, the tallest as high as the sheet; None where there are too few.

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
