"""Holds back small counts, and as many others as it takes to hide them.

A reader who sees the totals could work a single hidden cell out by subtraction.
So cells are hidden until each hidden one could still be something else, and
until what is hidden in a row or column adds up to no small number either.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

Place = tuple[int, int]
NOTHING_LEFT = 1e-6  # of a number that rounding alone keeps from zero


@dataclass(frozen=True)
class Grid:
    """Counts by row and column; the last of each is the total of the others.

    Attributes:
        counts: Value of each cell.
        people: Number of accounts in each cell.
    """

    counts: tuple[tuple[int, ...], ...]
    people: tuple[tuple[int, ...], ...]

    @property
    def places(self) -> list[Place]:
        """Every cell, row by row."""
        return [
            (row, column) for row, line in enumerate(self.counts) for column in range(len(line))
        ]

    @property
    def lines(self) -> list[list[Place]]:
        """Every row and every column, its total last."""
        down, across = len(self.counts), len(self.counts[0])
        rows = [[(row, column) for column in range(across)] for row in range(down)]
        return rows + [[(row, c) for row in range(down)] for c in range(across)]

    def count(self, place: Place) -> int:
        """Return the number in the cell."""
        return self.counts[place[0]][place[1]]


def held_back(grid: Grid, least: int) -> frozenset[Place]:
    """Return the cells that may not be shown.

    Args:
        grid: With its totals.
        least: Fewest accounts behind a shown count other than 0.
    """
    hidden = {(row, column) for row, column in grid.places if 0 < grid.people[row][column] < least}
    while (more := _one_more(grid, hidden, least)) is not None:
        hidden.add(more)
    return frozenset(hidden)


def _one_more(grid: Grid, hidden: set[Place], least: int) -> Place | None:
    """Return the next cell to hide; None when all that is hidden stays hidden."""
    for line in grid.lines:
        if _is_open(grid, line, hidden, least):
            return _smallest(grid, line, hidden)
    for row, column in sorted(determined(grid, hidden)):
        for line in grid.lines:
            if (row, column) in line and (more := _smallest(grid, line, hidden)):
                return more
    return None


def _is_open(grid: Grid, line: list[Place], hidden: set[Place], least: int) -> bool:
    """Return whether subtraction would reveal too much of what the line hides."""
    inside = [place for place in line if place in hidden]
    if not inside or len(inside) == len(line):
        return False
    adds_up = sum(grid.count(place) for place in inside if place != line[-1])
    return len(inside) < 2 or adds_up < least


def _smallest(grid: Grid, line: list[Place], hidden: set[Place]) -> Place | None:
    """Return the shown cell of a line that is missed least; its total comes last."""
    left = [place for place in line if place not in hidden]
    weighed = sorted(left, key=lambda place: (place == line[-1], not grid.count(place), place))
    inner = [place for place in weighed if place != line[-1] and grid.count(place)]
    if inner:
        return min(inner, key=grid.count)
    return weighed[0] if weighed else None


def determined(grid: Grid, hidden: Iterable[Place]) -> set[Place]:
    """Return the hidden cells that the shown ones fix, by the equations of the totals."""
    unknown = sorted(hidden)
    if not unknown:
        return set()
    equations = np.array(
        [
            [0 if place not in line else -1 if place == line[-1] else 1 for place in unknown]
            for line in grid.lines
        ],
        dtype=float,
    )
    _, sizes, turned = np.linalg.svd(equations)
    rank = int((sizes > NOTHING_LEFT).sum())
    free = turned[rank:]
    moves = np.abs(free).max(axis=0) if len(free) else np.zeros(len(unknown))
    return {one for one, move in zip(unknown, moves, strict=True) if move < NOTHING_LEFT}


def with_totals(counts: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """Return the rows with a total each, and a row of totals below."""
    rows = [(*row, sum(row)) for row in counts]
    return (*rows, tuple(sum(column) for column in zip(*rows, strict=True)))


def band(count: int, least: int) -> str:
    """Return a count said so roughly that one more or less does not show."""
    if count < least:
        return f"fewer than {least}"
    for low, high in pairwise((least, 2 * least, 4 * least, 10 * least)):
        if count < high:
            return f"{low} to {high - 1}"
    return f"{10 * least} or more"
