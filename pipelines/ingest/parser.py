"""Every line of a batch as an event, a reject or a blank; portions of files in order.

What a file's format does not claim is read by the format that does, if need be out of
an envelope (`mixed_lines.py`). A file of many products, or in envelopes, has the format
`mixed`, for which this is the only way.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any, Protocol, TypeVar

import polars as pl
from polars.exceptions import PanicException

from pipelines.errors import SourceError
from pipelines.events import EVENT_CLASSES
from pipelines.formats import MIXED, PLACE, Context, Format, Parsed, formats, never, without_escapes
from pipelines.ingest.mixed_lines import read_by_claim
from pipelines.ingest.staged_rows import WrittenRows

MAX_FAILURES = 50
"""A format that fails on more lines of a batch is broken, not the lines."""

MAY_HOLD_ANOTHER = '^[{"<]'
"""A line that begins so may be an envelope, even if it looks like the format's own."""

TOO_LONG = "longer than a line may be"
NO_TIME = "its time could not be read"
AHEAD = "dated more than a day ahead"
READER_FAILED = "the format's reader failed on it"

MAX_CHANGES = 3
"""A format that hands on something else so often is waited for, portion by portion."""
Outcome = Parsed | WrittenRows
T = TypeVar("T")
PATIENCE_SECONDS = 0.1


def parse_part(fmt: Format, batch: pl.DataFrame, context: Context, *, is_oversize: bool) -> Parsed:
    """Return a batch, or the one line of it that is too long to keep; see `parse`."""
    if is_oversize:
        return rejected(batch, TOO_LONG, context.header)
    return parse(fmt, batch, context)


def parse(fmt: Format, batch: pl.DataFrame, context: Context) -> Parsed:
    """Return every line of the batch, as an event, a reject or a blank.

    Raises:
        SourceError: The format fails on line after line.
    """
    parsed = _with_times(_parse(fmt, batch, context, []), batch, context)
    if fmt.name == MIXED or not parsed.rejects.height:
        return parsed
    foreign = _not_its_own(fmt, parsed.rejects.drop("reason"))
    if not foreign.height:
        return parsed
    read = read_by_claim(foreign, context, parse_own)
    return _with_others(parsed, fmt.name, read) if read.events else parsed


def parse_own(fmt: Format, batch: pl.DataFrame, context: Context) -> Parsed:
    """Return the same by this format alone."""
    return _with_times(_parse(fmt, batch, context, []), batch, context)


def _not_its_own(fmt: Format, lines: pl.DataFrame) -> pl.DataFrame:
    """Remove lines that look like the format's own, damaged: no other matches them."""
    if fmt.framing != "lines" or fmt.header is not None:
        return lines
    line = pl.col("line")
    is_own = fmt.looks_like(line) & ~line.str.contains(MAY_HOLD_ANOTHER)
    return lines.filter(~is_own.fill_null(value=False))


def _with_others(parsed: Parsed, own: str, read: Parsed) -> Parsed:
    """Add what other formats read of the rejects; the remaining ones keep their reason."""
    events = {**parsed.events, **read.events}
    for name in parsed.events.keys() & read.events.keys():
        mine = parsed.events[name].with_columns(format=pl.lit(own))
        events[name] = pl.concat([mine, read.events[name]]).sort("file_id", "line_no")
    done = pl.concat(frame.select(PLACE) for frame in read.events.values())
    rejects = parsed.rejects.join(done, on=PLACE, how="anti", maintain_order="left")
    return parsed._replace(events=events, rejects=rejects)


@dataclass(frozen=True, kw_only=True)
class _Mixed(Format):
    """Format of files whose lines have different formats."""

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
    """Return every format that a file can be read with, by name."""
    return {**formats(), MIXED: ANY}


def _parse(fmt: Format, batch: pl.DataFrame, context: Context, failures: list[str]) -> Parsed:
    try:
        return fmt.parse(batch, context)
    except MemoryError:
        raise
    except (Exception, PanicException) as error:  # whatever a format may raise
        failures.append(f"{type(error).__name__}: {error}")
        if len(failures) > MAX_FAILURES:
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
    """Return all lines of a batch as rejects."""
    rejects = batch.select(*PLACE, pl.lit(reason).alias("reason"), "line")
    return Parsed(events={}, rejects=rejects, blanks=0, header=header)


