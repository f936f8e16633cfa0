"""Formats whose answers take something from a question further up.

A log is read in batches, as it grows. Where a batch ends between a question and its
answer, the question's line is handed on with the batch, as a header is, and read
once more in front of the next one; it becomes no event again.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from pipelines.formats import Context, Format, Parsed

NEAR = 64
"""Lines at the end of a batch among which a question may wait for its answer."""

MOST = 8
"""Questions that are handed on: a server answers within moments."""


@dataclass(frozen=True, kw_only=True)
class Questioned(Format):
    """A format that hands questions on.

    Attributes:
        open_questions: Of some lines those that no later one of them answers.
    """

    open_questions: Callable[[pl.DataFrame], pl.DataFrame]
    hands_on_lines: bool = True

    def parse(self, batch: pl.DataFrame, context: Context | None = None) -> Parsed:
        """Read a batch behind the questions that the one before it left open."""
        context = context or Context()
        if not batch.height:
            return super().parse(batch, context)._replace(header=context.header)
        asked = _in_front(batch, context.header)
        whole = pl.concat([asked, batch])
        parsed = super().parse(whole, context)
        is_own = pl.col("line_no") > 0
        events = {
            cls: own
            for cls, frame in parsed.events.items()
            if (own := frame.filter(is_own)).height
        }
        return Parsed(
            events=events,
            rejects=parsed.rejects.filter(is_own),
            blanks=parsed.blanks,
            header=self._waiting(whole),
        )

    def handed_on(self, lines: pl.DataFrame) -> dict[int, str]:
        """The questions that each of several files leaves open at its end."""
        last = lines.group_by("file_id").tail(NEAR).partition_by("file_id")
        told = {int(part["file_id"][0]): self._waiting(part) for part in last}
        return {file_id: said for file_id, said in told.items() if said}

    def _waiting(self, lines: pl.DataFrame) -> str | None:
        waiting = self.open_questions(lines.tail(NEAR))["line"].tail(MOST)
        return "\n".join(waiting) or None


def _in_front(batch: pl.DataFrame, header: str | None) -> pl.DataFrame:
    """The lines handed on, as lines of the batch's file in front of its first."""
    lines = header.split("\n") if header else []
    place = pl.int_range(-len(lines), 0, dtype=pl.Int64)
    said = pl.DataFrame({"line": lines}, schema={"line": pl.String})
    return said.select(
        pl.lit(batch["file_id"][0], pl.Int64).alias("file_id"),
        place.alias("line_no"),
        pl.lit(-1, pl.Int64).alias("byte_offset"),
        "line",
    )
