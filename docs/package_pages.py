"""Draws the packages of `pipelines/`: their floors, and a picture of their imports.

The floors come from the import contract in `pyproject.toml`, the arrows from the import
statements in the code, and the descriptions from the packages' docstrings.
"""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pipelines"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
BEGIN = "<!-- floors: made by `make docs` from pyproject.toml; do not edit -->"
END = "<!-- end of floors -->"

Edge = tuple[str, str]
Columns = dict[str, int]

COLUMNS = 7
COLUMN_WIDTH, FLOOR_HEIGHT = 120, 46
BOX_WIDTH, BOX_HEIGHT = 92, 24
HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" \
font-family="sans-serif" font-size="13">
<title>Packages of pipelines/ and their imports</title>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" \
orient="auto"><path d="M0 0L8 4L0 8z" fill="#667"/></marker></defs>
<rect width="100%" height="100%" fill="#fff"/>"""
SWEEPS = 12
"""Upper limit of the passes in which each box is moved to its best column."""
HIDDEN, CROSSED = 40, 4
"""Costs of an arrow behind a box, and of two arrows that cross, in columns."""


@cache
def contracts() -> Sequence[Mapping[str, object]]:
    """Return the import contracts of `pyproject.toml`."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: Sequence[Mapping[str, object]] = settings["tool"]["importlinter"]["contracts"]
    return found


@cache
def floors() -> Sequence[Sequence[str]]:
    """Return the packages of each floor, the highest floor first."""
    (layers,) = [one["layers"] for one in contracts() if one["type"] == "layers"]
    assert isinstance(layers, list)
    return [[name.strip() for name in layer.split("|")] for layer in layers]


def source_of(package: str) -> Path:
    """Return the file with the docstring of a package or of a single module."""
    folder = PACKAGE / package
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


