"""Reads the small files of a source many at a time.

Setting up one parse costs more than the lines of a small file, so files that
are read alike are held until they make a batch. Each keeps its own row, lines,
offsets and hashes; what a batch brings them to is staged together.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace

import polars as pl

from pipelines.errors import SourceError
from pipelines.formats import Parsed
from pipelines.ingest import parsing
from pipelines.ingest.compression import NO_CHECKSUM, read_up_to
from pipelines.ingest.lines import batch_of_files
from pipelines.ingest.marks import Digest
from pipelines.ingest.staging import Staging
from pipelines.ingest.streams import DamageError, opened
from pipelines.ingest.task import Task
from pipelines.state.ledger import FAILED, FileRecord

SMALL_BYTES = 64 << 10
"""Files up to this size, unpacked, are read together."""

BYTES_A_BATCH = 8 << 20
FILES_A_BATCH = 1_000


@dataclass(frozen=True)
class Held:
    """A file whose bytes wait for their batch, and its row without the counts."""

    task: Task
    data: bytes
    record: FileRecord

    @property
    def lines(self) -> int:
        """Lines that the batch adds."""
        return self.record.lines - self.task.begun().lines


class Gathering:
    """Small files of one source that wait to be read as one batch.

    Args:
        staging: Takes what was read.
        reached: Told the row that a file was brought to, with what its batch
            added: bytes and lines.
    """

    def __init__(
        self, staging: Staging, reached: Callable[[Task, FileRecord], object]
    ) -> None:
        self._staging = staging
        self._reached = reached
        self._held: dict[int, Held] = {}
        self._bytes = 0

    def take(self, task: Task) -> FileRecord | None:
        """Hold a file if it is small, sound and new, whole lines from its start.

        Returns:
            The row that it will be brought to, its lines all booked as events for
            the time being; None where the file must be read on its own.

        Raises:
            GoneError: The file was taken away since it was listed.
        """
        if not _may_be_small(task):
            return None
        data, message = _content(task)
        if not data or not (task.is_settled or data.endswith(b"\n")):
            return None
        if self._held and self._alike() != _alike(task):
            self.flush()
        held = Held(task, data, replace(_whole(task, data), message=message))
        self._held[held.record.file_id] = held
        self._bytes += len(data)
        if self._bytes >= BYTES_A_BATCH or len(self._held) >= FILES_A_BATCH:
            self.flush()
        return held.record

    def holds(self, file_id: int) -> bool:
        """The file's lines were not read yet."""
        return file_id in self._held

    def flush(self) -> None:
        """Read and stage what is held; a file that fails keeps its lines pending."""
        held = list(self._held.values())
        self._held.clear()
        self._bytes = 0
        if held:
            self._read(held)

    def _alike(self) -> Hashable:
        return _alike(next(iter(self._held.values())).task)

    def _read(self, held: list[Held]) -> None:
        task = held[0].task
        lines = batch_of_files([(one.record.file_id, one.data) for one in held])
        context = replace(task.context, header=None)
        try:
            parsed = parsing.parse(task.format, lines, context)
        except SourceError as error:
            if len(held) > 1:
                for one in held:
                    self._read([one])
                return
            self._stage(held, [_failed(held[0], error)])
            return
        days = {one.record.file_id: one.task.day for one in held}
        self._staging.add(task.format.name, parsed, days)
        headers = task.format.handed_on(lines)
        self._stage(held, list(_counted(held, parsed, headers)))

    def _stage(self, held: list[Held], records: list[FileRecord]) -> None:
        self._staging.reached(*records)
        for one, record in zip(held, records, strict=True):
            self._reached(one.task, record)


def _alike(task: Task) -> Hashable:
    """What files must share to be read as one batch."""
    return task.format.name, task.context.reading


def _may_be_small(task: Task) -> bool:
    return (
        task.delivery.raw_bytes <= SMALL_BYTES
        and task.format.framing == "lines"
        and not task.record.consumed_bytes
        and task.record.header is None
    )


def _content(task: Task) -> tuple[bytes, str | None]:
    """All that is in the file, with what to note of it; nothing if much, or damaged."""
    try:
        with opened(task.delivery) as stream:
            data = read_up_to(stream, SMALL_BYTES + 1)
    except DamageError:
        return b"", None
    message = NO_CHECKSUM if NO_CHECKSUM in stream.notes else None
    return (data, message) if len(data) <= SMALL_BYTES else (b"", None)


def _whole(task: Task, data: bytes) -> FileRecord:
    digest = Digest()
    digest.update(data)
    begun = task.begun()
    tail = len(data) - (data.rfind(b"\n") + 1)
    lines = data.count(b"\n") + (tail > 0)
    return replace(
        begun,
        state=task.end_state,
        lines=begun.lines + lines,
        events=begun.events + lines,
        consumed_bytes=len(data),
        tail_bytes=tail,
        **digest.mark()._asdict(),
    )


def _counted(
    held: list[Held], parsed: Parsed, headers: dict[int, str]
) -> Iterable[FileRecord]:
    """The rows with what the batch brought of each file."""
    events = _by_file(parsed.events.values())
    rejects = _by_file([parsed.rejects])
    blanks = sum(one.lines for one in held) - events.total() - rejects.total()
    if blanks != parsed.blanks:
        message = f"{blanks} lines are in no event or reject, not {parsed.blanks}"
        raise ValueError(message)
    for one in held:
        key, begun = one.record.file_id, one.task.begun()
        yield replace(
            one.record,
            events=begun.events + events[key],
            rejects=begun.rejects + rejects[key],
            blanks=begun.blanks + one.lines - events[key] - rejects[key],
            header=headers.get(key),
        )


def _by_file(frames: Iterable[pl.DataFrame]) -> Counter[int]:
    found: Counter[int] = Counter()
    for frame in frames:
        found.update(dict(frame.group_by("file_id").len().iter_rows()))
    return found


def _failed(held: Held, error: SourceError) -> FileRecord:
    """Nothing of the file was read: its lines are pending."""
    begun = held.task.begun()
    return replace(
        begun,
        state=FAILED,
        lines=begun.lines + held.lines,
        pending_lines=held.lines,
        message=str(error),
    )
