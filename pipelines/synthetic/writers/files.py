"""Lines are cut into daily files, a few of them damaged, and written."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.synthetic.columns import day_numbers
from pipelines.synthetic.world import World

DAMAGE_SHARE = 0.001
LEVEL = 1
"""gzip level: the files are read once and thrown away."""

DAMAGE = pl.Schema({"file": pl.String, "line_no": pl.Int64, "kind": pl.String})
"""Lines that no format can read, from 1: damaged, blank, noise."""


@dataclass(frozen=True)
class Feed:
    """File names of one product.

    Attributes:
        name: With `{date}`, for finished days; empty if all days are in one file.
        last: Name of the newest file, which is never compressed.
        shortest: A damaged line keeps at most this much of its beginning.
        noise: The product's lines about itself, one per file in turn.
    """

    folder: str
    name: str
    last: str
    shortest: int = 40
    noise: tuple[str, ...] = ()


@dataclass(frozen=True)
class WrittenFeed:
    """Result of a feed: lines by file, and the damaged ones."""

    counts: dict[str, int]
    damage: pl.DataFrame


def write_feed(world: World, landing: Path, feed: Feed, lines: pl.DataFrame) -> WrittenFeed:
    """Write the files of a feed, each day's lines in one.

    What would be logged before the first day or after the last one is not there.
    """
    lines = lines.filter(_is_within(world))
    rng = world.generator(f"damage {feed.folder}")
    days = day_numbers(world, lines["seen"].to_numpy())
    (landing / feed.folder).mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    damages = [pl.DataFrame(schema=DAMAGE)]
    edges = np.searchsorted(days, np.arange(len(world.days) + 1))
    *finished, newest = world.days
    files = [
        (feed.name.format(date=day.date.isoformat()), day.number, day.number + 1)
        for day in (finished if feed.name else ())
    ]
    for name, start, end in (*files, (feed.last, len(files), newest.number + 1)):
        text, damage = _day(rng, feed, lines["line"][edges[start] : edges[end]], start)
        file = f"{feed.folder}/{name}"
        _write(landing / file, "".join(line + "\n" for line in text).encode())
        counts[file] = len(text)
        damages.append(damage.select(pl.lit(file).alias("file"), "line_no", "kind"))
    return WrittenFeed(counts, pl.concat(damages))


def _is_within(world: World) -> pl.Expr:
    begin, end = world.days[0].at("00:00"), world.days[-1].at("24:00")
    return pl.col("seen").is_between(begin, end, closed="left")


def _day(
    rng: np.random.Generator, feed: Feed, lines: pl.Series, number: int
) -> tuple[list[str], pl.DataFrame]:
    """Return the lines of one file, and which of them cannot be read."""
    text = lines.to_list()
    bad = np.flatnonzero(rng.random(len(text)) < DAMAGE_SHARE)
    for spot in bad:
        text[spot] = _damaged(rng, text[spot], feed.shortest)
    added = _additions(rng, feed, len(text), number)
    for place, line, _ in added:
        text.insert(place, line)
    moved = [int(place) + sum(at <= place for at, _, _ in added) for place in bad]
    rows = [(place + 1, "damaged") for place in moved]
    rows += [(place + 1 + later, kind) for later, (place, _, kind) in enumerate(reversed(added))]
    return text, pl.DataFrame(
        sorted(rows), schema={"line_no": pl.Int64, "kind": pl.String}, orient="row"
    )


def _additions(
    rng: np.random.Generator, feed: Feed, count: int, number: int
) -> list[tuple[int, str, str]]:
    """Place, line and kind of what is put between the lines, from the end on."""
    if not count:
        return []
    places = sorted({int(p) for p in rng.integers(1, count + 1, 3)}, reverse=True)
    lines = [("", "blank")] * (1 + number % 2)
    if feed.noise:
        lines.append((feed.noise[number % len(feed.noise)], "noise"))
    return [(place, *line) for place, line in zip(places, lines, strict=False)]


def _damaged(rng: np.random.Generator, line: str, shortest: int) -> str:
    """Return a line as faults leave it: cut short, or run over by another."""
    kept = line[: int(rng.integers(8, shortest))]
    return kept if rng.random() < 0.7 else kept + "\ufffd\ufffd" + kept[:6]


def _write(path: Path, data: bytes) -> None:
    packed = path.suffix == ".gz"
    path.write_bytes(gzip.compress(data, LEVEL, mtime=0) if packed else data)
