"""Reads one delivery to its end: blocks of lines, parsed and staged.

The bytes that are hashed are the bytes that are parsed, in one pass. A last
line without its newline is pending until the file has settled; should the file
grow all the same, that line is taken back and read again, whole.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

from pipelines.errors import SourceError
from pipelines.formats import Parsed
from pipelines.ingest import parsing
from pipelines.ingest.ahead import ahead
from pipelines.ingest.blocks import Block
from pipelines.ingest.compression import NO_CHECKSUM, Reads
from pipelines.ingest.framing import Part, parts
from pipelines.ingest.marks import Digest, Hashed, Mark
from pipelines.ingest.parsed_blocks import Blocks, Read
from pipelines.ingest.retraction import take_back
from pipelines.ingest.staging import Staging
from pipelines.ingest.streams import DamageError, GoneError, opened
from pipelines.ingest.task import Task, count_lines, marked, skip, without_tail
from pipelines.state.ledger import DAMAGED, FAILED, GROWING, FileRecord

Advance = Callable[[int, int], None]
"""Told after each block: bytes and lines read."""


def read_delivery(task: Task, staging: Staging, advance: Advance) -> FileRecord:
    """Read what is new, stage it, and return the row that is reached.

    A damaged stream keeps what can be trusted, a file that can not be read keeps
    what was read before; the row says so.

    Raises:
        GoneError: The file was taken away, or replaced, since it was recognised.
    """
    if task.record.tail_bytes:
        task = replace(task, record=without_tail(task, staging))
    reader = _Reader(task, staging, advance)
    try:
        with opened(task.delivery) as stream:
            reader.notes = stream.notes
            reader.skip_consumed(stream)
            if task.format.framing == "lines":
                reader.read_lines(stream)
            else:
                reader.read_whole(stream)
    except GoneError:
        raise
    except DamageError as error:
        reader.damaged(error)
    except SourceError as error:
        reader.failed(error)
    return reader.finished()


class _Reader:
    """The moving parts of one read: position, digest and counts."""

    def __init__(self, task: Task, staging: Staging, advance: Advance) -> None:
        self.task = task
        self.staging = staging
        self.advance = advance
        self.record = task.begun()
        self.state = task.end_state
        self.digest = Digest()
        self.context = task.context
        self.tail: tuple[Block, Mark] | None = None
        self.told_bytes = 0
        self.notes: set[str] = set()

    def skip_consumed(self, stream: Reads) -> None:
        """Pass over what earlier runs consumed, and prove that it is the same."""
        position = self.record.consumed_bytes
        skip(stream, self.digest, position)
        if position and self.digest.whole != self.record.consumed_sha256:
            raise GoneError(
                "the file changed while it was being read",
                where=self.task.delivery.where,
                remedy="Nothing is lost: the next run reads it again.",
            )

    def read_lines(self, stream: Reads) -> None:
        """Blocks of whole lines, each staged with the position it reaches."""
        blocks = Blocks(
            self.task.format, self.context, self.record.file_id, self.record.lines
        )
        start = self.record.consumed_bytes
        with closing(ahead(marked(stream, self.digest, start))) as found:
            for read in blocks.read(self._whole(found)):
                self._stage(read)
                if time.monotonic() >= self.task.deadline:
                    self._put_off()
                    return
        if self.tail and self.task.is_settled:
            for read in blocks.read(iter([self.tail])):
                self._stage(read)
            self.record = replace(self.record, tail_bytes=len(self.tail[0].data))
            self.tail = None

    def _put_off(self) -> None:
        """Go on behind this block another time, whether or not the file grows."""
        self.tail = None
        self.state = GROWING
        self.record = replace(self.record, raw_mtime_ns=0)

    def _whole(
        self, found: Iterator[tuple[Block, Mark]]
    ) -> Iterator[tuple[Block, Mark]]:
        """Blocks whose last line has its end; one that has not is set aside."""
        for block, mark in found:
            if block.is_tail:
                self.tail = block, mark
            else:
                yield block, mark

    def read_whole(self, stream: Reads) -> None:
        """A file whose records are no lines: it counts with its end or not at all."""
        begun = self.record
        hashed = Hashed(stream, self.digest)
        framing = self.task.format.framing
        try:
            for part in ahead(parts(hashed, framing, file_id=begun.file_id)):
                self._take_part(part)
        except SourceError as error:
            self.staging.forget(begun.file_id)
            read, self.record = self.record, begun
            if isinstance(error, DamageError):
                self._owe(read)
            raise
        if not self.task.is_settled:
            read, self.record = self.record, begun
            self._owe(read)
        elif self.digest.length:
            self._reach(self.digest.length, self.digest.mark())

    def _take_part(self, part: Part) -> None:
        if not self.task.is_settled:
            lines = self.record.lines + part.lines.height
            self.record = replace(self.record, lines=lines)
            return
        parsed = parsing.parsed(
            self.task.format, part.lines, self.context, is_oversize=part.is_oversize
        )
        self.context = replace(self.context, header=parsed.header)
        self._keep(parsed, part.lines.height)
        self.staging.goes_on(self.record)
        self.advance(self.digest.length - self.told_bytes, part.lines.height)
        self.told_bytes = self.digest.length

    def _owe(self, read: FileRecord) -> None:
        """Records that are there wait for the rest of their file."""
        self.record = replace(
            self.record,
            lines=read.lines,
            pending_lines=read.lines - self.record.lines,
            pending_bytes=self.digest.length,
        )

    def _stage(self, read: Read) -> None:
        self._keep(read.parsed, read.lines)
        self._reach(read.block.size, read.mark)
        self.advance(read.block.size, read.lines)

    def _keep(self, parsed: Parsed, lines: int) -> None:
        days = {self.record.file_id: self.task.day}
        self.staging.add(self.task.format.name, parsed, days)
        events = sum(frame.height for frame in parsed.events.values())
        self.record = replace(
            self.record,
            lines=self.record.lines + lines,
            events=self.record.events + events,
            rejects=self.record.rejects + parsed.rejects.height,
            blanks=self.record.blanks + parsed.blanks,
            header=parsed.header,
        )

    def _reach(self, size: int, mark: Mark) -> None:
        self.record = replace(
            self.record,
            consumed_bytes=self.record.consumed_bytes + size,
            tail_bytes=0,
            **mark._asdict(),
        )
        self.staging.reached(self.record)

    def damaged(self, error: DamageError) -> None:
        """Note what is wrong; a file that may still grow is tried again."""
        self.state = DAMAGED if self.task.is_settled else GROWING
        if not error.trusted:
            self._take_all_back()
        self.record = replace(self.record, message=error.what)

    def _take_all_back(self) -> None:
        """Nothing of a corrupt stream can be trusted: all its lines are pending."""
        read = self.record
        blank = FileRecord(
            file_id=read.file_id,
            source=read.source,
            path=read.path,
            format=read.format,
            duplicate_of=read.duplicate_of,
            first_seen_time=read.first_seen_time,
            raw_bytes=read.raw_bytes,
            raw_mtime_ns=read.raw_mtime_ns,
            raw_ctime_ns=read.raw_ctime_ns,
            lines=read.lines,
            pending_lines=read.lines,
            state=self.state,
        )
        self.staging.forget(read.file_id)
        self.record = take_back(
            self.staging.store, self.staging.folder, read, lambda _taken: blank
        )
        self.staging.stands_at(self.record)

    def failed(self, error: SourceError) -> None:
        """Keep what was read; the rest of the file is pending."""
        self.state = FAILED
        lines = max(count_lines(self.task.delivery), self.record.lines)
        self.record = replace(
            self.record,
            pending_lines=self.record.pending_lines + lines - self.record.lines,
            lines=lines,
            message=str(error),
        )

    def finished(self) -> FileRecord:
        """The row after the last block, staged."""
        if self.tail is not None:
            self.record = replace(
                self.record,
                lines=self.record.lines + 1,
                pending_lines=self.record.pending_lines + 1,
                pending_bytes=len(self.tail[0].data),
            )
        self.record = replace(self.record, state=self.state)
        if self.record.message is None and NO_CHECKSUM in self.notes:
            self.record = replace(self.record, message=NO_CHECKSUM)
        self.staging.reached(self.record)
        return self.record
