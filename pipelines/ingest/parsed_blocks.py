"""Parses the blocks of a file two at a time, and gives them out in order.

What a block leaves to the next, such as the names of columns, is known only when
it is parsed. The next one is parsed with what was known before, and once more
where that turns out to have changed. A format that changes it again and again
is parsed a block at a time.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple

import polars as pl

from pipelines.errors import SourceError
from pipelines.formats import Context, Format, Parsed
from pipelines.ingest import parsing
from pipelines.ingest.blocks import Block
from pipelines.ingest.lines import batch
from pipelines.ingest.marks import Mark

AT_ONCE = 2
WAITING = 2
MOST_CHANGES = 3


class Read(NamedTuple):
    """A block, how far it reaches, and what it holds."""

    block: Block
    mark: Mark
    parsed: Parsed
    lines: int


class _Begun(NamedTuple):
    block: Block
    mark: Mark
    lines: pl.DataFrame
    header: str | None
    parsed: Future[Parsed]


@dataclass
class Blocks:
    """Reads blocks of lines with a format.

    Attributes:
        context: What the format knows before the next block.
        passed: Lines before the next block.
    """

    format: Format
    context: Context
    file_id: int
    passed: int

    def read(self, found: Iterator[tuple[Block, Mark]]) -> Iterator[Read]:
        """Each block with what it holds.

        Raises:
            SourceError: The format fails on line after line; or `found` raised it,
                after the last block that was found.
        """
        begun: deque[_Begun] = deque()
        waiting, changes = 1, 0  # the first block may name the columns
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while isinstance(one := _next(found), tuple):
                begun.append(self._begin(pool, *one))
                while len(begun) >= waiting:
                    read, has_changed = self._end(begun.popleft())
                    yield read
                    changes += has_changed
                    waiting = WAITING if changes < MOST_CHANGES else 1
            while begun:
                yield self._end(begun.popleft())[0]
        if one is not None:
            raise one

    def _begin(self, pool: ThreadPoolExecutor, block: Block, mark: Mark) -> _Begun:
        lines = batch(
            block.data,
            file_id=self.file_id,
            first_line=self.passed + 1,
            first_byte=block.first_byte,
        )
        self.passed += lines.height
        header = self.context.header
        parsed = pool.submit(_parsed, self.format, block, lines, self.context)
        return _Begun(block, mark, lines, header, parsed)

    def _end(self, begun: _Begun) -> tuple[Read, bool]:
        parsed = begun.parsed.result()
        if begun.header != self.context.header:
            parsed = _parsed(self.format, begun.block, begun.lines, self.context)
        has_changed = parsed.header != self.context.header
        self.context = replace(self.context, header=parsed.header)
        return Read(begun.block, begun.mark, parsed, begun.lines.height), has_changed


def _next(
    found: Iterator[tuple[Block, Mark]],
) -> tuple[Block, Mark] | SourceError | None:
    try:
        return next(found, None)
    except SourceError as error:
        return error


def _parsed(fmt: Format, block: Block, lines: pl.DataFrame, context: Context) -> Parsed:
    return parsing.parsed(fmt, lines, context, is_oversize=block.oversize > 0)
