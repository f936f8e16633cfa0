"""Every line of a batch as an event, a reject or a blank; blocks of lines in order.

What a file's format does not claim is read by the format that does, if need be out of
an envelope (`mixed.py`). A file of many products, or in envelopes, has the format
`mixed`, for which this is the only way.
"""

import os
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import NamedTuple, TypeVar

import polars as pl
from polars.exceptions import PanicException

from pipelines.errors import SourceError
from pipelines.events import EVENT_CLASSES
from pipelines.formats import (
    PLACE,
    Context,
    Format,
    Parsed,
    formats,
    never,
    without_escapes,
)
from pipelines.ingest.blocks import Block, batch
from pipelines.ingest.mixed import MIXED, read_by_claim
from pipelines.ingest.streams import Mark

MOST_FAILURES = 50
"""A format that fails on more lines of a batch is broken, not the lines."""

TOO_LONG = "longer than a line may be"
NO_TIME = "its time could not be read"
READER_FAILED = "the format's reader failed on it"


def parse_part(
    fmt: Format, batch: pl.DataFrame, context: Context, *, is_oversize: bool
) -> Parsed:
    """A batch, or the one line of it that is too long to keep; see `parse`."""
    if is_oversize:
        return rejected(batch, TOO_LONG, context.header)
    return parse(fmt, batch, context)


def parse(fmt: Format, batch: pl.DataFrame, context: Context) -> Parsed:
    """Every line of the batch, as an event, a reject or a blank.

    Raises:
        SourceError: The format fails on line after line.
    """
    parsed = _with_times(_parse(fmt, batch, context, []), batch)
    if fmt.name == MIXED or not parsed.rejects.height:
        return parsed
    read = read_by_claim(parsed.rejects.drop("reason"), context, parse_own)
    return _with_others(parsed, fmt.name, read) if read.events else parsed


def parse_own(fmt: Format, batch: pl.DataFrame, context: Context) -> Parsed:
    """The same by this format alone."""
    return _with_times(_parse(fmt, batch, context, []), batch)


def _with_others(parsed: Parsed, own: str, read: Parsed) -> Parsed:
    """With what other formats read of the rejects; of the others the reason stays."""
    events = {**parsed.events, **read.events}
    for name in parsed.events.keys() & read.events.keys():
        mine = parsed.events[name].with_columns(format=pl.lit(own))
        events[name] = pl.concat([mine, read.events[name]]).sort("file_id", "line_no")
    done = pl.concat(frame.select(PLACE) for frame in read.events.values())
    rejects = parsed.rejects.join(done, on=PLACE, how="anti", maintain_order="left")
    return parsed._replace(events=events, rejects=rejects)


@dataclass(frozen=True, kw_only=True)
class _Mixed(Format):
    """The format of files whose lines each have a format of their own."""

    def parse(self, batch: pl.DataFrame, context: Context | None = None) -> Parsed:
        """Read each line by the format that claims it."""
        lines = without_escapes(batch)
        return read_by_claim(lines, context or Context(), parse_own)


ANY = _Mixed(
    name=MIXED,
    product="Several products in one file, or lines in envelopes",
    event_classes=tuple(EVENT_CLASSES),
    looks_like=never,
    read=lambda lines, _: lines,
    must={},
)


def readers() -> Mapping[str, Format]:
    """Every format that a file can be read with, by name."""
    return {**formats(), MIXED: ANY}


def _parse(
    fmt: Format, batch: pl.DataFrame, context: Context, failures: list[str]
) -> Parsed:
    try:
        return fmt.parse(batch, context)
    except MemoryError:
        raise
    except (Exception, PanicException) as error:  # whatever a format may raise
        failures.append(f"{type(error).__name__}: {error}")
        if len(failures) > MOST_FAILURES:
            raise SourceError(
                f"the format {fmt.name} fails: {failures[-1][:200]}",
                remedy="Report this as a bug; the lines stay pending.",
            ) from error
    if batch.height == 1:
        return rejected(batch, READER_FAILED, context.header)
    middle = batch.height // 2
    first = _parse(fmt, batch[:middle], context, failures)
    following = replace(context, header=first.header)
    return _joined(first, _parse(fmt, batch[middle:], following, failures))


