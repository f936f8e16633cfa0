"""Reader of deliveries: unwraps them, cuts their lines and parses them, batch by batch.

The bytes that are hashed are the bytes that are parsed, in one pass. A last
line without its newline is pending until the file has settled; if the file
grows anyway, that line is withdrawn and reread, whole.

Setting up one parse costs more than the lines of a small file, so similar small files
become one batch. Each keeps its own row, lines, offsets and hashes.
"""

import time
from collections import Counter
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Literal

import polars as pl

from pipelines.errors import SourceError
from pipelines.formats import Parsed
from pipelines.ingest import parser
from pipelines.ingest.blocks import Block, batch_of_files, blocks, newlines
from pipelines.ingest.parser import BlockParser, ahead
from pipelines.ingest.portions import Extent, Work, portions
from pipelines.ingest.progress import STEP, FileProgress
from pipelines.ingest.record_cuts import parts
from pipelines.ingest.staged_rows import WrittenRows
from pipelines.landing.compression import NO_CHECKSUM, Reads, read_up_to
from pipelines.landing.streams import (
    DamageError,
    Digest,
    GoneError,
    HashedStream,
    Mark,
    OpenedStream,
    opened,
)
from pipelines.state.ledger import FAILED, FileRecord

SMALL_BYTES = 64 << 10
"""Files up to this size, unpacked, are read together."""

BYTES_PER_BATCH = 8 << 20
FILES_PER_BATCH = 1_000


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Parsed lines, and the new rows of their files.

    Attributes:
        records: The row of each file that the lines belong to.
        parsed: The result of the lines, here or elsewhere; None if only the row
            is new.
        days: The day of each file, for rejects without a neighbor.
        bytes: Bytes of the stream that it represents.
        lines: Lines, or records, that it represents.
        is_part: The file counts as a whole or not at all, and more follows.
        withdraws: Parts of the file that do not count: those that were not committed, or
            everything that was ever read from it.
    """

    records: Sequence[FileRecord]
    parsed: Parsed | WrittenRows | None = None
    days: Mapping[int, date] = field(default_factory=dict)
    bytes: int = 0
    lines: int = 0
    is_part: bool = False
    withdraws: Literal["nothing", "parts", "all"] = "nothing"


Step = Callable[[], Batch | None]
"""Waits for what was begun, and gives it; None where nothing is to be written."""


def read_file(progress: FileProgress, work: Work) -> Generator[Step, None, None]:
    """Begin to parse what is new in a file; each step ends one batch of it.

    Call the steps in order, at any time; the last one has the
    file's final row. A damaged stream keeps its trustworthy part, an unreadable
    file keeps what was read before; the row contains the problem.

    Raises:
        GoneError: The file was removed, or replaced, since it was recognized.
    """
    progress.begin()
    reading = _Reading(progress, work)
    try:
        with opened(progress.delivery) as stream:
            progress.notes = stream.notes
            _skip_consumed(stream, progress)
            yield from reading.steps(stream)
    except GoneError:
        raise
    except SourceError as error:
        reading.broke_off = error
    yield reading.end


def _skip_consumed(stream: Reads, progress: FileProgress) -> None:
    """Pass over what earlier runs consumed, and prove that it is the same."""
    position = progress.record.consumed_bytes
    skip(stream, progress.digest, position)
    if position and progress.digest.whole != progress.record.consumed_sha256:
        raise GoneError(
            "the file changed while it was being read",
            where=progress.delivery.where,
            remedy="Nothing is lost: the next run reads it again.",
        )


@dataclass
class _Reading:
    """One file that is read.

    Attributes:
        broke_off: What ended the stream before its end.
        failed: What ended the parsing of a portion; nothing behind it counts.
    """

    progress: FileProgress
    work: Work
    broke_off: SourceError | None = None
    failed: SourceError | None = None

    def steps(self, stream: OpenedStream) -> Iterator[Step]:
        """Yield a step for each portion of lines, or each part of other records."""
        progress = self.progress
        if progress.format.framing != "lines":
            for batch in _read_records(stream, progress):
                yield partial(_given, batch)
            return
        record = progress.record
        fmt = progress.format
        waits = fmt.header is not None or fmt.hands_on_lines
        parser = BlockParser(progress.context, waits=waits)
        found = marked(stream, progress.digest, record.consumed_bytes)
        with closing(ahead(found)) as ready:
            for portion in portions(
                _whole(ready, progress), record.lines + 1, self.work.most_bytes(progress.delivery)
            ):
                if self.failed is not None:
                    return
                job = self.work.job(progress, portion, stream.offset)
                extent = portion.extent
                progress.begin_portion(extent.size, extent.mark)
                yield partial(self._counted, extent, parser.begin(job))
                is_tail = extent.tail_bytes > 0
                if not is_tail and time.monotonic() >= progress.deadline:
                    progress.put_off()
                    return

    def _counted(
        self, extent: Extent, parsed_portion: Callable[[], Parsed | WrittenRows]
    ) -> Batch | None:
        """Return a portion's result, with the new row of its file."""
        if self.failed is not None:
            return None
        try:
            parsed = parsed_portion()
        except SourceError as error:
            self.failed = error
            return None
        self.progress.count(parsed, extent.lines)
        self.progress.reach(extent.size, extent.mark, tail_bytes=extent.tail_bytes)
        return _batch(self.progress, parsed, extent.size, extent.lines)

    def end(self) -> Batch:
        """Return the final row."""
        withdraws: Literal["nothing", "parts", "all"] = "nothing"
        error = self.failed or self.broke_off
        if isinstance(error, DamageError):
            withdraws = "parts" if error.trusted else "all"
            self.progress.damage(error)
        elif error is not None:
            withdraws = "parts"
            self.progress.fail(error)
        self.progress.end()
        if self.progress.format.framing == "lines" and withdraws == "parts":
            withdraws = "nothing"
        return Batch(records=[self.progress.record], withdraws=withdraws)


