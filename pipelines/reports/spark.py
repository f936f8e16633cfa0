"""The small drawing beside a line of page one: the number over the last weeks."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 132, 34
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
    """A bar a week, the tallest as high as the sheet; None where there are too few.

    A week that is not known has no bar, a zero has a thin one.
    """
    if sum(value is not None for value in values) < FEWEST:
        return None
    shown = values[-SLOTS:]
    step = WIDTH / SLOTS
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
    return Spark(WIDTH, HEIGHT, tuple(bars))