def rejected(batch: pl.DataFrame, reason: str, header: str | None) -> Parsed:
    """All lines of a batch as rejects."""
    rejects = batch.select(*PLACE, pl.lit(reason).alias("reason"), "line")
    return Parsed(events={}, rejects=rejects, blanks=0, header=header)


def _joined(first: Parsed, second: Parsed) -> Parsed:
    names = [*first.events, *(n for n in second.events if n not in first.events)]
    parts = {
        name: [
            parsed.events[name] for parsed in (first, second) if name in parsed.events
        ]
        for name in names
    }
    return Parsed(
        events={name: pl.concat(frames) for name, frames in parts.items()},
        rejects=pl.concat([first.rejects, second.rejects]),
        blanks=first.blanks + second.blanks,
        header=second.header,
    )


def _with_times(parsed: Parsed, batch: pl.DataFrame) -> Parsed:
    """An event without a time belongs to no day: its line is rejected."""
    timeless = [
        frame.filter(pl.col("time").is_null()).select(PLACE)
        for frame in parsed.events.values()
        if frame["time"].null_count()
    ]
    if not timeless:
        return parsed
    lines = pl.concat(timeless).join(batch, on=PLACE, how="left", maintain_order="left")
    events = {
        name: kept
        for name, frame in parsed.events.items()
        if (kept := frame.filter(pl.col("time").is_not_null())).height
    }
    rejects = pl.concat([parsed.rejects, rejected(lines, NO_TIME, None).rejects])
    return Parsed(events, rejects, parsed.blanks, parsed.header)


AT_ONCE = min(max(os.cpu_count() or 1, 2), 8)
"""Blocks that are parsed at once, each on a core and in some 100 MB."""

WAITING = AT_ONCE
MOST_CHANGES = 3


class ParsedBlock(NamedTuple):
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
class BlockParser:
    """Parses blocks of lines with a format, two at a time, and gives them in order.

    Attributes:
        context: What the format knows before the next block.
        passed: Lines before the next block.
    """

    format: Format
    context: Context
    file_id: int
    passed: int

    def parse(self, found: Iterator[tuple[Block, Mark]]) -> Iterator[ParsedBlock]:
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

    def _end(self, begun: _Begun) -> tuple[ParsedBlock, bool]:
        parsed = begun.parsed.result()
        if begun.header != self.context.header:
            parsed = _parsed(self.format, begun.block, begun.lines, self.context)
        has_changed = parsed.header != self.context.header
        self.context = replace(self.context, header=parsed.header)
        return ParsedBlock(
            begun.block, begun.mark, parsed, begun.lines.height
        ), has_changed


def _next(
    found: Iterator[tuple[Block, Mark]],
) -> tuple[Block, Mark] | SourceError | None:
    try:
        return next(found, None)
    except SourceError as error:
        return error


def _parsed(fmt: Format, block: Block, lines: pl.DataFrame, context: Context) -> Parsed:
    return parse_part(fmt, lines, context, is_oversize=block.oversize > 0)


T = TypeVar("T")
PATIENCE_SECONDS = 0.1


class _End:
    """The iterator is used up, or raised `error`."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """The same items, each made by another thread while the one before is used.

    Reading, decompressing and parsing then share the cores. At most two items
    more than the present one are held.
    """
    ready: Queue[T | _End] = Queue(maxsize=1)
    stopped = Event()
    worker = Thread(target=_work, args=(items, ready, stopped), daemon=True)
    worker.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        _drain(ready)
        worker.join()


def _work(items: Iterator[T], ready: "Queue[T | _End]", stopped: Event) -> None:
    end = _End()
    try:
        for item in items:
            if not _hand_over(item, ready, stopped):
                return
    except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
        end = _End(error)
    _hand_over(end, ready, stopped)


def _hand_over(item: T | _End, ready: "Queue[T | _End]", stopped: Event) -> bool:
    while not stopped.is_set():
        try:
            ready.put(item, timeout=PATIENCE_SECONDS)
        except Full:
            continue
        return True
    return False


def _drain(ready: "Queue[T | _End]") -> None:
    try:
        ready.get_nowait()
    except Empty:
        return
