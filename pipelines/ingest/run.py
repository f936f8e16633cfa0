"""One pass over a source's folder: recognise, read, and close what vanished."""

import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from pipelines.errors import SourceError
from pipelines.ingest import rows
from pipelines.ingest.choosing import chosen
from pipelines.ingest.delivery import Delivery, RemoteFile
from pipelines.ingest.gathering import Gathering
from pipelines.ingest.reading import read_delivery
from pipelines.ingest.recognise import Known, Recognition, same_stamp
from pipelines.ingest.source import LATER, Outcome, Source, Terms, left_out, waits
from pipelines.ingest.staging import Staging
from pipelines.ingest.streams import GoneError
from pipelines.ingest.task import Task, count_lines
from pipelines.state import ledger
from pipelines.state.ledger import FAILED, GONE, GROWING, FileRecord


class Run:
    """One pass over a source's folder."""

    def __init__(self, terms: Terms, source: Source) -> None:
        self.terms = terms
        self.source = source
        self.settled_ns = terms.settled_ns()
        self.listing = source.listing()
        self.deliveries = self.listing.deliveries
        records = ledger.source_files(terms.store, source.name)
        self.records = {one.file_id: one for one in records}
        self.known = Known(records, self.settled_ns)
        self.staging = Staging(terms.store, terms.lake, source.name, terms.zone)
        self.staging.knows(self.records)
        self.gathering = Gathering(self.staging, self._gathered)
        self.reached: dict[int, FileRecord] = {}
        self.touched: set[int] = set()
        self.last_format: str | None = None
        self.ids: dict[str, int] = {}
        self.spent: dict[Path | RemoteFile, float] = defaultdict(float)

    def outcomes(self) -> list[Outcome]:
        found: dict[str, Outcome] = {}
        waiting: list[Delivery] = []
        for delivery in self.deliveries:
            try:
                one = self.known.at_its_place(delivery)
            except SourceError as error:
                found[delivery.path] = self._unknown(delivery, error)
                continue
            if one is None:
                waiting.append(delivery)
            elif one.kind != "unchanged" and self._is_for_later(delivery):
                found[delivery.path] = self._later(delivery)
            else:
                found[delivery.path] = self._one(one)
        self._reserve(waiting)
        for delivery in waiting:
            if self._is_for_later(delivery):
                found[delivery.path] = self._later(delivery)
                continue
            try:
                found[delivery.path] = self._one(self._recognised(delivery))
            except SourceError as error:
                found[delivery.path] = self._unknown(delivery, error)
        self.gathering.flush()
        self._close_vanished()
        self.staging.flush()
        told = [self._told(found[delivery.path]) for delivery in self.deliveries]
        return [*told, *left_out(self.source.name, self.listing)]

    def _is_for_later(self, delivery: Delivery) -> bool:
        """A member of an archive that took its time already."""
        spent = self.spent[delivery.file]
        return spent > 0 and spent >= self.terms.budget_seconds

    def _later(self, delivery: Delivery) -> Outcome:
        """It is put off; a row that it has stays as it is."""
        row = FileRecord(file_id=0, source=delivery.source, path=delivery.path)
        known = self.known.by_path(delivery.path) or row
        self.touched |= {known.file_id, self.ids.get(delivery.path, 0)}
        return Outcome(known, LATER)

    def _told(self, one: Outcome) -> Outcome:
        """An outcome with all that is known in the end."""
        record = self.reached.get(one.record.file_id, one.record)
        record = self.staging.settled(record)
        pending = waits(record, self.terms.zone, self.terms.settle_seconds)
        return replace(one, record=record, waits=pending)

    def _recognised(self, delivery: Delivery) -> Recognition:
        """What a delivery is; what it may be a copy of must have been read."""
        one = self.known.elsewhere(delivery)
        if one.record is None or not self.gathering.holds(one.record.file_id):
            return one
        self.gathering.flush()
        return self.known.elsewhere(delivery)

    def _gathered(self, task: Task, record: FileRecord) -> None:
        """A small file was read with others."""
        self.reached[record.file_id] = record
        if record.state == FAILED:
            self.known.forget(record)
        self.known.lies_there(self.staging.settled(record))
        lines = record.lines - record.pending_lines - task.begun().lines
        self.terms.watch(task.delivery, record.consumed_bytes, lines)

    def _unknown(self, delivery: Delivery, error: SourceError) -> Outcome:
        """It can not even be recognised: another run will."""
        if delivery.path in self.ids:
            record = self._row(Recognition(delivery, "new"))
            return Outcome(self._failed(record, delivery, error), "new")
        known = self.known.by_path(delivery.path)
        assert known is not None
        self.touched.add(known.file_id)
        owed = replace(known, message=str(error), raw_mtime_ns=0)
        self.staging.reached(owed)
        return Outcome(owed, "resumed")

    def _reserve(self, waiting: list[Delivery]) -> None:
        """Have an id for each delivery that may be new; unread rows are used again."""
        there = {one.path for one in self.deliveries}
        self.ids |= rows.used_again(waiting, there, self.records.values())
        fresh = [one.path for one in waiting if one.path not in self.ids]
        ids = ledger.take_ids(self.terms.store, len(fresh))
        self.ids |= dict(zip(fresh, ids, strict=True))

    def _one(self, one: Recognition) -> Outcome:
        if one.kind == "unchanged":
            assert one.record is not None
            self.touched.add(one.record.file_id)
            return Outcome(one.record, one.kind)
        record = self._row(one)
        self.touched.add(record.file_id)
        if one.is_all and not record.pending_lines and self._is_sound(one):
            return Outcome(self._passed(one, record), one.kind)
        began = time.monotonic()
        try:
            reached = self._read(one.delivery, record)
        except GoneError:
            return Outcome(record, "gone")
        except SourceError as error:
            reached = self._failed(record, one.delivery, error)
        finally:
            self.spent[one.delivery.file] += time.monotonic() - began
        self.known.lies_there(self.staging.settled(reached))
        is_put_off = reached.state == GROWING and not reached.raw_mtime_ns
        return Outcome(reached, LATER if is_put_off else one.kind)

    def _read(self, delivery: Delivery, record: FileRecord) -> FileRecord:
        fmt = chosen(self.source, delivery, record, self.last_format)
        if fmt is None:
            empty = rows.empty(record, delivery, is_settled=self._is_settled(delivery))
            self.staging.reached(empty)
            return empty
        self.last_format = fmt.name
        task = Task(
            delivery=delivery,
            record=record,
            format=fmt,
            zone=self.source.zone,
            options=dict(self.source.options),
            is_settled=self._is_settled(delivery),
            deadline=time.monotonic() + self.terms.budget_seconds,
        )
        if (held := self.gathering.take(task)) is not None:
            return held
        self.gathering.flush()
        watch = self.terms.watch
        return read_delivery(
            task, self.staging, lambda size, lines: watch(delivery, size, lines)
        )

    def _row(self, one: Recognition) -> FileRecord:
        """The row that the delivery continues, or its own new one."""
        delivery = one.delivery
        if one.record is not None and one.kind in ("resumed", "moved"):
            self._not_needed(delivery)
            return replace(one.record, path=delivery.path)
        file_id = self.ids.get(delivery.path) or self._another_id()
        row = FileRecord(file_id=file_id, source=delivery.source, path=delivery.path)
        if one.record is None:
            return row
        row = replace(row, duplicate_of=one.record.duplicate_of or one.record.file_id)
        return rows.as_copy(row, one.record) if one.kind == "copy" else row

    def _not_needed(self, delivery: Delivery) -> None:
        """A row under which the delivery failed before, now that it is known."""
        unread = self.records.get(self.ids.get(delivery.path, 0))
        if unread is not None:
            self.touched.add(unread.file_id)
            self.staging.reached(rows.not_needed(unread))

    def _another_id(self) -> int:
        return ledger.take_ids(self.terms.store, 1)[0]

    def _is_sound(self, one: Recognition) -> bool:
        return one.record is not None and one.record.state not in (FAILED, GONE)

    def _passed(self, one: Recognition, record: FileRecord) -> FileRecord:
        """Nothing is new but its place, its stamps, or that it is finished."""
        is_settled = self._is_settled(one.delivery)
        passed = rows.stamped(record, one.delivery, is_settled=is_settled)
        self.staging.reached(passed)
        self.known.add(passed)
        return passed

    def _is_settled(self, delivery: Delivery) -> bool:
        return delivery.member is not None or delivery.raw_mtime_ns <= self.settled_ns

    def _failed(
        self, record: FileRecord, delivery: Delivery, error: SourceError
    ) -> FileRecord:
        """The row of a file that could not be read: all its lines are pending."""
        before = self.records.get(record.file_id, record)
        settled = record.lines - record.pending_lines
        if before.state == FAILED and same_stamp(delivery, before):
            pending = before.pending_lines
        else:
            pending = max(0, count_lines(delivery) - settled)
        reached = rows.owed(record, delivery, pending, str(error))
        self.staging.reached(reached)
        return reached

    def _close_vanished(self) -> None:
        """Rows whose file is no longer there: nothing more can come of them."""
        for one in self.records.values():
            if one.file_id in self.touched:
                continue
            row = rows.closed(one, is_archive=self._is_archive(one.path))
            if row is not None and row != one:
                self.staging.reached(row)

    def _is_archive(self, path: str) -> bool:
        """What was no archive, since its end was missing, is one by now."""
        members = f"{path}!"
        return path.lower().endswith(".zip") and any(
            one.path.startswith(members) for one in self.deliveries
        )
