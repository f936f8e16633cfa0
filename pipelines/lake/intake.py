"""Takes everything that was delivered to a district home into its lake."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipelines.errors import SourceError
from pipelines.formats import Format, formats
from pipelines.lake.files import require_space
from pipelines.lake.identify import SAMPLE_BYTES, best
from pipelines.lake.reading import Task, count_lines, read_delivery
from pipelines.lake.recognise import Known, Recognition, same_stamp
from pipelines.lake.staging import Staging
from pipelines.sources.delivery import Delivery, Listing, deliveries
from pipelines.sources.remote import is_remote, remote_deliveries
from pipelines.sources.streams import GoneError, opened, read_up_to
from pipelines.state import ledger
from pipelines.state.ledger import (
    DUPLICATE,
    FAILED,
    FINISHED,
    GONE,
    GROWING,
    FileRecord,
)
from pipelines.state.store import Store

SETTLE_SECONDS = 600.0
"""A plain file that has not changed for so long is finished."""


LEAST_FREE_BYTES = 64 << 20
"""Less than one batch may need, with the ledger's own."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A place that logs are delivered to, as the settings describe it.

    Attributes:
        folder: Where its files land: a path, or a URL such as `sftp://host/logs`.
        format: A format's name, or None to identify each file.
        zone: IANA zone of its local stamps.
        options: The format's own settings.
    """

    name: str
    folder: Path | str
    format: str | None = None
    zone: str
    options: Mapping[str, str] = field(default_factory=dict)

    def listing(self) -> Listing:
        """What lies in its folder, oldest first.

        Raises:
            SourceError: A remote folder can not be listed.
        """
        if is_remote(self.folder):
            return remote_deliveries(str(self.folder), self.name)
        return deliveries(Path(self.folder), self.name)


@dataclass(frozen=True)
class Outcome:
    """What became of one delivery in this run."""

    record: FileRecord
    kind: str


Watch = Callable[[Delivery, int, int], None]
"""Told while reading: the delivery, bytes and lines since the last call."""


@dataclass(frozen=True, kw_only=True)
class Intake:
    """How to take deliveries in.

    Attributes:
        lake: The lake's folder.
        zone: The district's zone, which decides local days.
        settle_seconds: See `SETTLE_SECONDS`; 0 takes every file as finished.
        least_free_bytes: Free space below which nothing is begun.
    """

    store: Store
    lake: Path
    zone: str
    settle_seconds: float = SETTLE_SECONDS
    least_free_bytes: int = LEAST_FREE_BYTES
    watch: Watch = lambda _delivery, _bytes, _lines: None

    def take_in(self, source: Source) -> list[Outcome]:
        """Read all that is new in a source's folder; one outcome a delivery.

        Raises:
            SourceError: A remote folder can not be listed.
            LakeError: The disk refuses to be written to.
            BusyError: Another run works on the same files.
        """
        self.lake.mkdir(parents=True, exist_ok=True)
        require_space(self.lake, self.least_free_bytes)
        return _Run(self, source).outcomes()

    def would_take_in(self, source: Source) -> list[Recognition]:
        """What each delivery is, by what is known now; nothing is written."""
        records = ledger.source_files(self.store, source.name)
        known = Known(records, self.settled_ns())
        found = source.listing().deliveries
        return [known.at_its_place(one) or known.elsewhere(one) for one in found]

    def settled_ns(self) -> int:
        """Files last changed before this instant are finished."""
        return time.time_ns() - int(self.settle_seconds * 1e9)


class _Run:
    """One pass over a source's folder."""

    def __init__(self, intake: Intake, source: Source) -> None:
        self.intake = intake
        self.source = source
        self.settled_ns = intake.settled_ns()
        self.deliveries = source.listing().deliveries
        records = ledger.source_files(intake.store, source.name)
        self.records = {one.file_id: one for one in records}
        self.known = Known(records, self.settled_ns)
        self.staging = Staging(intake.store, intake.lake, source.name, intake.zone)
        self.staging.knows(self.records)
        self.touched: set[int] = set()
        self.last_format: str | None = None
        self.ids: dict[str, int] = {}

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
            else:
                found[delivery.path] = self._one(one)
        self._reserve(waiting)
        for delivery in waiting:
            try:
                found[delivery.path] = self._one(self.known.elsewhere(delivery))
            except SourceError as error:
                found[delivery.path] = self._unknown(delivery, error)
        self._close_vanished()
        self.staging.flush()
        return [
            replace(one, record=self.staging.settled(one.record))
            for one in (found[delivery.path] for delivery in self.deliveries)
        ]

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
        by_path = {one.path: one.file_id for one in self._unread()}
        moved = {
            (one.raw_bytes, one.raw_mtime_ns): one.file_id
            for one in self._unread()
            if one.path not in there
        }
        for one in waiting:
            stamp = (one.raw_bytes, one.raw_mtime_ns)
            known = by_path.get(one.path) or moved.pop(stamp, None)
            if known is not None:
                self.ids[one.path] = known
        fresh = [one.path for one in waiting if one.path not in self.ids]
        ids = ledger.take_ids(self.intake.store, len(fresh))
        self.ids |= dict(zip(fresh, ids, strict=True))

    def _unread(self) -> Iterator[FileRecord]:
        """Rows of which nothing was ever taken: they can be used again."""
        for one in self.records.values():
            if not one.consumed_bytes and one.lines == one.pending_lines:
                yield one

    def _one(self, one: Recognition) -> Outcome:
        if one.kind == "unchanged":
            assert one.record is not None
            self.touched.add(one.record.file_id)
            return Outcome(one.record, one.kind)
        record = self._row(one)
        self.touched.add(record.file_id)
        if one.is_all and not record.pending_lines and self._is_sound(one):
            return Outcome(self._passed(one, record), one.kind)
        try:
            reached = self._read(one.delivery, record)
        except GoneError:
            return Outcome(record, "gone")
        except SourceError as error:
            reached = self._failed(record, one.delivery, error)
        self.known.lies_there(self.staging.settled(reached))
        return Outcome(reached, one.kind)

    def _read(self, delivery: Delivery, record: FileRecord) -> FileRecord:
        task = Task(
            delivery=delivery,
            record=record,
            format=self._format(delivery, record),
            zone=self.source.zone,
            options=dict(self.source.options),
            is_settled=self._is_settled(delivery),
        )
        watch = self.intake.watch
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
        return _as_copy(row, one.record) if one.kind == "copy" else row

    def _not_needed(self, delivery: Delivery) -> None:
        """A row under which the delivery failed before, now that it is known."""
        unread = self.records.get(self.ids.get(delivery.path, 0))
        if unread is not None:
            self.touched.add(unread.file_id)
            nothing = replace(unread, lines=0, pending_lines=0, message=None)
            self.staging.reached(replace(nothing, state=FINISHED))

    def _another_id(self) -> int:
        return ledger.take_ids(self.intake.store, 1)[0]

    def _is_sound(self, one: Recognition) -> bool:
        return one.record is not None and one.record.state not in (FAILED, GONE)

    def _passed(self, one: Recognition, record: FileRecord) -> FileRecord:
        """Nothing is new but its place, its stamps, or that it is finished."""
        delivery = one.delivery
        if record.state == GROWING and self._is_settled(delivery):
            record = replace(record, state=FINISHED, message=None)
        passed = replace(
            record,
            raw_bytes=delivery.raw_bytes,
            raw_mtime_ns=delivery.raw_mtime_ns,
            raw_ctime_ns=delivery.raw_ctime_ns,
        )
        self.staging.reached(passed)
        self.known.add(passed)
        return passed

    def _format(self, delivery: Delivery, record: FileRecord) -> Format:
        known = formats()
        name = self.source.format or record.format or self._identified(delivery)
        if name is None:
            raise SourceError(
                "no known format claims enough of its lines",
                where=delivery.where,
                remedy=(
                    f"Name the format in district.toml under "
                    f"[sources.{self.source.name}], "
                    f"or run: schoolbell identify {delivery.path}"
                ),
            )
        if name not in known:
            raise SourceError(
                f"there is no format {name!r}",
                where=f"[sources.{self.source.name}] format",
                remedy="Formats: " + ", ".join(sorted(known)),
            )
        self.last_format = name
        return known[name]

    def _identified(self, delivery: Delivery) -> str | None:
        with opened(delivery) as stream:
            return best(read_up_to(stream, SAMPLE_BYTES), likely=self.last_format)

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
        reached = replace(
            record,
            state=FAILED,
            lines=settled + pending,
            pending_lines=pending,
            raw_bytes=delivery.raw_bytes,
            raw_mtime_ns=delivery.raw_mtime_ns,
            raw_ctime_ns=delivery.raw_ctime_ns,
            message=str(error),
        )
        self.staging.reached(reached)
        return reached

    def _close_vanished(self) -> None:
        """Rows whose file is no longer there: nothing more can come of them."""
        for one in self.records.values():
            if one.file_id in self.touched or one.state not in (GROWING, FAILED):
                continue
            if one.pending_lines:
                message = "it was taken away before its last lines were read"
                self.staging.reached(replace(one, state=GONE, message=message))
            elif one.consumed_bytes:
                self.staging.reached(replace(one, state=FINISHED))


def _as_copy(row: FileRecord, original: FileRecord) -> FileRecord:
    """The row of a second copy: what the first consumed are duplicates here."""
    consumed = original.lines - original.pending_lines
    return replace(
        row,
        format=original.format,
        state=DUPLICATE,
        consumed_bytes=original.consumed_bytes,
        consumed_sha256=original.consumed_sha256,
        head_bytes=original.head_bytes,
        head_sha256=original.head_sha256,
        prefix_hashes=original.prefix_hashes,
        lines=consumed,
        duplicates=consumed,
        header=original.header,
    )