def _given(batch: Batch) -> Batch:
    return batch


def _whole(
    found: Iterator[tuple[Block, Mark]], progress: FileProgress
) -> Iterator[tuple[Block, Mark]]:
    """Yield blocks of whole lines; a last line without its end once the file has settled."""
    for block, mark in found:
        if block.is_tail:
            progress.tail = block, mark
        else:
            yield block, mark
    if progress.tail is not None and progress.is_settled:
        tail, progress.tail = progress.tail, None
        yield tail


def _read_records(stream: Reads, progress: FileProgress) -> Iterator[Batch]:
    """Yield a file whose records are not lines: it counts with its end or not at all."""
    begun = progress.record
    hashed = HashedStream(stream, progress.digest)
    position = 0
    try:
        for part in ahead(parts(hashed, progress.format.framing, file_id=begun.file_id)):
            lines = part.lines.height
            if not progress.is_settled:
                progress.record = replace(progress.record, lines=progress.record.lines + lines)
                continue
            parsed = parser.parse_part(
                progress.format, part.lines, progress.context, is_oversize=part.is_oversize
            )
            progress.count(parsed, lines)
            size = progress.digest.length - position
            yield replace(_batch(progress, parsed, size, lines), is_part=True)
            position += size
    except SourceError as error:
        read, progress.record = progress.record, begun
        if isinstance(error, DamageError):
            progress.wait(read.lines)
        raise
    if not progress.is_settled:
        read, progress.record = progress.record, begun
        progress.wait(read.lines)
    elif progress.digest.length:
        size = progress.digest.length - begun.consumed_bytes
        progress.reach(size, progress.digest.mark())


def _batch(progress: FileProgress, parsed: Parsed | WrittenRows, size: int, lines: int) -> Batch:
    """Return lines of a file that goes on: whatever its stamps, it is to be read on."""
    return Batch(
        records=[replace(progress.record, raw_mtime_ns=0)],
        parsed=parsed,
        days={progress.record.file_id: progress.day},
        bytes=size,
        lines=lines,
    )


def skip(stream: Reads, digest: Digest, position: int) -> None:
    """Pass over a stream up to a position, hashing it."""
    while digest.length < position and (data := stream.read(min(STEP, position - digest.length))):
        digest.update(data)


def marked(stream: Reads, digest: Digest, start: int) -> Iterator[tuple[Block, Mark]]:
    """Yield blocks, each with the hashes of the stream up to its end."""
    for block in blocks(stream, first_byte=start, passed_over=digest.update):
        if not block.oversize:
            digest.update(block.data)
        yield block, digest.mark()


@dataclass(frozen=True)
class SmallFile:
    """A file that is read with others.

    Attributes:
        progress: As if all lines were read, and were events.
        begun: Its row before.
        data: All its bytes.
    """

    progress: FileProgress
    begun: FileRecord
    data: bytes

    @property
    def record(self) -> FileRecord:
        """Its row, with all lines booked as events for the time being."""
        return self.progress.record

    @property
    def lines(self) -> int:
        """Lines that it adds."""
        return self.record.lines - self.begun.lines

    @property
    def likeness(self) -> Hashable:
        """Properties that files must share to be read as one batch."""
        return self.progress.format.name, self.progress.context.reading


