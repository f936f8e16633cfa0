"""One delivery that is to be read, and the plain passes over its bytes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pipelines import clock
from pipelines.errors import SourceError
from pipelines.formats import Context, Format
from pipelines.ingest.blocks import Block, blocks
from pipelines.ingest.compression import Reads
from pipelines.ingest.delivery import Delivery
from pipelines.ingest.marks import Digest, Mark
from pipelines.ingest.retraction import take_back
from pipelines.ingest.staging import Staging
from pipelines.ingest.streams import opened
from pipelines.state.ledger import FINISHED, GROWING, FileRecord

STEP = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Task:
    """One delivery, the ledger row it continues, and how to read it.

    Attributes:
        is_settled: The file will not grow: take its last line as it stands.
        deadline: When to stop between two blocks, by `time.monotonic`.
    """

    delivery: Delivery
    record: FileRecord
    format: Format
    zone: str
    options: dict[str, str]
    is_settled: bool
    deadline: float = float("inf")

    @property
    def context(self) -> Context:
        """What the format is told; years lie near the file's own date."""
        return Context(
            reading=clock.Reading(zone=self.zone, anchor=self._anchor),
            options=self.options,
            header=self.record.header,
        )

    @property
    def day(self) -> date:
        """The day that the file's name tells, or else of its last change."""
        return (self._anchor - timedelta(seconds=1)).date()

    @property
    def _anchor(self) -> datetime:
        return clock.anchor(self.delivery.path, self.delivery.raw_mtime_ns)

    def begun(self) -> FileRecord:
        """Its row as this reading finds it: what is pending is read anew."""
        return replace(
            self.record,
            format=self.format.name,
            pending_lines=0,
            pending_bytes=0,
            lines=self.record.lines - self.record.pending_lines,
            message=None,
            raw_bytes=self.delivery.raw_bytes,
            raw_mtime_ns=self.delivery.raw_mtime_ns,
            raw_ctime_ns=self.delivery.raw_ctime_ns,
            path=self.delivery.path,
        )

    @property
    def end_state(self) -> str:
        """The state of the row once all that is there was read."""
        return FINISHED if self.is_settled else GROWING


def without_tail(task: Task, staging: Staging) -> FileRecord:
    """The last line was taken without its end: take it back, to read it whole."""
    record = replace(
        task.record,
        lines=task.record.lines - task.record.pending_lines,
        pending_lines=0,
        pending_bytes=0,
    )
    body = record.consumed_bytes - record.tail_bytes
    digest = Digest()
    with opened(task.delivery) as stream:
        skip(stream, digest, body)

    def remaining(taken: Counter[str]) -> FileRecord:
        blank = not taken.total() and record.blanks > 0
        return replace(
            record,
            lines=record.lines - 1,
            events=record.events - taken["events"],
            rejects=record.rejects - taken["rejects"],
            blanks=record.blanks - blank,
            duplicates=record.duplicates - (not taken.total() and not blank),
            consumed_bytes=body,
            tail_bytes=0,
            **digest.mark()._asdict(),
        )

    staging.flush()
    kept = take_back(
        staging.store, staging.folder, record, remaining, first_line=record.lines
    )
    staging.stands_at(kept)
    return kept


def skip(stream: Reads, digest: Digest, position: int) -> None:
    """Pass over a stream up to a position, hashing it."""
    while digest.length < position and (
        data := stream.read(min(STEP, position - digest.length))
    ):
        digest.update(data)


def marked(stream: Reads, digest: Digest, start: int) -> Iterator[tuple[Block, Mark]]:
    """Blocks, each with the hashes of the stream up to its end."""
    for block in blocks(stream, first_byte=start, passed_over=digest.update):
        if not block.oversize:
            digest.update(block.data)
        yield block, digest.mark()


def count_lines(delivery: Delivery) -> int:
    """Lines of a stream as far as it can be read, the last one included."""
    lines = 0
    last = b"\n"
    try:
        with opened(delivery) as stream:
            while data := stream.read(STEP):
                lines += data.count(b"\n")
                last = data[-1:]
    except SourceError:
        pass
    return lines + (last != b"\n")
