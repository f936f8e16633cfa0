"""Reads one delivery to its end: blocks of lines, parsed and staged.

The bytes that are hashed are the bytes that are parsed, in one pass. A last
line without its newline is pending until the file has settled.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import polars as pl

from pipelines.clock import Reading
from pipelines.formats import Context, Format, Parsed
from pipelines.lake.recognise import HEAD, STEP
from pipelines.lake.staging import Staging
from pipelines.sources.blocks import Block, blocks
from pipelines.sources.delivery import Delivery
from pipelines.sources.framing import records
from pipelines.sources.lines import batch
from pipelines.sources.streams import DamageError, Reads, opened
from pipelines.state.ledger import DAMAGED, FINISHED, GROWING, FileRecord

Advance = Callable[[int, int], None]
"""Told after each block: bytes and lines read."""

LARGEST_WHOLE = 1 << 30
"""Files that are no lines (EVTX, JSON arrays) are read whole, up to this size."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One delivery, the ledger row it continues, and how to read it.

    Attributes:
        is_settled: The file will not grow: take its last line as it stands.
    """

    delivery: Delivery
    record: FileRecord
    format: Format
    zone: str
    options: dict[str, str]
    is_settled: bool

    @property
    def context(self) -> Context:
        """What the format is told; years lie near the file's last change."""
        seconds = self.delivery.raw_mtime_ns / 1e9
        anchor = datetime.fromtimestamp(seconds, UTC)
        return Context(
            reading=Reading(zone=self.zone, anchor=anchor),
            options=self.options,
            header=self.record.header,
        )


def read_delivery(task: Task, staging: Staging, advance: Advance) -> FileRecord:
    """Read what is new, stage it, and return the row that is reached.

    A damaged stream keeps what could be read; the row says so.

    Raises:
        SourceError: The file can not be opened, or changed under our hands.
    """
    reader = _Reader(task, staging, advance)
    with opened(task.delivery) as stream:
        reader.skip_consumed(stream)
        try:
            if task.format.framing == "lines":
                reader.read_lines(stream)
            else:
                reader.read_whole(stream)
        except DamageError as error:
            reader.damaged(error)
    return reader.finished()


class _Reader:
    """The moving parts of one read: position, digest and counts."""

    def __init__(self, task: Task, staging: Staging, advance: Advance) -> None:
        self.task = task
        self.staging = staging
        self.advance = advance
        self.record = replace(
            task.record,
            format=task.format.name,
            pending_lines=0,
            pending_bytes=0,
            lines=task.record.lines - task.record.pending_lines,
            message=None,
            raw_bytes=task.delivery.raw_bytes,
            raw_mtime_ns=task.delivery.raw_mtime_ns,
            path=task.delivery.path,
        )
        self.digest = hashlib.sha256()
        self.head = b""
        self.context = task.context

    def skip_consumed(self, stream: Reads) -> None:
        """Pass over what earlier runs consumed, and prove that it is the same."""
        left = self.record.consumed_bytes
        while left and (data := stream.read(min(STEP, left))):
            self._digest(data)
            left -= len(data)
        same = self.digest.hexdigest() == self.record.consumed_sha256
        if self.record.consumed_bytes and (left or not same):
            raise DamageError(
                "the file changed while it was being read",
                where=f"{self.task.delivery.source}/{self.task.delivery.path}",
                remedy="Nothing is lost: the next run reads it again.",
            )

    def read_lines(self, stream: Reads) -> None:
        """Blocks of whole lines, each staged with the position it reaches."""
        start = self.record.consumed_bytes
        for block in blocks(stream, first_byte=start, passed_over=self._digest):
            if block.is_tail and not self.task.is_settled:
                self.record = replace(
                    self.record,
                    lines=self.record.lines + 1,
                    pending_lines=1,
                    pending_bytes=len(block.data),
                )
                return
            self._take(block)

    def read_whole(self, stream: Reads) -> None:
        """A file whose records are no lines, once it has settled."""
        parts = []
        size = 0
        while (data := stream.read(STEP)) and size < LARGEST_WHOLE:
            parts.append(data)
            size += len(data)
        content = b"".join(parts)
        framed = records(
            content, self.task.format.framing, file_id=self.record.file_id
        )
        if not self.task.is_settled:
            self.record = replace(
                self.record,
                lines=framed.height,
                pending_lines=framed.height,
                pending_bytes=len(content),
            )
            return
        self._digest(content)
        self._stage(framed, len(content))

    def _take(self, block: Block) -> None:
        lines = batch(
            block.data,
            file_id=self.record.file_id,
            first_line=self.record.lines + 1,
            first_byte=block.first_byte,
        )
        if not block.oversize:
            self._digest(block.data)
        self._stage(lines, block.size)

    def _stage(self, lines: pl.DataFrame, size: int) -> None:
        parsed = self.task.format.parse(lines, self.context)
        self.context = replace(self.context, header=parsed.header)
        name = self.task.format.name
        for event_class, frame in parsed.events.items():
            self.staging.add_events(event_class, name, frame)
        if parsed.rejects.height:
            self.staging.add_rejects(name, parsed.rejects, datetime.now(UTC))
        self.record = self._counted(parsed, lines.height, size)
        self.staging.reached(self.record)
        self.advance(size, lines.height)

    def _counted(self, parsed: Parsed, lines: int, size: int) -> FileRecord:
        events = sum(frame.height for frame in parsed.events.values())
        return replace(
            self.record,
            lines=self.record.lines + lines,
            events=self.record.events + events,
            rejects=self.record.rejects + parsed.rejects.height,
            blanks=self.record.blanks + parsed.blanks,
            header=parsed.header,
            consumed_bytes=self.record.consumed_bytes + size,
            consumed_sha256=self.digest.hexdigest(),
            head_bytes=len(self.head),
            head_sha256=hashlib.sha256(self.head).hexdigest(),
        )

    def _digest(self, data: bytes) -> None:
        if len(self.head) < HEAD:
            self.head += data[: HEAD - len(self.head)]
        self.digest.update(data)

    def damaged(self, error: DamageError) -> None:
        """Note what is wrong; a file that may still grow is tried again."""
        state = DAMAGED if self.task.is_settled else GROWING
        self.record = replace(self.record, state=state, message=error.what)

    def finished(self) -> FileRecord:
        """The row after the last block, staged."""
        if self.record.message is None:
            state = FINISHED if self.task.is_settled else GROWING
            self.record = replace(self.record, state=state)
        self.staging.reached(self.record)
        return self.record
