"""Takes everything that was delivered to a district home into its lake."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipelines.errors import SourceError
from pipelines.formats import Format, formats
from pipelines.lake.identify import SAMPLE_BYTES, best
from pipelines.lake.reading import Task, read_delivery
from pipelines.lake.recognise import Recognition, recognise
from pipelines.lake.staging import Staging
from pipelines.sources.delivery import Delivery, deliveries
from pipelines.sources.streams import opened, read_up_to
from pipelines.state import ledger
from pipelines.state.ledger import DUPLICATE, FAILED, FINISHED, FileRecord
from pipelines.state.store import Store

SETTLE_SECONDS = 600.0
"""A plain file that has not changed for so long is finished."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A place that logs are delivered to, as the settings describe it.

    Attributes:
        folder: Where its files land.
        format: A format's name, or None to identify each file.
        zone: IANA zone of its local stamps.
        options: The format's own settings.
    """

    name: str
    folder: Path
    format: str | None = None
    zone: str
    options: Mapping[str, str] = field(default_factory=dict)


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
    """

    store: Store
    lake: Path
    zone: str
    settle_seconds: float = SETTLE_SECONDS
    watch: Watch = lambda _delivery, _bytes, _lines: None

    def take_in(self, source: Source) -> list[Outcome]:
        """Read all that is new in a source's folder; one outcome a delivery."""
        listing = deliveries(source.folder, source.name)
        records = ledger.source_files(self.store, source.name)
        settled = time.time_ns() - int(self.settle_seconds * 1e9)
        found = recognise(listing.deliveries, records, settled)
        new = [one for one in found if one.kind in ("new", "copy")]
        # a file that failed, or a copy that changed, keeps the row it has
        kept = {
            one.path: one.file_id
            for one in records
            if one.state == FAILED or one.duplicate_of is not None
        }
        fresh = [one.delivery.path for one in new if one.delivery.path not in kept]
        ids = dict(
            zip(fresh, ledger.reserve(self.store, source.name, fresh), strict=True)
        )
        ids |= kept
        staging = Staging(self.store, self.lake, source.name, self.zone)
        outcomes = [self._one(one, source, staging, ids, settled) for one in found]
        staging.flush()
        return outcomes

    def _one(
        self,
        one: Recognition,
        source: Source,
        staging: Staging,
        ids: Mapping[str, int],
        settled: int,
    ) -> Outcome:
        delivery = one.delivery
        if one.kind == "unchanged":
            assert one.record is not None
            return Outcome(one.record, one.kind)
        record = self._row(one, ids)
        try:
            fmt = self._format(source, delivery, record)
            task = Task(
                delivery=delivery,
                record=record,
                format=fmt,
                zone=source.zone,
                options=dict(source.options),
                is_settled=self._is_settled(delivery, settled),
            )
            reached = read_delivery(
                task,
                staging,
                lambda size, lines: self.watch(delivery, size, lines),
            )
        except SourceError as error:
            reached = _failed(record, delivery, error)
            staging.reached(reached)
        return Outcome(reached, one.kind)

    def _row(self, one: Recognition, ids: Mapping[str, int]) -> FileRecord:
        """The row that the delivery continues, or its own new one."""
        delivery = one.delivery
        if one.kind == "new":
            return FileRecord(
                file_id=ids[delivery.path], source=delivery.source, path=delivery.path
            )
        assert one.record is not None
        if one.kind == "copy":
            return _as_copy(one.record, ids[delivery.path], delivery)
        return replace(one.record, path=delivery.path)

    def _format(
        self, source: Source, delivery: Delivery, record: FileRecord
    ) -> Format:
        known = formats()
        name = source.format or record.format
        if name is None:
            with opened(delivery) as stream:
                name = best(read_up_to(stream, SAMPLE_BYTES))
        if name is None:
            raise SourceError(
                "no known format claims enough of its lines",
                where=f"{delivery.source}/{delivery.path}",
                remedy=(
                    f"Name the format in district.toml under [sources.{source.name}], "
                    f"or run: schoolbell identify {delivery.path}"
                ),
            )
        if name not in known:
            raise SourceError(
                f"there is no format {name!r}",
                where=f"[sources.{source.name}] format",
                remedy="Formats: " + ", ".join(sorted(known)),
            )
        return known[name]

    @staticmethod
    def _is_settled(delivery: Delivery, settled: int) -> bool:
        return delivery.member is not None or delivery.raw_mtime_ns <= settled


def _as_copy(original: FileRecord, file_id: int, delivery: Delivery) -> FileRecord:
    """The row of a second copy: what the first consumed are duplicates here."""
    consumed = original.lines - original.pending_lines
    return FileRecord(
        file_id=file_id,
        source=delivery.source,
        path=delivery.path,
        format=original.format,
        state=DUPLICATE,
        duplicate_of=original.file_id,
        consumed_bytes=original.consumed_bytes,
        consumed_sha256=original.consumed_sha256,
        lines=consumed,
        duplicates=consumed,
        header=original.header,
    )


def _failed(record: FileRecord, delivery: Delivery, error: SourceError) -> FileRecord:
    """The row of a file that could not be read: all its lines are pending."""
    lines = _count_lines(delivery)
    settled = record.lines - record.pending_lines
    pending = max(0, lines - settled)
    return replace(
        record,
        state=FAILED if record.state != FINISHED else record.state,
        lines=settled + pending,
        pending_lines=pending,
        raw_bytes=delivery.raw_bytes,
        raw_mtime_ns=delivery.raw_mtime_ns,
        message=str(error),
    )


def _count_lines(delivery: Delivery) -> int:
    """Lines of a stream as far as it can be read, the last one included."""
    lines = 0
    last = b"\n"
    try:
        with opened(delivery) as stream:
            while data := stream.read(1 << 20):
                lines += data.count(b"\n")
                last = data[-1:]
    except SourceError:
        pass
    return lines + (last != b"\n")


