"""One pass over a source's folder: list, recognize, read, write, commit.

`ingest_source` handles every delivery. The folder's content is
listed and recognized, one delivery after another; new content is read as
batches, and the batches are written into the lake.
"""

import time
from collections import defaultdict, deque
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from pipelines.errors import SourceError
from pipelines.ingest.identification import choose_format
from pipelines.ingest.lake_writer import LakeWriter
from pipelines.ingest.portions import LocalExecutor, RemoteExecutor, Work
from pipelines.ingest.progress import FileProgress, count_lines
from pipelines.ingest.reader import SmallFiles, Step, read_file, read_small_files, skip, small_file
from pipelines.ingest.recognition import (
    FileIndex,
    Recognition,
    closed_row,
    copy_row,
    empty_row,
    failed_row,
    reused_ids,
    same_stamp,
    stamped_row,
    unneeded_row,
)
from pipelines.ingest.replay import retract
from pipelines.ingest.source import LATER, IngestOptions, Outcome, Source, left_out, waits
from pipelines.lake.files import prepare
from pipelines.landing.delivery import Delivery, Listing, RemoteFile
from pipelines.landing.streams import Digest, GoneError, opened
from pipelines.state import ledger
from pipelines.state.ledger import DAMAGED, FAILED, GONE, GROWING, FileRecord


def ingest_source(
    options: IngestOptions, source: Source, listing: Listing | None = None
) -> list[Outcome]:
    """Read everything new in a source's folder; return one outcome per delivery.

    Args:
        listing: The folder's content, if it was listed just now.

    Raises:
        SourceError: A remote folder cannot be listed.
        LakeError: The disk cannot be written to.
        BusyError: Another run works on the same files.
    """
    prepare(options.lake, options.least_free_bytes)
    return _Run(options, source, listing or source.listing()).outcomes()


def preview_source(options: IngestOptions, source: Source) -> list[Outcome]:
    """Return what each delivery is, from current knowledge, without writing.

    Raises:
        SourceError: A remote folder cannot be listed.
    """
    records = ledger.source_files(options.store, source.name)
    known = FileIndex(records, options.settled_ns())
    listing = source.listing()
    outcomes = [_preview(known, delivery) for delivery in listing.deliveries]
    return [*outcomes, *left_out(source.name, listing)]


def _preview(known: FileIndex, delivery: Delivery) -> Outcome:
    row = FileRecord(file_id=0, source=delivery.source, path=delivery.path)
    try:
        recognition = known.at_its_place(delivery) or known.elsewhere(delivery)
    except SourceError as error:
        return Outcome(replace(row, state=FAILED, message=str(error)), "failed")
    record = replace(recognition.record or row, path=delivery.path)
    return Outcome(record, recognition.kind)


