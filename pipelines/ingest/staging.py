"""Gathers parsed batches and commits them by the ledger.

The order is the promise: every file is written aside, synced and renamed, its
folder synced, and only then does one ledger transaction list the files and the
positions of the source files they came from. Killed at any instant, a run
leaves a listed batch, or files that nothing reads and the next run sweeps.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.formats import Parsed
from pipelines.ingest.again import Again
from pipelines.ingest.files import REJECTS, by_day, sync_folders, write, writing_to
from pipelines.ingest.holding import Holding
from pipelines.ingest.tally import day_count, placed, with_days
from pipelines.state import home_mark, ledger
from pipelines.state.database import Store
from pipelines.state.days import SourceDay
from pipelines.state.ledger import Change, FileRecord, LakeFile

ROWS_A_COMMIT = 500_000
BYTES_A_COMMIT = 64 << 20
"""Memory of staged frames at which they are committed; writing takes it again."""

FILES_A_COMMIT = 2_000
DAYS_AHEAD = 2
"""Events further ahead than this are kept, but ask for no model to be built."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Staging:
    """Batches of one source on their way into the lake.

    Attributes:
        folder: The lake's folder.
        zone: The district's zone; it decides an event's local day.
    """

    store: Store
    folder: Path
    source: str
    zone: str
    run_id: str = field(default_factory=lambda: secrets.token_hex(6))
    now: Callable[[], datetime] = _now
    _held: Holding = field(default_factory=Holding)
    _records: dict[int, FileRecord] = field(default_factory=dict)
    _known: dict[int, FileRecord] = field(default_factory=dict)
    _consumed: dict[int, int] = field(default_factory=dict)
    _listed: list[LakeFile] = field(default_factory=list)
    _days: list[SourceDay] = field(default_factory=list)
    _file_days: dict[int, date] = field(default_factory=dict)
    _written: int = 0

    def __post_init__(self) -> None:
        self._again = Again(self.store, self.folder, self.source)

    def knows(self, records: Mapping[int, FileRecord]) -> None:
        """The rows of all files of the source, as the ledger has them."""
        self._known = dict(records)
        self._consumed = {key: one.consumed_bytes for key, one in records.items()}

    def add(self, fmt: str, parsed: Parsed, file_days: Mapping[int, date]) -> None:
        """Stage a batch: events under their local days, rejects beside them.

        Args:
            fmt: The format that read it.
            parsed: What became of its lines.
            file_days: The day of each file, for rejects without a neighbour.
        """
        self._file_days |= file_days
        for name, frame in parsed.events.items():
            self._held.add(name, placed(frame, self.source, fmt, self.zone))
        if parsed.rejects.height:
            place = {"source": pl.lit(self.source), "format": pl.lit(fmt)}
            self._held.add(REJECTS, parsed.rejects.with_columns(**place))

    def reached(self, *records: FileRecord) -> None:
        """Note the positions and counts that the staged batches bring files to."""
        self._records |= {one.file_id: one for one in records}
        if self._is_full() or len(self._records) >= FILES_A_COMMIT:
            self.flush()

    def goes_on(self, record: FileRecord) -> None:
        """Note that more will come of a file that counts whole or not at all.

        What is there of it is written once it takes much memory, as a part that
        counts when the file's end is reached. No other file is read until then.
        """
        if not self._is_full():
            return
        own = self._held.taken(record.file_id)
        self.flush()
        self._held = own
        if self._is_full():
            with writing_to(self.folder):
                self._write({record.file_id: record})

    def _is_full(self) -> bool:
        return self._held.rows >= ROWS_A_COMMIT or self._held.bytes >= BYTES_A_COMMIT

    def flush(self) -> None:
        """Write what is staged and commit it.

        Raises:
            LakeError: The disk refuses; nothing of the batch counts.
        """
        if not self._records:
            return
        with writing_to(self.folder):
            self._write(self._records)
            sync_folders(self.folder, self._listed)
            change = Change(
                files=[self.settled(one) for one in self._records.values()],
                lake_files=self._listed,
                dirty=self._dirty(self._listed),
                days=self._days,
                consumed={key: self._consumed.get(key, 0) for key in self._records},
            )
            home_mark.note(self.folder, ledger.commit(self.store, change))
        self._committed(change)

    def settled(self, record: FileRecord) -> FileRecord:
        """The record, less what turned out to have been delivered before."""
        return self._again.settled(record)

    def stands_at(self, record: FileRecord) -> None:
        """The ledger's row of a file was set by another commit than ours."""
        self._known[record.file_id] = record
        self._consumed[record.file_id] = record.consumed_bytes

    def forget(self, file_id: int) -> None:
        """Drop what is staged of a file, and all that was found out about it."""
        self._held.taken(file_id)
        with writing_to(self.folder):
            for part in self._listed:
                (self.folder / part.path).unlink(missing_ok=True)
        self._listed, self._days = [], []
        self._records.pop(file_id, None)
        self._again.forget(file_id)

    def _write(self, staged: Mapping[int, FileRecord]) -> None:
        """Put what is held into files, less what came before; they do not count yet."""
        frames = self._held.whole()
        self._held.clear()
        if REJECTS in frames:
            frames[REJECTS] = self._with_days(frames, staged)
        self._days += self._again.taken_out(frames, self._known, staged, self._listed)
        for name in sorted(frames):
            for part in by_day(frames.pop(name)):
                if not self._written:
                    ledger.begin_run(self.store, self.run_id)
                self._written += 1
                file = f"{self.run_id}-{self._written:05d}"
                self._listed.append(write(self.folder, file, self.source, name, part))
                if name != REJECTS:
                    self._days.append(day_count(self.source, name, part, self.now()))

    def _with_days(
        self, frames: Mapping[str, pl.DataFrame], staged: Mapping[int, FileRecord]
    ) -> pl.DataFrame:
        """The rejects under the days of the lines around them, read now or before."""
        zone = ZoneInfo(self.zone)
        rejects = frames[REJECTS]
        before: dict[int, date] = {}
        for file_id in rejects["file_id"].unique():
            known = staged.get(file_id) or self._known.get(file_id)
            if known is not None and (last := self.settled(known).last_time):
                before[file_id] = datetime.fromisoformat(last).astimezone(zone).date()
        return with_days(
            rejects,
            [frame for name, frame in frames.items() if name != REJECTS],
            before,
            self._file_days,
            self.now().astimezone(zone).date(),
        )

    def _dirty(self, listed: list[LakeFile]) -> set[date]:
        # a clock that was set back makes no day one to come
        now = max(filter(None, (self.now(), ledger.newest_commit(self.store))))
        latest = now.date() + timedelta(days=DAYS_AHEAD)
        days = {
            date.fromisoformat(one.event_date)
            for one in listed
            if one.event_class != REJECTS
        }
        return {day for day in days if day <= latest}

    def _committed(self, change: Change) -> None:
        for record in change.files:
            self._consumed[record.file_id] = record.consumed_bytes
            self._known[record.file_id] = record
        self._listed, self._days = [], []
        self._records.clear()
