"""Writes parsed batches into the lake and commits them by the ledger.

The order is the promise: every file is written aside, synced and renamed, its
folder synced, and only then does one ledger transaction list the files and the
positions of the source files they came from. Killed at any instant, a run
leaves a listed batch, or files that nothing reads and the next run sweeps.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Lock
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.ingest.reader import Batch
from pipelines.ingest.replay import retract
from pipelines.ingest.staged_rows import PLACES, Staged, delete, read_parts
from pipelines.lake.counts import day_count, with_days
from pipelines.lake.duplicates import Duplicates
from pipelines.lake.files import REJECTS, WrittenPart, by_day, sync_folders, write, writing_to
from pipelines.state import home_mark, ledger
from pipelines.state.connections import Store
from pipelines.state.ledger import Change, FileRecord, LakeFile
from pipelines.state.source_records import SourceDay

FILES_PER_COMMIT = 2_000
_ONE_COMMITS = Lock()
"""Otherwise the mark next to the lake could fall behind the last commit."""
DAYS_AHEAD = 2
"""Events further ahead than this are kept, but ask for no model to be built."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class LakeWriter:
    """Takes the batches of one source into the lake.

    Attributes:
        folder: The lake's folder.
        zone: The district's zone; it decides an event's local day.
        known: The rows of all files of the source, as the ledger has them.
    """

    store: Store
    folder: Path
    source: str
    zone: str
    known: dict[int, FileRecord] = field(default_factory=dict)
    run_id: str = field(default_factory=lambda: secrets.token_hex(6))
    now: Callable[[], datetime] = _now
    _staged: Staged = field(default_factory=Staged)
    _records: dict[int, FileRecord] = field(default_factory=dict)
    _written: list[LakeFile] = field(default_factory=list)
    _days: list[SourceDay] = field(default_factory=list)
    _file_days: dict[int, date] = field(default_factory=dict)
    _count: int = 0

    def __post_init__(self) -> None:
        self._duplicates = Duplicates(self.store, self.folder, self.source)

    def add(self, batch: Batch) -> None:
        """Stage a batch, and commit what is staged once it takes much memory.

        Raises:
            LakeError: The disk refuses; nothing of what is staged counts.
        """
        if batch.withdraws != "nothing":
            self._drop(batch.records[0].file_id)
        if batch.withdraws == "all" and self._is_in_the_lake(batch.records[0]):
            self.take_back(batch.records[0])
        self._file_days |= batch.days
        if batch.parsed is not None:
            fmt = batch.records[0].format
            assert fmt is not None
            self._staged.add_parsed(batch.parsed, self.source, fmt, self.zone)
        if batch.is_part:
            self._write_part(batch.records[0])
            return
        self.note(*batch.records)

    def note(self, *records: FileRecord) -> None:
        """Stage the rows that files are brought to, with what is staged of them."""
        self._records |= {record.file_id: record for record in records}
        if self._staged.is_much or len(self._records) >= FILES_PER_COMMIT:
            self.commit()

    def _write_part(self, record: FileRecord) -> None:
        """Write what is there of a file that counts whole or not at all, if much.

        It counts when the file's end is reached. No other file is read until then.
        """
        if not self._staged.is_much:
            return
        own = self._staged.take(record.file_id)
        self.commit()
        self._staged = own
        if own.is_much:
            with writing_to(self.folder):
                self._write({record.file_id: record})

    def commit(self) -> None:
        """Write what is staged and commit it.

        Raises:
            LakeError: The disk refuses; nothing of the batch counts.
        """
        if not self._records:
            return
        with writing_to(self.folder):
            self._write(self._records)
            sync_folders(self.folder, self._written)
            consumed = {
                key: self.known[key].consumed_bytes if key in self.known else 0
                for key in self._records
            }
            change = Change(
                files=[self.counted(record) for record in self._records.values()],
                lake_files=self._written,
                dirty=self._dirty(),
                days=self._days,
                consumed=consumed,
            )
            with _ONE_COMMITS:
                home_mark.note(self.folder, ledger.commit(self.store, change))
        self.known |= {record.file_id: record for record in change.files}
        self._written, self._days = [], []
        self._records.clear()

    def counted(self, record: FileRecord) -> FileRecord:
        """Return the record, less what turned out to have been delivered before."""
        return self._duplicates.counted(record)

    def take_back(self, record: FileRecord) -> None:
        """Take all lines of a file out of the lake, and commit its row."""
        retraction = retract(self.store, self.folder, record)
        retraction.commit([record])
        self.known[record.file_id] = record

    def _is_in_the_lake(self, record: FileRecord) -> bool:
        known = self.known.get(record.file_id, record)
        return known.events + known.rejects > 0

    def _drop(self, file_id: int) -> None:
        """Drop what is staged of a file, and all that was found out about it."""
        with writing_to(self.folder):
            delete(self._staged.take(file_id).parts, self.folder)
            for part in self._written:
                (self.folder / part.path).unlink(missing_ok=True)
        self._written, self._days = [], []
        self._records.pop(file_id, None)
        self._duplicates.forget(file_id)

    def _write(self, records: Mapping[int, FileRecord]) -> None:
        """Put what is staged into files, less what came before; they do not count yet.

        Args:
            records: The rows that the staged lines bring files to.
        """
        staged, self._staged = self._staged, Staged()
        frames = staged.frames()
        if REJECTS in frames:
            frames[REJECTS] = self._with_days(frames, staged.near, records)
        read = self._read_doubtful(staged.parts, frames, records)
        self._days += self._duplicates.take_out(frames, self.known, records, self._written)
        for name, parts in read.items():
            if frames[name].height == sum(part.file.row_count for part in parts):
                self._accept(parts)  # all of it is new, and written already
                del frames[name]
            else:
                delete(parts, self.folder)
        for name in sorted(frames):
            for part in by_day(frames.pop(name)):
                file = write(self.folder, self.new_name(), self.source, name, part)
                self._written.append(file)
                if name != REJECTS:
                    self._days.append(day_count(self.source, name, part, self.now()))

    def new_name(self) -> str:
        """Return a name that no file of the lake begins with yet."""
        if not self._count:
            ledger.begin_run(self.store, self.run_id)
        self._count += 1
        return f"{self.run_id}-{self._count:05d}"

    def _read_doubtful(
        self,
        parts: Sequence[WrittenPart],
        frames: dict[str, pl.DataFrame],
        records: Mapping[int, FileRecord],
    ) -> Mapping[str, Sequence[WrittenPart]]:
        """Read files that may contain an earlier event; accept all others.

        Returns:
            The files of each class that `frames` now contains.
        """
        self._duplicates.note_times(part.file for part in parts)
        by_class: dict[str, list[WrittenPart]] = {}
        for part in parts:
            by_class.setdefault(part.file.event_class, []).append(part)
        read = {}
        for name, own in by_class.items():
            if name not in frames and not self._duplicates.may_have_come(own, self.known, records):
                self._accept(own)
                continue
            frame = read_parts(own, self.folder)
            if name in frames:  # lines of files that were read here
                frames[name] = pl.concat([frames[name], frame])
                delete(own, self.folder)
            else:
                frames[name], read[name] = frame, own
        return read

    def _accept(self, parts: Iterable[WrittenPart]) -> None:
        for part in parts:
            self._written.append(part.file)
            self._days.append(part.day)

    def _with_days(
        self,
        frames: Mapping[str, pl.DataFrame],
        near: Sequence[tuple[int, int, date]],
        records: Mapping[int, FileRecord],
    ) -> pl.DataFrame:
        """Return the rejects under the days of the lines around them, read now or before."""
        zone = ZoneInfo(self.zone)
        rejects = frames[REJECTS]
        before: dict[int, date] = {}
        for file_id in rejects["file_id"].unique():
            record = records.get(file_id) or self.known.get(file_id)
            if record is not None and (last := self.counted(record).last_time):
                before[file_id] = datetime.fromisoformat(last).astimezone(zone).date()
        return with_days(
            rejects,
            [
                pl.DataFrame(near, schema=PLACES, orient="row"),
                *(frame for name, frame in frames.items() if name != REJECTS),
            ],
            before,
            self._file_days,
            self.now().astimezone(zone).date(),
        )

    def _dirty(self) -> set[date]:
        # a clock that was set back makes no day one to come
        now = max(filter(None, (self.now(), ledger.newest_commit(self.store))))
        latest = now.date() + timedelta(days=DAYS_AHEAD)
        days = {
            date.fromisoformat(file.event_date)
            for file in self._written
            if file.event_class != REJECTS
        }
        return {day for day in days if day <= latest}
