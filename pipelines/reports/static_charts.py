"""Charts as drawings that need no script, and the small ones of page one."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple

from markupsafe import Markup

from pipelines.reports.charts import HEAT, PATTERNS, Axis, Bars, Box, Figure, Heatmap, Line
from pipelines.reports.text_tables import visible

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

STEP, HEIGHT = 8, 34
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

    def rect(self, ends: Sequence[float]) -> Shape:
        """Return a rectangle between data points x0, x1, y0, y1; at least a pixel wide."""
        left, right = sorted((self.across(ends[0]), self.across(ends[1])))
        top, bottom = sorted((self.up(ends[2]), self.up(ends[3])))
        return Shape("rect", left, top, round(max(right - left, 1), 1), round(bottom - top, 1))


def drawing(figure: Figure, *, is_narrow: bool = False) -> Drawing:
    """Lay the figure out on a sheet of fixed width.

    Args:
        is_narrow: For a phone: names are above their bars, parts of a chart are stacked,
            and a tick without room is left out.
    """
    sheet = _narrow(figure) if is_narrow else _wide(figure)
    shapes = list(legend(figure.named, sheet))
    for (across, up), scale in zip(figure.panels, sheet.scales, strict=True):
        shapes += axes(across, up, scale, sheet)
    shapes += [area(box, sheet) for box in figure.boxes if box.fill]
    for trace in figure.traces:
        shapes += marks(trace, sheet.scales[trace.panel], sheet)
    shapes += [area(box, sheet) for box in figure.boxes if not box.fill]
    shapes += notes(figure, sheet)
    return Drawing(sheet.width, sheet.height, tuple(shapes))


@dataclass(frozen=True)
class Sheet:
    """Positions of all parts of a drawing.

    Attributes:
        scales: The part of each pair of axes.
        left: Where names of lanes end, or begin if they are above.
        are_names_above: Names of lanes are above their bars.
    """

    width: int
    height: int
    scales: Sequence[Scale]
    left: float
    are_names_above: bool = False

    @property
    def is_narrow(self) -> bool:
        """Whether it is for a phone."""
        return self.width < WIDTH

    def inside(self, x: float, text: str, anchor: str) -> float:
        """Return a text position that is inside the sheet."""
        wide = len(text) * WIDE_LETTER + 6
        before = {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
        return max(min(x, self.width - wide + before), before)

    def lane(self, place: float) -> float:
        """Return the position of a lane's marks: below its name, if that is above."""
        return place + (BELOW_NAME if self.are_names_above else 0)


def _wide(figure: Figure) -> Sheet:
    top = TOP + (LEGEND_HEIGHT if figure.named else 0)
    bottom = figure.height - (BOTTOM if figure.panels[0][0].ticks else TOP)
    left = left_margin(figure)
    parts = (left, WIDTH - RIGHT, bottom, top)
    scales = [scale_of(across, up, parts) for across, up in figure.panels]
    return Sheet(WIDTH, figure.height, scales, left)


def _narrow(figure: Figure) -> Sheet:
    """Stack parts that are next to each other on a desktop."""
    (across, up), *others = figure.panels
    above = max(map(len, up.texts), default=0) > SHORT_NAME
    left = 4.0 if above else left_margin(figure)
    legends = _legend_rows(figure.named, left) * LEGEND_HEIGHT
    foot = BOTTOM if across.ticks else TOP
    each = PART_HEIGHT if others else float(figure.height - TOP - BOTTOM)
    if above and not others:
        each = abs(up.high - up.low) * NAMED_LANE
    scales = []
    for place, (across, up) in enumerate(figure.panels):
        top = TOP + legends + place * (each + foot)
        parts = (left, PHONE - PHONE_RIGHT, top + each, top)
        high = _with_labels(figure, place, PHONE - PHONE_RIGHT - left)
        whole = across._replace(high=high, domain=(0, 1))
        scales.append(scale_of(whole, up._replace(domain=(0, 1)), parts))
    height = round(TOP + legends + len(scales) * (each + foot))
    return Sheet(PHONE, height, scales, left, above)


def _with_labels(figure: Figure, panel: int, wide: float) -> float:
    """Return the end of an x axis for which the labels next to bars fit beyond them.

    Args:
        wide: Pixels of the axis.
    """
    low, high = figure.panels[panel][0][:2]
    for note in figure.notes:
        room = len(visible(note.text)) * LETTER + note.shift
        if note.panel == panel and room < wide / 2 and note.x > low:
            high = max(high, low + (note.x - low) * wide / (wide - room))
    return high


def left_margin(figure: Figure) -> float:
    """Return the room for the longest name of a lane, in any part of the picture."""
    longest = max((len(name) for _, up in figure.panels for name in up.texts), default=0)
    return min(longest * LETTER + 14, WIDEST_LABEL)


def scale_of(across: Axis, up: Axis, sheet: Sequence[float]) -> Scale:
    """Return the part of the sheet that a pair of axes covers."""
    left, right, bottom, top = sheet
    return Scale(
        x0=across.low,
        x1=across.high,
        left=left + across.domain[0] * (right - left),
        right=left + across.domain[1] * (right - left),
        y0=up.low,
        y1=up.high,
        bottom=bottom - up.domain[0] * (bottom - top),
        top=bottom - up.domain[1] * (bottom - top),
    )


