"""Parsed rows before their commit: frames, or files that do not count yet.

Frames take as little memory as they need; other processes wrote the files, which
are reread only if they may contain an earlier event.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.formats import Parsed
from pipelines.ingest.blocks import BLOCK
from pipelines.lake.counts import placed
from pipelines.lake.files import REJECTS, WrittenPart

ROWS_PER_COMMIT = 500_000
BYTES_PER_COMMIT = 64 << 20
"""Memory of staged frames at which they are committed; writing takes it again."""

VIEW_BYTES = 16
"""Polars's overhead for each text."""

ENOUGH_TEXT = 0.5
"""Share of a block of lines from which a frame is kept without a copy."""

PLACES = pl.Schema({"file_id": pl.Int64, "line_no": pl.Int64, "event_date": pl.Date})


@dataclass(frozen=True, kw_only=True)
class WrittenRows:
    """Result of lines that were parsed elsewhere, instead of `Parsed`.

    Attributes:
        rejects: Its file of rejects, if it has any.
        near: File, line and day of the first and the last event, and of those where
            the day changes: enough to find the event nearest to a reject.
        bytes: Memory that its events would take.
    """

    lines: int
    event_count: int
    reject_count: int
    blanks: int
    header: str | None
    parts: tuple[WrittenPart, ...]
    rejects: Path | None
    near: tuple[tuple[int, int, date], ...]
    bytes: int

    def delete(self, lake: Path) -> None:
        """Delete its files: what they hold does not count."""
        delete(self.parts, lake)
        if self.rejects is not None:
            self.rejects.unlink(missing_ok=True)


def delete(parts: Iterable[WrittenPart], lake: Path) -> None:
    """Delete files that do not count."""
    for part in parts:
        (lake / part.file.path).unlink(missing_ok=True)


class Staged:
    """Events by class, and rejects, in the order of reading.

    Attributes:
        parts: Files that were written elsewhere.
        near: What rejects need to know of these; see `WrittenRows`.
        rows: Rows of all frames and files.
        bytes: Memory that they take, or would.
    """

    def __init__(self) -> None:
        self._frames: dict[str, list[pl.DataFrame]] = {}
        self.near: list[tuple[int, int, date]] = []
        self.parts: list[WrittenPart] = []
        self.rows = 0
        self.bytes = 0

    def add(self, name: str, frame: pl.DataFrame) -> None:
        """Hold a frame, without what it does not need of the lines it was cut from."""
        if not frame.height:
            return
        kept, size = as_it_is(frame) or on_its_own(frame)
        self._frames.setdefault(name, []).append(kept)
        self.rows += kept.height
        self.bytes += size

    def add_parsed(self, parsed: Parsed | WrittenRows, source: str, fmt: str, zone: str) -> None:
        """Hold what became of lines of a source."""
        if isinstance(parsed, Parsed):
            for name, frame in parsed.events.items():
                self.add(name, placed(frame, source, fmt, zone))
            place = {"source": pl.lit(source), "format": pl.lit(fmt)}
            self.add(REJECTS, parsed.rejects.with_columns(**place))
            return
        if parsed.rejects is not None:
            self.add(REJECTS, pl.read_parquet(parsed.rejects))
            parsed.rejects.unlink()
        self.parts += parsed.parts
        self.near += parsed.near
        self.rows += parsed.event_count
        self.bytes += parsed.bytes

    def take(self, file_id: int) -> "Staged":
        """Return the part of a file, and release it here."""
        own, others = Staged(), Staged()
        is_own = pl.col("file_id") == file_id
        for name, frames in self._frames.items():
            for frame in frames:
                own.add(name, frame.filter(is_own))
                others.add(name, frame.filter(~is_own))
        for part in self.parts:
            (own if part.file.first_file_id == file_id else others).parts.append(part)
        for near in self.near:
            (own if near[0] == file_id else others).near.append(near)
        self.__dict__ = others.__dict__
        return own

    def frames(self) -> dict[str, pl.DataFrame]:
        """Return one frame for each event class, and one of rejects."""
        return {name: pl.concat(parts) for name, parts in self._frames.items()}

    @property
    def is_much(self) -> bool:
        """They take so much memory that it is time to write them."""
        return self.rows >= ROWS_PER_COMMIT or self.bytes >= BYTES_PER_COMMIT


def read_parts(parts: Iterable[WrittenPart], lake: Path) -> pl.DataFrame:
    """Return the events of files that do not count yet, in the order of reading."""
    return pl.concat(pl.read_parquet(lake / part.file.path) for part in parts)


def as_it_is(frame: pl.DataFrame) -> tuple[pl.DataFrame, int] | None:
    """Return the frame, if its texts are most of the block that they may keep alive.

    None if a separate copy takes less memory, or little.
    """
    texts = [column for column in frame.iter_columns() if column.dtype == pl.String]
    if sum(int(one.estimated_size()) for one in texts) < ENOUGH_TEXT * BLOCK:
        return None
    views = len(texts) * VIEW_BYTES * frame.height
    return frame, int(frame.estimated_size()) + views


def on_its_own(frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Return the same rows, holding no memory but their own, and how many bytes that is.

    Polars cuts texts out of a block as views that keep all of the block alive; in
    Arrow's older layout a column has its bytes to itself.
    """
    copied = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    texts = frame.height * sum(dtype == pl.String for dtype in frame.dtypes)
    size = copied.nbytes + texts * VIEW_BYTES
    return pl.DataFrame(copied, schema=frame.schema), size