def summary_of(package: str) -> str:
    """Return the first line of a package's docstring."""
    text = ast.get_docstring(ast.parse(source_of(package).read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


@cache
def imports() -> Mapping[str, frozenset[str]]:
    """Return the packages that each package imports."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(PACKAGE.rglob("*.py")):
        package = path.relative_to(PACKAGE).with_suffix("").parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found[package] |= set(_named(node)) - {package}
    known = {name for floor in floors() for name in floor}
    return {name: frozenset(found[name] & known) for name in known}


def _named(node: ast.AST) -> Iterator[str]:
    """Yield the packages that a statement imports."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module:
        names = [f"{node.module}.{alias.name}" for alias in node.names]
    else:
        return
    for name in names:
        first, *rest = name.split(".")
        if first == PACKAGE.name and rest:
            yield rest[0]


@cache
def reached(package: str) -> frozenset[str]:
    """Return the packages that a package imports, directly or through others."""
    direct = imports()[package]
    return direct.union(*map(reached, direct))


def arrows() -> list[Edge]:
    """Return the imports that no chain of other imports implies."""
    return [
        (package, other)
        for package, direct in sorted(imports().items())
        for other in sorted(direct)
        if not any(other in reached(between) for between in direct)
    ]


def floors_block() -> str:
    """Return the floors as they appear in CONTRIBUTING.md."""
    rest = [one["name"] for one in contracts() if one["type"] != "layers"]
    lines = [" | ".join(floor) for floor in floors()]
    rules = [f"- {name}" for name in rest]
    return "\n".join([BEGIN, "```text", *lines, "```", "", *rules, "", END])


def with_floors(text: str) -> str:
    """Return the text of CONTRIBUTING.md with the current floors."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{floors_block()}{after}"


def write_floors() -> None:
    """Write the current floors into CONTRIBUTING.md."""
    text = CONTRIBUTING.read_text(encoding="utf-8")
    CONTRIBUTING.write_text(with_floors(text), encoding="utf-8")


@cache
def package_picture() -> str:
    """Return the picture of the packages."""
    return Picture().svg()


def package_rows() -> list[list[str]]:
    """Return a row per package: its name, its floor counted from below, its docstring."""
    return [
        [name, str(len(floors()) - number), summary_of(name)]
        for number, floor in enumerate(floors())
        for name in floor
    ]


class Picture:
    """The packages as boxes, a row per floor, with an arrow for each import.

    Each box is moved among the columns until its arrows are short, cross few others and
    pass behind no box.
    """

    def __init__(self) -> None:
        self.floor = {name: row for row, floor in enumerate(floors()) for name in floor}
        self.edges = arrows()
        self.columns: Columns = {}
        for floor in floors():
            first = (COLUMNS - len(floor)) // 2
            self.columns |= {name: first + number for number, name in enumerate(floor)}
        self._arrange()

    def svg(self) -> str:
        """Return the picture as SVG."""
        width = COLUMNS * COLUMN_WIDTH
        height = len(floors()) * FLOOR_HEIGHT
        lines = [self._line(edge) for edge in self.edges]
        boxes = [self._box(name) for name in self.floor]
        return "\n".join([HEAD.format(width=width, height=height), *lines, *boxes, "</svg>\n"])

    def _middle(self, name: str) -> tuple[float, float]:
        column, row = self.columns[name], self.floor[name]
        return (column + 0.5) * COLUMN_WIDTH, (row + 0.5) * FLOOR_HEIGHT

    def _line(self, edge: Edge) -> str:
        (x1, y1), (x2, y2) = map(self._middle, edge)
        half = BOX_HEIGHT / 2
        return (
            f'<path d="M{x1:g} {y1 + half:g}L{x2:g} {y2 - half:g}" stroke="#99a"'
            ' fill="none" marker-end="url(#tip)"/>'
        )

    def _box(self, name: str) -> str:
        x, y = self._middle(name)
        left, top = x - BOX_WIDTH / 2, y - BOX_HEIGHT / 2
        return (
            f'<rect x="{left:g}" y="{top:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="4"'
            ' fill="#eef3f8" stroke="#456"/>'
            f'<text x="{x:g}" y="{y + 4.5:g}" text-anchor="middle">{escape(name)}</text>'
        )

    def _arrange(self) -> None:
        for _ in range(SWEEPS):
            before = dict(self.columns)
            for name in self.floor:
                self._move(name)
            if self.columns == before:
                return

    def _move(self, name: str) -> None:
        """Move a box to its best column; a box that is there takes its place."""
        here = self.columns[name]
        beside = {self.columns[other]: other for other in floors()[self.floor[name]]}
        costs = {}
        for column in range(COLUMNS):
            moved = {name, beside.get(column, name)}
            self._swap(name, beside.get(column), column)
            costs[column] = self._cost(moved)
            self._swap(name, beside.get(column), here, column)
            costs[column] -= self._cost(moved)
        best = min(costs, key=lambda column: (costs[column], abs(column - here)))
        self._swap(name, beside.get(best), best)

    def _swap(self, name: str, other: str | None, to: int, back: int | None = None) -> None:
        if other and other != name:
            self.columns[other] = self.columns[name] if back is None else back
        self.columns[name] = to

    def _cost(self, moved: set[str]) -> float:
        own = [edge for edge in self.edges if moved & {*edge}]
        rest = [edge for edge in self.edges if not moved & {*edge}]
        cost = float(sum(abs(self.columns[a] - self.columns[b]) ** 1.5 for a, b in own))
        cost += HIDDEN * sum(self._hides(box, edge) for edge in own for box in self.floor)
        cost += HIDDEN * sum(self._hides(box, edge) for edge in rest for box in moved)
        cost += CROSSED * sum(self._cross(one, other) for one in own for other in self.edges)
        return cost + 0.1 * sum(abs(self.columns[name] - COLUMNS // 2) for name in sorted(moved))

    def _at(self, edge: Edge, row: float) -> float:
        """Return the column at which an arrow passes a floor."""
        top, bottom = edge
        half = BOX_HEIGHT / FLOOR_HEIGHT / 2
        first, last = self.floor[top] + half, self.floor[bottom] - half
        share = (row - first) / (last - first)
        return self.columns[top] + share * (self.columns[bottom] - self.columns[top])

    def _hides(self, box: str, edge: Edge) -> bool:
        top, bottom = edge
        row = self.floor[box]
        if not self.floor[top] < row < self.floor[bottom]:
            return False
        return abs(self._at(edge, row) - self.columns[box]) < 0.5

    def _cross(self, one: Edge, other: Edge) -> bool:
        rows = sorted(self.floor[name] for name in (*one, *other))
        if {*one} & {*other} or self.floor[one[1]] <= self.floor[other[0]]:
            return False
        if self.floor[other[1]] <= self.floor[one[0]]:
            return False
        _, first, last, _ = rows
        return (self._at(one, first) - self._at(other, first)) * (
            self._at(one, last) - self._at(other, last)
        ) < 0