def _joined(first: Parsed, second: Parsed) -> Parsed:
    names = [*first.events, *(n for n in second.events if n not in first.events)]
    parts = {
        name: [parsed.events[name] for parsed in (first, second) if name in parsed.events]
        for name in names
    }
    return Parsed(
        events={name: pl.concat(frames) for name, frames in parts.items()},
        rejects=pl.concat([first.rejects, second.rejects]),
        blanks=first.blanks + second.blanks,
        header=second.header,
    )


def _with_times(parsed: Parsed, batch: pl.DataFrame, context: Context) -> Parsed:
    """Reject lines whose event has no time, or one that has not come yet.

    An event without a time belongs to no day. One of the year 2099 would be the newest
    line of its source for ever, in a day that no retention reaches.
    """
    faults = {NO_TIME: pl.col("time").is_null()}
    if context.latest is not None:
        faults[AHEAD] = pl.col("time") > context.latest
    for reason, is_wrong in faults.items():
        wrong = [
            found
            for frame in parsed.events.values()
            if (found := frame.filter(is_wrong).select(PLACE)).height
        ]
        if not wrong:
            continue
        lines = pl.concat(wrong).join(batch, on=PLACE, how="left", maintain_order="left")
        events = {
            name: kept
            for name, frame in parsed.events.items()
            if (kept := frame.filter(~is_wrong.fill_null(value=False))).height
        }
        rejects = pl.concat([parsed.rejects, rejected(lines, reason, None).rejects])
        parsed = Parsed(events, rejects, parsed.blanks, parsed.header)
    return parsed


class Job(Protocol):
    """A portion of a file that can be parsed, somewhere."""

    def begin(self, context: Context) -> Future[Parsed] | Future[WrittenRows]:
        """Begin to parse it, with what is known before it."""

    def drop(self, parsed: Any) -> None:
        """Drop a portion that was parsed with the wrong header."""

    def end(self) -> None:
        """Release what is no longer needed."""


class BlockParser:
    """Parser of one file's portions, in parallel, ended in order.

    The header that a portion hands on is known when it ends. Until then the next ones begin
    with the current header, and restart if it turns out to be wrong.

    Args:
        context: The format's context before the first portion.
        waits: The first portion is ended before others begin: it may name the columns.
    """

    def __init__(self, context: Context, *, waits: bool = True) -> None:
        self._context = context
        self._begun: deque[_Begun] = deque()
        self._waits = waits
        self._changes = 0

    def begin(self, job: Job) -> Callable[[], Outcome]:
        """Begin to parse the next portion; what is returned waits for its outcome.

        Raises:
            SourceError: The format fails on line after line of one before it.
        """
        if self._begun and (self._waits or self._changes >= MAX_CHANGES):
            self._begun[-1].outcome(self._end_next)
        begun = _Begun(job, self._context.header, job.begin(self._context))
        self._begun.append(begun)
        return partial(begun.outcome, self._end_next)

    def _end_next(self) -> None:
        """Wait for the earliest portion that was begun and not ended."""
        begun = self._begun.popleft()
        try:
            parsed: Outcome = begun.parsed.result()
            if begun.header != self._context.header:
                begun.job.drop(parsed)
                parsed = begun.job.begin(self._context).result()
        except Exception as error:  # noqa: BLE001 - raised where it is asked for
            begun.end = error
            return
        finally:
            begun.job.end()
        self._waits = False
        self._changes += parsed.header != self._context.header
        self._context = replace(self._context, header=parsed.header)
        begun.end = parsed


@dataclass
class _Begun:
    job: Job
    header: str | None
    parsed: Future[Parsed] | Future[WrittenRows]
    end: Outcome | Exception | None = None

    def outcome(self, end_next: Callable[[], None]) -> Outcome:
        """Return its result, once all before it have ended too."""
        while self.end is None:
            end_next()
        if isinstance(self.end, Exception):
            raise self.end
        return self.end


class _End:
    """The iterator is used up, or raised `error`."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """Yield the same items, each made by another thread while the one before is used.

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
