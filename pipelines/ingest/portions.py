"""Portions of a file's lines, parsed by any engine.

In this process, a portion is one block, and its result returns as frames.
Elsewhere it is several: the worker reads the bytes from their file, writes the
parsed rows into the lake under new names, and returns the names. They
count when the ledger lists them.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

import polars as pl

from pipelines.engines import Engine
from pipelines.errors import SourceError
from pipelines.formats import Context, Parsed
from pipelines.ingest.blocks import Block, batch, newlines
from pipelines.ingest.parser import Job, parse_part, readers
from pipelines.ingest.progress import FileProgress
from pipelines.ingest.staged_rows import Staged, WrittenRows
from pipelines.lake.counts import day_count
from pipelines.lake.files import REJECTS, WrittenPart, by_day, spool, write, writing_to
from pipelines.lake.repeated_lines import repeated
from pipelines.landing.delivery import Delivery
from pipelines.landing.streams import Mark

PORTION = 32 << 20
"""Maximum bytes that a worker parses at a time, and writes as one file of the lake: few
files per day are read quickly, and a worker that ends loses little.
"""

PORTIONS_PER_WORKER = 4
"""Minimum portions per worker; a small file has smaller ones, so that all workers are used."""


@dataclass(frozen=True)
class Portion:
    """Blocks of one file that follow each other.

    Attributes:
        mark: The hashes of the stream up to their end.
        first_line: Number of their first line, from 1 on.
        lines: How many they have.
    """

    blocks: tuple[Block, ...]
    mark: Mark
    first_line: int
    lines: int

    @property
    def extent(self) -> "Extent":
        """Its extent, without its content."""
        last = self.blocks[-1]
        return Extent(
            mark=self.mark,
            size=sum(block.size for block in self.blocks),
            tail_bytes=len(last.data) if last.is_tail else 0,
            lines=self.lines,
        )


class Extent(NamedTuple):
    """Extent of a portion.

    Attributes:
        mark: The hashes of the stream up to its end.
        size: Bytes of the stream that it represents.
        tail_bytes: Bytes of a last line without its end.
        lines: Number of lines.
    """

    mark: Mark
    size: int
    tail_bytes: int
    lines: int


def portions(
    found: Iterator[tuple[Block, Mark]], first_line: int, most_bytes: int
) -> Iterator[Portion]:
    """Yield blocks in portions; one that is not plain lines is a separate portion.

    Args:
        found: Blocks, each with the hashes up to its end.
        first_line: Number of the first line.
        most_bytes: Maximum of a portion with more than one block.

    Raises:
        SourceError: `found` raised it, after the last block that was found.
    """
    held: Portion | None = None
    while isinstance(one := _next(found), tuple):
        block, mark = one
        lines = newlines(block.data) + block.is_tail
        if held is not None and not _go_together(held, block, most_bytes):
            yield held
            held = None
        if held is None:
            held = Portion((block,), mark, first_line, lines)
        else:
            blocks = (*held.blocks, block)
            held = replace(held, blocks=blocks, mark=mark, lines=held.lines + lines)
        first_line += lines
        if held.extent.size >= most_bytes:
            yield held
            held = None
    if held is not None:
        yield held
    if one is not None:
        raise one


def _go_together(held: Portion, block: Block, most_bytes: int) -> bool:
    if held.extent.size + block.size > most_bytes or block.is_tail or block.oversize:
        return False
    return not held.blocks[-1].oversize


def _next(found: Iterator[tuple[Block, Mark]]) -> tuple[Block, Mark] | SourceError | None:
    try:
        return next(found, None)
    except SourceError as error:
        return error


@dataclass(frozen=True)
class LocalExecutor:
    """Portions are parsed in this process.

    Attributes:
        is_elsewhere: What is parsed takes no memory here.
    """

    engine: Engine
    is_elsewhere: bool = False

    @property
    def at_once(self) -> int:
        """Portions that are begun before the first one must have ended."""
        return self.engine.at_once

    def most_bytes(self, _delivery: Delivery) -> int:
        """Return the maximum of a portion with more than one block: none has."""
        return 0

    def job(self, progress: FileProgress, portion: Portion, _offset: int | None) -> Job:
        """Return a portion of a file, ready to be parsed."""
        return _LocalJob(self.engine.submit, progress, portion.first_line, portion.blocks[0])


@dataclass(frozen=True)
class _LocalJob:
    submit: Callable[[Callable[[Context], Parsed], Context], Future[Parsed]]
    progress: FileProgress
    first_line: int
    block: Block

    def begin(self, context: Context) -> Future[Parsed]:
        return self.submit(self._parsed, context)

    def drop(self, parsed: Parsed) -> None:
        """Do nothing: frames are freed automatically."""

    def end(self) -> None:
        """Do nothing: the block is freed automatically."""

    def _parsed(self, context: Context) -> Parsed:
        lines = batch(
            self.block.data,
            file_id=self.progress.record.file_id,
            first_line=self.first_line,
            first_byte=self.block.first_byte,
        )
        is_oversize = self.block.oversize > 0
        fmt = self.progress.format
        return parse_part(fmt, lines, context, is_oversize=is_oversize)


@dataclass(frozen=True, kw_only=True)
class BlockTask:
    """Lines that another process is to parse: where they lie, and whose they are.

    Attributes:
        file: Where the bytes lie.
        offset: Of the first one there.
        sizes: Bytes of each block, which ends with a whole line.
        checksum: CRC-32 of all bytes: they are those that the driver hashed.
        first_byte: Offset of the first byte in the delivery's own stream.
        where: How to name the delivery to people.
        name: What names of files begin with.
    """

    file: Path
    offset: int
    sizes: tuple[int, ...]
    checksum: int
    file_id: int
    first_line: int
    first_byte: int
    format: str
    context: Context
    source: str
    where: str
    zone: str
    lake: Path
    name: str


def parse_block(task: BlockTask) -> WrittenRows:
    """Parse lines that lie elsewhere, and write what they hold; it does not count yet.

    Raises:
        SourceError: The bytes are other ones by now, or the format fails on them.
        LakeError: The disk refuses.
    """
    fmt = readers()[task.format]
    context, line_no, blanks = task.context, task.first_line, 0
    staged = Staged()
    byte = task.first_byte
    for data in _bytes(task):
        lines = batch(data, file_id=task.file_id, first_line=line_no, first_byte=byte)
        parsed = parse_part(fmt, lines, context, is_oversize=False)
        staged.add_parsed(parsed, task.source, fmt.name, task.zone)
        context = replace(context, header=parsed.header)
        line_no, byte = line_no + lines.height, byte + len(data)
        blanks += parsed.blanks
    frames = staged.frames()
    rejects = frames.pop(REJECTS, None)
    # a task that restarts finds no file of this name
    name = f"{task.name}-{token_hex(4)}"
    with writing_to(task.lake):
        return WrittenRows(
            lines=line_no - task.first_line,
            event_count=sum(frame.height for frame in frames.values()),
            reject_count=0 if rejects is None else rejects.height,
            blanks=blanks,
            header=context.header,
            parts=tuple(
                WrittenPart(
                    file=write(task.lake, f"{name}-{number}", task.source, event_class, part),
                    day=day_count(task.source, event_class, part, datetime.now(UTC)),
                    has_ids=part["event_uid"].null_count() < part.height,
                    has_repeats=bool(repeated(part, event_class).any()),
                )
                for number, (event_class, part) in enumerate(_by_class_and_day(frames))
            ),
            rejects=None if rejects is None else _set_aside(task, name, rejects),
            near=tuple(_near(task.file_id, frames)),
            bytes=staged.bytes,
        )


def _bytes(task: BlockTask) -> list[bytes]:
    """Return each block of the task.

    Raises:
        SourceError: They are not what the driver read.
    """
    try:
        with task.file.open("rb") as file:
            file.seek(task.offset)
            datas = [file.read(size) for size in task.sizes]
    except OSError as error:
        raise SourceError(
            f"cannot be read by a worker: {error.strerror or error}",
            where=task.where,
            remedy="Every machine that parses must see the landing folder and the "
            "lake at the same paths.",
        ) from error
    if _checksum(datas) != task.checksum:
        raise SourceError(
            "the file changed while it was being read",
            where=task.where,
            remedy="Nothing is lost: the next run reads it again.",
        )
    return datas


def _by_class_and_day(frames: dict[str, pl.DataFrame]) -> Iterator[tuple[str, pl.DataFrame]]:
    for name in sorted(frames):
        for part in by_day(frames[name]):
            yield name, part


def _set_aside(task: BlockTask, name: str, rejects: pl.DataFrame) -> Path:
    path = spool(task.lake) / f"{name}.parquet"
    rejects.write_parquet(path)
    return path


def _near(file_id: int, frames: dict[str, pl.DataFrame]) -> Iterator[tuple[int, int, date]]:
    """Yield places for rejects; see `WrittenRows.near`."""
    if not frames:
        return
    places = [frame.select(pl.lit(file_id), "line_no", "event_date") for frame in frames.values()]
    day = pl.col("event_date")
    is_edge = day.ne_missing(day.shift(1)) | day.ne_missing(day.shift(-1))
    yield from pl.concat(places).sort("line_no").filter(is_edge).iter_rows()


@dataclass(frozen=True)
class RemoteExecutor:
    """Portions are parsed by other processes, which see the same files.

    Attributes:
        lake: The lake's folder.
        zone: The district's zone, which decides local days.
        new_name: A name that no file of the lake begins with yet.
    """

    engine: Engine
    lake: Path
    zone: str
    new_name: Callable[[], str]
    is_elsewhere: bool = True

    @property
    def at_once(self) -> int:
        """See `LocalExecutor`."""
        return 2 * self.engine.at_once

    def most_bytes(self, delivery: Delivery) -> int:
        """Return the maximum of a portion with more than one block."""
        share = delivery.raw_bytes // (self.engine.at_once * PORTIONS_PER_WORKER)
        return min(PORTION, share)

    def job(self, progress: FileProgress, portion: Portion, offset: int | None) -> Job:
        """Return a portion of a file, ready to be parsed.

        Args:
            offset: Where the stream begins in the delivery's file; None if its
                bytes are not in it.
        """
        first = portion.blocks[0]
        if first.oversize:  # a line that describes one, and is stored nowhere
            return _LocalJob(_at_once, progress, portion.first_line, first)
        datas = [block.data for block in portion.blocks]
        spooled = None
        if offset is None:
            file = spooled = self._spooled(datas)
        else:
            assert isinstance(progress.delivery.file, Path)
            file, offset = progress.delivery.file.absolute(), offset + first.first_byte
        task = BlockTask(
            file=file,
            offset=offset or 0,
            sizes=tuple(map(len, datas)),
            checksum=_checksum(datas),
            file_id=progress.record.file_id,
            first_line=portion.first_line,
            first_byte=first.first_byte,
            format=progress.format.name,
            context=progress.context,
            source=progress.delivery.source,
            where=progress.delivery.where,
            zone=self.zone,
            lake=self.lake.absolute(),
            name="",
        )
        return _RemoteJob(self, task, spooled)

    def _spooled(self, datas: Iterable[bytes]) -> Path:
        """Write bytes that are not in a file to a place where a worker finds them."""
        path = spool(self.lake).absolute() / self.new_name()
        with writing_to(self.lake), path.open("xb") as file:
            file.writelines(datas)
        return path


def _at_once(function: Callable[[Context], Parsed], context: Context) -> Future[Parsed]:
    done: Future[Parsed] = Future()
    done.set_result(function(context))
    return done


@dataclass(frozen=True)
class _RemoteJob:
    work: RemoteExecutor
    task: BlockTask
    spooled: Path | None

    def begin(self, context: Context) -> Future[WrittenRows]:
        name = self.work.new_name()
        task = replace(self.task, context=context, name=name)
        return self.work.engine.submit(parse_block, task)

    def drop(self, parsed: WrittenRows) -> None:
        parsed.delete(self.work.lake)

    def end(self) -> None:
        if self.spooled is not None:
            self.spooled.unlink(missing_ok=True)


def _checksum(datas: Iterable[bytes]) -> int:
    checksum = 0
    for data in datas:
        checksum = zlib.crc32(data, checksum)
    return checksum


Work = LocalExecutor | RemoteExecutor
"""Executor that parses the portions of a source."""