class _Run:
    """One pass over a source's folder.

    The index of files changes during reading: a delivery may be a copy of the
    one before it.
    """

    def __init__(self, options: IngestOptions, source: Source, listing: Listing) -> None:
        self.options = options
        self.source = source
        self.settled_ns = options.settled_ns()
        self.listing = listing
        records = ledger.source_files(options.store, source.name)
        self.records = {record.file_id: record for record in records}
        self.known = FileIndex(records, self.settled_ns)
        self.writer = LakeWriter(
            options.store, options.lake, source.name, options.zone, dict(self.records)
        )
        self.small_files = SmallFiles()
        self.work = self._work()
        self.steps: deque[tuple[Step, Delivery]] = deque()
        self.parsing: set[int] = set()
        self.ids: dict[str, int] = {}
        self.touched: set[int] = set()
        self.reached: dict[int, FileRecord] = {}
        self.last_format: str | None = None
        self.spent: dict[Path | RemoteFile, float] = defaultdict(float)
        self.found: dict[str, Outcome] = {}

    def outcomes(self) -> list[Outcome]:
        for recognition in self._recognized():
            self.found[recognition.delivery.path] = self._ingest(recognition)
        self._read_small_files()
        self._end_steps()
        self._close_vanished()
        self.writer.commit()
        outcomes = [
            self._completed(self.found[delivery.path]) for delivery in self.listing.deliveries
        ]
        return [*outcomes, *left_out(self.source.name, self.listing)]

    # recognize

    def _recognized(self) -> Iterator[Recognition]:
        """Yield what each delivery is that is not postponed; known places are first."""
        waiting = yield from self._at_known_places()
        self._reserve_ids(waiting)
        for delivery in waiting:
            if self._is_for_later(delivery):
                self.found[delivery.path] = self._later(delivery)
                continue
            try:
                recognition = self._recognized_elsewhere(delivery)
            except SourceError as error:
                self.found[delivery.path] = self._unreadable(delivery, error)
            else:
                yield recognition

    def _at_known_places(self) -> Generator[Recognition, None, list[Delivery]]:
        """Yield deliveries at places that the ledger knows; return the others."""
        others: list[Delivery] = []
        for delivery in self.listing.deliveries:
            try:
                recognition = self.known.at_its_place(delivery)
            except SourceError as error:
                self.found[delivery.path] = self._unreadable(delivery, error)
                continue
            if recognition is None:
                others.append(delivery)
            elif recognition.kind != "unchanged" and self._is_for_later(delivery):
                self.found[delivery.path] = self._later(delivery)
            else:
                yield recognition
        return others

    def _recognized_elsewhere(self, delivery: Delivery) -> Recognition:
        """Return what a delivery is; a possible original must have been read before."""
        recognition = self.known.elsewhere(delivery)
        record = recognition.record
        if record is None:
            return recognition
        if record.file_id in self.small_files.files:
            self._read_small_files()
        elif record.file_id in self.parsing:
            self._end_steps()
        else:
            return recognition
        return self.known.elsewhere(delivery)

    def _is_for_later(self, delivery: Delivery) -> bool:
        """Return whether it is a member of an archive whose time is used up."""
        spent = self.spent[delivery.file]
        return spent > 0 and spent >= self.options.budget_seconds

    def _later(self, delivery: Delivery) -> Outcome:
        """Postpone it; an existing row is not changed."""
        row = FileRecord(file_id=0, source=delivery.source, path=delivery.path)
        known = self.known.by_path(delivery.path) or row
        self.touched |= {known.file_id, self.ids.get(delivery.path, 0)}
        return Outcome(known, LATER)

    def _unreadable(self, delivery: Delivery, error: SourceError) -> Outcome:
        """Return the outcome of a delivery that cannot be recognized; another run will retry."""
        if delivery.path in self.ids:
            record = self._row(Recognition(delivery, "new"))
            return Outcome(self._failed(record, delivery, error), "new")
        known = self.known.by_path(delivery.path)
        assert known is not None
        self.touched.add(known.file_id)
        failed = replace(known, message=str(error), raw_mtime_ns=0)
        self.writer.note(failed)
        return Outcome(failed, "resumed")

    def _reserve_ids(self, waiting: list[Delivery]) -> None:
        """Reserve an id for each delivery that may be new; unread rows are reused."""
        paths = {delivery.path for delivery in self.listing.deliveries}
        self.ids |= reused_ids(waiting, paths, self.records.values())
        new = [delivery.path for delivery in waiting if delivery.path not in self.ids]
        with self.options.taking_ids():
            ids = ledger.take_ids(self.options.store, len(new))
        self.ids |= dict(zip(new, ids, strict=True))

    # read and write

    def _ingest(self, recognition: Recognition) -> Outcome:
        """Read what is new of a delivery, and say what became of it."""
        if recognition.kind == "unchanged":
            assert recognition.record is not None
            self.touched.add(recognition.record.file_id)
            return Outcome(recognition.record, recognition.kind)
        delivery = recognition.delivery
        record = self._row(recognition)
        self.touched.add(record.file_id)
        if recognition.is_all and not record.pending_lines and _is_sound(recognition):
            return Outcome(self._passed(delivery, record), recognition.kind)
        began = time.monotonic()
        try:
            reached = self._read(delivery, record)
        except GoneError:
            self.parsing.discard(record.file_id)
            return Outcome(record, "gone")
        except SourceError as error:
            reached = self._failed(record, delivery, error)
        finally:
            self.spent[delivery.file] += time.monotonic() - began
        self.known.lies_there(self.writer.counted(reached))
        is_put_off = reached.state == GROWING and not reached.raw_mtime_ns
        return Outcome(reached, LATER if is_put_off else recognition.kind)

    def _read(self, delivery: Delivery, record: FileRecord) -> FileRecord:
        """Return the row that a delivery is brought to; a small file waits for others."""
        fmt = choose_format(self.source, delivery, record, self.last_format)
        is_settled = self._is_settled(delivery)
        if fmt is None:
            empty = empty_row(record, delivery, is_settled=is_settled)
            self.writer.note(empty)
            return empty
        self.last_format = fmt.name
        progress = FileProgress(
            delivery=delivery,
            record=record,
            format=fmt,
            zone=self.source.zone,
            options=self.source.options,
            is_settled=is_settled,
            deadline=time.monotonic() + self.options.budget_seconds,
        )
        if (file := small_file(progress)) is not None:
            if not self.small_files.takes(file):
                self._read_small_files()
            self.small_files.add(file)
            if self.small_files.is_full:
                self._read_small_files()
            return self.reached.get(file.record.file_id, file.record)
        self._read_small_files()
        return self._parse(progress)

    def _parse(self, progress: FileProgress) -> FileRecord:
        """Begin to parse a file's lines, and have them ended where others must wait."""
        is_lines = progress.format.framing == "lines"
        may_wait = self.work.is_elsewhere and is_lines
        if progress.record.tail_bytes or not may_wait:
            self._end_steps()
        if progress.record.tail_bytes:
            self._take_tail_back(progress)
        file_id = progress.record.file_id
        self.parsing.add(file_id)
        with closing(read_file(progress, self.work)) as steps:
            for step in steps:
                self.steps.append((step, progress.delivery))
                self._end_steps(self.work.at_once - 1 if is_lines else 0)
        if not may_wait:
            self._end_steps()
        return progress.foreseen if file_id in self.parsing else progress.record

    def _work(self) -> Work:
        """Return where lines are parsed, and how the output is named."""
        options = self.options
        if options.engine.shares_memory:
            return LocalExecutor(options.engine)
        return RemoteExecutor(options.engine, options.lake, options.zone, self.writer.new_name)

    def _end_steps(self, most: int = 0) -> None:
        """Wait for parsed portions, in order, until at most this many steps are left."""
        while len(self.steps) > most:
            step, delivery = self.steps.popleft()
            batch = step()
            if batch is None:
                continue
            self.writer.add(batch)
            if batch.lines:
                self.options.watch(delivery, batch.bytes, batch.lines)
            if batch.parsed is None:
                self._end_file(batch.records[0])

    def _end_file(self, record: FileRecord) -> None:
        """Record the row of a file whose last line was parsed."""
        self.parsing.discard(record.file_id)
        self.reached[record.file_id] = record
        if self.work.is_elsewhere and record.state in (FAILED, DAMAGED):
            # until now it was known as if all of it could be read
            self.known.forget(record)
        self.known.lies_there(self.writer.counted(record))

    def _read_small_files(self) -> None:
        """Read the small files that wait."""
        if not self.small_files.files:
            return
        self._end_steps()
        files, self.small_files = self.small_files.files, SmallFiles()
        for batch in read_small_files(list(files.values())):
            self.writer.add(batch)
            for record in batch.records:
                self.reached[record.file_id] = record
                if record.state == FAILED:
                    self.known.forget(record)
                self.known.lies_there(self.writer.counted(record))
                file = files[record.file_id]
                lines = record.lines - record.pending_lines - file.begun.lines
                delivery = file.progress.delivery
                self.options.watch(delivery, record.consumed_bytes, lines)

    def _take_tail_back(self, progress: FileProgress) -> None:
        """Withdraw a last line that was read without its end, to reread it whole."""
        record = replace(
            progress.record,
            lines=progress.record.lines - progress.record.pending_lines,
            pending_lines=0,
            pending_bytes=0,
        )
        body = record.consumed_bytes - record.tail_bytes
        digest = Digest()
        with opened(progress.delivery) as stream:
            skip(stream, digest, body)
        self.writer.commit()
        store, lake = self.options.store, self.options.lake
        retraction = retract(store, lake, record, first_line=record.lines)
        gone = retraction.gone
        is_blank = not gone.total() and record.blanks > 0
        progress.record = replace(
            record,
            lines=record.lines - 1,
            events=record.events - gone["events"],
            rejects=record.rejects - gone["rejects"],
            blanks=record.blanks - is_blank,
            duplicates=record.duplicates - (not gone.total() and not is_blank),
            consumed_bytes=body,
            tail_bytes=0,
            **digest.mark()._asdict(),
        )
        retraction.commit([progress.record])
        self.writer.known[record.file_id] = progress.record

    # ledger rows

    def _row(self, recognition: Recognition) -> FileRecord:
        """Return the row that the delivery continues, or its own new one."""
        delivery, known = recognition.delivery, recognition.record
        if known is not None and recognition.kind in ("resumed", "moved"):
            self._release_id(delivery)
            return replace(known, path=delivery.path)
        file_id = self.ids.get(delivery.path) or self._another_id()
        row = FileRecord(file_id=file_id, source=delivery.source, path=delivery.path)
        if known is None:
            return row
        row = replace(row, duplicate_of=known.duplicate_of or known.file_id)
        return copy_row(row, known) if recognition.kind == "copy" else row

    def _release_id(self, delivery: Delivery) -> None:
        """Release the row under which the delivery failed before, now that it is known."""
        unread = self.records.get(self.ids.get(delivery.path, 0))
        if unread is not None:
            self.touched.add(unread.file_id)
            self.writer.note(unneeded_row(unread))

    def _another_id(self) -> int:
        return ledger.take_ids(self.options.store, 1)[0]

    def _passed(self, delivery: Delivery, record: FileRecord) -> FileRecord:
        """Return the row with its new place or stamps, or as finished."""
        is_settled = self._is_settled(delivery)
        passed = stamped_row(record, delivery, is_settled=is_settled)
        self.writer.note(passed)
        self.known.add(passed)
        return passed

    def _is_settled(self, delivery: Delivery) -> bool:
        return delivery.is_complete or delivery.raw_mtime_ns <= self.settled_ns

    def _failed(self, record: FileRecord, delivery: Delivery, error: SourceError) -> FileRecord:
        """Return the row of a file that could not be read: all its lines are pending."""
        before = self.records.get(record.file_id, record)
        settled = record.lines - record.pending_lines
        if before.state == FAILED and same_stamp(delivery, before):
            pending = before.pending_lines
        else:
            pending = max(0, count_lines(delivery) - settled)
        failed = failed_row(record, delivery, pending, str(error))
        self.writer.note(failed)
        return failed

    def _close_vanished(self) -> None:
        """Close rows whose file is missing: nothing more can arrive from them."""
        for record in self.records.values():
            if record.file_id in self.touched:
                continue
            row = closed_row(record, is_archive=self._is_archive(record.path))
            if row is not None and row != record:
                self.writer.note(row)

    def _is_archive(self, path: str) -> bool:
        """Return whether the file is an archive now; its end may have been missing before."""
        members = f"{path}!"
        return path.lower().endswith(".zip") and any(
            delivery.path.startswith(members) for delivery in self.listing.deliveries
        )

    def _completed(self, outcome: Outcome) -> Outcome:
        """Return an outcome with all that is known in the end."""
        record = self.reached.get(outcome.record.file_id, outcome.record)
        record = self.writer.counted(record)
        pending = waits(record, self.options.zone, self.options.settle_seconds)
        return replace(outcome, record=record, waits=pending)


def _is_sound(recognition: Recognition) -> bool:
    record = recognition.record
    return record is not None and record.state not in (FAILED, GONE)
