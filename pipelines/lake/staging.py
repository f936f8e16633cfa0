"""Writes parsed batches as Parquet files and commits them by the ledger.

The order is the promise: every file is written aside, synced and renamed, its
folder synced, and only then does one ledger transaction list the files and the
positions of the source files they came from. Killed at any instant, a run
leaves a listed batch, or files that nothing reads and the next run sweeps.
"""

import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from pipelines import clock
from pipelines.state import ledger
from pipelines.state.ledger import FileRecord, LakeFile
from pipelines.state.store import Store

ROWS_A_COMMIT = 600_000
FILES_A_COMMIT = 2_000
REJECTS = "rejects"


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
    _frames: dict[tuple[str, date], list[pl.DataFrame]] = field(default_factory=dict)
    _records: dict[int, FileRecord] = field(default_factory=dict)
    _rows: int = 0
    _written: int = 0

    def add_events(self, event_class: str, fmt: str, frame: pl.DataFrame) -> None:
        """Stage the events of one batch under their local days."""
        began = "start_time" if "start_time" in frame.columns else "time"
        placed = frame.with_columns(
            source=pl.lit(self.source),
            format=pl.lit(fmt),
            event_date=clock.local_date(
                pl.coalesce(pl.col(began), pl.col("time")), self.zone
            ),
        )
        self._stage(event_class, placed)

    def add_rejects(self, fmt: str, frame: pl.DataFrame, now: datetime) -> None:
        """Stage lines that could not be read under the day they arrived."""
        placed = frame.with_columns(
            source=pl.lit(self.source),
            format=pl.lit(fmt),
            event_date=pl.lit(now.date(), pl.Date),
        )
        self._stage(REJECTS, placed)

    def _stage(self, event_class: str, placed: pl.DataFrame) -> None:
        for (day,), part in placed.partition_by(
            "event_date", as_dict=True, maintain_order=True
        ).items():
            assert isinstance(day, date)
            self._frames.setdefault((event_class, day), []).append(part)
        self._rows += placed.height

    def reached(self, record: FileRecord) -> None:
        """Note the position and counts that the staged batches bring a file to."""
        self._records[record.file_id] = record
        if self._rows >= ROWS_A_COMMIT or len(self._records) >= FILES_A_COMMIT:
            self.flush()

    def flush(self) -> None:
        """Write what is staged and commit it."""
        if not self._records:
            return
        listed = [
            self._write(event_class, day, pl.concat(frames))
            for (event_class, day), frames in sorted(
                self._frames.items(), key=lambda item: item[0]
            )
        ]
        for folder in sorted({(self.folder / one.path).parent for one in listed}):
            sync(folder)
        days = {day for event_class, day in self._frames if event_class != REJECTS}
        ledger.commit(self.store, list(self._records.values()), listed, dirty=days)
        self._frames.clear()
        self._records.clear()
        self._rows = 0

    def _write(self, event_class: str, day: date, frame: pl.DataFrame) -> LakeFile:
        self._written += 1
        name = f"{self.run_id}-{self._written:05d}.parquet"
        path = f"{event_class}/event_date={day.isoformat()}/{name}"
        final = self.folder / path
        make_folder(final.parent)
        aside = final.with_suffix(".tmp")
        frame.write_parquet(aside, compression="zstd", compression_level=1)
        sync(aside)
        content = aside.read_bytes()
        aside.rename(final)
        return LakeFile(
            path=path,
            source=self.source,
            event_class=event_class,
            event_date=day.isoformat(),
            row_count=frame.height,
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )


def sync(path: Path) -> None:
    """Make a file or a folder's entries safe against a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """A folder and its parents, each entry made safe."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        made.mkdir(exist_ok=True)
        sync(made.parent)


def sweep(store: Store, folder: Path) -> int:
    """Delete Parquet files that no ledger row lists; the number deleted.

    Only while no other run writes: the caller holds the home's lock.
    """
    listed = set(listed_paths(store))
    gone = 0
    for path in sorted(folder.glob("*/event_date=*/*")):
        if path.relative_to(folder).as_posix() not in listed:
            path.unlink()
            gone += 1
    return gone


def listed_paths(store: Store) -> Mapping[str, datetime]:
    """Every path the ledger lists, and when it was committed."""
    with store.reading() as connection:
        from sqlalchemy import select

        from pipelines.state.schema import LAKE_FILES

        rows = connection.execute(
            select(LAKE_FILES.c.path, LAKE_FILES.c.committed_time)
        )
        return {
            path: datetime.fromisoformat(time).astimezone(UTC) for path, time in rows
        }