class SmallFiles:
    """Small files of one source that wait to be read as one batch."""

    def __init__(self) -> None:
        self.files: dict[int, SmallFile] = {}
        self._bytes = 0

    def takes(self, file: SmallFile) -> bool:
        """Return whether a file can be read with those that wait."""
        waiting = next(iter(self.files.values()), file)
        return waiting.likeness == file.likeness

    def add(self, file: SmallFile) -> None:
        """Queue a file."""
        self.files[file.record.file_id] = file
        self._bytes += len(file.data)

    @property
    def is_full(self) -> bool:
        """Whether the lines should be read now."""
        return self._bytes >= BYTES_PER_BATCH or len(self.files) >= FILES_PER_BATCH


def small_file(progress: FileProgress) -> SmallFile | None:
    """Return a file that is small, sound and new, whole lines from its start.

    None where it must be read on its own; its progress is then as before.

    Raises:
        GoneError: The file was taken away since it was listed.
    """
    record = progress.record
    if (
        progress.delivery.raw_bytes > SMALL_BYTES
        or progress.format.framing != "lines"
        or record.consumed_bytes
        or record.header is not None
    ):
        return None
    data, message = _content(progress)
    if not data or not (progress.is_settled or data.endswith(b"\n")):
        return None
    progress.begin()
    begun = progress.record
    progress.digest.update(data)
    tail = len(data) - (data.rfind(b"\n") + 1)
    lines = newlines(data) + (tail > 0)
    progress.record = replace(
        begun, lines=begun.lines + lines, events=begun.events + lines, message=message
    )
    progress.reach(len(data), progress.digest.mark(), tail_bytes=tail)
    progress.end()
    return SmallFile(progress, begun, data)


def _content(progress: FileProgress) -> tuple[bytes, str | None]:
    """Return all that is in the file, with what to note of it; nothing if much, or damaged."""
    try:
        with opened(progress.delivery) as stream:
            data = read_up_to(stream, SMALL_BYTES + 1)
    except DamageError:
        return b"", None
    message = NO_CHECKSUM if NO_CHECKSUM in stream.notes else None
    return (data, message) if len(data) <= SMALL_BYTES else (b"", None)


def read_small_files(files: Sequence[SmallFile]) -> Iterator[Batch]:
    """Read similar files as one batch; those that fail have pending lines."""
    if not files:
        return
    progress = files[0].progress
    lines = batch_of_files([(file.record.file_id, file.data) for file in files])
    context = replace(progress.context, header=None)
    try:
        parsed = parser.parse(progress.format, lines, context)
    except SourceError as error:
        if len(files) > 1:
            for file in files:
                yield from read_small_files([file])
        else:
            yield Batch(records=[_failed(files[0], error)])
        return
    headers = progress.format.handed_on(lines)
    yield Batch(
        records=list(_counted(files, parsed, headers)),
        parsed=parsed,
        days={file.record.file_id: file.progress.day for file in files},
    )


def _counted(
    files: Sequence[SmallFile], parsed: Parsed, headers: Mapping[int, str]
) -> Iterator[FileRecord]:
    """Yield the rows with what the batch brought of each file."""
    events = _by_file(parsed.events.values())
    rejects = _by_file([parsed.rejects])
    blanks = sum(file.lines for file in files) - events.total() - rejects.total()
    if blanks != parsed.blanks:
        message = f"{blanks} lines are in no event or reject, not {parsed.blanks}"
        raise ValueError(message)
    for file in files:
        key, begun = file.record.file_id, file.begun
        yield replace(
            file.record,
            events=begun.events + events[key],
            rejects=begun.rejects + rejects[key],
            blanks=begun.blanks + file.lines - events[key] - rejects[key],
            header=headers.get(key),
        )


def _by_file(frames: Iterable[pl.DataFrame]) -> Counter[int]:
    counts: Counter[int] = Counter()
    for frame in frames:
        counts.update(dict(frame.group_by("file_id").len().iter_rows()))
    return counts


def _failed(file: SmallFile, error: SourceError) -> FileRecord:
    """Return the row of an unread file: its lines are pending."""
    return replace(
        file.begun,
        state=FAILED,
        lines=file.begun.lines + file.lines,
        pending_lines=file.lines,
        message=str(error),
    )
