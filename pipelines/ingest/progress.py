"""Reading progress of one delivery: its ledger row, and the context of the rest."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from pipelines import clock
from pipelines.errors import SourceError
from pipelines.formats import Context, Format, Parsed
from pipelines.ingest.blocks import Block, newlines
from pipelines.ingest.staged_rows import WrittenRows
from pipelines.landing.compression import NO_CHECKSUM
from pipelines.landing.delivery import Delivery
from pipelines.landing.streams import DamageError, Digest, Mark, opened
from pipelines.state.ledger import DAMAGED, FAILED, FINISHED, GROWING, FileRecord

STEP = 1 << 20

AHEAD = timedelta(days=1)
"""A clock that is off, or a zone that is not set, is not further ahead."""


@dataclass(kw_only=True)
class FileProgress:
    """One delivery in progress.

    Attributes:
        record: The ledger row that it continues; from `begin` on, with the lines that
            were read. It is growing until its `end`, so that a file whose run
            was killed is continued.
        is_settled: The file will not grow: its last line is complete.
        deadline: When to stop between two blocks, by `time.monotonic`.
        digest: The hash of the stream up to the last read byte.
        state: The state of the row at the end.
        tail: A last line without its end, and the hashes up to there.
        begun: Bytes that were submitted for parsing, and the hashes up to there.
        notes: Facts about the stream.
    """

    delivery: Delivery
    record: FileRecord
    format: Format
    zone: str
    options: Mapping[str, str]
    is_settled: bool
    deadline: float = float("inf")
    digest: Digest = field(default_factory=Digest)
    state: str = GROWING
    tail: tuple[Block, Mark] | None = None
    begun: tuple[int, Mark] | None = None
    notes: set[str] = field(default_factory=set)

    @property
    def context(self) -> Context:
        """Context of the format; years are near the file's own date."""
        return Context(
            reading=clock.Reading(zone=self.zone, anchor=self._anchor),
            options=dict(self.options),
            header=self.record.header,
            latest=latest_time(self.delivery.raw_mtime_ns),
        )

    @property
    def day(self) -> date:
        """The day in the file's name, or otherwise of its last change."""
        return (self._anchor - timedelta(seconds=1)).date()

    @property
    def _anchor(self) -> datetime:
        return clock.anchor(self.delivery.path, self.delivery.raw_mtime_ns)

    def begin(self) -> None:
        """Start the row of this reading: pending lines are reread."""
        self.state = FINISHED if self.is_settled else GROWING
        self.record = replace(
            self.record,
            format=self.format.name,
            state=GROWING,
            pending_lines=0,
            pending_bytes=0,
            lines=self.record.lines - self.record.pending_lines,
            message=None,
            raw_bytes=self.delivery.raw_bytes,
            raw_mtime_ns=self.delivery.raw_mtime_ns,
            raw_ctime_ns=self.delivery.raw_ctime_ns,
            path=self.delivery.path,
        )

    def begin_portion(self, size: int, mark: Mark) -> None:
        """Note that the next bytes are being parsed."""
        before = self.begun[0] if self.begun else self.record.consumed_bytes
        self.begun = before + size, mark

    @property
    def foreseen(self) -> FileRecord:
        """The part of the row that is known before parsing has ended."""
        if self.begun is None:
            return self.record
        size, mark = self.begun
        return replace(self.record, consumed_bytes=size, **mark._asdict())

    def count(self, parsed: Parsed | WrittenRows, lines: int) -> None:
        """Add what became of lines to the row."""
        if isinstance(parsed, WrittenRows) and parsed.lines != lines:
            message = f"a worker read {parsed.lines} lines, not {lines}"
            raise ValueError(message)
        self.record = replace(
            self.record,
            lines=self.record.lines + lines,
            events=self.record.events + parsed.event_count,
            rejects=self.record.rejects + parsed.reject_count,
            blanks=self.record.blanks + parsed.blanks,
            header=parsed.header,
        )

    def reach(self, size: int, mark: Mark, *, tail_bytes: int = 0) -> None:
        """Consume this many more bytes; of the last line `tail_bytes`."""
        self.record = replace(
            self.record,
            consumed_bytes=self.record.consumed_bytes + size,
            tail_bytes=tail_bytes,
            **mark._asdict(),
        )

    def put_off(self) -> None:
        """Continue after the last read byte another time."""
        self.tail = None
        self.state = GROWING
        self.record = replace(self.record, raw_mtime_ns=0)

    def wait(self, lines: int) -> None:
        """Mark all lines up to `lines` as waiting for the rest of their file."""
        self.record = replace(
            self.record,
            lines=lines,
            pending_lines=lines - self.record.lines,
            pending_bytes=self.digest.length,
        )

    def damage(self, error: DamageError) -> None:
        """Note what is wrong; a file that may still grow is tried again.

        Of a corrupt stream nothing can be trusted: all its lines are pending.
        """
        self.state = DAMAGED if self.is_settled else GROWING
        if not error.trusted:
            read = self.record
            self.record = FileRecord(
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
            )
        self.record = replace(self.record, message=error.what)

    def fail(self, error: SourceError) -> None:
        """Keep what was read; the rest of the file is pending."""
        self.tail = None
        self.state = FAILED
        lines = max(count_lines(self.delivery), self.record.lines)
        self.record = replace(
            self.record,
            pending_lines=self.record.pending_lines + lines - self.record.lines,
            lines=lines,
            message=str(error),
        )

    def end(self) -> None:
        """Finish the row after the last block."""
        if self.tail is not None:
            self.record = replace(
                self.record,
                lines=self.record.lines + 1,
                pending_lines=self.record.pending_lines + 1,
                pending_bytes=len(self.tail[0].data),
            )
        if self.record.message is None and NO_CHECKSUM in self.notes:
            self.record = replace(self.record, message=NO_CHECKSUM)
        self.record = replace(self.record, state=self.state)


def count_lines(delivery: Delivery) -> int:
    """Count the lines of the readable part of a stream, including an unfinished last line."""
    lines = 0
    last = b"\n"
    try:
        with opened(delivery) as stream:
            while data := stream.read(STEP):
                lines += newlines(data)
                last = data[-1:]
    except SourceError:
        pass
    return lines + (last != b"\n")


def latest_time(mtime_ns: int) -> datetime:
    """Return the latest time that a line of a file may have.

    The file's last change counts too: this machine's clock may have been set back.
    """
    latest = datetime.now(UTC) + AHEAD
    with suppress(OverflowError, OSError, ValueError):  # a stamp of no calendar
        latest = max(latest, datetime.fromtimestamp(mtime_ns / 1e9, UTC) + AHEAD)
    return latest