def legend(named: Iterable[Bars | Line], sheet: Sheet) -> Iterator[Shape]:
    """Yield a swatch and a name for each series, in as many rows as it takes."""
    left, row = sheet.left, 0
    for trace in named:
        text = visible(trace.name)
        wide = 18 + len(text) * LETTER
        if left > sheet.left and left + wide > sheet.width:
            left, row = sheet.left, row + 1
        role, top = trace.role, row * LEGEND_HEIGHT
        if isinstance(trace, Line):
            points = f"{left},{top + 12} {left + 12},{top + 12}"
            yield Shape("path", role=role, points=points, is_outline=True)
        else:
            yield Shape("rect", left, top + 6, 12, 12, role=role, pattern=pattern(role))
        yield Shape("text", left + 18, top + 16.5, text=text)
        left += wide + 22


def _legend_rows(named: Iterable[Bars | Line], left: float) -> int:
    found = list(legend(named, Sheet(PHONE, 0, (), left)))
    return round(max((one.y for one in found), default=-18) / LEGEND_HEIGHT + 0.5)


def axes(across: Axis, up: Axis, scale: Scale, sheet: Sheet) -> Iterator[Shape]:
    """Yield names at the ticks, and thin lines where the axis asks for a grid."""
    named = ticks(across)
    for value, _ in named if across.has_grid else ():
        place = scale.across(value)
        yield Shape("rect", place, scale.top, 1, scale.bottom - scale.top, "line")
    last = 0.0
    for value, text in named[:: _stride(named, scale) if sheet.is_narrow else 1]:
        place = sheet.inside(scale.across(value), text, "middle")
        half = len(text) * LETTER / 2
        if place != scale.across(value) and place - half < last:
            continue  # moved into the sheet, it would cover the label before it
        last = place + half
        yield Shape("text", place, scale.bottom + 20, role="muted", text=text, anchor="middle")
    for value, text in ticks(up):
        place = scale.up(value)
        if up.has_grid:
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


def ticks(side: Axis) -> list[tuple[float, str]]:
    """Return the ticks of an axis, with their plain text."""
    return list(zip((place for place, _ in side.ticks), side.texts, strict=True))


def marks(trace: Bars | Line | Heatmap, scale: Scale, sheet: Sheet) -> Iterator[Shape]:
    """Yield the marks of one trace."""
    if isinstance(trace, Bars):
        return bar_marks(trace, scale, sheet)
    return line_marks(trace, scale) if isinstance(trace, Line) else cells(trace, scale, sheet)


def bar_marks(trace: Bars, scale: Scale, sheet: Sheet) -> Iterator[Shape]:
    """Yield horizontal or vertical bars, from their base."""
    half = trace.thickness / 2 * (THINNER if sheet.are_names_above else 1)
    for lane, base, length, _ in trace.marks:
        at = lane if trace.is_upright else sheet.lane(lane)
        ends = (base, base + length, at - half, at + half)
        mark = scale.rect((*ends[2:], *ends[:2]) if trace.is_upright else ends)
        yield mark._replace(role=trace.role, pattern=pattern(trace.role))


def pattern(role: str) -> str:
    """Return the name of the hatching that goes with a color, if any."""
    return role if role in PATTERNS else ""


def cells(trace: Heatmap, scale: Scale, sheet: Sheet) -> Iterator[Shape]:
    """Yield squares of a heat map, in the step of their value."""
    for y, row in enumerate(trace.values):
        for x, value in enumerate(row):
            step = min(int(value / max(trace.top, 1) * len(HEAT)), len(HEAT) - 1)
            square = scale.rect((x - 0.46, x + 0.46, y - 0.44, y + 0.44))
            yield square._replace(role=HEAT[step] if value else "heat0")
            if value and not sheet.is_narrow:
                role = "ink" if step < DARK_STEP else "surface"
                place = (scale.across(x), scale.up(y) + 4.5)
                text = f"{value:.0f}"
                yield Shape("text", *place, role=role, text=text, anchor="middle")


def line_marks(trace: Line, scale: Scale) -> Iterator[Shape]:
    """Yield a line in pieces between unknown points, and its dots."""
    piece: list[str] = []
    for x, y, _ in [*trace.points, (0, None, "")]:
        if y is not None:
            piece.append(f"{scale.across(x)},{scale.up(y)}")
            if not trace.is_dashed:
                yield Shape("dot", scale.across(x), scale.up(y), role=trace.role)
            continue
        if len(piece) > 1:
            points = " ".join(piece)
            yield Shape("path", role=trace.role, points=points, is_outline=trace.is_dashed)
        piece = []


def area(box: Box, sheet: Sheet) -> Shape:
    """Return a rectangle on its own axes."""
    shape = sheet.scales[box.panel].rect((box.x0, box.x1, box.y0, box.y1))
    return shape._replace(role=box.fill or "ink", is_outline=not box.fill, opacity=box.opacity)


def notes(figure: Figure, sheet: Sheet) -> Iterator[Shape]:
    """Yield direct labels, each on its own axes; on a phone all are inside the sheet."""
    lanes = {place for place, _ in figure.panels[0][1].ticks}
    for note in figure.notes:
        scale, text = sheet.scales[note.panel], visible(note.text)
        x = sheet.inside(scale.across(note.x) + note.shift, text, "start")
        y = sheet.lane(note.y) if note.y in lanes else note.y
        yield Shape("text", x, scale.up(y) + 4.5, text=text)


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
    top = max(1, *(value or 0 for value in shown))
    bars = []
    for place, value in enumerate(shown):
        if value is None:
            continue
        tall = round(max(value / top * (HEIGHT - 2), 2), 1)
        now = place == len(shown) - 1
        bars.append(Bar(place * STEP, round(HEIGHT - tall, 1), STEP - 2, tall, now))
    return Spark(len(shown) * STEP, HEIGHT, tuple(bars))
